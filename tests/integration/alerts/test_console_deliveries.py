"""The console's page of deliveries in a real browser, before receivers that refuse."""

from itertools import chain, repeat
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.alerting import World, alerts, until
from tests.browser import desk, grave, person, visit
from tests.support.hearing import Whims, listening


def test_dead_letters_are_found_and_sent_again(world: World, tmp_path: Path, browser: Browser) -> None:
    whims = Whims(*chain([(410, b"")], repeat((200, b""), 120)))
    with listening(whims) as url, alerts(world.dsn, tmp_path, {"water-co": url}) as process:
        world.change("dma-0", 2)
        until(lambda: world.delivered() == {"dead": 1})
        for n in range(1, 105):
            world.change(f"dma-{n}", 3)
        until(lambda: world.delivered().get("delivered") == 104)
        with desk(browser, process.url, person(world.dsn, "operator")) as page:
            expect(page.locator(".rows")).to_be_visible()
            visit(page, "/deliveries")
            expect(page.locator("tbody tr")).to_have_count(100)
            page.get_by_role("button", name="Earlier ones").click()
            expect(page.locator("tbody tr")).to_have_count(105)
            expect(page.get_by_role("button", name="Earlier ones")).to_be_hidden()
            page.get_by_role("button", name="dead letter").click()
            expect(page.locator("tbody tr")).to_have_count(1)
            expect(page.locator("tbody")).to_contain_text("burst")
            expect(page.locator("tbody")).to_contain_text("410")
            assert grave(page) == []
            page.get_by_role("button", name="Retry").click()
            until(lambda: world.delivered() == {"delivered": 105})
