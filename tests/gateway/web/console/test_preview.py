"""What a decision would do, looked at before it is made: by staff for a held file, by whoever repairs for their rows."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, told_to_everybody
from helpers.doing import do_jobs
from helpers.inbox import as_csv, people, person

HOSTILE = "<script>alert(1)</script>"
in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster + "contacts: {errors: [ana@acme.example]}\n")
    return inbox


@pytest.fixture
def held(acme):
    """The page of a file that lists three people of twenty, one of them changed, one of them wrong."""
    acme.drop("roster_20260301.csv", [person(n, last_name=f"{HOSTILE}{n}") for n in range(1, 21)])
    rows = [
        person(1, last_name=f"{HOSTILE}1"),
        person(2, salary="61000", last_name="=cmd"),
        person(3) | {"DOB": "soon"},
    ]
    told = acme.drop("roster_20260302.csv", rows)
    assert told["state"] == "held", told
    return f"/files/{told['import_id']}"


@pytest.fixture
def bad(acme):
    told = acme.drop("roster_20260301.csv", [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22))])
    return f"/files/{told['import_id']}/repair"


def cells(browser):
    return sorted(name for name in browser.forms.found[browser.path] if name.startswith("cell:"))


def test_whoever_decides_sees_first_what_a_release_would_do(paralegal, acme, held):
    paralegal.get(held)
    page = paralegal.press(f"{held}/release")  # the same form, by its other button
    assert "Released." in page.text


def test_a_held_file_is_looked_at_and_then_released_from_the_same_page(paralegal, acme, held):
    paralegal.get(held)
    paralegal.page = paralegal.send(f"{held}/preview", paralegal.forms.found[f"{held}/release"])
    assert paralegal.path == f"{held}/preview"
    assert 'http-equiv="refresh"' in paralegal.page.text
    assert "being found out" in paralegal.forms.text
    do_jobs(acme.office, ["ingest"])
    page = paralegal.get(f"{held}/preview")
    assert 'http-equiv="refresh"' not in paralegal.page.text
    for told in ("17 people would be closed.", "1 person would be changed.", "1 of 3 rows would be rejected."):
        assert told in page.text
    assert page.text.index("would be closed") < page.text.index("would be changed")
    assert page.text.count(HOSTILE) == 18  # 17 who would be closed, and what one was called
    assert HOSTILE not in paralegal.page.text  # as text only
    assert "61000" in page.text
    assert len(acme.open_clients()) == 20
    assert "Released." in paralegal.press(f"{held}/release").text


def test_each_who_would_be_closed_stands_with_id_case_and_paper_and_nobody_is_left_out(
    paralegal, acme, held, monkeypatch
):
    from gateway.web.console import previewing

    monkeypatch.setattr(previewing, "SHOWN", 5)
    ids = dict(acme.sql("SELECT employee_id, id::text FROM clients"))
    add = "INSERT INTO documents (firm_id, client_id, doc_type, expires_on) VALUES (%s, %s, 'i94', '2031-02-03') RETURNING 1"
    acme.sql(add, acme.firm_id, ids["E9"])
    paralegal.get(held)
    paralegal.send(f"{held}/preview", paralegal.forms.found[f"{held}/release"])
    do_jobs(acme.office, ["ingest"])
    page = paralegal.get(f"{held}/preview")
    gone = [ids[f"E{number}"] for number in range(4, 21)]
    assert sorted(link for link in page.links if link.startswith("/clients/")) == sorted(
        f"/clients/{one}" for one in gone
    )
    assert page.text.index("E9") < page.text.index("E10")  # whose paper ends, before the others
    assert "I-94, Feb 3, 2031" in page.text
    assert "See the other 12" in page.text
    assert "kept as terminated" in page.text


def test_names_that_were_chosen_go_along_from_the_look_to_the_release(paralegal, acme):
    acme.drop("roster_20260301.csv", people(20))
    told = acme.drop("roster_20260302.csv", as_csv(people(20, salary="70000")).replace(b"EMP_ID", b"Emp No"))
    file = f"/files/{told['import_id']}"
    paralegal.get(file)
    paralegal.send(f"{file}/preview", paralegal.forms.found[f"{file}/release"] | {"accept:EMP_ID": "Emp No"})
    do_jobs(acme.office, ["ingest"])
    paralegal.get(f"{file}/preview")
    assert paralegal.forms.found[f"{file}/release"]["accept:EMP_ID"] == "Emp No"
    paralegal.press(f"{file}/release")
    do_jobs(acme.office, ["ingest"])
    assert acme.account(told["import_id"])["state"] == "released"


def test_repairs_are_checked_with_what_stands_in_the_fields_and_sent_from_there(paralegal, acme, bad):
    paralegal.get(bad)
    one, _ = cells(paralegal)
    paralegal.press(bad, **{one: "02/03/1980"})
    page = paralegal.press(f"{bad}/preview")
    assert "being found out" in page.text
    do_jobs(acme.office, ["ingest"])
    page = paralegal.get(f"{bad}/preview")
    assert "1 person would be created." in page.text
    assert len(acme.open_clients()) == 20
    paralegal.get(bad)
    _, other = cells(paralegal)
    paralegal.press(bad, **{other: "02/03/1981"})
    assert "Something has changed since." in paralegal.get(f"{bad}/preview").text
    assert "Sent." in paralegal.press(f"{bad}/send").text
    assert "Nobody has looked yet." in paralegal.get(f"{bad}/preview").text


def test_what_stands_in_fields_is_kept_before_it_is_checked(paralegal, acme, bad):
    fields = paralegal.get(bad).found[bad]
    one, _ = cells(paralegal)
    paralegal.page = paralegal.send(
        f"{bad}/preview", fields | {one: "02/03/1980"}
    )  # the same form, by its other button
    assert "being found out" in paralegal.forms.text
    do_jobs(acme.office, ["ingest"])
    assert "1 person would be created." in paralegal.get(f"{bad}/preview").text


def test_who_may_not_see_rows_is_not_told_what_would_become_of_them(browser, acme, held):
    browser.sign_in("viewer")
    assert browser.http.get(f"{held}/preview").status_code == 403
    paralegals = browser.http.get("/files/0197a3c2-5e10-7c4e-9d2b-4f00000000ff/preview")
    assert paralegals.status_code == 403


def test_a_file_that_is_not_held_has_nothing_to_look_at(paralegal, bad):
    file = bad.removesuffix("/repair")
    page = paralegal.get(f"{file}/preview")
    assert "Nobody has looked yet." in page.text
    answer = paralegal.send(f"{file}/preview", page.found[f"{file}/preview"])
    assert answer.status_code == 409
    assert "is not held" in answer.text


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, paralegal, acme, held, scheme):
    paralegal.get(held)
    page = opened(color_scheme=scheme)
    told_to_everybody(page, f"{held}/preview")
    paralegal.send(f"{held}/preview", paralegal.forms.found[f"{held}/release"])
    told_to_everybody(page, f"{held}/preview")
    do_jobs(acme.office, ["ingest"])
    told_to_everybody(page, f"{held}/preview")
    fits(opened(viewport={"width": 320, "height": 700}), f"{held}/preview")
