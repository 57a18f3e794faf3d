"""What doctor says of notices, their channels, and whoever is there to be told."""

import pytest
from helpers import by_channel
from msgspec.structs import replace
from sqlalchemy import text

from gateway.domain.upkeep.notices import checks, ways_out
from outbound.notify.channels.base import Recipient


@pytest.fixture
def seen(db):
    def look():
        with db.system() as session:
            return {check.name: check for check in checks(session)}

    return look


@pytest.fixture
def change(db):
    def run(statement, **values):
        with db.system() as session:
            session.execute(text(statement), values)

    return run


def test_an_installation_in_which_nothing_waits_for_a_person_is_well(change, seen, tenants):
    change("UPDATE firms SET status = 'deactivated' WHERE id <> :id", id=tenants.northgate)
    assert {name: check.level for name, check in seen().items()} == dict.fromkeys(_NAMES, "ok")


_NAMES = ("notices", "channels", "recipients")


def test_what_is_held_or_dead_is_counted_by_firm_with_the_way_out(office, seen, tenants):
    admin = Recipient(staff_id=tenants.staff["admin"])
    for state in ("held", "dead", "dead", "sent"):
        by_channel.dispatch(office, tenants.northgate, "email", admin, state=state)
    check = seen()["notices"]
    assert (check.level, check.found) == ("warning", "1 held at northgate, 2 dead at northgate.")
    assert "gateway notice release ID" in check.advice
    assert "gateway notice retry ID" in check.advice


def test_a_channel_that_is_left_alone_for_long_is_a_problem_and_says_whose_and_why(change, seen, tenants):
    rests = (
        "INSERT INTO channel_states (firm_id, channel, rests, rests_until, code)"
        " VALUES (:firm, :channel, 3, now(), :code)"
    )
    change(rests, firm=None, channel="email", code="relay_away")
    change(rests, firm=tenants.northgate, channel="chat", code="chat_away")
    check = seen()["channels"]
    assert (check.level, check.found) == (
        "problem", "Left alone, for they fail: chat of northgate (chat_away), email (relay_away)."
    )  # fmt: skip
    assert "gateway notice ping --channel chat" in check.advice


def test_a_short_rest_of_a_channel_is_no_problem_yet(change, seen):
    change("INSERT INTO channel_states (channel, rests, rests_until, code) VALUES ('email', 2, now(), 'relay_away')")
    check = seen()["channels"]
    assert (check.level, check.found) == ("warning", "Left alone, for they fail: email (relay_away).")


def test_a_firm_whose_last_admin_has_left_is_named_until_it_ends_itself(change, seen, tenants):
    change("UPDATE firms SET status = 'deactivated' WHERE id <> :id", id=tenants.northgate)
    assert seen()["recipients"].level == "ok"
    change("UPDATE staff SET active = false WHERE id = :id", id=tenants.staff["admin"])
    check = seen()["recipients"]
    assert check.level == "warning"
    assert "northgate" in check.found
    assert "gateway staff add" in check.advice
    change("UPDATE firms SET status = 'deactivated' WHERE id = :id", id=tenants.northgate)
    assert seen()["recipients"].level == "ok"


def test_a_relay_and_an_address_from_outside_that_are_not_set_are_told(settings):
    def look(**changed):
        return {check.name: check for check in ways_out(replace(settings, **changed))}

    bare = look(smtp_url=None, public_url=None)
    assert [bare[name].level for name in ("mail", "links")] == ["warning", "warning"]
    assert "GATEWAY_SMTP_URL" in bare["mail"].advice
    assert "GATEWAY_PUBLIC_URL" in bare["links"].advice
    whole = look(smtp_url="smtp://u:secret@mail.example:587", public_url="https://gateway.firm.example")
    assert [whole[name].level for name in ("mail", "links")] == ["ok", "ok"]
    assert "secret" not in whole["mail"].found
