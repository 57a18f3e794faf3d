"""A paralegal's day with files: found, understood, decided about, sent and taken again."""

import re
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from helpers.inbox import as_csv, people, person

from gateway.domain.partners.homes import find_home
from ingest.running import finish


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def held(acme):
    acme.drop("roster_20260301.csv", people(20))
    return acme.drop("roster_20260302.csv", people(2))["import_id"]


def worked(inbox, import_id):
    finish(inbox.office, find_home(inbox.office, "acme"), UUID(import_id))
    return inbox.account(import_id)


def test_from_today_to_a_held_file_that_is_let_in(paralegal, held, acme):
    page = paralegal.get("/")
    assert "(1) Today" in paralegal.page.text
    assert f"/files/{held}" in page.links
    page = paralegal.get(f"/files/{held}")
    assert acme.account(held)["reason"] in page.text
    page = paralegal.press(f"/files/{held}/release")
    assert "Released." in page.text
    assert "It is being read." in page.text
    assert worked(acme, held)["state"] == "released"
    page = paralegal.get(f"/files/{held}")
    assert "Released." not in page.text  # it was said once
    assert "Released by paralegal@northgate.example," in page.text
    assert "Nothing waits." in paralegal.get("/").text


def test_looking_comes_before_releasing(paralegal, held):
    page = paralegal.get(f"/files/{held}")
    assert page.text.index("See what releasing would do") < page.text.index("Release without looking")
    assert "people whom it lists no more are closed" in page.text.lower()
    first = re.search(
        r'<form method="post" action="/files/[^"]+/release">.*?<button([^>]*)>', paralegal.page.text, re.DOTALL
    )
    assert f"/files/{held}/preview" in first[1]  # what Enter presses, too


def test_what_a_file_speaks_of_has_its_year_and_what_became_of_rows_is_in_words(paralegal, acme):
    acme.drop("roster_20260302.csv", people(3, salary="61000"))
    told = acme.drop("roster_20260301.csv", [*people(3), person(1)])
    page = paralegal.get(f"/files/{told['import_id']}")
    assert re.search(r"As things were\s*Mar 1, 2026, \d\d:00", page.text)
    assert "older than what is known" in page.text
    assert "given again in later rows" in page.text


def test_a_file_whose_rows_were_all_taken_offers_no_rejected_rows(paralegal, acme):
    rows = [person(n) | {"Salary": "50000"} for n in range(1, 4)]
    told = acme.drop("roster_20260301.csv", [*rows, rows[0]])
    page = paralegal.get(f"/files/{told['import_id']}")
    assert ("What was wrong" in page.text, told["rows"]["rejected"]) == (True, 0)
    assert "take the rejected rows" not in page.text


def test_pressing_twice_says_what_has_become_of_it_and_does_it_once(paralegal, held, acme):
    paralegal.get(f"/files/{held}")
    fields = paralegal.forms.found[f"/files/{held}/release"]
    paralegal.send(f"/files/{held}/release", fields)
    again = paralegal.send(f"/files/{held}/release", fields)
    assert again.status_code == 409
    assert "is not held; it is running" in again.text
    assert acme.sql("SELECT count(*) FROM jobs WHERE kind = 'ingest.run'") == [(1,)]


def test_a_refusal_needs_a_reason_and_the_partner_reads_it(paralegal, held, acme):
    paralegal.get(f"/files/{held}")
    page = paralegal.press(f"/files/{held}/refuse", reason="  ")
    assert (paralegal.page.status_code, "#reason" in page.links) == (422, True)
    assert acme.account(held)["state"] == "held"
    page = paralegal.press(f"/files/{held}/refuse", reason="Sent by mistake <b>")
    assert "Refused." in page.text
    assert acme.account(held)["reason"] == "Sent by mistake <b>"
    assert "<b>" not in paralegal.page.text


def test_a_column_with_a_new_name_is_chosen_among_those_of_the_file(paralegal, acme):
    renamed = as_csv(people(3)).replace(b"EMP_ID", b"EMP_NUM")
    held = acme.drop("roster_20260301.csv", renamed)
    assert held["state"] == "held"
    page = paralegal.get(f"/files/{held['import_id']}")
    action = f"/files/{held['import_id']}/release"
    assert "EMP_NUM" in paralegal.page.text
    paralegal.press(action, **{"accept:EMP_ID": "EMP_NUM"})
    assert worked(acme, held["import_id"])["rows"]["created"] == 3
    assert "accept:EMP_ID" in page.found[action]


def test_rows_add_up_and_problems_are_told_by_kind(paralegal, acme):
    rows = [*people(8), person(9) | {"DOB": "soon"}, person(10) | {"DOB": "later"}]
    told = acme.drop("roster_20260301.csv", rows)
    page = paralegal.get(f"/files/{told['import_id']}")
    assert "10 rows read, of which 2 were rejected." in page.text
    assert re.search(r"DOB\s*bad date\s*2\s*", page.text)
    assert {f"/v1/imports/{told['import_id']}/errors?format={form}" for form in ("csv", "xlsx")} <= set(page.links)
    widths = [float(one) for one in re.findall(r'<rect [^>]*width="([\d.]+)"', paralegal.page.text)]
    assert sum(widths) == pytest.approx(1_000, abs=1)
    assert "Repair 2 rows" in page.text
    assert paralegal.http.get(f"/v1/imports/{told['import_id']}/errors?format=csv").status_code == 200


def test_rows_can_be_repaired_before_the_receipts_are_written(paralegal, acme):
    told = acme.drop("roster_20260301.csv", [*people(8), person(9) | {"DOB": "soon"}])
    shutil.rmtree(Path(told["receipts"]["csv"]).parent)  # as between the end of a large file and its receipts
    page = paralegal.get(f"/files/{told['import_id']}")
    assert "Repair 1 row" in page.text
    for link in (f"/files/{told['import_id']}/repair", f"/v1/imports/{told['import_id']}/errors?format=csv"):
        assert link in page.links
        assert "soon" in paralegal.http.get(link).raise_for_status().text


def test_rejected_rows_are_told_of_a_newer_file_on_today_and_on_their_files_page(paralegal, acme):
    bad = person(9) | {"DOB": "soon"}
    older, newer = (acme.drop(f"roster_2026030{n}.csv", [*people(8 - n), bad])["import_id"] for n in (1, 2))
    assert paralegal.get("/").text.count("A newer file is loaded: roster_20260302.csv.") == 1
    page = paralegal.get(f"/files/{older}")
    assert "A newer file of this feed is loaded, roster_20260302.csv: rows of people" in page.text
    assert f"/files/{newer}" in page.links
    assert "A newer file" not in paralegal.get(f"/files/{newer}").text


def test_a_file_that_corrects_another_names_it_and_says_how_many_rows_are_left_of_it(paralegal, acme):
    told = acme.drop("roster_20260301.csv", [*people(8), *(person(n) | {"DOB": "soon"} for n in (9, 10))])
    first = f"/files/{told['import_id']}"
    page = paralegal.get(first)
    assert ("The partner is told: Correct the rows" in page.text, "It corrects" in page.text) == (True, False)
    header, *bad = Path(told["receipts"]["csv"]).read_text(encoding="utf-8-sig").splitlines()
    for row, left in zip(bad, ("1 row is left.", "no rejected row is left."), strict=True):
        sent = "\n".join([header, row.replace("soon", "02/03/1980")]).encode()
        page = paralegal.get(f"/files/{acme.drop('errors.csv', sent)['import_id']}")
        assert f"It corrects roster_20260301.csv, of which {left}" in page.text
        assert first in page.links
        assert (f"{first}/repair" in page.links) == left.startswith("1 row")


def test_a_file_that_is_sent_here_is_taken_once_however_often_it_is_pressed(paralegal, acme):
    paralegal.get("/files")
    fields = paralegal.forms.found["/files"] | {"partner": "acme"}
    for _ in range(2):
        page = paralegal.send("/files", fields, files={"file": ("roster_20260301.csv", as_csv(people(3)))})
        assert "The file is stored" in page.text, page.text
    [(import_id,)] = acme.sql("SELECT id::text FROM imports")
    assert page.url.path == f"/files/{import_id}"
    assert worked(acme, import_id)["rows"]["created"] == 3


def test_sending_nothing_says_what_is_missing(paralegal, acme):
    paralegal.get("/files")
    page = paralegal.press("/files", partner="acme")
    assert (paralegal.page.status_code, "Choose the file" in page.text) == (422, True)
    page = paralegal.press("/files", files={"file": ("a.csv", b"x")}, partner="")
    assert (paralegal.page.status_code, "#partner" in page.links) == (422, True)


def test_a_script_that_sends_a_file_is_told_its_page_or_what_is_wrong(paralegal, acme):
    paralegal.get("/files")
    fields, asks = paralegal.forms.found["/files"], {"Accept": "application/json"}
    wrong = paralegal.send("/files", fields | {"partner": ""}, **asks)
    assert (wrong.status_code, [one["field"] for one in wrong.json()["details"]]) == (422, ["partner"])
    file = {"file": ("roster_20260301.csv", as_csv(people(3)))}
    told = paralegal.send("/files", fields | {"partner": "acme"}, files=file, **asks).json()
    assert "The file is stored" in paralegal.get(told["page"]).text
    assert acme.sql("SELECT '/files/' || id FROM imports") == [(told["page"],)]


def test_taking_a_file_again_is_a_new_import(paralegal, acme):
    told = acme.drop("roster_20260301.csv", people(3))
    paralegal.get(f"/files/{told['import_id']}")
    fields = paralegal.forms.found[f"/files/{told['import_id']}/replay"]
    pages = {paralegal.send(f"/files/{told['import_id']}/replay", fields).url.path for _ in range(2)}
    assert len(pages) == 1
    assert pages != {f"/files/{told['import_id']}"}
    assert acme.sql("SELECT count(*) FROM imports") == [(2,)]


def test_filters_narrow_the_list_and_stand_in_the_address(paralegal, acme, held):
    assert "roster_20260301.csv" in paralegal.get("/files").text
    page = paralegal.get("/files?state=held&partner=acme")
    assert "roster_20260302.csv" in page.text
    assert "roster_20260301.csv" not in page.text
    assert "No file matches." in paralegal.get("/files?partner=globex").text
    assert "roster_20260302.csv" in paralegal.get("/files?partner=acme&state=").text  # as the form says "any"
    paralegal.get("/files?state=nonsense")
    assert paralegal.page.status_code == 400


def test_long_lists_go_on_where_they_ended(paralegal, acme, monkeypatch):
    from gateway.web.console import files

    monkeypatch.setattr(files, "SHOWN", 2)
    for day in range(1, 6):
        acme.drop(f"roster_2026030{day}.csv", people(day))
    seen, path = [], "/files"
    while path:
        page = paralegal.get(path)
        seen += re.findall(r"roster_2026030\d\.csv", page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
    assert seen == [f"roster_2026030{day}.csv" for day in (5, 4, 3, 2, 1)]


def test_a_narrowed_list_stays_narrowed_where_it_goes_on(paralegal, acme, held, monkeypatch):
    from gateway.web.console import files

    monkeypatch.setattr(files, "SHOWN", 1)
    assert acme.drop("roster_20260303.csv", people(2))["state"] == "held"
    seen, path = [], "/files?state=held&partner=acme"
    while path:
        assert "state=held" in path
        assert "partner=acme" in path
        page = paralegal.get(path)
        seen += re.findall(r"roster_2026030\d\.csv", page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
    assert seen == ["roster_20260303.csv", "roster_20260302.csv"]


def test_what_somebody_may_not_do_is_not_drawn_and_refused_all_the_same(browser, held):
    browser.sign_in("viewer", f"/files/{held}")
    assert set(browser.forms.found) == {"/sign-out"}
    fields = browser.forms.found["/sign-out"] | {"reason": "no"}
    for action in (f"/files/{held}/release", f"/files/{held}/refuse", f"/files/{held}/replay", "/files"):
        assert browser.send(action, fields).status_code == 403, action


def test_another_firms_file_is_not_there(browser, held, office, tenants, db):
    from helpers.callers import hashed, stranger

    from gateway.db.models import Staff

    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    browser.get(f"/files/{held}")
    assert browser.page.status_code == 404
    assert "roster" not in browser.page.text
    assert "Nothing waits." in browser.get("/").text


def test_nobody_but_staff_sees_a_page(http, acme_key, held):
    for path in ("/", "/files", f"/files/{held}"):
        answer = http.get(path, headers=acme_key)
        assert answer.status_code == 403
        assert "roster" not in answer.text


def test_a_file_with_fewer_columns_than_are_missing_can_only_be_refused(paralegal, acme):
    held = acme.drop("roster_20260301.csv", b"EMP_NUM,Last Name,DOB\nE1,Name1,02/03/1980\n")["import_id"]
    page = paralegal.get(f"/files/{held}")
    assert "more columns are missing than it has to spare" in page.text
    assert f"/files/{held}/release" not in page.found
