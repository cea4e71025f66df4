"""The machine's own Chromium, driven by Playwright; one that is missing fails the test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerts import tokens

expect.set_options(timeout=20_000)  # the machine may be busy with other tests

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
INSTALL = "apt-get install -y --no-install-recommends chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail(f"the console's tests need a browser: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def desk(browser: Browser, url: str, token: str, **options: Any) -> Iterator[Page]:
    """A page of a token's holder, who fails it for any error and any call to elsewhere."""
    wide = {"width": 1440, "height": 900}
    context = browser.new_context(**{"viewport": wide, "locale": "en-GB", **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: request.url.startswith(url) or wrong.append(request.url))
    page.on("console", lambda said: "Security Policy" in said.text and wrong.append(said.text))
    page.goto(f"{url}/#token={token}")
    yield page
    context.close()
    assert not wrong, wrong


def person(dsn: str, role: str) -> str:
    """A token for somebody of a role."""
    return tokens.add(dsn, f"night-{role}", role, None)


def visit(page: Page, path: str) -> None:
    """Go to another view without loading the page anew."""
    page.evaluate(
        "path => { history.pushState(null, '', path); dispatchEvent(new Event('popstate')); }", path
    )


def grave(page: Page) -> list[str]:
    """What axe finds serious in the page as it is."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
