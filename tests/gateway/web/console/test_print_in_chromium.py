"""On paper nothing scrolls: tables that are wider than a screen stand there with all their columns."""

import itertools

import pytest
from helpers import ending
from helpers.browsing import PROGRAM
from helpers.inbox import people as people_of
from helpers.inbox import person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PORTRAIT, LANDSCAPE = 720, 940  # CSS pixels of Letter, the narrower of the usual sheets, between its margins
CUT = """() => [...document.querySelectorAll('.scroll td, .scroll th')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent.trim())"""


SPLIT = r"""() => [...document.querySelectorAll('.scroll td, .scroll th')].flatMap((cell) => {
    const words = /(?<![\p{L}\p{N}_])[\p{L}\p{N}_]{2,12}(?![\p{L}\p{N}_])/gu, found = [];
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        if (node.parentElement.closest('.long')) continue; // a file name, or what somebody typed
        for (const one of node.data.matchAll(words)) {
            const range = document.createRange();
            range.setStart(node, one.index);
            range.setEnd(node, one.index + one[0].length);
            if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(one[0]);
        }
    }
    return found;
})"""


@pytest.fixture
def people(paralegal, inbox, roster, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)
    inbox.apply(roster)
    bad = [person(90) | {"DOB": "31/31/1980"}, person(91) | {"EMP_ID": "X" * 60}]
    inbox.drop("roster_20261201.csv", [*people_of(5), *bad])
    found = ending.load(inbox, tenants)
    ending.tell(inbox, found["E1"])
    return found


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/expiring?within=60", PORTRAIT),
        ("/reports/expiring_documents", LANDSCAPE),
        ("/reports/import_errors", LANDSCAPE),
        ("/reports/enrollment_status", LANDSCAPE),
    ],
)
def test_printed_no_column_is_cut_and_no_word_is_split(opened, people, path, width):
    page = opened(viewport={"width": width, "height": 1000})
    page.goto(path)
    page.emulate_media(media="print")
    assert page.locator(".scroll tbody tr").count()
    assert page.evaluate(CUT) == []
    assert page.evaluate(SPLIT) == []
    is_wide = page.evaluate("getComputedStyle(document.body).page") == "wide"
    assert is_wide is (width == LANDSCAPE)


def test_a_printed_report_says_of_which_day_it_is_and_with_which_filters_and_its_labels_stand_apart(opened, people):
    page = opened(viewport={"width": LANDSCAPE, "height": 1000})
    page.goto("/reports/expiring_documents")
    told = page.locator("p.on-paper")
    assert not told.is_visible()
    page.emulate_media(media="print")
    assert "Without filters." in told.inner_text()
    boxes = page.locator(".columns text:not(.value)").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.right])"
    )
    assert all(left >= right for (_, right), (left, _) in itertools.pairwise(boxes))


def test_filters_stand_on_each_page_of_a_printed_report(opened, people):
    page = opened(viewport={"width": LANDSCAPE, "height": 1000})
    page.goto("/reports/import_errors?since=2026-01-02&partner=acme")
    told = page.locator("thead tr.on-paper")  # a browser puts a table's head on each page
    assert not told.is_visible()
    page.emulate_media(media="print")
    assert told.evaluate("one => getComputedStyle(one.parentElement).display") == "table-header-group"
    assert told.evaluate("one => getComputedStyle(one).display") == "table-row"
    assert page.locator("p.on-paper").count() == 0
    assert told.inner_text().startswith("Problems of imports. As of ")
    assert "Partner: acme." in told.inner_text()
    assert "Since: Jan 2, 2026." in told.inner_text()
