"""Files wait for a partner until it has fetched them, or until nobody may have them any more."""

import hashlib
import os
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.inbox import ME, people

from gateway import clock
from gateway.domain.partners import outbox
from gateway.domain.people.erasure import erase
from gateway.domain.upkeep import strays
from gateway.errors import NotFound, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.office import Actor
from gateway.wings import ERASERS

CONTENT = b"Row,EMP_ID\n2,E1\n"


@pytest.fixture
def partner(tenants):
    return Actor("partner", "acme", origin="test", partner_id=tenants.acme)


@pytest.fixture
def put(office, tenants):
    def putting(name="errors.csv", content=CONTENT, partner_id=tenants.acme):
        key = f"{tenants.northgate}/acme/out/{uuid4()}"
        with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
            stored = office.store.put(key, iter([content]), acting.cipher)
            return outbox.put(acting, partner_id, name, key, stored.size, stored.sha256, "text/csv")

    return putting


@pytest.fixture
def job(office):
    return lambda kind: Handling(office, Job(uuid4(), None, kind, {}, 1, 1, "tests", None))


def stored(office):
    return [path for path in (office.settings.data_dir / "files").rglob("*") if path.is_file()]


def read(office, tenants, actor, file_id, partner_id=None):
    with office.acting(tenants.northgate, actor) as acting:
        chunks = outbox.read(acting, partner_id or tenants.acme, file_id)
    return b"".join(chunks)


def names(office, tenants, actor):
    with office.acting(tenants.northgate, actor) as acting:
        return [one.name for one in outbox.listed(acting, tenants.acme)]


def test_what_was_put_is_listed_newest_first_and_read_as_often_as_asked(office, tenants, put, partner):
    first, _ = put(), put("status.csv", b"x")
    assert names(office, tenants, partner) == ["status.csv", "errors.csv"]
    assert [read(office, tenants, partner, first) for _ in range(2)] == [CONTENT, CONTENT]


def test_a_partner_reads_its_own_files_alone(office, tenants, put, partner):
    theirs = put(partner_id=tenants.globex)
    with pytest.raises(NotFound):
        read(office, tenants, partner, theirs)
    with pytest.raises(NotFound):
        read(office, tenants, partner, theirs, tenants.globex)


def test_handing_out_is_on_record_and_the_partners_first_time_is_kept(office, tenants, put, partner, inbox):
    file_id = put()
    read(office, tenants, ME, file_id)
    assert inbox.sql("SELECT fetched_at FROM outbox_files") == [(None,)]
    read(office, tenants, partner, file_id)
    [(first,)] = inbox.sql("SELECT fetched_at FROM outbox_files")
    read(office, tenants, partner, file_id)
    assert inbox.sql("SELECT fetched_at FROM outbox_files") == [(first,)]
    told = inbox.sql("SELECT action, actor_kind FROM audit_log WHERE action LIKE 'outbox.%%' ORDER BY at, id")
    assert told == [
        ("outbox.put", "system"),
        ("outbox.fetch", "staff"),
        ("outbox.fetch", "partner"),
        ("outbox.fetch", "partner"),
    ]


def test_a_file_goes_after_ninety_days(office, tenants, put, partner, job, monkeypatch):
    put("old.csv")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=89))
    outbox.purge(job("outbox.purge"))
    assert names(office, tenants, partner) == ["old.csv"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=91))
    outbox.purge(job("outbox.purge"))
    assert names(office, tenants, partner) == []
    assert stored(office) == []


def test_erasing_a_person_takes_the_partners_files_along_and_nobody_elses(office, tenants, put, partner, inbox):
    inbox.drop("roster_20260301.csv", people(2))
    arrived = len(stored(office))
    put("errors.csv")
    put("theirs.csv", partner_id=tenants.globex)
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
        erase(acting, client_id, "She asked", ERASERS)
    assert inbox.sql("SELECT name FROM outbox_files") == [("theirs.csv",)]
    assert len(stored(office)) == arrived - 1 + 1  # the roster went too; the other partner's file is there


def test_the_sweep_of_strays_leaves_what_waits(office, tenants, put, partner, job):
    file_id = put()
    for path in stored(office):
        then = time.time() - 30 * 24 * 3600  # noqa: TID251 - what a file system says is of the real clock
        os.utime(path, (then, then))
    strays.sweep(job("files.sweep"))
    assert read(office, tenants, partner, file_id) == CONTENT


def test_bytes_that_were_swept_before_they_were_put_are_not_promised(office, tenants):
    with office.acting(tenants.northgate, ME) as acting, pytest.raises(Transient, match="made again"):
        outbox.put(acting, tenants.acme, "x.csv", f"{tenants.northgate}/gone", 1, hashlib.sha256().hexdigest(), "a/b")
