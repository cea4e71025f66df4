"""The console's other pages in a real browser: signing in, incidents, deliveries, figures, audit."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from alerts.access import users
from tests.alerting import Alerts, World, until
from tests.browser import desk, grave, person, visit


def test_signing_in_by_name_and_password(world: World, process: Alerts, browser: Browser) -> None:
    users.add(world.dsn, "li.wei", "operator", None, "cold-river-17-lanterns")
    world.change("dma-1", 2)
    with desk(browser, process.url, "") as page:
        page.goto(f"{process.url}/login")
        page.get_by_label("Name").fill("li.wei")
        page.get_by_label("Password").fill("guessed")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text(re.compile("."))
        page.get_by_label("Password").fill("cold-river-17-lanterns")
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".rows .row", has_text="dma-1")).to_be_visible()
        page.reload()
        expect(page.locator(".rows .row", has_text="dma-1")).to_be_visible()
        page.locator(".menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto(f"{process.url}/")
        expect(page.get_by_label("Password")).to_be_visible()
    assert world.value("select count(*) from sessions") == 0


def test_an_incident_is_split_and_merged_by_hand(world: World, process: Alerts, browser: Browser) -> None:
    now = datetime.now(UTC)
    for asset in ("dma-1", "dma-2", "dma-3"):
        world.change(asset, 2, at=now)
    until(lambda: bool(world.value("select count(*) = 1 and sum(alerts) = 3 from incidents")))
    with desk(browser, process.url, person(world.dsn, "operator")) as page:
        page.get_by_role("link", name="Incidents").click()
        page.get_by_role("cell", name="3 / 3").locator("xpath=..").get_by_role("link").click()
        expect(page.get_by_text("3 live of 3")).to_be_visible()
        assert grave(page) == []
        page.get_by_role("button", name="Split off").click()
        expect(page.locator("#toasts")).to_contain_text("Select what has another cause first")
        page.get_by_role("checkbox", name=re.compile("dma-2")).check()
        done(page, "Split off what is selected", "another main, says the crew")
        expect(page.get_by_text("2 live of 2")).to_be_visible()
        expect(page.locator(".timeline")).to_contain_text("another main, says the crew")

        done(page, "Merge into another", "it was the same main after all")
        expect(page.get_by_text("3 live of 3")).to_be_visible()
        expect(page.locator(".timeline")).to_contain_text("it was the same main after all")
    assert world.value("select count(*) from incidents where closed_at is null") == 1


def done(page: Page, what: str, why: str) -> None:
    page.locator(".acts").get_by_role("button", name=what).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill(why)
    dialog.get_by_role("button", name=what).click()
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-GB", ("alarms a day", "144 or fewer", "✓ met", "2 operator positions")),
        ("zh-CN", ("每日报警", "不超过 144", "✓ 达标", "2 个值班席位")),
    ],
)
def test_the_figures_speak_both_languages(
    world: World, process: Alerts, browser: Browser, locale: str, words: tuple[str, ...]
) -> None:
    world.change("chamber-1", 1, hazard="gas-leak", at=datetime.now(UTC))
    with desk(browser, process.url, person(world.dsn, "operator"), locale=locale) as page:
        expect(page.locator(".rows .row", has_text="chamber-1")).to_be_visible()
        visit(page, "/kpi")
        for word in words:
            expect(page.locator("main")).to_contain_text(word)
        expect(page.get_by_role("link", name="chamber-1")).to_be_visible()
        text = page.locator("main").inner_text()
        assert not re.search(r"T\d\d:\d\d|true|false|undefined|null", text), text
        assert locale == "en-GB" or "per position" not in text
        assert grave(page) == []


def test_history_is_searched_through_what_is_not_shown_too(
    world: World, process: Alerts, browser: Browser
) -> None:
    """The one that is looked for is the oldest, and on no page that was read."""
    begun = datetime.now(UTC) - timedelta(hours=1)
    assets = ["chamber-7", *(f"dma-{n}" for n in range(50))]
    rows = [(asset, "burst", begun + timedelta(seconds=n)) for n, asset in enumerate(assets)]
    world.changes((asset, hazard, at, 4) for asset, hazard, at in rows)
    world.changes((asset, hazard, at + timedelta(minutes=1), None) for asset, hazard, at in rows)
    until(lambda: world.value("select count(*) from alerts where state = 'closed'") == len(rows), 60)
    wanted = world.value("select alert_id from alerts where asset_id = 'chamber-7'")
    with desk(browser, process.url, person(world.dsn, "operator")) as page:
        page.get_by_role("link", name="History").click()
        expect(page.locator("tbody tr")).to_have_count(50)
        page.keyboard.press("/")
        page.keyboard.type("chamber-7 burst")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator(f'tbody a[href="/alerts/{wanted}"]')).to_be_visible()
        assert grave(page) == []
        page.keyboard.type(" nothing")
        expect(page.locator("tbody tr")).to_have_count(0)


def test_the_audit_is_the_administrators(world: World, process: Alerts, browser: Browser) -> None:
    world.change("dma-1", 2)
    with desk(browser, process.url, person(world.dsn, "admin")) as page:
        page.locator(".rows .row a").click()
        page.locator(".acts").get_by_role("button", name="Acknowledge").click()
        page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
        expect(page.locator(".timeline")).to_contain_text("acknowledged")
        visit(page, "/audit")
        expect(page.locator("tbody tr", has_text="/acknowledge")).to_contain_text("night-admin")
        assert grave(page) == []
    with desk(browser, process.url, person(world.dsn, "operator")) as page:
        expect(page.locator(".rows")).to_be_visible()
        visit(page, "/audit")
        expect(page.get_by_role("alert").filter(has_text="Not for your role")).to_be_visible()
