"""A file of a hundred megabytes sent from its page: how far it is, called back in the middle, refused, and arrived."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.browsing import PROGRAM
from helpers.inbox import as_csv, people
from helpers.servers import until
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
MEGABYTES = 100
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20 << 20}


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """What a server leaves is collected once it has ended: a test that expects warnings of it gets its own."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("large") / "roster_20260301.csv"
    head, blank = as_csv(people(1)), b"," * 7 + b" " * 1_016 + b"\n"
    with path.open("wb") as file:
        file.write(head)
        file.writelines([blank * 1_024] * MEGABYTES)
    yield path
    path.unlink()


@pytest.fixture
def sending(opened, inbox, large):
    """The form with the file chosen; what is sent goes so slowly that it can be seen to go."""
    page = opened()
    page.set_default_timeout(100_000)
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    page.goto("/files")
    page.get_by_text("Send a file").click()
    page.get_by_label("File", exact=True).set_input_files(large)
    page.locator("#partner").select_option("acme")
    return page


def kept(settings) -> dict[str, int]:
    """All files of the installation's folder."""
    found = (Path(folder) / name for folder, _, names in os.walk(settings.data_dir) for name in names)
    return {str(path): path.stat().st_size for path in found}


def test_it_is_seen_to_go_and_leads_to_its_page_once_it_is_there(sending, inbox, large):
    page = sending
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("MB are sent.").wait_for()
    bar = page.get_by_label("How much of the file is sent")
    first = until(lambda: bar.evaluate("one => one.value"))
    until(lambda: bar.evaluate("one => one.value") > first)
    page.get_by_text("The file is stored, and runs now.").wait_for()
    assert inbox.sql("SELECT name, size FROM files") == [(large.name, large.stat().st_size)]


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the framework leaves the half to be collected
def test_called_back_in_the_middle_nothing_of_it_stays(sending, inbox, settings):
    page, before = sending, kept(settings)
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("MB are sent.").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled: nothing was stored.").wait_for()
    expect(page.get_by_label("How much of the file is sent")).to_be_hidden()
    expect(page.get_by_role("button", name="Send it")).to_be_enabled()
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]
    assert kept(settings) == before


def test_what_is_wrong_with_it_is_said_beside_the_button(opened, inbox):
    page = opened()
    page.goto("/files")
    page.get_by_text("Send a file").click()
    small = {"name": "roster_20260301.csv", "mimeType": "text/csv", "buffer": as_csv(people(1))}
    page.get_by_label("File", exact=True).set_input_files(small)
    page.locator("#partner").select_option("acme")
    page.get_by_label("Feed").last.fill("rooster")
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("has no feed 'rooster'").wait_for()
    page.locator("#feed").fill("roster")
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("The file is stored, and runs now.").wait_for()
