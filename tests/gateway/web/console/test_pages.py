"""What holds for every page: its policy, its text as text, its files for good, and its words when something is wrong."""

import re
from pathlib import Path

import pytest
from helpers.inbox import as_csv, people

from gateway.domain.access.permissions import PERMISSIONS
from gateway.web.console import PAGES, page
from gateway.web.console.plots import WIDTH
from gateway.web.console.plots.bar import bar

FOLDER = Path(page.__file__).parent
HOSTILE = "roster_20260301<script>alert(1)</script>.csv"


@pytest.mark.parametrize("path", ["/sign-in", "/", "/files", "/files/01900000-0000-7000-8000-000000000001"])
def test_a_browser_is_told_to_run_and_load_what_is_ours_alone(paralegal, path):
    paralegal.get(path)
    policy = paralegal.page.headers["content-security-policy"]
    assert policy == page.POLICY
    assert "unsafe" not in policy
    assert paralegal.page.headers["cache-control"] == "no-store"
    assert paralegal.page.headers["x-frame-options"] == "DENY"
    assert paralegal.page.headers["content-type"].startswith("text/html")


def test_no_template_has_what_the_policy_forbids_or_lets_text_be_more_than_text():
    for template in (FOLDER / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:|\|\s*safe|Markup|autoescape", text), template.name
        assert all("src=" in one for one in re.findall("<script[^>]*>", text)), template.name


def test_what_a_partner_calls_its_file_is_text(paralegal, inbox, roster):
    inbox.apply(roster)
    told = inbox.drop(HOSTILE, as_csv(people(3)))
    for path in ("/", "/files", f"/files/{told['import_id']}"):
        paralegal.get(path)
        assert "<script>alert" not in paralegal.page.text
    assert "&lt;script&gt;alert(1)" in paralegal.page.text


def test_every_page_is_in_the_navigation_and_says_where_one_is(browser):
    browser.sign_in("admin")
    for one in PAGES:
        browser.get(one.ENTRY.path)
        assert f'href="{one.ENTRY.path}" aria-current="page"' in browser.page.text
        assert browser.page.text.count("<h1>") == 1


def test_what_stands_beneath_a_page_is_led_to_by_it_alone(browser):
    browser.sign_in("admin")
    beneath = [one.ENTRY for one in PAGES if one.ENTRY.beneath]
    assert beneath
    assert not {one.path for one in beneath} & set(browser.get("/").links)
    for one in beneath:
        [above] = [other.ENTRY for other in PAGES if other.ENTRY.path == one.beneath]
        assert PERMISSIONS[one.permission].roles <= PERMISSIONS[above.permission].roles
        assert one.path in browser.get(one.beneath).links
        browser.get(one.path)
        assert f'href="{one.beneath}" aria-current="true"' in browser.page.text


def test_files_of_a_page_may_be_kept_and_those_of_another_release_are_not_there(paralegal):
    paralegal.get("/files")
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', paralegal.page.text):
        answer = paralegal.http.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
        assert paralegal.http.get(address.replace("/static/", "/static/0")).status_code == 404
    assert len(paralegal.page.content) < 100_000


def test_files_of_a_page_are_packed_for_whoever_takes_them_so(paralegal):
    paralegal.get("/files")
    [style] = re.findall(r'href="(/static/[^"]+\.css)"', paralegal.page.text)
    plain = paralegal.http.get(style, headers={"Accept-Encoding": "identity"})
    for asked, is_packed in (("gzip, deflate, br", True), ("br, GZIP; q=0.5", True), ("gzip;q=0", False), ("", False)):
        answer = paralegal.http.get(style, headers={"Accept-Encoding": asked})
        assert answer.headers.get("content-encoding") == ("gzip" if is_packed else None)
        assert (answer.content, answer.headers["vary"]) == (plain.content, "Accept-Encoding")
        assert (answer.num_bytes_downloaded < len(plain.content) / 3) == is_packed


def test_a_problem_is_a_page_with_a_sentence_and_what_the_log_calls_it(paralegal):
    missing = paralegal.get("/files/01900000-0000-7000-8000-000000000001")
    assert paralegal.page.status_code == 404
    assert "not_found" in missing.text
    assert paralegal.page.headers["x-request-id"] in missing.text
    paralegal.get("/files?cursor=nonsense")
    assert paralegal.page.status_code == 400


def test_a_page_that_breaks_says_so_without_a_word_of_what_it_was(paralegal, monkeypatch):
    from gateway.web.console import today

    def broken(acting):
        raise RuntimeError("secret")

    monkeypatch.setattr(today, "waiting", broken)
    page = paralegal.get("/")
    assert paralegal.page.status_code == 500
    assert "Internal error" in page.text
    assert paralegal.page.headers["content-type"].startswith("text/html")
    assert "secret" not in paralegal.page.text


@pytest.mark.parametrize("counts", [[], [0, 0], [1], [1, 1_000_000], [5, 0, 5], [1] * 40])
def test_a_bar_is_as_wide_as_it_is_and_shows_whatever_is_there(counts):
    pieces = bar([(str(n), "good", one) for n, one in enumerate(counts)])
    assert [one.number for one in pieces] == [one for one in counts if one]
    assert all(one.width > 5 for one in pieces)
    ends = [0.0, *(one.x + one.width for one in pieces)]
    assert all(abs(one.x - end) < 0.2 for one, end in zip(pieces, ends, strict=False))
    assert not pieces or abs(ends[-1] - WIDTH) < 2


def test_an_address_that_is_nobodys_is_a_page_to_a_browser_and_a_document_to_a_program(paralegal):
    for path, accept, kind in [
        ("/nowhere", "text/html,*/*", "text/html"),
        ("/nowhere", "*/*", "application/problem+json"),
        ("/v1/nowhere", "text/html", "application/problem+json"),
    ]:
        answer = paralegal.http.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, kind)


def test_a_page_says_in_our_words_alone_what_was_done(paralegal):
    paralegal.http.cookies.set("gateway_said", "saved")
    assert "Saved. Nothing is sent before you press Send." in paralegal.get("/files").text
    paralegal.http.cookies.set("gateway_said", "Call.555-0100")  # anybody's, from a neighbouring address
    assert "Call.555-0100" not in paralegal.get("/files").text
    assert 'id="said"' not in paralegal.page.text
