"""The receiver that a utility starts from: what it takes, what it refuses."""

import json
import time
from pathlib import Path

import httpx
import pytest

from alerts.signature import HEADER, signature
from tests.alerting import SECRET, Receiver, reference_receiver

BODY = json.dumps({"delivery_id": "d-1", "kind": "raised", "asset": {"name": "七号阀井"}}).encode()


def post(receiver: Receiver, body: bytes = BODY, secret: str = SECRET, age_s: int = 0) -> httpx.Response:
    signed = signature(secret.encode(), int(time.time()) - age_s, body)
    return httpx.post(receiver.url, content=body, headers={HEADER: signed})


def test_an_alert_is_written_down_and_gets_a_receipt(tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        answer = post(desk)
        assert (answer.status_code, answer.json()) == (200, {"receipt": "R-d-1"})
        assert desk.messages() == [json.loads(BODY)]


def test_an_alert_that_comes_again_is_acted_on_once_even_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with reference_receiver(tmp_path) as desk:
            assert [post(desk).json() for _ in range(2)] == [{"receipt": "R-d-1"}] * 2
            assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    ("secret", "age_s"),
    [("fedcba9876543210", 0), (SECRET, 301), (SECRET, -330)],
    ids=["another-key", "too-old", "from-the-future"],
)
def test_what_is_not_genuine_or_not_fresh_is_refused(tmp_path: Path, secret: str, age_s: int) -> None:
    with reference_receiver(tmp_path) as desk:
        assert post(desk, secret=secret, age_s=age_s).status_code == 401
        assert desk.messages() == []


@pytest.mark.parametrize("header", ["", "t=,v1=", "t=x,v1=00", "v1=00", "t=²,v1=é"])
def test_a_signature_that_is_none_is_refused(tmp_path: Path, header: str) -> None:
    with reference_receiver(tmp_path) as desk:
        answer = httpx.post(desk.url, content=BODY, headers={HEADER: header.encode("latin-1")})
        assert answer.status_code == 401


def test_a_body_that_was_changed_on_the_way_is_refused(tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        signed = signature(SECRET.encode(), int(time.time()), BODY)
        answer = httpx.post(desk.url, content=BODY.replace(b"raised", b"closed"), headers={HEADER: signed})
        assert answer.status_code == 401


def test_what_is_too_large_or_hides_its_size_is_not_read(tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        assert httpx.post(desk.url, content=b"x" * 1_000_001).status_code == 413
        assert httpx.post(desk.url, content=iter([b"x"])).status_code == 411
