"""The rules by which Grafana speaks of the system itself, without a Grafana."""

from pathlib import Path
from typing import Any

import yaml

import grafana
from tests.support.grafana import alert_rules, boards

PROVISIONING = Path(grafana.__file__).parent / "provisioning"


def read(name: str) -> Any:
    return yaml.safe_load((PROVISIONING / name).read_text(encoding="utf-8"))


def test_a_rule_asks_a_provisioned_data_source_and_judges_what_it_got() -> None:
    known = {source["uid"] for source in read("datasources/lifeline.yml")["datasources"]}
    for rule in alert_rules():
        asked = {each["refId"]: each for each in rule["data"]}
        assert all(each["model"]["refId"] == name for name, each in asked.items())
        condition = asked[rule["condition"]]
        assert condition["datasourceUid"] == "__expr__"
        assert condition["model"]["expression"] in asked
        assert {each["datasourceUid"] for each in asked.values()} <= known | {"__expr__"}


def test_a_rule_leads_to_a_board_that_is_there() -> None:
    uids = {board["uid"] for board in boards().values()}
    assert {rule["annotations"]["__dashboardUid__"] for rule in alert_rules()} <= uids


def test_rules_are_told_apart() -> None:
    uids = [rule["uid"] for rule in alert_rules()]
    assert len(set(uids)) == len(uids) > 0
    assert all(len(uid) <= 40 for uid in uids)


def test_what_is_said_goes_to_a_contact_that_is_there() -> None:
    contacts = read("alerting/contacts.yml")
    names = {each["name"] for each in contacts["contactPoints"]}
    assert {policy["receiver"] for policy in contacts["policies"]} <= names
