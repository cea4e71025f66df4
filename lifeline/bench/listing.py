"""How soon the API lists alarms where 10,000 are open: the first page, page after page, and by filter."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import numpy as np

from lifeline.bench.console import OPEN, crowded
from lifeline.bench.figures import Figure
from lifeline.settings import Settings
from sensors.errors import UnavailableError

CALLS = 100
_QUERIES: Mapping[str, Mapping[str, str | int]] = {
    "newest": {},
    "major": {"level": 1},
    "unacknowledged": {"state": "unacknowledged"},
    "of_an_asset": {"asset": "BENCH-7"},
    "by_priority": {"sort": "priority"},
    "searched": {"q": "bench-77"},
    "searched_in_vain": {"q": "nothing"},
}


def listing(settings: Settings) -> Iterator[Figure]:
    """Milliseconds of a call for a page of 100, over all pages and some filters."""
    with (
        crowded(settings) as (address, token),
        closing(HTTPConnection(urlsplit(address).netloc)) as client,
    ):
        took = {
            name: [_call(client, token, query)[0] for _ in range(CALLS)] for name, query in _QUERIES.items()
        }
        took["page_after_page"] = list(_pages(client, token))
    p95 = {f"p95_{name}_ms": float(np.percentile(times, 95)) for name, times in took.items()}
    every = [each for times in took.values() for each in times]
    yield Figure(
        bench="alerts",
        case="list",
        value=float(np.percentile(every, 95)),
        unit="ms, a page of 100 alerts, p95",
        goal="100 or less with 10,000 open alerts",
        beside={"open": OPEN, "calls": len(every), "p50_ms": float(np.percentile(every, 50)), **p95},
    )


def _pages(client: HTTPConnection, token: str) -> Iterator[float]:
    cursor: str | None = None
    while True:
        took, cursor = _call(client, token, {} if cursor is None else {"cursor": cursor})
        yield took
        if cursor is None:
            return


def _call(client: HTTPConnection, token: str, query: Mapping[str, str | int]) -> tuple[float, str | None]:
    """Its milliseconds, and the cursor of the next page."""
    begun = time.perf_counter()
    client.request("GET", f"/api/alerts?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    body = answer.read()
    took = 1000 * (time.perf_counter() - begun)
    if answer.status != HTTPStatus.OK:
        raise UnavailableError(f"the list answers {answer.status}: {body[:200].decode(errors='replace')}")
    following: str | None = json.loads(body)["next"]
    return took, following
