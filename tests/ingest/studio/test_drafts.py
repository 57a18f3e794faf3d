"""A draft is begun, kept, tried and put in force; and goes by itself when nobody cares, or somebody on it is erased."""

import io
import zipfile
from datetime import timedelta

import pytest
from helpers.inbox import people
from helpers.studio import STAFF, Studio
from sqlalchemy import text, update

from gateway import clock
from gateway.db.models import ConfigDraft
from gateway.domain.people import erasure, walls
from gateway.domain.people.walls import NewWall
from gateway.errors import Conflict, Forbidden, Invalid, NotFound, Outdated
from gateway.office import Actor
from gateway.wings import ERASERS, PARTNER_YAML
from ingest.studio import drafts, light, working
from ingest.studio.drafts import Sample

LOGGED = "SELECT action FROM audit_log WHERE action LIKE %s ORDER BY id"


def codes(act, *kinds):
    with pytest.raises(kinds) as refused:
        act()
    return refused.value.code


def test_a_new_partner_comes_from_a_sample(proposed, inbox):
    found = proposed.do(working.look, PARTNER_YAML)
    assert found.checked.findings == []
    assert (found.draft.in_force, found.difference) == (0, None)
    assert "name: Cyberdyne Ltd" in found.draft.source
    assert found.draft.proposal.unsure
    applied = proposed.do(working.apply, 0, None, PARTNER_YAML)
    assert (applied.config.version, applied.is_new) == (1, True)
    assert inbox.sql("SELECT slug FROM partners WHERE slug = 'cyberdyne'") == [("cyberdyne",)]
    assert codes(lambda: proposed.do(drafts.read), NotFound) == "not_found"


def test_a_draft_begins_with_what_is_in_force_and_a_proposal_stands_beside_it(studio, inbox, roster):
    studio.slug = "acme"
    assert studio.begin() is True
    assert studio.begin() is False
    assert studio.text == roster
    studio.send("roster_20260301.csv", "EMP_ID,Last Name,DOB\nE1,Rao,12/31/1980\n")
    studio.propose()
    draft = studio.do(drafts.read)
    assert draft.source == roster
    assert draft.proposal.config != roster
    studio.do(drafts.save, roster.replace("close", "ignore"), None)
    assert "-    absent: close\n+    absent: ignore" in studio.do(working.look, PARTNER_YAML).difference.text
    inbox.apply(roster + "\n# by somebody else\n")
    assert codes(lambda: studio.do(working.apply, 1, None, PARTNER_YAML), Conflict) == "in_force_changed"
    assert studio.do(working.apply, 2, None, PARTNER_YAML).config.version == 3


def test_who_comes_second_is_told_and_changes_nothing(proposed):
    version = proposed.do(drafts.read).row.version
    seen = frozenset({version})
    proposed.do(drafts.save, "partner: cyberdyne\n", seen)
    for act in (
        lambda: proposed.do(drafts.save, "x: 1\n", seen),
        lambda: proposed.send(expected=seen),
        lambda: proposed.do(drafts.drop, seen),
        lambda: proposed.do(working.apply, 0, seen, PARTNER_YAML),
        lambda: working.propose(proposed.office, proposed.firm_id, proposed.actor, proposed.slug, seen, PARTNER_YAML),
    ):
        with pytest.raises(Outdated) as refused:
            act()
        assert refused.value.version == version + 1
    assert proposed.text == "partner: cyberdyne\n"


def test_nothing_of_a_draft_lies_in_clear(proposed, inbox):
    [stored] = inbox.sql("SELECT source, proposal, sample FROM config_drafts")
    for one in stored:
        assert b"Surname" not in bytes(one)
        assert b"U3VybmFtZ" not in bytes(one)


def test_a_text_is_kept_as_it_is_whatever_is_wrong_with_it(studio):
    studio.begin()
    studio.do(drafts.save, "partner: [\r\nx", None)
    assert studio.text == "partner: [\nx"
    found = studio.do(working.look, PARTNER_YAML)
    assert [one.line for one in found.checked.findings] == [2]
    assert codes(lambda: studio.do(working.apply, 0, None, PARTNER_YAML), Invalid) == "config_invalid"
    assert codes(lambda: studio.do(drafts.save, "x" * 1_048_577, None), Invalid) == "too_long"
    assert codes(lambda: studio.do(drafts.save, "\ud800", None), Invalid) == "no_text"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"x" * (drafts.MOST_SAMPLE + 1), "sample_too_large"), (b"PK\3\4" + b"x" * 99, "unreadable")],
)
def test_a_sample_that_cannot_be_one_is_refused_and_the_last_one_stays(proposed, content, code):
    assert codes(lambda: proposed.send(content=content), Invalid) == code
    assert (
        proposed.do(lambda acting, slug: drafts.sample_of(acting, drafts.read(acting, slug))).content == STAFF.encode()
    )


def test_a_sample_is_as_small_inside_as_it_looks():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (light.MOST_UNPACKED + 1))
    sample = Sample("staff.xlsx", packed.getvalue())
    assert sample.size < 100_000
    assert codes(lambda: light.check_light(sample), Invalid) == "sample_too_large"


@pytest.mark.parametrize(("slug", "code"), [("Cyber Dyne", "bad_name"), ("hooli", "partner_elsewhere")])
def test_a_name_that_no_partner_can_have_is_refused(office, tenants, slug, code, inbox):
    with office.db.system() as session:
        session.execute(
            text(
                "INSERT INTO partners (firm_id, slug, name, time_zone, contacts) VALUES (:f, 'hooli', 'H', 'UTC', '{}')"
            ),
            {"f": tenants.harbor},
        )
    assert codes(lambda: Studio(office, tenants.northgate, slug).begin(), Invalid, Conflict) == code


def test_drafts_that_nobody_changed_for_long_go(proposed, office, inbox):
    for days, left in ((29, 1), (31, 0)):
        with office.db.system() as session:
            session.execute(update(ConfigDraft).values(changed_at=clock.now() - timedelta(days=days)))
            drafts.expire(session)
        assert inbox.sql("SELECT count(*) FROM config_drafts") == [(left,)]


def test_a_sample_goes_with_whoever_may_stand_in_it(proposed, office, tenants, inbox):
    acme, globex = (Studio(office, tenants.northgate, slug) for slug in ("acme", "globex"))
    inbox.drop("roster_20260301.csv", people(1))
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    for one in (acme, globex):
        one.begin()
        one.send("roster_20260301.csv", "EMP_ID,Last Name\nE1,Rao\n")
    with proposed.acting() as acting:
        erased = erasure.erase(acting, client_id, "asked for", ERASERS)
    assert erased.counts["samples"] == 2
    left = inbox.sql("SELECT slug, sample IS NULL, sample_name FROM config_drafts ORDER BY slug")
    assert left == [("acme", True, None), ("cyberdyne", True, None), ("globex", False, "roster_20260301.csv")]
    assert "Surname" in proposed.text
    assert proposed.do(drafts.read).proposal is None
    assert codes(lambda: proposed.do(working.columns), Conflict) == "no_sample"


def test_whom_a_wall_keeps_from_people_sees_no_sample(office, tenants, inbox):
    walled = Studio(
        office, tenants.northgate, "acme", Actor("staff", "admin@northgate.example", tenants.staff["admin"], "test")
    )
    inbox.drop("roster_20260301.csv", people(1))
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    walled.begin()
    walled.send("roster_20260301.csv", "EMP_ID,Last Name\nE1,Rao\n")
    with office.acting(tenants.northgate, Actor("system", "test")) as acting:
        walls.add(acting, NewWall(tenants.staff["admin"], client_id, None, "conflict"))
    for act in (walled.preview, walled.send, lambda: walled.do(working.columns), walled.propose):
        assert codes(act, Forbidden) == "walled"
    with office.acting(tenants.northgate, Actor("system", "test")) as acting:
        walls.add(acting, NewWall(tenants.staff["admin"], None, tenants.acme, "conflict"))
    assert codes(lambda: walled.do(drafts.read), NotFound) == "not_found"
    assert codes(walled.begin, NotFound) == "not_found"


def test_a_draft_begun_before_its_partner_is_behind_its_walls(proposed, office, tenants, inbox, roster):
    inbox.apply(roster.replace("partner: acme", "partner: cyberdyne"))
    assert inbox.sql("SELECT partner_id IS NULL FROM config_drafts") == [(False,)]


def test_each_act_goes_on_record(proposed, inbox):
    proposed.preview()
    proposed.do(working.columns)
    proposed.do(drafts.save, proposed.text, None)
    proposed.do(drafts.drop)
    acts = [action for (action,) in inbox.sql(LOGGED, "config_draft.%")]
    words = ("open", "sample", "propose", "view", "view", "change", "drop")
    assert acts == [f"config_draft.{word}" for word in words]
