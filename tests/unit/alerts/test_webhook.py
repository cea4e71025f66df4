"""What an answer means, how a message is signed, when it is tried again."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.backoff import GIVE_UP, LONGEST_S, next_try
from alerts.channels.http import judge
from alerts.outcome import Permanent, Taken, Transient
from alerts.signature import signature
from rules.levels import RiskLevel

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (200, b'{"receipt": "R-1"}', Taken("R-1")),
        (202, b'{"receipt": "R-1", "more": []}', Taken("R-1")),
        (204, b"", Taken(None)),
        (200, b"thanks", Taken(None)),
        (200, b'{"receipt": ""}', Taken(None)),
        (200, b'{"receipt": 7}', Taken(None)),
        (200, b'{"receipt": "\\u0000"}', Taken(None)),
        (200, b'{"receipt": "\\ud800"}', Taken(None)),
        (200, b'{"receipt": "' + b"x" * 201 + b'"}', Taken(None)),
        (200, b"\xff\xfe", Taken(None)),
        (500, b"", Transient("HTTP 500")),
        (503, b"", Transient("HTTP 503")),
        (599, b"", Transient("HTTP 599")),
        (429, b"", Transient("HTTP 429")),
        (408, b"", Transient("HTTP 408")),
        (301, b"", Permanent("HTTP 301")),
        (400, b"", Permanent("HTTP 400")),
        (401, b"", Permanent("HTTP 401")),
        (410, b"", Permanent("HTTP 410")),
        (699, b"", Permanent("HTTP 699")),
    ],
)
def test_an_answer_is_taken_for_what_it_says(
    status: int, content: bytes, outcome: Taken | Transient | Permanent
) -> None:
    assert judge(status, content) == outcome


@given(st.integers(100, 999), st.binary())
def test_any_answer_is_an_outcome(status: int, content: bytes) -> None:
    assert isinstance(judge(status, content), Taken if 200 <= status < 300 else Transient | Permanent)


def test_the_signature_covers_time_and_body() -> None:
    expected = hmac.new(b"key", b'1767323045.{"a": 1}', hashlib.sha256).hexdigest()
    assert signature(b"key", 1767323045, b'{"a": 1}') == f"t=1767323045,v1={expected}"


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_five_minutes_and_never_vanish(attempts: int, chance: float) -> None:
    then = next_try(NOW, RiskLevel.MAJOR, attempts, NOW, chance)
    assert then is not None
    longest = min(2.0 ** min(attempts - 1, 30), LONGEST_S)
    assert longest / 2 <= (then - NOW).total_seconds() <= longest


def test_after_a_day_it_is_given_up() -> None:
    for level, most in GIVE_UP.items():
        assert next_try(NOW, level, 300, NOW + most - timedelta(seconds=LONGEST_S), 0.0) is not None
        assert next_try(NOW, level, 300, NOW + most, 0.999) is None
    assert GIVE_UP[RiskLevel.MAJOR] == timedelta(days=1)
