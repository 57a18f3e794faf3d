"""Commits whose answer is lost: the server has done them, and whoever asked for them hears of a broken connection."""

import socket

import msgspec
import pytest
from helpers.inbox import SENDER, as_csv, people, person
from helpers.servers import until

from gateway.db.session import driver
from gateway.domain.partners.homes import find_home
from gateway.errors import Transient
from ingest import records
from ingest.arrival import Asked
from ingest.reception import receive


def lose_the_answer(session, _noted):
    """What is sent from now on arrives, what comes back does not."""
    line = socket.socket(fileno=driver(session).pgconn.socket)
    line.shutdown(socket.SHUT_RD)
    line.detach()


def stored(inbox):
    return [key for (key,) in inbox.sql("SELECT storage_key FROM files")]


def test_a_file_that_is_on_record_after_all_is_still_in_the_store(office, inbox):
    content = as_csv(people(3))
    with pytest.raises(Transient, match="cannot be reached"):
        receive(
            office,
            find_home(office, "acme"),
            "roster_20260301.csv",
            [content],
            via="test",
            by=SENDER,
            asked=Asked(),
            note=lose_the_answer,
        )
    [key] = until(lambda: stored(inbox))
    with office.db.firm(inbox.firm_id) as session:
        cipher = office.cipher(session, inbox.firm_id)
    assert office.store.read_bytes(key, cipher) == content


def test_rows_that_are_on_record_after_all_are_still_in_the_store(office, inbox):
    row = msgspec.json.encode(person(1))
    with pytest.raises(Transient, match="cannot be reached"):
        records.send(office, find_home(office, "acme"), "roster", [row], None, SENDER, lose_the_answer)
    [key] = until(lambda: stored(inbox))
    with office.db.firm(inbox.firm_id) as session:
        cipher = office.cipher(session, inbox.firm_id)
    assert office.store.read_bytes(key, cipher) == row
