"""The newest file that came from a partner is taken as the sample of a draft: which one, by whom, and when not."""

import pytest
from helpers.callers import ME
from helpers.inbox import people
from helpers.studio import Studio
from sqlalchemy import update

from gateway import clock
from gateway.db.models import File
from gateway.domain.access.permissions import PERMISSIONS
from gateway.domain.people import erasure, walls
from gateway.domain.people.walls import NewWall
from gateway.errors import Conflict, Forbidden, Invalid, NotFound, Outdated
from gateway.office import Actor
from gateway.wings import ERASERS
from ingest.studio import drafts, taking, working

OTHER = """
  staff:
    file: "staff*.csv"
    format: {type: csv}
    contents: changes
    client: {key: employee_id, fields: {employee_id: {from: EMP_ID, required: true}}}
"""
TAKEN = "SELECT import_id, changes -> 0 ->> 'action' FROM audit_log WHERE action = 'config_draft.sample' ORDER BY id"


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(3))
    inbox.drop("roster_20260302.csv", people(4))
    return inbox


@pytest.fixture
def studio(acme):
    one = Studio(acme.office, acme.firm_id, "acme", ME)
    one.begin()
    return one


def take(studio, feed=None, expected=None):
    studio.do(taking.take_newest, feed, expected)
    with studio.acting() as acting:
        return drafts.sample_of(acting, drafts.read(acting, studio.slug))


def test_the_newest_file_is_the_sample_as_it_came_and_who_took_it_is_on_record(studio, acme):
    sample = take(studio)
    assert (sample.name, sample.content.count(b"\n")) == ("roster_20260302.csv", 5)
    assert "Last Name" in [one.name for one in studio.do(working.columns).columns]
    newest = acme.sql("SELECT id FROM imports ORDER BY received_at DESC, id DESC LIMIT 1")
    assert acme.sql(TAKEN) == [(newest[0][0], "sample_taken")]


def test_it_is_told_before_which_file_would_be_taken(studio, acme):
    told = studio.do(taking.offer)
    assert (told.feeds, told.feed, told.name) == (["roster"], "roster", "roster_20260302.csv")
    new = Studio(acme.office, acme.firm_id, "cyberdyne", ME)
    new.begin()
    assert new.do(taking.offer) is None
    with pytest.raises(Conflict) as refused:
        take(new)
    assert refused.value.code == "no_files"


def test_the_draft_s_feed_goes_before_another_s_newer_file_but_what_no_feed_took_counts(studio, acme, roster):
    acme.apply(roster + OTHER)
    acme.drop("staff_1.csv", b"EMP_ID\nE1\n")
    assert take(studio).name == "roster_20260302.csv"
    assert take(studio, feed="staff").name == "staff_1.csv"
    studio.do(drafts.save, roster + OTHER, None)
    assert studio.do(taking.offer).feeds == ["roster", "staff"]
    assert take(studio).name == "staff_1.csv"
    studio.do(drafts.save, roster, None)
    acme.drop("people.csv", b"Who\nBo\n")
    assert take(studio).name == "people.csv"
    with pytest.raises(NotFound):
        take(studio, feed="nobody's")


def test_a_file_that_is_gone_or_names_somebody_erased_is_not_taken(studio, acme):
    with acme.office.db.system() as session:
        session.execute(update(File).where(File.name == "roster_20260302.csv").values(condemned_at=clock.now()))
    assert take(studio).name == "roster_20260301.csv"
    with acme.office.db.system() as session:
        session.execute(update(File).values(destroyed_at=clock.now()))
    assert studio.do(taking.offer) is None
    with pytest.raises(Conflict):
        take(studio)


def test_what_erases_a_person_ends_the_sample_and_the_files_of_which_one_could_be_taken(studio, acme):
    acme.drop("people.csv", b"Who\nBo\n")
    take(studio)
    with studio.acting() as acting:
        [(person,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
        erasure.erase(acting, person, "They asked for it.", ERASERS)
    assert acme.sql("SELECT sample IS NULL FROM config_drafts") == [(True,)]
    assert acme.sql("SELECT count(*) FROM files WHERE destroyed_at IS NULL AND condemned_at IS NULL") == [(1,)]
    assert studio.do(taking.offer) is None
    acme.drop("roster_20260303.csv", people(5)[3:])
    assert studio.do(taking.offer).name == "roster_20260303.csv"


def test_a_wall_keeps_the_rows_from_whoever_stands_behind_it(studio, acme, tenants):
    with studio.acting() as acting:
        [(person,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
        walls.add(acting, NewWall(tenants.staff["admin"], person, None, "Acted for them."))
    studio.actor = Actor("staff", "admin@northgate.example", tenants.staff["admin"], "test")
    assert studio.do(taking.offer) is None
    with acme.office.db.system() as session:  # of which not even that is told
        session.execute(update(File).values(size=drafts.MOST_SAMPLE + 1))
    with pytest.raises(Forbidden) as refused:
        take(studio)
    assert refused.value.code == "walled"


def test_a_file_too_large_is_refused_before_it_is_read_and_who_comes_second_is_told(studio, acme):
    version = studio.do(drafts.read).row.version
    with acme.office.db.system() as session:
        session.execute(update(File).values(size=drafts.MOST_SAMPLE + 1, storage_key="nowhere"))
    with pytest.raises(Invalid) as refused:
        take(studio)
    assert refused.value.code == "sample_too_large"
    with pytest.raises(Outdated):
        take(studio, expected=frozenset({version + 1}))


def test_whoever_makes_settings_may_see_rows():
    configure, rows = PERMISSIONS["partners.configure"], PERMISSIONS["imports.errors"]
    assert configure.roles <= rows.roles
    assert configure.scope is None
