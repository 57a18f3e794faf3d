"""Rejected rows put right in the grid, as a browser without scripts does it."""

import re
from uuid import UUID

import pytest
from helpers.doing import do_jobs
from helpers.inbox import COLUMNS, people, person

from gateway.domain.partners.homes import find_home
from ingest.repairs import rows
from ingest.running import finish

DOB, SSN = COLUMNS.index("DOB"), COLUMNS.index("SSN")


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def bad(acme):
    table = [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22)), person(23, ssn="523-45-67")]
    return acme.drop("roster_20260301.csv", table)["import_id"]


def grid(browser, path):
    return browser.get(path).found[path.partition("?")[0]]


def ruled(browser, to):
    """Press the first of the forms that say one value for all that are alike."""
    action = next(one for one in browser.forms.found if "/rules#" in one)
    return browser.press(action, to=to)


def test_from_a_file_to_its_rows_and_back_with_all_of_them_loaded(paralegal, acme, bad):
    page = paralegal.get(f"/files/{bad}")
    assert f"/files/{bad}/repair" in page.links
    assert "Repair 3 rows" in page.text
    fields = grid(paralegal, f"/files/{bad}/repair")
    names = sorted((name for name in fields if name.startswith("cell:")), key=lambda one: int(one.split(":")[1]))
    assert [fields[name] for name in names] == ["soon", "soon", ""]  # a secret is never written into a field
    page = paralegal.press(
        f"/files/{bad}/repair", **{names[0]: "02/03/1980", names[1]: "31/31/1980", names[2]: "123-45-6789"}
    )
    assert "Saved." in page.text
    assert paralegal.page.text.count(">correct<") == 2
    assert paralegal.page.text.count("still wrong") == 1
    assert "Send 3 rows" in page.text
    page = paralegal.press(f"/files/{bad}/repair", **{names[1]: "02/03/1981"})
    page = paralegal.press(f"/files/{bad}/repair/send")
    assert "Sent." in page.text
    corrected = UUID(paralegal.path.rpartition("/")[2])
    finish(acme.office, find_home(acme.office, "acme"), corrected)
    assert acme.account(corrected)["state"] == "loaded"
    assert len(acme.open_clients()) == 23
    assert "Nothing waits." in paralegal.get("/").text


def test_one_word_for_all_that_are_alike(paralegal, acme, bad):
    paralegal.get(f"/files/{bad}/repair")
    page = ruled(paralegal, "04/05/1981")
    assert "Saved for all of them." in page.text
    assert "Send 2 rows" in page.text
    assert paralegal.page.text.count(">correct<") == 2
    page = paralegal.press(f"/files/{bad}/repair/drop")
    assert "The draft is given up" in page.text
    assert "04/05/1981" not in paralegal.page.text


def test_what_stands_in_fields_is_kept_before_it_is_sent(paralegal, acme, bad):
    here = f"/files/{bad}/repair"
    fields = grid(paralegal, here)
    names = [name for name in fields if name.startswith("cell:")]
    paralegal.page = paralegal.send(f"{here}/send", fields | {names[0]: "02/03/1980"})
    assert "Sent." in paralegal.page.text
    assert "Repair 2 rows" in paralegal.get(f"/files/{bad}").text


def test_a_page_narrowed_to_one_kind_stays_so_and_its_address_says_nothing_of_it(paralegal, bad):
    paralegal.get(f"/files/{bad}/repair")
    [address] = [one for one in paralegal.forms.links if "kind=" in one and "soon" not in one][:1]
    page = paralegal.get(address)
    assert paralegal.page.text.count("<tr data-place") == 2
    fields = page.found[f"/files/{bad}/repair"]
    name = next(one for one in fields if one.startswith("cell:"))
    paralegal.press(f"/files/{bad}/repair", **{name: "02/03/1980"})
    assert str(paralegal.page.url).endswith(address)
    assert paralegal.http.get(f"/files/{bad}/repair?kind=0123456789abcdef").status_code == 404


def test_what_is_saved_on_a_later_page_leads_back_to_that_page(paralegal, bad, monkeypatch):
    monkeypatch.setattr(rows, "SHOWN", 2)
    here = f"/files/{bad}/repair"
    [address] = {one for one in paralegal.get(here).links if "after=" in one and "sign-in" not in one}
    [name] = [one for one in grid(paralegal, address) if one.startswith("cell:")]
    page = paralegal.press(here, **{name: "123-45-6789"})
    assert "Saved." in page.text
    assert str(paralegal.page.url).endswith(address)
    assert [one for one in page.found[here] if one.startswith("cell:")] == [name]


def test_a_whole_row_can_be_changed_and_what_was_not_touched_stays(paralegal, acme, bad):
    paralegal.get(f"/files/{bad}/repair")
    [place] = re.findall(rf"/files/{bad}/repair/rows/(\d+)", paralegal.page.text)[:1]
    page = paralegal.get(f"/files/{bad}/repair/rows/{place}")
    fields = page.found[f"/files/{bad}/repair"]
    assert fields[f"cell:{place}:1"] == "Name21"
    paralegal.press(f"/files/{bad}/repair", **{f"cell:{place}:1": "O'Néil", f"cell:{place}:{DOB}": "02/03/1980"})
    assert acme.sql("SELECT number FROM repair_cells ORDER BY number") == [(1,), (DOB,)]
    assert paralegal.http.get(f"/files/{bad}/repair/rows/999").status_code == 404


def test_a_script_is_told_how_a_row_stands_and_nothing_that_stands_in_it(paralegal, bad):
    fields = grid(paralegal, f"/files/{bad}/repair")
    name = next(one for one in fields if one.startswith("cell:"))
    kept = {key: text for key, text in fields.items() if not key.startswith("cell:")}
    wrong = paralegal.send(f"/files/{bad}/repair/cells", kept | {name: "never"}).json()
    assert wrong["changed"] == 1
    assert [(one["state"], len(one["cells"])) for one in wrong["rows"]] == [("wrong", 1)]
    good = paralegal.send(f"/files/{bad}/repair/cells", kept | {name: "02/03/1980"}).json()
    assert [(one["state"], one["cells"]) for one in good["rows"]] == [("good", [])]
    strange = paralegal.send(f"/files/{bad}/repair/cells", kept | {"cell:1:1": "x"})
    assert (strange.status_code, "none of those" in strange.text) == (422, True)


def test_what_a_partner_sent_is_text_in_the_grid(paralegal, acme):
    table = [*people(20), person(21) | {"DOB": '"><script>alert(1)</script>', "Last Name": "=cmd|' /C calc'!A0\u202e"}]
    told = acme.drop("roster_20260301.csv", table)
    for path in ("", f"/rows/{21}"):
        paralegal.get(f"/files/{told['import_id']}/repair{path}")
        assert "<script>alert" not in paralegal.page.text
    fields = grid(paralegal, f"/files/{told['import_id']}/repair")
    assert '"><script>alert(1)</script>' in fields.values()
    paralegal.press(f"/files/{told['import_id']}/repair")  # as it stands: nothing is news
    assert acme.sql("SELECT count(*) FROM repair_cells") == [(0,)]


def test_who_may_not_send_files_is_drawn_no_field(browser, bad, acme):
    browser.sign_in("viewer")
    browser.get(f"/files/{bad}/repair")
    assert browser.page.status_code == 403
    browser.get(f"/files/{bad}")
    assert "/repair" not in browser.page.text


def test_a_row_that_a_newer_file_outdates_is_told_before_and_after_it_is_sent(paralegal, acme, bad):
    acme.drop("roster_20260302.csv", people(22))
    here, told = f"/files/{bad}/repair", "A newer file of yours speaks of this person already"
    name = next(one for one in grid(paralegal, here) if one.startswith("cell:"))
    paralegal.press(here, **{name: "02/03/1980"})
    paralegal.press(f"{here}/preview")
    do_jobs(acme.office, ["ingest"])
    page = paralegal.get(f"{here}/preview")
    assert f"Row 22: {told}" in page.text
    paralegal.press(f"{here}/send")
    corrected = paralegal.path
    finish(acme.office, find_home(acme.office, "acme"), UUID(corrected.rpartition("/")[2]))
    page = paralegal.get(corrected)
    assert f"Row 22: {told}" in page.text
    assert "Rows are numbered as in roster_20260301.csv" in page.text


def test_a_page_is_saved_and_checked_at_its_end_and_says_what_each_problem_is(paralegal, bad):
    fields = grid(paralegal, f"/files/{bad}/repair")
    name = next(one for one in fields if one.startswith("cell:"))
    assert "is not a date in the agreed form" in paralegal.forms.text.partition("Rows")[2]
    assert f'formaction="/files/{bad}/repair/preview"' in paralegal.page.text
    paralegal.page = paralegal.send(f"/files/{bad}/repair/preview", fields | {name: "02/03/1980"})
    assert paralegal.path == f"/files/{bad}/repair/preview"
    assert "02/03/1980" in grid(paralegal, f"/files/{bad}/repair").values()
    assert paralegal.page.text.count('class="bad fine"') == 1


def test_two_who_send_are_told_apart_in_a_sentence(paralegal, bad):
    paralegal.get(f"/files/{bad}/repair")
    ruled(paralegal, "02/03/1980")
    fields = paralegal.forms.found[f"/files/{bad}/repair/send"]
    paralegal.send(f"/files/{bad}/repair/send", fields)
    again = paralegal.send(f"/files/{bad}/repair/send", fields)
    assert (again.status_code, "somebody has sent it already" in again.text) == (409, True)
