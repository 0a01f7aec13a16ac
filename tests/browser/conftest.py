"""Chromium for the browser tests: Debian's, headless, and cut off from everything beyond this machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect, sync_playwright

from tests.browser.live import Live
from tests.browser.live import live as running
from underwriting.platform.database import Database
from underwriting.platform.environment import is_on_loopback

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first takes a third less
FLAGS = [
    "--no-sandbox",  # root, as in containers, cannot use it; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
PATIENCE_MILLISECONDS = 10_000

expect.set_options(timeout=PATIENCE_MILLISECONDS)

Newcomer: TypeAlias = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the browser is marked `browser`.

    A browser that leaves a page breaks off what it was loading: that file is then closed by the garbage collector.
    """
    broken_off = "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings(broken_off))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Without one the test is skipped, or fails where BORGEN_REQUIRE_BROWSER=1 (CI) is set."""
    for program in PROGRAMS:
        if path := shutil.which(program):
            return path
    reason = f"there is no Chromium here: apt-get install {PROGRAMS[0]}"
    if os.environ.get("BORGEN_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason} (BORGEN_REQUIRE_BROWSER=1 demands it)")
    pytest.skip(f"!!! BROWSER TESTS DID NOT RUN: {reason}")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where BankID's stand-in keeps its certificates: making them takes longer than a page."""
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture
def live(committed_database: Database, tmp_path: Path, certificates: Path) -> Iterator[Live]:
    """The whole service, on Monday 2 March 2026 at 10:00 in Stockholm."""
    with running(committed_database, tmp_path, certificates) as service:
        yield service


@pytest.fixture
def newcomer(browser: Browser) -> Iterator[Newcomer]:
    """Makes a page of a new person's browser in Sweden, with options of the browser's context.

    The test fails when a script failed or another machine was asked on any of them.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def keep_in(route: Route, request: Request) -> None:
        if is_on_loopback(request.url):
            route.continue_()
        else:
            faults.append(f"asked {request.url}")
            route.abort()

    def arrive(**options: Any) -> Page:
        context = browser.new_context(locale="sv-SE", timezone_id="Europe/Stockholm", **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.route("**/*", keep_in)
        context.on("weberror", lambda error: faults.append(f"script failed: {error.error}"))
        return context.new_page()

    yield arrive
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    """A page of one person's browser."""
    return newcomer()
