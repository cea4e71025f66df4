"""What the description says of calls: whether it is true, test_api_contract.py tells."""

from types import SimpleNamespace
from typing import Any

import pytest

from alerts.api import app
from alerts.api.problems import MEDIA_TYPE

OPEN = {"POST /api/session", "GET /healthz", "GET /readyz"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    services: Any = SimpleNamespace(pool=None, secure=False)
    return app.create(services).openapi()


@pytest.fixture(scope="module")
def calls(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": call
        for path, methods in description["paths"].items()
        for method, call in methods.items()
    }


def test_each_refusal_is_a_problem(description: dict[str, Any], calls: dict[str, dict[str, Any]]) -> None:
    refusals = [
        answer
        for call in calls.values()
        for status, answer in call["responses"].items()
        if int(status) >= 400
    ]
    assert {tuple(each["content"]) for each in refusals} == {(MEDIA_TYPE,)}
    schemas = {each["content"][MEDIA_TYPE]["schema"]["$ref"] for each in refusals}
    assert schemas == {"#/components/schemas/Problem"}
    assert description["components"]["schemas"]["Problem"]["required"] == [
        "type",
        "title",
        "status",
        "detail",
    ]
    assert "HTTPValidationError" not in str(description)


def test_whoever_calls_says_who_they_are(calls: dict[str, dict[str, Any]]) -> None:
    assert {name for name, call in calls.items() if not call.get("security")} == OPEN
    for name in calls.keys() - OPEN:
        assert calls[name]["responses"].keys() >= {"401", "503"}, name


def test_what_a_call_takes_says_what_it_can_be_refused_with(calls: dict[str, dict[str, Any]]) -> None:
    told = calls["POST /api/alerts/{alert_id}/acknowledge"]["responses"]
    assert told.keys() == {"200", "400", "401", "403", "404", "409", "412", "413", "422", "429", "503"}
    assert told["200"]["headers"].keys() == {"ETag"}
    assert told["429"]["headers"].keys() == {"Retry-After"}
    assert calls["GET /api/policy"]["responses"].keys() == {"200", "401", "429", "503"}
    assert calls["GET /healthz"]["responses"].keys() == {"200"}


def test_no_parameter_is_sent_as_null(calls: dict[str, dict[str, Any]]) -> None:
    schemas = [each["schema"] for call in calls.values() for each in call.get("parameters", ())]
    assert "null" not in str(schemas)
