"""The statement behind the list: what it reads, and that no cursor but ours is a place in it."""

import contextlib
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.search import Cursor, Filter, Sort, statement
from tests.alerting import World

MANY = """
insert into alerts (alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, events)
select gen_random_uuid(), 'A-' || n, 'burst', 'acknowledged', 1 + n % 4, 1 + n % 4, 3, 3, at, at, 1
from generate_series(1, 20000) n, lateral (select timestamptz '2026-01-02' + n * interval '1 s' as at) t
"""
INDEXES = {
    Sort.TIME: "alerts_newest",
    Sort.LEVEL: "alerts_by_level",
    Sort.PRIORITY: "alerts_by_priority",
}


@pytest.mark.parametrize("sort", Sort)
def test_a_page_is_read_in_the_order_of_an_index_from_wherever_it_begins(world: World, sort: Sort) -> None:
    places = [
        None,
        Cursor(datetime(2026, 1, 2, 3, tzinfo=UTC), UUID(int=7), sort, 0 if sort is Sort.TIME else -2),
    ]
    with psycopg.connect(world.dsn) as connection:
        connection.execute(MANY)
        connection.execute("analyze alerts")
        for place in places:
            query, values = statement(Filter(), sort, place, 100)
            plan = "\n".join(row[0] for row in connection.execute(f"explain {query}".encode(), values))
            assert f"using {INDEXES[sort]} on alerts" in plan, plan
            assert "Sort Key" not in plan, plan
            assert place is None or "Index Cond" in plan, plan


@given(st.datetimes(timezones=st.just(UTC)), st.uuids(), st.sampled_from(Sort), st.integers(-99, 0))
def test_a_cursor_comes_back_as_it_was(at: datetime, own: UUID, sort: Sort, rank: int) -> None:
    cursor = Cursor(at, own, sort, rank)
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text(st.characters(codec="ascii")))
def test_what_is_no_cursor_is_told_by_one_kind_of_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        Cursor.decode(text)
