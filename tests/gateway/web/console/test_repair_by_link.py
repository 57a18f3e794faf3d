"""Rejected rows put right by the partner's people: sent a link, let in by a press, to one file's rows and nothing else."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.doing import do_jobs
from helpers.inbox import people, person
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import Dispatch, Notification, RepairLink, RepairVisit
from gateway.domain.links import repairs, upkeep
from gateway.domain.partners.homes import find_home
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.office import Actor
from ingest.running import finish
from outbound.notify import wording

CONTACTS = "contacts: {errors: [ana@acme.example, bo@acme.example]}\n"


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster + CONTACTS)
    return inbox


@pytest.fixture
def bad(acme):
    table = [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22)), person(23, ssn="523-45-67")]
    told = acme.drop("roster_20260301.csv", table)["import_id"]
    do_jobs(acme.office, ["normal"])
    return told


@pytest.fixture
def mails(acme, tenants):
    """What the partner's contacts are sent, the oldest first."""

    def found():
        with acme.office.db.firm(tenants.northgate) as session:
            wanted = (
                select(Dispatch, Notification)
                .join(Notification, Notification.id == Dispatch.notification_id)
                .where(Notification.template == "rows_rejected")
            )
            rows = session.execute(wanted.order_by(Dispatch.id)).all()
            return [wording.words_of(acme.office, session, *row) for row in rows]

    return found


@pytest.fixture
def link(mails, bad):
    """The path of the link in the last message."""
    return lambda: path_in(mails()[-1].text)


@pytest.fixture
def hr(browser):
    """Somebody of the partner's, who has no account."""
    return browser


def path_in(text):
    return re.search(r"https?://[^/\s]+(/r/[\w-]+)", text)[1]


def sent(acme):
    """The import as which the repaired rows arrived."""
    [(found,)] = acme.sql("SELECT i.id FROM imports i JOIN files f ON f.id = i.file_id WHERE f.via = 'console'")
    return found


def cells_of(hr):
    """The names of the fields of the grid that is looked at, in the order of its rows."""
    names = [one for one in hr.forms.found["/repair"] if one.startswith("cell:")]
    return sorted(names, key=lambda one: int(one.split(":")[1]))


def rows_of(acme, *columns):
    return acme.sql(f"SELECT {', '.join(columns)} FROM repair_links ORDER BY id")


def expire(acme, tenants, model, **values):
    with acme.office.db.firm(tenants.northgate) as session:
        session.execute(update(model).values(values))


# ------------------------------------------------------------------------------------------------ the message


def test_the_message_names_the_file_and_counts_and_nobody(mails, bad):
    [mail] = mails()
    assert mail.subject == "ACME Manufacturing, Inc.: 3 rows of a file could not be taken"
    assert "roster_20260301.csv" in mail.text
    assert "The other 20 are loaded." in mail.text
    assert "Repair them here:\n" in mail.text
    assert not re.search("Name2|E002|523-45", mail.text + mail.subject + mail.short)


def test_it_is_sent_once_and_only_where_rows_were_rejected(acme, mails, bad):
    do_jobs(acme.office, ["normal"])
    acme.drop("roster_20260302.csv", [*people(20)])
    do_jobs(acme.office, ["normal"])
    assert len(mails()) == 1


def test_without_contacts_there_is_neither_message_nor_link(inbox, roster, mails):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", [*people(20), person(21) | {"DOB": "soon"}])
    do_jobs(inbox.office, ["normal"])
    assert mails() == []
    assert rows_of(inbox, "id") == []


# ------------------------------------------------------------------------------------------------ from link to rows


def test_from_the_message_to_repaired_rows_without_an_account(acme, hr, link, bad, mails):
    page = hr.get(link())
    assert "Northgate Law could not take 3 rows of the file roster_20260301.csv" in page.text
    hr.press(link())
    assert hr.path == "/repair"
    fields = hr.forms.found["/repair"]
    cells = sorted((one for one in fields if one.startswith("cell:")), key=lambda one: int(one.split(":")[1]))
    hr.press("/repair", **{cells[0]: "02/03/1980", cells[1]: "02/03/1981"})
    assert "Send 2 rows" in hr.forms.text
    page = hr.press("/repair/send")
    assert hr.path == "/repair"
    assert "Sent. The rows below are left." in page.text
    assert "Repair 1 row" in page.text
    corrected = sent(acme)
    finish(acme.office, find_home(acme.office, "acme"), corrected)
    assert acme.account(corrected)["state"] == "loaded"
    assert len(acme.open_clients()) == 22
    assert rows_of(acme, "ended_code", "rows_sent", "rows_left", "openings") == [(None, 2, 1, 1)]


def test_what_is_left_stays_to_be_repaired_under_the_same_link_until_nothing_is(acme, hr, link, mails, bad):
    hr.get(link())
    hr.press(link())
    first, second, third = cells_of(hr)
    hr.press("/repair", **{first: "02/03/1980"})
    hr.press("/repair/send")
    assert cells_of(hr) == [second, third]  # what was sent is offered no more
    assert "1 row of 3 rows" in " ".join(hr.forms.text.split())
    sent_place = first.split(":")[1]
    assert hr.http.get(f"/repair/rows/{sent_place}").status_code == 409
    assert "2 are left" in hr.get(link()).text
    hr.get("/repair")
    hr.press("/repair", **{second: "02/03/1981", third: "123-45-6789"})
    page = hr.press("/repair/send")
    assert hr.path == "/repair/sent"
    assert "3 rows sent, and none is left" in page.text
    assert "3 rows sent" in hr.get(link()).text  # a second look says so too
    assert hr.http.get("/repair").status_code == 410
    assert rows_of(acme, "ended_code", "rows_sent", "rows_left") == [("sent", 3, 0)]
    for (one,) in acme.sql("SELECT id FROM imports WHERE state = 'received' ORDER BY id"):
        finish(acme.office, find_home(acme.office, "acme"), one)
    assert len(acme.open_clients()) == 23


def test_a_new_link_speaks_of_what_is_left(acme, hr, elsewhere, link, mails, bad):
    hr.get(link())
    hr.press(link())
    hr.press("/repair", **{cells_of(hr)[0]: "02/03/1980"})
    hr.press("/repair/send")
    elsewhere.sign_in("paralegal")
    page = elsewhere.get(f"/files/{bad}")
    assert "Repair 2 rows" in page.text
    assert "2 are left" in page.text
    assert "2 rows left." in elsewhere.get("/").text
    elsewhere.get(f"/files/{bad}")
    elsewhere.press(f"/files/{bad}/repair/links")
    assert "2 rows of a file could not be taken" in mails()[-1].subject
    assert "Repair 2 rows" in hr.get(link()).text


def test_a_page_of_another_link_does_not_say_that_its_rows_were_sent(acme, hr, link, mails):
    first = link()
    acme.drop("roster_20260302.csv", [*people(20), person(21) | {"DOB": "never"}])
    do_jobs(acme.office, ["normal"])
    hr.get(first)
    hr.press(first)
    hr.press("/repair", **dict.fromkeys(cells_of(hr)[:2], "02/03/1980") | {cells_of(hr)[2]: "123-45-6789"})
    hr.press("/repair/send")
    assert hr.path == "/repair/sent"
    hr.get(link())
    hr.press(link())
    assert hr.path == "/repair"
    assert "roster_20260302.csv" in hr.forms.text
    assert "Sent." not in hr.forms.text


def test_what_is_still_wrong_comes_back_with_another_link(acme, hr, link, mails):
    hr.get(link())
    hr.press(link())
    cells = [one for one in hr.forms.found["/repair"] if one.startswith("cell:")]
    hr.press("/repair", **{cells[0]: "never"})
    hr.press("/repair/send")
    corrected = sent(acme)
    finish(acme.office, find_home(acme.office, "acme"), corrected)
    do_jobs(acme.office, ["normal"])
    assert len(mails()) == 2
    hr.get(link())
    hr.press(link())
    assert "Repair 1 row" in hr.forms.text


def test_the_page_says_nothing_that_is_not_of_the_file(acme, hr, link, paralegal_at_work):
    hr.get(link())
    hr.press(link())
    text = hr.page.text
    assert "523-45-67" not in text  # a secret is masked
    assert "paralegal" not in text  # whose word it is of the firm's is the firm's affair
    assert "by <bdi>the firm</bdi>" in text
    assert "There is no workbook to take here" in text  # it would show what the grid masks
    assert "Take the workbook" not in text
    assert "/files" not in text
    assert "/v1/" not in text
    assert "/sign-out" not in text
    known = {"/repair", "/repair/preview", "/repair/send", "/repair/drop"} | {
        one for one in hr.forms.found if "/repair/rules#" in one
    }
    assert set(hr.forms.found) == known
    assert hr.page.headers["referrer-policy"] == "no-referrer"


def test_what_sending_would_do_is_told_in_counts_and_says_nothing_that_the_firm_knows(acme, hr, link):
    acme.drop("roster_20260302.csv", people(23, last_name="Secretly"))  # so that the repaired row changes somebody
    hr.get(link())
    hr.press(link())
    name = next(one for one in hr.forms.found["/repair"] if one.startswith("cell:"))
    hr.press("/repair", **{name: "02/03/1980"})
    hr.press("/repair/preview")
    do_jobs(acme.office, ["ingest"])
    page = hr.get("/repair/preview")
    assert "No record would change." in page.text or "would be" in page.text
    assert not re.search("Secretly|/v1/|/files", hr.page.text)
    assert "Sent. The rows below are left." in hr.press("/repair/send").text


@pytest.fixture
def paralegal_at_work(elsewhere, bad):
    elsewhere.sign_in("paralegal")
    elsewhere.get(f"/files/{bad}/repair")
    name = next(one for one in elsewhere.forms.found[f"/files/{bad}/repair"] if one.startswith("cell:"))
    elsewhere.press(f"/files/{bad}/repair", **{name: "02/03/1980"})
    return elsewhere


# ------------------------------------------------------------------------------------------------ looking, pressing


def test_looking_lets_nobody_in_and_changes_nothing(acme, hr, link):
    before = acme.sql("SELECT * FROM repair_links"), acme.sql("SELECT count(*) FROM audit_log")
    for method in ("GET", "HEAD") * 10:
        assert hr.http.request(method, link()).status_code == 200
    assert (acme.sql("SELECT * FROM repair_links"), acme.sql("SELECT count(*) FROM audit_log")) == before
    assert hr.http.get("/repair").status_code == 401
    assert hr.http.get("/repair/rows/22").status_code == 401


def test_of_presses_there_are_ten_and_then_a_new_one_can_be_asked_for(acme, hr, link):
    for _ in range(10):
        hr.get(link())
        hr.press(link())
        assert hr.path == "/repair"
    page = hr.get(link())
    assert "It was opened 10 times" in page.text
    assert hr.http.post(link()).status_code == 410
    assert "The firm has been asked" in hr.press(f"{link()}/new").text
    assert rows_of(acme, "openings", "asked_at IS NOT NULL") == [(10, True)]
    assert acme.sql("SELECT count(*) FROM repair_visits") == [(10,)]


def test_an_open_link_asks_for_no_other(acme, hr, link):
    hr.http.post(f"{link()}/new")
    assert rows_of(acme, "asked_at") == [(None,)]


def test_another_sites_page_presses_nothing(acme, hr, link):
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert hr.http.post(link(), headers=foreign).status_code == 403
    assert rows_of(acme, "openings") == [(0,)]
    hr.get(link())
    hr.press(link())
    fields = hr.forms.found["/repair/send"]
    assert hr.http.post("/repair/send", data=fields, headers=foreign).status_code == 403
    assert hr.http.post("/repair/send", data=fields | {"csrf": "x"}).status_code == 403


def test_a_cookie_is_no_address_and_an_address_no_cookie(hr, link):
    hr.get(link())
    hr.press(link())
    assert hr.http.get(f"/r/{hr.http.cookies['gateway_repair']}").status_code == 404
    hr.http.cookies.set("gateway_repair", link().rpartition("/")[2])
    assert hr.http.get("/repair").status_code == 401


# ------------------------------------------------------------------------------------------------ how it ends


def test_a_link_ends_after_two_weeks_for_those_inside_too(acme, tenants, hr, link):
    hr.get(link())
    hr.press(link())
    expire(acme, tenants, RepairLink, expires_at=clock.now() - timedelta(seconds=1))
    assert hr.http.get("/repair").status_code == 410
    page = hr.get(link())
    assert "It could be used until" in page.text
    assert hr.page.status_code == 410
    assert "The firm has been asked" in hr.press(f"{link()}/new").text


def test_whoever_opened_it_is_let_in_for_eight_hours(acme, tenants, hr, link):
    hr.get(link())
    hr.press(link())
    [(hours,)] = acme.sql("SELECT extract(epoch FROM expires_at - gateway_now()) / 3600 FROM repair_visits")
    assert 7.9 < hours <= 8
    expire(acme, tenants, RepairVisit, expires_at=clock.now() - timedelta(seconds=1))
    assert hr.http.get("/repair").status_code == 401
    hr.get(link())
    hr.press(link())
    assert hr.path == "/repair"


def test_staff_see_a_link_send_another_and_withdraw_it(acme, hr, elsewhere, bad, link, mails):
    hr.get(link())
    hr.press(link())
    elsewhere.sign_in("paralegal")
    page = elsewhere.get(f"/files/{bad}")
    assert "1 of 10" in page.text
    elsewhere.press(f"/files/{bad}/repair/links")
    assert "The partner is sent a new link" in elsewhere.forms.text
    assert hr.http.get("/repair").status_code == 410
    assert rows_of(acme, "ended_code") == [("replaced",), (None,)]
    assert len(mails()) == 2
    hr.get(link())
    hr.press(link())
    [revoke] = [one for one in elsewhere.forms.found if one.endswith("/revoke")]
    elsewhere.press(revoke)
    assert "Withdrawn" in elsewhere.forms.text
    script = hr.http.post("/repair/cells", headers={"Accept": "application/json"}).json()
    assert "The firm has withdrawn this link" in script["message"]
    inside = hr.http.get("/repair")
    assert (inside.status_code, "The firm has withdrawn this link" in inside.text) == (410, True)
    assert "The firm has withdrawn it." in hr.get(link()).text
    assert "The firm has been asked" in hr.press(f"{link()}/new").text
    assert "the partner asks for a new link" in elsewhere.get("/").text
    elsewhere.get(f"/files/{bad}")
    elsewhere.press(f"/files/{bad}/repair/links")
    assert "the partner asks for a new link" not in elsewhere.get("/").text


def test_staff_see_who_asks_for_a_new_link(acme, tenants, hr, elsewhere, bad, link):
    expire(acme, tenants, RepairLink, expires_at=clock.now() - timedelta(seconds=1))
    hr.get(link())
    hr.press(f"{link()}/new")
    elsewhere.sign_in("paralegal")
    assert "the partner asks for a new link" in elsewhere.forms.text  # on the first page
    assert "asked for a new one" in elsewhere.get(f"/files/{bad}").text
    elsewhere.press(f"/files/{bad}/repair/links")
    assert "the partner asks for a new link" not in elsewhere.get("/").text


def test_a_firm_that_wants_no_links_sends_none_and_ends_those_that_it_sent(
    acme, tenants, hr, elsewhere, bad, link, mails
):
    hr.get(link())
    hr.press(link())
    with acme.office.acting(tenants.northgate, Actor("system", "tests")) as acting:
        repairs.switch(acting, on=False)
    assert hr.http.get("/repair").status_code == 410
    acme.drop("roster_20260302.csv", [*people(20), person(25) | {"DOB": "never"}])
    do_jobs(acme.office, ["normal"])
    assert len(mails()) == 1
    assert acme.sql("SELECT DISTINCT state FROM jobs WHERE kind = 'events.rows'") == [("done",)]
    elsewhere.sign_in("paralegal")
    elsewhere.get(f"/files/{bad}")
    elsewhere.press(f"/files/{bad}/repair/links")
    assert "switched off links" in elsewhere.page.text


def test_rows_that_staff_send_are_offered_no_more_and_the_last_of_them_end_it(hr, paralegal_at_work, bad, link):
    hr.get(link())
    hr.press(link())
    paralegal_at_work.press(f"/files/{bad}/repair/send")
    hr.get("/repair")
    assert len(cells_of(hr)) == 2
    staff, here = paralegal_at_work, f"/files/{bad}/repair"
    staff.get(here)
    first, second = [one for one in staff.forms.found[here] if one.startswith("cell:")]
    staff.press(here, **{first: "02/03/1980", second: "123-45-6789"})
    staff.press(f"{here}/send")
    assert hr.http.get("/repair").status_code == 410
    page = hr.get(link())
    assert "3 rows sent, and none is left" in page.text
    assert "Northgate Law has put right what was left of them, and sent it itself." in page.text


@pytest.mark.parametrize("table", ["partners", "firms"])
def test_of_who_is_no_longer_a_partner_or_firm_there_is_no_link(acme, hr, link, table, tenants):
    path = link()
    hr.get(path)
    hr.press(path)
    with acme.office.db.system() as session:
        session.connection().exec_driver_sql(f"UPDATE {table} SET status = 'deactivated'")
    assert hr.http.get(path).status_code == 404
    assert hr.http.get("/repair").status_code == 401


def test_acts_by_a_link_are_the_partners_and_say_which_link(acme, hr, link, bad):
    hr.get(link())
    hr.press(link())
    [(link_id,)] = rows_of(acme, "id")
    found = acme.sql(
        "SELECT action, actor_kind, actor, actor_id FROM audit_log WHERE actor_id = %s ORDER BY id", link_id
    )
    assert found == [("repair_link.open", "partner", "acme", link_id), ("import.errors", "partner", "acme", link_id)]


def test_links_go_a_month_after_they_expired(acme, tenants, link):
    handling = Handling(acme.office, Job(uuid4(), None, "links.purge", {}, 1, 1, "tests", None))
    expire(acme, tenants, RepairLink, expires_at=clock.now() - timedelta(days=1))
    upkeep.purge(handling)
    assert len(rows_of(acme, "id")) == 1
    expire(acme, tenants, RepairLink, expires_at=clock.now() - repairs.KEPT - timedelta(seconds=1))
    upkeep.purge(handling)
    assert rows_of(acme, "id") == []


# ------------------------------------------------------------------------------------------------ in a real browser

in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")


@pytest.fixture
def let_in(opened, link):
    """A page behind the link, in a window as it is asked for."""

    def come(**window):
        page = opened(None, **window)
        page.goto(link())
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/repair")
        return page

    return come


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(let_in, link, scheme):
    page = let_in(color_scheme=scheme)
    for path in (link(), "/repair", "/repair/rows/22"):
        told_to_everybody(page, path)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(let_in, link, width):
    page = let_in(viewport={"width": width, "height": 700})
    for path in (link(), "/repair", "/repair/rows/22"):
        fits(page, path)


@in_chromium
@pytest.mark.browser
def test_whoever_is_inside_when_it_is_withdrawn_is_told_so_at_the_cell_that_was_typed(let_in, acme, tenants):
    page = let_in(viewport={"width": 390, "height": 844})
    expire(acme, tenants, RepairLink, ended_at=clock.now(), ended_code="revoked")
    field = page.get_by_label("DOB, row 22")
    field.fill("02/03/1980")
    page.keyboard.press("Tab")
    row = page.get_by_role("row").filter(has=field)
    told = row.get_by_text("Not saved. The firm has withdrawn this link")
    told.wait_for()
    box = told.bounding_box()
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 844  # where somebody looks
    assert row.get_by_text("not saved", exact=True).is_visible()
    assert row.get_by_text("to repair").count() == 0
    assert field.input_value() == "02/03/1980"


@in_chromium
@pytest.mark.browser
def test_a_cell_is_kept_when_it_is_left_and_sent_by_keyboard_alone(let_in, acme):
    page = let_in()
    tab_to(page, page.get_by_label("DOB, row 22"))
    page.keyboard.press("Control+A")
    page.keyboard.type("02/03/1980")
    page.keyboard.press("Enter")
    page.get_by_text("correct", exact=True).wait_for()
    send = page.get_by_role("button", name="Send 1 row").first
    send.wait_for()
    send.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Sent. The rows below are left.").wait_for()
    assert page.get_by_role("heading", name="Repair 2 rows").is_visible()
