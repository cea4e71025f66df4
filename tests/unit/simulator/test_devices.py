import json
from collections import Counter, defaultdict

import cbor2
import numpy as np
import pytest

from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.readings import MINUTE, SECOND
from simulator.incidents import Incident, Span
from simulator.links import Battery, Outage, Silent
from simulator.mailbox import KEPT, KEPT_IN_ALL, kept
from simulator.messages import Message
from simulator.sampling import Rhythm
from simulator.scenario import Scenario
from simulator.simulation import Simulation
from tests.unit.simulator.village import START, House, sent, telemetry, village

CH4 = {"ch4": "methane_lel", "temp": "gas_temperature"}
TIME = {"start": Span(20 * MINUTE), "duration": Span(10 * MINUTE)}
PAIR = (House("A", "valve-chamber", CH4), House("B", "valve-chamber", CH4))


def run(registry: Registry, *incidents: Incident, minutes: float = 60) -> tuple[Simulation, list[Message]]:
    scenario = Scenario(name="one", duration=Span(90 * MINUTE), incidents=incidents)
    simulation = Simulation(registry, scenario, start=START)
    return simulation, [*simulation.messages_until(START + round(minutes * MINUTE))]


def bodies(messages: list[Message], device: str = "d-A") -> list[dict[str, object]]:
    return [json.loads(message.payload) for message in telemetry(messages) if message.device == device]


def statuses(messages: list[Message], device: str) -> list[dict[str, object]]:
    return [
        json.loads(message.payload)
        for message in messages
        if message.kind == "status" and message.device == device
    ]


def numbers(messages: list[Message], device: str = "d-A") -> dict[int, list[int]]:
    by_boot = defaultdict(list)
    for body in bodies(messages, device):
        by_boot[body["b"]].append(body["s"])
    return by_boot


def test_a_single_instant_is_sent_as_one_and_more_as_columns() -> None:
    single = bodies(sent(village(*PAIR), 5))[0]
    assert isinstance(single["t"], int)
    assert {key: type(value) for key, value in single["v"].items()} == {"ch4": float, "temp": float}
    pack = bodies(sent(village(*PAIR, upload_s=300), 20))[1]
    assert len(pack["t"]) == len(pack["v"]["ch4"]) == len(pack["v"]["temp"]) == 5
    assert set(np.diff(pack["t"])) == {60_000}


def test_a_payload_says_what_the_arrays_beside_it_say() -> None:
    for message in telemetry(sent(village(*PAIR, upload_s=300), 60)):
        body = json.loads(message.payload)
        assert [time * 1000 for time in np.atleast_1d(body["t"]).tolist()] == message.times.tolist()
        for name, row in zip(message.names, message.values, strict=True):
            assert np.atleast_1d(body["v"][name.split("/")[1]]).tolist() == row.tolist()
        assert message.time == message.times[-1]


def test_a_waveform_is_cbor_with_little_endian_floats() -> None:
    registry = village(House("SP", "bridge-span", {"accel": "acceleration"}), sample_s=0.02, upload_s=10)
    (message, *_) = [each for each in sent(registry, 1) if each.kind == "waveform"]
    body = cbor2.loads(message.payload)
    assert message.topic == "lifeline/bridge/east/d-SP/waveform"
    assert (body["rate"], body["s"], body["t"] * 1000) == (50.0, 0, message.times[0])
    assert body["v"]["accel"].tag == 85
    assert np.frombuffer(body["v"]["accel"].value, "<f4").tolist() == message.values[0].tolist()
    assert message.time - message.times[0] == 10 * SECOND


def test_sensors_of_one_device_share_its_numbers_with_its_waveforms() -> None:
    keys = {"accel": "acceleration", "temp": "structure_temperature"}
    messages = sent(village(House("SP", "bridge-span", keys), sample_s=10, upload_s=10), 5)
    kinds = [message.kind for message in messages if message.kind != "status"]
    assert Counter(kinds)["waveform"] == Counter(kinds)["telemetry"] - 1
    found = [
        (cbor2.loads if message.kind == "waveform" else json.loads)(message.payload)["s"]
        for message in messages
        if message.kind != "status"
    ]
    assert found == list(range(len(found)))


def test_numbers_have_no_gap() -> None:
    _, messages = run(village(*PAIR))
    ((boot, found),) = numbers(messages).items()
    assert boot == START // MINUTE
    assert found == list(range(60))


def test_a_device_without_numbers_sends_none() -> None:
    assert {tuple(body) for body in bodies(sent(village(*PAIR, numbered=False), 5))} == {("t", "v")}


def test_every_device_says_that_it_is_there_and_the_broker_keeps_it() -> None:
    messages = sent(village(*PAIR), 5)
    assert [message.topic for message in messages[:2]] == [
        "lifeline/gas/east/d-A/status",
        "lifeline/gas/east/d-B/status",
    ]
    assert all(message.retain for message in messages[:2])
    assert statuses(messages, "d-A") == [{"online": True, "t": START // 1000, "b": START // MINUTE}]


def test_a_dead_device_sends_nothing_and_boots_anew() -> None:
    _, messages = run(village(*PAIR), Silent(**TIME, device="d-A"))
    times = [
        (time - START) / MINUTE
        for message in telemetry(messages)
        if message.device == "d-A"
        for time in message.times
    ]
    assert not [time for time in times if 20 <= time < 30]
    assert [len(found) for found in numbers(messages).values()] == [20, 30]
    assert all(found == list(range(len(found))) for found in numbers(messages).values())
    assert [(status["online"], status["b"] - START // MINUTE) for status in statuses(messages, "d-A")] == [
        (True, 0),
        (False, 0),
        (True, 1),
    ]
    assert numbers(messages, "d-B") == {START // MINUTE: list(range(60))}


def test_what_is_behind_a_gateway_sends_after_an_outage_what_it_kept() -> None:
    _, messages = run(village(*PAIR, gateway="gw"), Outage(**TIME, device="gw"))
    assert numbers(messages) == {START // MINUTE: list(range(60))}
    late = [message for message in telemetry(messages) if message.time != message.times[-1]]
    assert {message.time for message in late} == {START + 30 * MINUTE}
    assert len(late) == 2 * 10
    assert [status["online"] for status in statuses(messages, "gw")] == [True, False, True]
    assert [status["online"] for status in statuses(messages, "d-A")] == [True]


def test_a_dead_gateway_cuts_off_what_is_behind_it() -> None:
    _, messages = run(village(*PAIR, gateway="gw"), Silent(**TIME, device="gw"))
    assert numbers(messages) == {START // MINUTE: list(range(60))}
    assert {message.time for message in telemetry(messages) if message.time != message.times[-1]} == {
        START + 30 * MINUTE
    }
    assert [status["b"] - START // MINUTE for status in statuses(messages, "gw")] == [0, 0, 1]


def test_a_waveform_holds_nothing_from_before_its_device_was_up() -> None:
    registry = village(House("SP", "bridge-span", {"accel": "acceleration"}), sample_s=0.02, upload_s=300)
    _, messages = run(registry, Silent(**TIME, device="d-SP"))
    starts = [(message.times[0] - START) / MINUTE for message in messages if message.kind == "waveform"]
    assert min(starts) >= 0
    assert not [start for start in starts if 15 < start < 30]


def test_what_has_no_buffer_loses_it_and_its_numbers_tell() -> None:
    _, messages = run(village(*PAIR, gateway="gw", buffered=False), Outage(**TIME, device="gw"))
    assert numbers(messages) == {START // MINUTE: [*range(20), *range(30, 60)]}


def test_messages_come_in_the_order_of_sending() -> None:
    _, messages = run(village(*PAIR, gateway="gw"), Outage(**TIME, device="gw"))
    assert [message.time for message in messages] == sorted(message.time for message in messages)


REQUEST = "lifeline/gas/east/d-A/resend"


def test_a_request_is_answered_with_the_same_bytes() -> None:
    simulation, messages = run(village(*PAIR))
    payload = json.dumps({"b": START // MINUTE, "from": 18, "to": 20}).encode()
    again = simulation.resend(REQUEST, payload)
    first = [message for message in telemetry(messages) if message.device == "d-A"][18:21]
    assert [(each.topic, each.payload) for each in again] == [(each.topic, each.payload) for each in first]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (REQUEST, b'{"b": 1, "from": 18, "to": 20}'),
        (REQUEST, b'{"from": 18, "to": 20}'),
        (REQUEST, b"\xff\x00"),
        (REQUEST, b"[]"),
        ("lifeline/gas/east/nobody/resend", b'{"b": 29391386, "from": 18, "to": 20}'),
        ("lifeline/clock", b"{}"),
    ],
)
def test_a_request_for_what_is_not_there_is_answered_by_nothing(topic: str, payload: bytes) -> None:
    simulation, _ = run(village(*PAIR))
    assert simulation.resend(topic, payload) == []


def test_a_device_without_a_buffer_or_dead_answers_nothing() -> None:
    request = json.dumps({"b": START // MINUTE, "from": 18, "to": 20}).encode()
    assert run(village(*PAIR, buffered=False))[0].resend(REQUEST, request) == []
    dead = Silent(start=Span(50 * MINUTE), duration=Span(20 * MINUTE), device="d-A")
    assert run(village(*PAIR), dead)[0].resend(REQUEST, request) == []


def test_only_the_newest_messages_are_kept() -> None:
    simulation, _ = run(village(House("A", "valve-chamber", CH4), sample_s=10, upload_s=10), minutes=60)
    request = json.dumps({"b": START // MINUTE, "from": 0, "to": 1000}).encode()
    assert len(simulation.resend(REQUEST, request)) == KEPT


def test_uploads_are_spread_evenly_over_their_interval() -> None:
    kinds = {kind.id: kind for kind in read_city(DEMO_CITY).device_types}
    rhythm = Rhythm.of(kinds["gas-monitor"], waves_only=False)
    phases = np.array([rhythm.phase(f"rtu-vc-{number}") for number in range(10_000)])
    assert (phases.min() >= 0, phases.max() < 300_000) == (True, True)
    counts, _ = np.histogram(phases, bins=10, range=(0, 300_000))
    assert counts.min() > 900


def test_a_battery_that_runs_empty_goes_down_for_ever_longer_and_dies() -> None:
    battery = Battery(start=Span(0), duration=Span(80 * MINUTE), device="d-A", spell_s=600)
    _, messages = run(village(*PAIR), battery, minutes=80)
    times = [(m.times[0] - START) / MINUTE for m in telemetry(messages) if m.device == "d-A"]
    by_quarter, _ = np.histogram(times, bins=4, range=(0, 80))
    assert by_quarter[0] == 20
    assert 20 > by_quarter[1] > by_quarter[2] > by_quarter[3] == 0
    assert len(numbers(messages)) > 2
    assert len(numbers(messages, "d-B")) == 1


def test_the_devices_of_a_large_city_share_what_is_kept() -> None:
    assert kept(0) == kept(1_000) == KEPT
    assert kept(100_000) == 5
    assert 85_000 * kept(85_000) <= KEPT_IN_ALL
    assert kept(10 * KEPT_IN_ALL) == 1
