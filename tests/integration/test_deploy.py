"""What docker-compose.yml mounts and starts: releases, and what stands in the files as they come."""

import re

import psycopg

from alerts import receivers
from lifeline.runtime.postgres import Postgres
from tests.support.deployed import DEPLOY


def test_compose_runs_the_release_of_timescaledb_that_the_tests_run_on(postgres: Postgres) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        row = connection.execute(
            "select default_version, current_setting('server_version_num')::integer / 10000"
            " from pg_available_extensions where name = 'timescaledb'"
        ).fetchone()
    assert row is not None
    compose = (DEPLOY.parent / "docker-compose.yml").read_text(encoding="utf-8")
    images = re.findall(r"image: timescale/timescaledb:(.*)", compose)
    assert set(images) == {f"{row[0]}-pg{row[1]}"}


def test_the_receivers_that_come_with_it_are_none() -> None:
    assert receivers.load(DEPLOY / "lifeline" / "receivers.toml").receivers == ()
