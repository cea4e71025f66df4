"""How soon the console shows alarms: 10,000 open ones, in this machine's Chromium, cold cache each time."""

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from alerts import tokens
from lifeline.bench.figures import Figure
from lifeline.children import Child
from lifeline.settings import Settings
from lifeline.stage import settle, stage
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPEN = 10_000
LOADS = 5
_WIDE = {"width": 1440, "height": 900}
_QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

# As many more assets as it takes, and a case of each of five hazards at each.
_ASSETS = """
insert into assets (asset_id, name, name_en, kind, domain, utility_id, district, grid, longitude, latitude,
    people, critical_users, cascade, cost, inherent_likelihood)
select 'BENCH-' || n, '设施' || n, 'asset ' || n, kind, domain, utility_id, district, grid,
    longitude + n %% 50 * 0.001, latitude + n / 50 * 0.001, 3, 3, 3, 3, 2
from generate_series(1, %(cases)s / 5) n, (select * from assets order by asset_id limit 1) a
"""
_CASES = """
insert into alerts (alert_id, asset_id, hazard, state, found_level, level, worst_level, likelihood,
    consequence, opened_at, changed_at, waits_at, sounded, awaits, events)
select gen_random_uuid(), asset_id, hazard, 'unacknowledged', level, level, level, 4, 3,
    moment, moment, moment, level < 4, case when level < 4 then 'acknowledgement' end, 1
from (
    select asset_id, hazard, 1 + (row_number() over ()) % 4 as level,
        now() - random() * interval '1 day' as moment
    from assets, unnest(array['gas-leak', 'burst', 'overflow', 'structure', 'data-loss']) hazard
    where asset_id like 'BENCH-%'
) c
"""
# From the start of the load to the frame that shows the first alarm, and to the count of all of them.
_WATCH = """
(() => {
  window.seen = {};
  const look = () => {
    if (!seen.rows && document.querySelector(".rows .row .badge")) seen.rows = performance.now();
    const count = document.querySelector(".count-line")?.textContent ?? "";
    if (count.startsWith("10000")) seen.all = performance.now();
    if (!seen.all) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


@contextmanager
def crowded(settings: Settings) -> Iterator[tuple[str, str]]:
    """A ``lifeline alerts`` with all these open alerts: its address, and the token of an operator."""
    with stage(settings) as staged:
        city = read_city(DEMO_CITY)
        settle(staged.settings, city, load_rules([DEMO_RULES], city))
        with psycopg.connect(staged.dsn) as connection:
            connection.execute(_ASSETS, {"cases": OPEN})
            connection.execute(_CASES)
            connection.execute("analyze assets, alerts")
        token = tokens.add(staged.dsn, "bench", "operator", None)
        api = {"dsn": staged.dsn, "api_host": "127.0.0.1", "api_port": 0}
        with Child.lifeline(staged.folder, "alerts", **api) as alerts:
            address = alerts.until("listening")["address"]
            alerts.until("claiming")
            yield str(address), token


def first_paint(settings: Settings) -> Iterator[Figure]:
    """Milliseconds from the start of a load to the first alarms shown, the median of some cold loads.

    Raises:
        ConfigurationError: there is no Chromium, or no Playwright to drive it.
    """
    with _chromium() as browser, crowded(settings) as (address, token):
        loads = [_load(browser, f"{address}/#token={token}") for _ in range(LOADS)]
    rows, contents, whole = zip(*loads, strict=True)
    yield Figure(
        bench="alerts",
        case="console_first_paint",
        value=statistics.median(rows),
        unit="ms",
        goal="at most 1,000 ms",
        beside={
            "open": OPEN,
            "loads": LOADS,
            "slowest_ms": max(rows),
            "first_contentful_paint_ms": statistics.median(contents),
            "all_listed_ms": statistics.median(whole),
        },
    )


def _load(browser: "Browser", address: str) -> tuple[float, float, float]:
    """Ms to the first alarms, to the first content of any kind, and to all of them listed."""
    context = browser.new_context(viewport=_WIDE, locale="en-GB")  # type: ignore[arg-type]
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("() => window.seen.all", timeout=120_000)
    content = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    seen = page.evaluate("window.seen")
    context.close()
    return seen["rows"], content, seen["all"]


@contextmanager
def _chromium() -> Iterator["Browser"]:
    path = shutil.which("chromium")
    if path is None:
        raise ConfigurationError("the console's figure needs a browser: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415, of development only
    except ImportError:
        raise ConfigurationError(
            "the console's figure needs playwright: pip install 'lifeline[dev]'"
        ) from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield browser
        browser.close()
