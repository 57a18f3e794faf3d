"""On paper nothing scrolls: tables that are wider than a screen stand there with all their columns."""

import itertools

import pytest
from helpers import ending
from helpers.browsing import PROGRAM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PORTRAIT, LANDSCAPE = 720, 940  # CSS pixels of Letter, the narrower of the usual sheets, between its margins
CUT = """() => [...document.querySelectorAll('.scroll td, .scroll th')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent.trim())"""


@pytest.fixture
def people(paralegal, inbox, roster, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)
    inbox.apply(roster)
    found = ending.load(inbox, tenants)
    ending.tell(inbox, found["E1"])
    return found


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/expiring?within=60", PORTRAIT),
        ("/reports/expiring_documents", LANDSCAPE),
    ],
)
def test_printed_no_column_is_cut(opened, people, path, width):
    page = opened(viewport={"width": width, "height": 1000})
    page.goto(path)
    page.emulate_media(media="print")
    assert page.locator(".scroll tbody tr").count()
    assert page.evaluate(CUT) == []
    is_wide = page.evaluate("getComputedStyle(document.body).page") == "wide"
    assert is_wide is (width == LANDSCAPE)


def test_a_printed_report_says_of_which_day_it_is_and_with_which_filters_and_its_labels_stand_apart(opened, people):
    page = opened(viewport={"width": LANDSCAPE, "height": 1000})
    page.goto("/reports/expiring_documents")
    told = page.locator(".on-paper")
    assert not told.is_visible()
    page.emulate_media(media="print")
    assert "Without filters." in told.inner_text()
    boxes = page.locator(".columns text:not(.value)").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.right])"
    )
    assert all(left >= right for (_, right), (left, _) in itertools.pairwise(boxes))
    page.goto("/reports/import_receipt?since=2026-01-02&partner=acme")
    assert told.inner_text().startswith("As of ")
    assert "Partner: acme." in told.inner_text()
    assert "Since: Jan 2, 2026." in told.inner_text()
