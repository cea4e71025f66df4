"""The worker against a real broker and a real database."""

import json
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.runtime.mosquitto import Mosquitto
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

START = 1_763_683_200_000
MINUTE = 60_000


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def test_a_published_reading_is_stored_and_judged(
    database: str, broker: Mosquitto, device: paho.Client, tmp_path: Path
) -> None:
    settle(database, town(), rules(), purpose="replay")
    settings = {"dsn": database, "mqtt_url": broker.url, "linger_ms": 1}
    with Lifeline(tmp_path, "worker", "--clock", "feed", **settings) as worker:
        worker.until("subscribed")
        for minute, value in enumerate([1.0, 21.0, 22.0, 23.0]):
            payload = {"t": START + minute * MINUTE, "s": minute, "b": 0, "v": {"ch4": value}}
            device.publish("lifeline/gas/east/d0/telemetry", json.dumps(payload), qos=1).wait_for_publish(5)
        with psycopg.connect(database, autocommit=True) as db:
            until(lambda: db.execute("select count(*) from readings").fetchone() == (4,), "4 readings")
            assert db.execute("select value from readings order by time").fetchall() == [
                (1.0,),
                (21.0,),
                (22.0,),
                (23.0,),
            ]
            found = db.execute("select rule, state, value from transitions order by time, rule").fetchall()
            assert ("methane", 2, 22.0) in found
            level = db.execute(
                "select level, likelihood, consequence from risk_changes order by 1"
            ).fetchall()
            assert level[0] == (2, 4, 3)
        assert worker.stop() == 0
