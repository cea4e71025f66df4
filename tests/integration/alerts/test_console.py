"""The operator's page in a real browser, on the real process and a real database."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from alerts import tokens
from rules.hazards import hazards
from tests.alerting import Alerts, World, alerts, until
from tests.browser import desk


@pytest.fixture
def engineer(world: World) -> str:
    return tokens.add(world.dsn, "night-desk", "engineer", None)


def rung(page: Page) -> int:
    return int(page.evaluate("document.documentElement.dataset.rang ?? 0"))


def listen(page: Page) -> None:
    """A person touches the page, and may be heard from then on."""
    page.get_by_role("button", name="Turn the sound on").click()
    expect(page.locator("#sound")).to_have_text("Sound on")


def act(page: Page, name: str, why: str) -> None:
    page.locator(".acts").get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill(why)
    dialog.get_by_role("button", name=name, exact=True).click()
    expect(dialog.get_by_role("alert").filter(has_text=re.compile("."))).to_have_count(0)
    expect(dialog).to_have_count(0)


def test_the_whole_life_of_an_alert(world: World, process: Alerts, browser: Browser, engineer: str) -> None:
    now = datetime.now(UTC)
    with desk(browser, process.url, engineer) as page:
        expect(page.get_by_text("No alarms")).to_be_visible()
        listen(page)
        world.change("chamber-1", 1, hazard="gas-leak", at=now)
        row = page.locator(".rows .row", has_text="chamber-1")
        expect(row).to_contain_text("unacknowledged")
        expect(row).to_have_class(re.compile("unseen-alarm"))
        expect(page).to_have_title("(1) Lifeline")
        until(lambda: rung(page) > 0)

        page.keyboard.press("j")
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        expect(row).not_to_have_class(re.compile("unseen-alarm"))
        silent = rung(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="gas leak")).to_be_visible()
        act(page, "Dispatch", "crew 3")
        act(page, "Received", "crew 3 has it")
        act(page, "On site", "crew 3 is there")
        act(page, "Verified", "0.6 %VOL at the cover")
        act(page, "Resolved", "flange tightened")
        world.change("chamber-1", None, hazard="gas-leak", at=now + timedelta(minutes=5))
        act(page, "Reset", "looked into")
        act(page, "Close", "done")
        expect(page.locator(".state-line")).to_contain_text("closed")
        timeline = page.locator(".timeline strong").all_text_contents()
        assert rung(page) - silent <= 1
    assert timeline[::-1] == [
        "raised", "acknowledged", "dispatched", "received", "arrived on site", "verified", "resolved",
        "cleared", "reset", "closed",
    ]  # fmt: skip
    assert world.value("select state || ' ' || stage from alerts") == "closed resolved"
    assert world.value("select count(distinct who) from alert_events") == 2


def test_a_mute_cannot_be_overlooked_and_ends_with_the_page(
    world: World, process: Alerts, browser: Browser, engineer: str
) -> None:
    with desk(browser, process.url, engineer) as page:
        listen(page)
        world.change("chamber-1", 1, hazard="gas-leak", at=datetime.now(UTC))
        until(lambda: rung(page) > 0)
        page.keyboard.press("m")
        expect(page.locator(".banner.muted")).to_contain_text("major alarms will not be heard")
        before = rung(page)
        page.wait_for_timeout(3000)
        assert rung(page) == before
        page.get_by_role("link", name="Map").click()
        expect(page.locator(".banner.muted")).to_be_visible()
        page.reload()
        expect(page.locator(".banner.blocked")).to_be_visible()


def test_a_storm_stays_usable(world: World, process: Alerts, browser: Browser, engineer: str) -> None:
    now = datetime.now(UTC)
    names = [name for name in hazards() if name != "intrusion"][:8]
    places = [f"{kind}-{n}" for kind in ("chamber", "dma") for n in range(250)]
    with desk(browser, process.url, engineer) as page:
        expect(page.get_by_text("No alarms")).to_be_visible()
        world.changes((place, name, now, 3) for name in names for place in places)
        world.change("dma-7", 1, hazard="intrusion", at=now)
        count = page.locator(".count-line")
        expect(count).to_have_text("4001 of 4001", timeout=60_000)
        expect(page.locator(".rows .row").first).to_contain_text("major")
        assert page.locator(".rows .row").count() < 100
        page.keyboard.press("/")
        page.keyboard.type("chamber-24 burst")
        expect(count).to_have_text("11 of 4001")
        page.keyboard.press("Escape")
        page.get_by_role("checkbox", name="Select all").check()
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="in hand").click()
        expect(count).to_have_text("11 of 4001")
        page.get_by_role("button", name="Clear filters").click()
        page.keyboard.press("End")
        expect(page.locator(".rows .row.present")).to_be_visible()
    assert world.value("select count(*) from alerts where state = 'acknowledged'") == 11


def test_a_lost_connection_is_told_and_made_up_for(database: str, tmp_path: Path, browser: Browser) -> None:
    world, engineer = World(database), tokens.add(database, "night-desk", "engineer", None)
    with alerts(world.dsn, tmp_path) as first:
        until(lambda: first.standing() == "claiming")
        world.change("dma-1", 2)
        with desk(browser, first.url, engineer) as page:
            expect(page.locator(".rows .row", has_text="dma-1")).to_be_visible()
            first.process.kill()
            banner = page.locator(".banner.lost")
            expect(banner).to_contain_text("The connection was lost at", timeout=15_000)
            world.change("dma-2", 2)
            world.change("dma-1", None, at=datetime.now(UTC))
            with alerts(world.dsn, tmp_path):
                expect(banner).to_have_count(0, timeout=30_000)
                expect(page.locator("#toasts")).to_contain_text("Connected again")
                expect(page.locator(".rows .row", has_text="dma-2")).to_be_visible()
                expect(page.locator(".rows .row", has_text="dma-1")).to_contain_text("returned")


def test_both_languages_say_everything(
    world: World, process: Alerts, browser: Browser, engineer: str
) -> None:
    world.change("chamber-1", 1, hazard="gas-leak")
    with desk(browser, process.url, engineer, locale="zh-CN") as page:
        row = page.locator(".rows .row", has_text="chamber-1")
        expect(row).to_contain_text("重大")
        expect(row).to_contain_text("燃气泄漏")
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.locator(".menu summary").click()
        page.get_by_role("button", name="English").click()
        expect(row).to_contain_text("major")
        row.get_by_role("link").click()
        expect(page.get_by_text("Recommended action")).to_be_visible()
        expect(page.get_by_text("Call the gas company's crew")).to_be_visible()
        page.reload()
        expect(page.get_by_text("Recommended action")).to_be_visible()


def test_the_duty_report_is_saved_as_a_file(
    world: World, process: Alerts, browser: Browser, engineer: str
) -> None:
    world.change("chamber-1", 1, hazard="gas-leak", at=datetime.now(UTC))
    until(lambda: world.value("select count(*) from alerts") == 1)
    with desk(browser, process.url, engineer) as page:
        page.goto(f"{process.url}/kpi")
        day = page.get_by_label("Day of the report").input_value()
        for name, file in (("Day HTML", f"duty-{day}.en.html"), ("Month CSV", f"duty-{day[:7]}.en.csv")):
            with page.expect_download() as saved:
                page.get_by_role("button", name=name).click()
            assert saved.value.suggested_filename == file
            assert "chamber-1" in saved.value.path().read_text(encoding="utf-8")
        page.get_by_label("Day of the report").fill("")
        page.get_by_role("button", name="Day HTML").click()
        expect(page.locator("#toasts")).to_contain_text("Choose a day first")


def test_what_people_write_is_never_markup(
    world: World, process: Alerts, browser: Browser, engineer: str
) -> None:
    world.change("dma-1", 2)
    with desk(browser, process.url, engineer) as page:
        page.locator(".rows .row a").click()
        act(page, "Acknowledge", "<img src=/x onerror=document.title='owned'><b>bold</b>")
        expect(page.locator(".timeline")).to_contain_text("<b>bold</b>")
        assert page.locator(".timeline b, .timeline img").count() == 0
        assert "owned" not in page.title()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_serious(
    world: World, process: Alerts, browser: Browser, engineer: str, scheme: str
) -> None:
    world.change("chamber-1", 1, hazard="gas-leak", at=datetime.now(UTC))
    world.change("dma-1", 2, at=datetime.now(UTC))
    world.change("dma-2", 3, None, at=datetime.now(UTC))
    with desk(browser, process.url, engineer, color_scheme=scheme) as page:
        expect(page.locator(".rows .row", has_text="dma-2")).to_contain_text("returned")
        alert = page.locator(".rows .row a").first.get_attribute("href")
        found: dict[str, list[str]] = {}
        for path in ("/", alert, "/map", "/assets/dma-1", "/shelf", "/windows", "/history", "/kpi", "/login"):
            page.goto(f"{process.url}{path}")
            page.wait_for_timeout(400)
            bad = [
                f"{each['id']}: {each['nodes'][0]['html'][:120]}"
                for each in Axe().run(page).response["violations"]
                if each["impact"] in {"serious", "critical"}
            ]
            found |= {str(path): bad} if bad else {}
    assert found == {}


def test_a_phone_shows_cards_and_scrolls_only_down(
    world: World, process: Alerts, browser: Browser, engineer: str
) -> None:
    world.change("chamber-1", 1, hazard="gas-leak")
    phone = {"width": 390, "height": 844}
    with desk(browser, process.url, engineer, viewport=phone, has_touch=True) as page:
        row = page.locator(".rows .row", has_text="chamber-1")
        expect(row).to_be_visible()
        for path in ("/", "/map", "/shelf", "/windows", row.get_by_role("link").get_attribute("href")):
            page.goto(f"{process.url}{path}")
            page.wait_for_timeout(300)
            assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"], path


def test_the_page_may_load_from_here_only(process: Alerts) -> None:
    answer = httpx.get(f"{process.url}/map")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "style=" not in answer.text
    assert re.findall(r"<script(?![^>]*\bsrc=)", answer.text) == []
    assert httpx.get(f"{process.url}/static/js/main.js").headers["content-type"].startswith("text/javascript")
    assert httpx.get(f"{process.url}/static/%2e%2e/__init__.py").status_code == 404
