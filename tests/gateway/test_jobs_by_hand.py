"""Jobs that somebody looks at, and lets run again."""

from __future__ import annotations

import json

import pytest
from helpers.idle import idle_job
from sqlalchemy import select

from gateway.db.ids import beginning_with
from gateway.db.models import AuditEntry, JobRow
from gateway.domain.upkeep import jobs
from gateway.errors import Conflict, NotFound
from gateway.jobs.kinds import enqueue
from gateway.office import Actor
from gateway.wings import KINDS

ME = Actor("system", "ops", origin="cli")


@pytest.fixture
def dead(office):
    """A dead job of a firm, or of the platform."""

    def make(firm_id, state="dead"):
        with office.db.system() as session:
            job_id = enqueue(session, KINDS["jobs.purge"], {}, firm_id=firm_id)
            job = session.get_one(JobRow, job_id)
            job.state, job.attempts = state, job.max_attempts
            return job_id

    return make


def acts(office):
    with office.db.system() as session:
        return [(one.action, one.firm_id) for one in session.scalars(select(AuditEntry))]


def test_a_job_of_the_platform_is_retried_without_an_entry_for_there_is_no_firm_to_have_one(office, dead):
    found = jobs.find_anywhere(office, str(dead(None)))
    assert (found.job.state, found.firm) == ("dead", None)
    assert jobs.retry_anywhere(office, KINDS, found, ME).job.state == "waiting"
    assert acts(office) == []


def test_a_job_of_a_firm_is_retried_on_its_record(office, dead, tenants):
    found = jobs.find_anywhere(office, str(dead(tenants.harbor)))
    told = jobs.retry_anywhere(office, KINDS, found, ME)
    assert (told.job.state, told.firm) == ("waiting", "harbor")
    assert acts(office) == [("job.retry", tenants.harbor)]


def test_another_firms_job_does_not_exist_and_a_done_one_stays_done(office, dead, tenants):
    theirs, done = dead(tenants.harbor), dead(tenants.northgate, "done")
    with office.acting(tenants.northgate, ME) as acting:
        with pytest.raises(NotFound):
            jobs.retry(acting, KINDS, theirs)
        with pytest.raises(Conflict):
            jobs.retry(acting, KINDS, done)
    assert acts(office) == []


def test_jobs_are_listed_of_one_firm_or_of_all(office, dead, tenants):
    platforms, ours = dead(None), dead(tenants.northgate)
    everybodys = jobs.newest_anywhere(office, jobs.JobFilter("dead"), 9)
    assert [(one.job.id, one.firm) for one in everybodys] == [(ours, "northgate"), (platforms, None)]
    assert [one.job.id for one in jobs.newest_anywhere(office, jobs.JobFilter(), 9, firm="northgate")] == [ours]


@pytest.mark.parametrize("written", ["", "abc", "xyzw", "0" * 33, "gwk_0123"])
def test_what_is_no_beginning_of_an_id_finds_nothing(written):
    assert beginning_with(written) is None


def test_the_beginning_of_an_id_spans_all_that_begin_with_it():
    first, last = beginning_with("01A1-F8")
    assert (str(first), str(last)) == (
        "01a1f800-0000-0000-0000-000000000000",
        "01a1f8ff-ffff-ffff-ffff-ffffffffffff",
    )


def test_operators_list_what_takes_too_long_of_all_firms(office, tenants, gateway):
    late = idle_job(office, tenants.harbor, "expiry.sweep", "waiting", minutes=6)
    idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=4)
    found = json.loads(gateway("job", "list", "--late", "--json").output)
    assert [(one["job_id"], one["firm"]) for one in found] == [(str(late), "harbor")]
