"""Waveforms through a real broker into a real database, and what their features show, over a restart."""

from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.explain.plot import draw
from lifeline.explain.read import read
from lifeline.runtime.mosquitto import Mosquitto
from simulator.messages import Number, waveform
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.bridge import BLOCK_S, FREQUENCY, RATE, SPECTRUM, START, bridge, rules, shaking

SHIFTED = np.concatenate([shaking(FREQUENCY, 180, 2), shaking(0.93 * FREQUENCY, 180, 2)], axis=1)
"""Three minutes as ever, then three with 14 % of the stiffness lost."""

BLOCKS = SHIFTED.shape[1] // round(RATE * BLOCK_S)


def test_a_shifted_frequency_is_found_though_the_worker_was_killed_within_its_window(
    database: str, broker: Mosquitto, tmp_path: Path
) -> None:
    settle(database, bridge(), rules(SPECTRUM), purpose="replay")
    settings = {"dsn": database, "mqtt_url": broker.url, "linger_ms": 1}
    half = BLOCKS * 3 // 4
    with psycopg.connect(database, autocommit=True) as db:
        with Lifeline(tmp_path, "worker", "--clock", "feed", **settings) as worker:
            worker.until("subscribed")
            send(broker, 0, half)
            until(lambda: stored(db) == 2 * half, "the first blocks")
            worker.kill()
        with Lifeline(tmp_path, "worker", "--clock", "feed", **settings) as worker:
            worker.until("subscribed")
            send(broker, half, BLOCKS)
            until(lambda: stored(db) == 2 * BLOCKS, "all blocks")
            found = db.execute(
                "select rule, subject, state, extract(epoch from time)::float8, value from transitions"
            ).fetchall()
            assert worker.stop() == 0
        explained = db.execute("select transition_id from transitions").fetchone()
        measured = db.execute(
            "select extract(epoch from time)::float8 - %s, value from grafana.rule_figures"
            " where kind = 'spectrum' and subject = 'a0/z0' order by time",
            [START / 1e6],
        ).fetchall()
    assert explained is not None
    account = read(database, str(explained[0]))
    assert [(window.sensor, len(window.times)) for window in account.windows] == [
        ("a0/z0", 36),
        ("a0/z1", 36),
    ]
    assert account.windows[0].values[0] == np.abs(SHIFTED[0, :500].astype(np.float32)).max()
    draw(account, tmp_path / "window.png")
    assert [(rule, subject, state) for rule, subject, state, *_ in found] == [("spectrum", "a0/z0", 1)]
    time, frequency = found[0][3:]
    assert time == START / 1e6 + 300 - 1 / RATE
    assert abs(frequency / (0.93 * FREQUENCY) - 1) < 0.01
    assert [second for second, _ in measured] == [60, 120, 180, 240, 300, 360]
    assert np.allclose([value / FREQUENCY for _, value in measured], [1] * 3 + [0.93] * 3, rtol=0.02)


def send(broker: Mosquitto, first: int, end: int) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    size = round(RATE * BLOCK_S)
    for number in range(first, end):
        part = SHIFTED[:, number * size : (number + 1) * size].astype(np.float32)
        start = START // 1000 + number * BLOCK_S * 1000
        payload = waveform(start, RATE, {"z0": part[0], "z1": part[1]}, Number(0, number))
        client.publish("lifeline/bridge/east/a0/waveform", payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def stored(db: psycopg.Connection) -> int:
    row = db.execute("select count(*) from waveforms").fetchone()
    assert row is not None
    return int(row[0])
