"""``lifeline alerts`` as it runs: from a change of risk to a receipt, whatever happens on the way."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import temporary_services
from tests.alerting import Alerts, World, alerts, reference_receiver, table, token, until


def claiming(process: Alerts) -> bool:
    return process.standing() == "claiming"


def test_a_change_of_risk_is_an_alert_with_a_receipt_within_a_second(world: World, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk, alerts(world.dsn, tmp_path, {"water-co": desk.url}) as process:
        until(lambda: claiming(process))
        world.change("dma-1", 2)
        until(lambda: world.delivered() == {"receipted": 1})
        (message,) = desk.messages()
    assert (message["kind"], message["level"]["colour"], message["drill"]) == ("raised", "orange", False)
    assert message["asset"]["domain"] == "water"
    took = world.value(
        "select extract(epoch from finished_at - detected_at)::float8 from deliveries"
        " join alert_events using (event_id) join risk_changes using (risk_change_id)"
    )
    assert took < 1.0
    assert world.value("select receipt from deliveries") == f"R-{message['delivery_id']}"


def test_without_a_notification_changes_are_found_by_polling(world: World, tmp_path: Path) -> None:
    with alerts(world.dsn, tmp_path) as process:
        until(lambda: claiming(process))
        world.rows(
            "insert into risk_changes (asset_id, hazard, time, level, likelihood, consequence, inputs,"
            " rules_version, partition, seq) values ('dma-1', 'burst', now(), 2, 4, 3, '{}', 'v1', 'p', 1)"
            " returning asset_id"
        )
        until(lambda: world.value("select count(*) from alerts") == 1, seconds=3)


def test_a_drill_reaches_no_receiver_of_real_alerts(world: World, tmp_path: Path) -> None:
    world.become_a_replay()
    (tmp_path / "drills").mkdir()
    with (
        reference_receiver(tmp_path, "real") as real,
        reference_receiver(tmp_path, "drills") as drills,
        alerts(world.dsn, tmp_path, {"water-co": real.url}),
    ):
        world.change("dma-1", 1, 2, None)
        until(lambda: world.value("select count(*) from alert_events") == 3)
        assert world.value("select count(*) from deliveries") == 0
        with alerts(world.dsn, tmp_path / "drills", {"water-co": drills.url}, drill=True, name="second"):
            assert real.messages() == []
    world.change("dma-2", 1)
    with (
        reference_receiver(tmp_path, "real") as real,
        reference_receiver(tmp_path, "drills") as drills,
        alerts(world.dsn, tmp_path / "drills", {"water-co": drills.url}, drill=True),
    ):
        until(lambda: world.delivered() == {"receipted": 1})
        assert [message["drill"] for message in drills.messages()] == [True]
        assert real.messages() == []


def test_a_message_queued_in_production_is_not_sent_once_the_database_is_a_replay(
    world: World, tmp_path: Path
) -> None:
    world.change("dma-1", 1)
    with alerts(world.dsn, tmp_path, {"water-co": "http://127.0.0.1:9/"}):
        until(lambda: world.delivered() == {"failed": 1})
    world.become_a_replay()
    with reference_receiver(tmp_path) as desk, alerts(world.dsn, tmp_path, {"water-co": desk.url}):
        until(lambda: world.delivered() == {"dead": 1})
        assert desk.messages() == []
    assert world.value("select last_error from deliveries") == "this is a drill, and it receives none"


def test_a_second_process_stands_by_and_takes_over_from_one_that_is_killed(
    world: World, tmp_path: Path
) -> None:
    with reference_receiver(tmp_path) as desk:
        to = {"water-co": desk.url}
        with (
            alerts(world.dsn, tmp_path, to) as first,
            alerts(world.dsn, tmp_path, to, name="second") as second,
        ):
            until(lambda: {first.standing(), second.standing()} == {"claiming", "standing by"})
            leads, stands_by = (first, second) if claiming(first) else (second, first)
            world.change("dma-1", 2)
            until(lambda: world.delivered() == {"receipted": 1})
            case = world.value("select alert_id from alerts")
            answer = httpx.post(
                f"{stands_by.url}/api/alerts/{case}/acknowledge",
                json={"why": "seen"},
                headers=token(world.dsn, "night-desk", "operator"),
            )
            assert answer.status_code == 200
            until(lambda: world.delivered() == {"receipted": 2})
            leads.process.send_signal(signal.SIGKILL)
            world.change("dma-2", 2)
            until(lambda: claiming(stands_by), seconds=5)
            until(lambda: world.delivered() == {"receipted": 3})
        assert [message["kind"] for message in desk.messages()] == ["raised", "acknowledged", "raised"]


def test_a_process_that_is_told_to_stop_ends_cleanly(world: World, tmp_path: Path) -> None:
    for sent in (signal.SIGTERM, signal.SIGINT):
        with alerts(world.dsn, tmp_path) as process:
            until(lambda: claiming(process))
            process.process.send_signal(sent)
            assert process.process.wait(timeout=10) == 0
            assert "Traceback" not in process.output.read_text()


def test_the_database_may_be_away_at_start_and_later(prefix: Prefix, tmp_path: Path) -> None:
    from lifeline.migrate import migrate  # noqa: PLC0415

    with temporary_services(prefix, tmp_path / "services") as services, reference_receiver(tmp_path) as desk:
        dsn = services.postgres.create_database("lifeline")
        migrate(dsn)
        world = World(dsn)
        services.postgres.stop()
        with alerts(dsn, tmp_path, {"water-co": desk.url}) as process:
            until(lambda: process.standing() is not None)
            assert process.standing() != "claiming"
            services.postgres.start()
            until(lambda: claiming(process))
            world.change("dma-1", 2)
            until(lambda: world.delivered() == {"receipted": 1})
            services.postgres.kill()
            until(lambda: process.standing() == "the database cannot be reached now")
            services.postgres.start()
            world.change("dma-2", 2)
            until(lambda: world.delivered() == {"receipted": 2})
            said = process.output.read_text()
    assert said.count("the database is away") == 2
    assert "Traceback" not in said
    assert len(desk.messages()) == 2


@contextmanager
def ended(dsn: str, folder: Path, receivers: str = "", **given: str) -> Iterator[tuple[int, str]]:
    (folder / "receiver.key").write_text("0123456789abcdef")
    file = folder / "receivers.toml"
    file.write_text(receivers or table("water-co", "http://127.0.0.1:9/", drill=False))
    settings = {"LIFELINE_DSN": dsn, "LIFELINE_RECEIVERS": str(file), "LIFELINE_API_PORT": "0", **given}
    done = subprocess.run(
        [sys.executable, "-m", "lifeline", "alerts"],
        env=settings, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    yield done.returncode, done.stderr


@pytest.mark.parametrize(
    ("receivers", "given", "words"),
    [
        ("[[receiver]]\nid = 'a'\n", {}, "receivers.toml:1: receiver[0].channel: expected to be given"),
        ("", {"LIFELINE_API_PORT": "http"}, "LIFELINE_API_PORT: "),
        ("", {"LIFELINE_API_HOST": "192.0.2.1"}, "LIFELINE_API_PORT: cannot listen on 192.0.2.1:0"),
    ],
)
def test_a_wrong_configuration_stops_the_start_with_one_clear_line(
    world: World, tmp_path: Path, receivers: str, given: dict[str, str], words: str
) -> None:
    with ended(world.dsn, tmp_path, receivers, **given) as (code, said):
        assert code == 2
        assert said.startswith("lifeline: ")
        assert words in said
        assert "Traceback" not in said


def test_a_database_that_was_not_migrated_stops_the_start(empty_database: str, tmp_path: Path) -> None:
    with ended(empty_database, tmp_path) as (code, said):
        assert code == 2
        assert said.splitlines()[-1] == (
            "lifeline: the database is not at the newest version: call `lifeline migrate`"
        )
        assert "Traceback" not in said
