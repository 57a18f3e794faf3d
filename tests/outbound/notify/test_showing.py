"""Messages looked at by staff: what one said, without what only its recipient may press; how many on each day."""

from datetime import UTC, datetime, timedelta

import pytest
from helpers.callers import asking, staff_headers
from helpers.doing import do_jobs
from helpers.inbox import ROSTER, people, person
from sqlalchemy import update

from gateway.db.models import Dispatch, Wall
from gateway.domain.expiry.sweep import sweep
from outbound.notify.planning import plan

URL = "/v1/notices"
NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)  # ten in the morning of a Tuesday in New York


@pytest.fixture
def http(settings, office):
    with asking(settings) as one:
        yield one


@pytest.fixture
def staff(office, tenants):
    return lambda role: staff_headers(office, tenants.northgate, tenants.staff[role])


@pytest.fixture
def told(inbox, office, work, at):
    """Messages about a stay that ends in thirty days, which have left in the house's own words."""
    at(NOW)
    inbox.drop("roster_20261101.csv", people(1, i94_expiry="12/31/2026"))
    sweep(office)
    plan(office)
    work()
    return inbox


def mailed(told):
    [(one,)] = told.sql(
        "SELECT id::text FROM dispatches WHERE channel = 'email' AND state = 'sent' ORDER BY id LIMIT 1"
    )
    return one


def test_the_text_is_shown_as_it_left_without_the_links_of_its_recipient(http, staff, told, post_office):
    answer = http.get(f"{URL}/{mailed(told)}/words", headers=staff("viewer"))
    assert answer.status_code == 200
    said = answer.json()
    assert "Dec" in said["text"] or "2026" in said["text"]
    assert "[a link for the recipient alone]" in said["text"]
    assert "/l/" not in answer.text
    assert "I have seen this:" in said["text"]


def test_nor_is_the_link_by_which_a_partners_people_repair_rows(http, staff, inbox, office, work, at, post_office):
    at(NOW)
    inbox.apply(ROSTER.format(partner="acme", firm="northgate") + "contacts: {errors: [ana@acme.example]}\n")
    inbox.drop("roster_20261101.csv", [*people(20), person(21) | {"DOB": "soon"}])
    do_jobs(office, ["normal"])
    work()
    answer = http.get(f"{URL}/{mailed(inbox)}/words", headers=staff("viewer"))
    assert "[a link for the recipient alone]" in answer.json()["text"]
    assert "/r/" not in answer.text


def test_looking_at_it_is_on_record(http, staff, told):
    one = mailed(told)
    http.get(f"{URL}/{one}/words", headers=staff("viewer"))
    [(changes,)] = told.sql("SELECT changes FROM audit_log WHERE action = 'notice.words'")
    assert [(change["kind"], change["id"], change["action"]) for change in changes] == [("notice", one, "seen")]


def test_a_message_that_never_left_has_no_words(http, staff, make):
    [one] = make(not_before=NOW + timedelta(days=9_000))
    answer = http.get(f"{URL}/{one}/words", headers=staff("viewer"))
    assert (answer.status_code, answer.json()["error"]) == (404, "no_words")


def test_a_text_message_is_shown_by_its_short_words(http, staff, told, db):
    one = mailed(told)
    whole = http.get(f"{URL}/{one}/words", headers=staff("viewer")).json()["text"]
    with db.system() as session:
        session.execute(update(Dispatch).where(Dispatch.id == one).values(channel="sms"))
    short = http.get(f"{URL}/{one}/words", headers=staff("viewer")).json()["text"]
    assert len(short) < len(whole) / 2
    assert "/l/" not in short


def test_words_stay_behind_walls_and_within_the_firm(http, staff, told, db, office, tenants):
    from helpers.callers import stranger

    one = mailed(told)
    [(client_id,)] = told.sql("SELECT id FROM clients")
    with db.firm(tenants.northgate) as session:
        session.add(
            Wall(
                firm_id=tenants.northgate,
                staff_id=tenants.staff["viewer"],
                client_id=client_id,
                reason="Acted for the other side",
                created_by="admin",
            )
        )
    assert http.get(f"{URL}/{one}/words", headers=staff("viewer")).status_code == 404
    assert http.get(f"{URL}/days", headers=staff("viewer")).json() == []
    assert http.get(f"{URL}/{one}/words", headers=staff("admin")).status_code == 200
    elsewhere = staff_headers(office, tenants.harbor, stranger(office, tenants))
    assert http.get(f"{URL}/{one}/words", headers=elsewhere).status_code == 404
    assert http.get(f"{URL}/days", headers=elsewhere).json() == []


def test_days_are_the_firms_own_and_count_what_has_become_of_messages(http, staff, make, db, tenants, at):
    at(datetime(2026, 12, 2, 3, tzinfo=UTC))  # still the first at the firm
    make(2, not_before=NOW + timedelta(days=90))
    [one] = make(not_before=NOW + timedelta(days=90))
    with db.system() as session:
        session.execute(update(Dispatch).where(Dispatch.id == one).values(state="dead"))
    at(NOW + timedelta(days=1))
    make(not_before=NOW + timedelta(days=90))
    found = http.get(f"{URL}/days?days=2", headers=staff("viewer")).json()
    assert [(day["day"], day["state"], day["number"]) for day in found] == [
        ("2026-12-01", "dead", 1),
        ("2026-12-01", "waiting", 2),
        ("2026-12-02", "waiting", 1),
    ]
    assert [day["day"] for day in http.get(f"{URL}/days?days=1", headers=staff("viewer")).json()] == ["2026-12-02"]
    assert http.get(f"{URL}/days?days=0", headers=staff("viewer")).status_code == 400
