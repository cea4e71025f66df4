"""Recorded messages: what a line may say, what clock they go by, and the same at another time."""

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest

from ingest import formats
from lifeline.replay.log import encoded, of_engine
from lifeline.replay.recording import Recording, is_recording
from lifeline.replay.shift import shifted
from lifeline.replay.straight import heard
from rules.load import load as load_rules
from sensors.errors import Mistake
from sensors.load import read_city
from sensors.readings import DAY, MINUTE, SECOND
from sensors.registry import numbered
from simulator.feed_messages import Instant
from simulator.messages import waveform
from tests.support.replaying import FEEDS, run

T = 1_763_683_200_000
"""ms since 1970 UTC."""
CH4 = "lifeline/gas/two/probe-1/telemetry"
CLOCK = "lifeline/clock"


def recording(folder: Path, *lines: dict[str, Any] | str, name: str = "r.jsonl") -> Recording:
    text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    registry = numbered(read_city(FEEDS / "chambers"))
    return Recording(path, registry, load_rules([FEEDS / "chambers.rules.toml"], registry))


def native(t: int, value: float = 1.0, **more: object) -> dict[str, Any]:
    return {"topic": CH4, "payload": {"t": t, "v": {"ch4": value}}, **more}


def tick(t: int) -> dict[str, Any]:
    return {"topic": CLOCK, "payload": {"t": t}}


def times(found: Recording) -> list[tuple[int, int]]:
    """Of each instant, its ms after T and how many messages it has."""
    return [(each.time // 1000 - T, len(each.messages)) for each in found.instants()]


def test_a_name_tells_a_recording_from_a_feed() -> None:
    assert [is_recording(Path(name)) for name in ("a.jsonl", "a.jsonl.gz", "a.ndjson", "a.toml", "a.gz")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_its_own_clock_says_the_time(tmp_path: Path) -> None:
    found = recording(tmp_path, tick(T), native(T + 1), native(T + 70), tick(T + 10_000), native(T + 10_001))

    assert times(found) == [(0, 2), (10_000, 1)]
    assert found.extent.readings == 3


def test_without_a_clock_it_is_when_they_came(tmp_path: Path) -> None:
    found = recording(
        tmp_path, native(T, at=T + 5000), native(T + 1, at=T + 5900), native(T + 2, at=T + 7000)
    )

    assert times(found) == [(5000, 2), (7000, 1)]


def test_without_either_it_is_what_they_speak_of(tmp_path: Path) -> None:
    senml = [{"bn": "urn:x:", "bt": T / 1000 + 60, "n": "ch4", "v": 2.0}]
    late = native(T + 1000)
    found = recording(tmp_path, native(T), {"topic": CH4, "payload": senml}, late)

    assert times(found) == [(0, 1), (60_000, 2)]


def test_what_no_worker_takes_is_left_out_and_repeats_are_one_reading(tmp_path: Path) -> None:
    resend = {"topic": "lifeline/gas/two/probe-1/resend", "payload": {"b": 0, "from": 1, "to": 2}}
    found = recording(tmp_path, tick(T), native(T), resend, native(T), {"topic": "other", "payload": {}})

    assert times(found) == [(0, 2)]
    assert found.extent.readings == 1


def test_a_compressed_one_says_the_same(tmp_path: Path) -> None:
    lines = [tick(T), *(native(T + n * 60_000, 30.0) for n in range(9)), tick(T + 600_000)]
    plain, packed = recording(tmp_path, *lines), recording(tmp_path, *lines, name="r.jsonl.gz")

    one, other = heard(plain), heard(packed)
    assert (
        of_engine(one.transitions, one.risk_changes) == of_engine(other.transitions, other.risk_changes) != []
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line: expected a JSON object with topic and payload: Input data was truncated"),
        ('{"payload": {}}', "line: expected a JSON object with topic and payload: Object missing required"),
        ('{"topic": "lifeline/clock"}', "line: expected either payload or base64"),
        ('{"topic": "lifeline/clock", "base64": "?"}', "line: base64: expected base64"),
        (
            '{"topic": "lifeline/clock", "payload": {}, "when": 1}',
            "line: expected a JSON object with topic and payload: Object contains unknown field `when`",
        ),
    ],
)
def test_a_line_that_is_none_is_told_by_its_number(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(Mistake) as caught:
        recording(tmp_path, tick(T), line).extent  # noqa: B018, reads it
    assert str(caught.value).startswith(f"{tmp_path}/r.jsonl:2: {said}")


def test_a_file_that_is_cut_off_is_told_with_its_last_line(tmp_path: Path) -> None:
    found = recording(tmp_path, *(native(T + n * 977) for n in range(2000)), name="r.jsonl.gz")
    found.path.write_bytes(found.path.read_bytes()[:-200])

    with pytest.raises(Mistake, match=r"file: expected the rest of the file, .* after line 1\d\d\d$"):
        found.extent  # noqa: B018, reads it


def test_nothing_to_play_and_no_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="file: expected messages with a time, there are none"):
        recording(tmp_path).extent  # noqa: B018, reads it
    gone = run(tmp_path, "replay", "gone.jsonl", "--engine")
    assert (gone.code, gone.text) == (
        2,
        "lifeline: gone.jsonl: file: expected a file that can be read: No such file or directory\n",
    )


def test_all_kinds_of_payload_can_be_moved_in_time() -> None:
    def moved(payload: object) -> object:
        return json.loads(shifted(json.dumps(payload).encode(), MINUTE))

    assert moved({"t": T, "s": 3, "v": {"ch4": 0.1}}) == {"t": T + 60_000, "s": 3, "v": {"ch4": 0.1}}
    assert moved({"t": [T, T + 1], "v": {}}) == {"t": [T + 60_000, T + 60_001], "v": {}}
    assert moved({"t": "2025-11-21T00:00:00Z", "v": {}}) == {"t": T + 60_000, "v": {}}
    assert moved({"online": False, "b": 1}) == {"online": False, "b": 1}
    assert shifted(b"{", MINUTE) == b"{"
    assert shifted(b"\xff\xff", MINUTE) == b"\xff\xff"
    block = shifted(waveform(T, 50.0, {"a": np.array([1, 2], np.float32)}, None), MINUTE)
    assert cbor2.loads(block)["t"] == T + 60_000
    assert formats.waveform(block).samples["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "records",
    [
        [{"bn": "x", "bt": T / 1000, "n": "a", "v": 1.0, "t": -5}, {"n": "b", "v": 2.0}],
        [{"n": "a", "v": 1.0, "t": T / 1000}, {"n": "b", "v": 2.0, "t": T / 1000 + 1}],
        [{"bt": T / 1000, "n": "a", "v": 1.0}, {"bt": T / 1000 + 9, "n": "b", "v": 2.0, "t": 1}],
    ],
)
def test_senml_is_moved_by_its_base_times(records: list[dict[str, Any]]) -> None:
    payload = json.dumps(records).encode()
    before, after = formats.senml(payload, None), formats.senml(shifted(payload, DAY), None)

    assert [each.time for each in after] == [each.time + DAY for each in before]


def test_a_recording_at_another_time_says_the_same_then(tmp_path: Path) -> None:
    lines = [tick(T), *(native(T + n * 60_000, 30.0) for n in range(9)), tick(T + 600_000)]
    found = recording(tmp_path, *lines)
    (tmp_path / "log").mkdir()
    log = [tmp_path / "log" / name for name in ("kept", "moved")]
    options = ["--city", str(FEEDS / "chambers"), "--rules", str(FEEDS / "chambers.rules.toml"), "--engine"]

    run(tmp_path, "replay", str(found.path), *options, "--log", str(log[0]))
    run(
        tmp_path, "replay", str(found.path), *options, "--log", str(log[1]), "--shift", "2025-12-21T00:00:00Z"
    )

    kept, moved = (each.read_bytes() for each in log)
    said = heard(found)
    assert kept == encoded(of_engine(said.transitions, said.risk_changes))
    assert moved == kept.replace(b"2025-11-21", b"2025-12-21") != kept


def test_a_feed_at_another_time_takes_its_labels_along(tmp_path: Path) -> None:
    kept = run(tmp_path, "replay", str(FEEDS / "chambers.toml"), "--engine", "--json").figures
    moved = run(
        tmp_path, "replay", str(FEEDS / "chambers.toml"), "--engine", "--json", "--shift", "now"
    ).figures

    assert moved["score"] == kept["score"]
    assert moved["score"]["found"] == 1
    assert moved["alerts"] == kept["alerts"]


def test_rows_from_until_on_are_left_out(tmp_path: Path) -> None:
    found = recording(tmp_path, tick(T), native(T + 1), tick(T + 10_000), native(T + 10_001))
    cut = Recording(found.path, found.registry, found.rules, until=T * 1000 + 10 * SECOND)

    assert [each.time for each in cut.instants()] == [T * 1000]
    assert isinstance(next(cut.instants()), Instant)


def test_a_city_beside_a_feed_that_names_its_own_is_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "replay", str(FEEDS / "chambers.toml"), "--engine", "--city", "x")

    assert (refused.code, refused.text) == (
        2, "lifeline: --city: expected none beside a feed file, which names its own\n",
    )  # fmt: skip


def test_base64_is_the_bytes(tmp_path: Path) -> None:
    payload = json.dumps({"t": T, "v": {"ch4": 2}}).encode()
    found = recording(tmp_path, {"topic": CH4, "base64": b64encode(payload).decode(), "at": T})

    assert [each.messages for each in found.instants()] == [((CH4, payload),)]
