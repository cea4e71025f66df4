"""The system watches itself: what a worker tells, and what a real Prometheus makes of it."""

import json
import re
import subprocess
import time
import urllib.error
from pathlib import Path
from urllib.request import urlopen

import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.ports import free_port
from lifeline.runtime.prometheus import Prometheus, ensure
from tests.conftest import RUNTIME
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"


@pytest.fixture(scope="module")
def programs() -> Path:
    folder = RUNTIME / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    return ensure(folder)


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def figures(port: int) -> dict[str, float]:
    lines = ask(port, "/metrics")[1].splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_the_configurations_are_what_prometheus_and_alertmanager_take(programs: Path) -> None:
    folder = ROOT / "deploy" / "prometheus"
    for command in (
        ["promtool", "check", "config", "prometheus.yml"],
        ["amtool", "check-config", "alertmanager.yml"],
    ):
        done = subprocess.run(
            [programs / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_fires_at_what_it_is_for_and_at_nothing_else(programs: Path) -> None:
    cases = ROOT / "tests" / "data" / "prometheus" / "rules_test.yml"
    done = subprocess.run(
        [programs / "promtool", "test", "rules", cases], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = cases.read_text(encoding="utf-8")
    named = [
        rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]
    assert named
    assert [name for name in named if f'alertname="{name}"' not in text] == []


def test_every_metric_that_a_rule_names_is_one_that_a_process_has() -> None:
    told = {
        name
        for file in ("ingest/metrics.py", "alerts/metrics.py", "lifeline/maintain/metrics.py")
        for name in re.findall(r'"(lifeline_\w+)"', (ROOT / file).read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"\blifeline_\w+", RULES.read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if not {name, re.sub("_(total|bucket)$", "", name)} & told} == set()


def test_a_worker_tells_prometheus_which_fires_when_messages_stop(
    database: str, broker: Mosquitto, tmp_path: Path, programs: Path
) -> None:
    settle(database, town(), rules())
    port = free_port()
    settings = {
        "dsn": database,
        "mqtt_url": broker.url,
        "linger_ms": 1,
        "metrics_port": port,
        "snapshot_s": 1,
    }
    device = paho.Client(CallbackAPIVersion.VERSION2)
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    prometheus = Prometheus(programs, tmp_path / "prometheus", _hurried(tmp_path, port))
    prometheus.directory.mkdir()
    try:
        with Lifeline(tmp_path, "worker", **settings) as worker:
            worker.until("subscribed")
            until(lambda: ask(port, "/readyz") == (200, "ready\n"), "readiness")
            assert ask(port, "/healthz") == (200, "alive\n")
            assert ask(port, "/elsewhere")[0] == 404
            prometheus.start()
            now = time.time()
            for number, value in enumerate([3.0, 4.0, -500.0]):
                said = {"t": round((now - 3 + number) * 1000), "v": {"ch4": value}}
                device.publish("lifeline/gas/east/d0/telemetry", json.dumps(said), qos=1).wait_for_publish(5)
            until(lambda: figures(port).get('lifeline_readings_total{outcome="stored"}') == 3, "the readings")
            seen = figures(port)
            assert seen['lifeline_readings_flagged_total{flag="fail"}'] == 1
            assert seen['lifeline_sensors{domain="gas"}'] > seen['lifeline_sensors_online{domain="gas"}'] >= 0
            assert seen["lifeline_end_to_end_seconds_count"] >= 1
            assert 0 < seen["lifeline_batch_age_seconds_sum"] < 10
            assert seen["lifeline_newest_reading_timestamp_seconds"] == pytest.approx(now - 1, abs=0.01)
            until(lambda: "lifeline_broker_dropped_messages_total" in figures(port), "the broker's own count")
            until(lambda: figures(port).get('lifeline_snapshots_total{outcome="saved"}', 0) > 0, "a snapshot")
            until(lambda: "LifelineSilence" in _firing(prometheus), "the rule", 60)
            assert "LifelineProcessDown" not in _firing(prometheus)
    finally:
        prometheus.kill()
        device.disconnect()
        device.loop_stop()


def _hurried(folder: Path, port: int) -> Path:
    """The rules as they are, but that minutes are seconds."""
    text = RULES.read_text(encoding="utf-8").replace("> 300", "> 3").replace("for: 1m", "for: 1s")
    (folder / "rules.yml").write_text(text, encoding="utf-8")
    configuration = folder / "prometheus.yml"
    target = {"job_name": "lifeline-worker", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    configuration.write_text(
        yaml.safe_dump(
            {
                "global": {
                    "scrape_interval": "500ms",
                    "evaluation_interval": "500ms",
                    "scrape_timeout": "500ms",
                },
                "rule_files": ["rules.yml"],
                "scrape_configs": [target],
            }
        ),
        encoding="utf-8",
    )
    return configuration


def _firing(prometheus: Prometheus) -> set[str]:
    with urlopen(f"{prometheus.url}/api/v1/alerts", timeout=5) as answer:
        alerts = json.load(answer)["data"]["alerts"]
    return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
