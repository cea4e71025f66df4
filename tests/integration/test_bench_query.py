"""``lifeline bench query`` asks what dashboards ask, of rollups where the zoom is wide."""

import asyncio

from grafana.targets import targets
from lifeline.bench.filled import fill, known
from lifeline.bench.query import measure


def test_every_query_is_asked_of_a_filled_database(empty_database: str) -> None:
    filled = asyncio.run(fill(empty_database, readings=60_000, sensors=300))
    assert (filled.readings, filled.sensors) == (60_000, 300)
    assert known(empty_database) == filled
    figures = {each.case: each for each in measure(empty_database, filled, rounds=1)}
    assert len(figures) == 4 + len(targets()) / 2
    assert figures["a day of a sensor"].beside["rows"] == 200
    assert figures["a month of a sensor"].beside["rows"] > 1400
    assert figures["a year of a sensor"].beside["rows"] > 1400
