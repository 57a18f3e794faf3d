"""Permissions to work of many people at once, and of one at the command line."""

import json
from datetime import date

import pytest
from helpers.inbox import people
from sqlalchemy import event, select

from gateway.db.models import Case, Client, Document
from gateway.domain.expiry.looking import authorizations

ON = date(2026, 12, 1)


@pytest.fixture
def staffed(inbox, db, tenants):
    """Thirty people with a stay, every third of them in TN."""
    inbox.drop("roster_20260301.csv", people(30, i94_expiry="03/31/2027"))
    with db.firm(tenants.northgate) as session:
        found = list(session.scalars(select(Client.id).order_by(Client.id)))
        for number, client_id in enumerate(found[::3]):
            plain = {"firm_id": tenants.northgate, "client_id": client_id, "pins": {}, "attributes": {}}
            session.add(
                Case(**plain, partner_id=tenants.acme, case_number=f"C{number}", case_type="TN", status="approved")
            )
    return found


def test_many_are_looked_up_in_three_statements(db, staffed):
    asked = []
    with db.system() as session:
        session.execute(select(1))
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        found = authorizations(session, on=ON)
    assert len(asked) == 3
    assert set(found) == set(staffed)
    assert {found[one].basis for one in staffed[::3]} == {"petition"}
    assert {found[one].ends_on for one in staffed[::3]} == {date(2027, 3, 31)}
    assert {found[one].basis for one in set(staffed) - set(staffed[::3])} == {"unknown"}


def test_some_are_looked_up_as_of_the_firms_today(db, tenants, staffed, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-04-01T03:00:00+00:00")  # still March in New York
    with db.firm(tenants.northgate) as session:
        [one] = authorizations(session, staffed[:1]).values()
    assert one.sentence == "Permission to work ends on 2027-03-31 (TN): the I-94 controls."


def test_the_command_tells_it_in_sentences_and_as_json(gateway, db, tenants, staffed):
    with db.firm(tenants.northgate) as session:
        session.add(
            Document(
                firm_id=tenants.northgate,
                client_id=staffed[0],
                doc_type="passport",
                number_index=b"x",
                expires_on=date(2027, 1, 15),
                duration_of_status=False,
                pins={},
            )
        )
    words = ("expiry", "authorization", str(staffed[0]), "--firm", "northgate", "--on", "2026-12-01")
    shown = gateway(*words)
    assert shown.stdout.splitlines()[0] == "Permission to work ends on 2027-03-31 (TN): the I-94 controls."
    assert "! The passport ends on 2027-01-15, before the I-94 (2027-03-31)" in shown.stdout
    told = json.loads(gateway(*words, "--json").stdout)
    assert (told["client_id"], told["on"], told["ends_on"]) == (str(staffed[0]), "2026-12-01", "2027-03-31")
    assert gateway("expiry", "authorization", str(tenants.acme), "--firm", "northgate").exit_code == 1
