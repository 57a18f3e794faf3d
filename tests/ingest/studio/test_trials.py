"""What a draft would do with the last files is what it then does; the files, loaded for real by it, are the oracle."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from helpers.inbox import as_csv, people, person
from helpers.studio import ME, Studio
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import LOADED_STATES, ConfigTrial, File
from gateway.domain.people import clients, erasure, walls
from gateway.domain.people.walls import NewWall
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.jobs.worker import drain
from gateway.office import Actor
from gateway.wings import ERASERS, KINDS, PARTNER_YAML
from ingest.account import summary_of
from ingest.studio import drafts, trials, working

TOLD = ("state", "code", "reason", "fix", "feed", "rows", "records", "remarks", "problem_count")
QUIET = {"config_trials", "jobs", "audit_log"}  # where an asking leaves its mark
ODD = [{"DOB": "soon"}, {"Last Name": ""}, {"SSN": "123-45-6789"}, {"EMP_ID": "E1"}, {"Passport": "X1"}]
EDITS = [
    ("absent: close", "absent: ignore"),
    ('DOB, type: date, formats: ["%m/%d/%Y"]', 'DOB, type: date, formats: ["%d/%m/%Y"]'),
    ('"^E[0-9]+$"', '"^E[0-9]$"'),
    ("annual_salary: {from: Salary, type: money}", "job_title: {from: Salary}"),
    ("family_name:   {from: Last Name, required: true}", "given_name: {from: Last Name}"),
    ("        number:     {from: Passport}\n", ""),
    ("ssn:           {from: SSN, type: ssn}", "middle_name: {from: SSN}"),
    ('file: "roster*.csv"', 'file: "staff*.csv"'),
    ("  roster:\n", "  staff:\n"),
]
CHANGED = """
SELECT c->>'kind', k, count(*) FROM audit_log, jsonb_array_elements(changes) c, jsonb_object_keys(c->'new') k
WHERE import_id = %s AND c->>'action' IN ('updated', 'reopened') GROUP BY 1, 2 ORDER BY 1, 2
"""


class Trials(Studio):
    """One person's work at the draft of a partner that sends files."""

    def edit(self, *pairs):
        text = self.text
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        self.do(drafts.save, text, None)

    def ask(self, feed=None):
        self.do(trials.ask, feed, PARTNER_YAML)

    def work(self):
        drain(self.office, KINDS, ["ingest"], timedelta(minutes=5))

    def look(self):
        return self.do(trials.look)

    def tried(self, feed=None):
        self.ask(feed)
        self.work()
        return self.look()

    def apply(self):
        in_force = self.do(drafts.read).in_force
        return self.do(working.apply, in_force, None, PARTNER_YAML)


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def draft(acme):
    one = Trials(acme.office, acme.firm_id, "acme", ME)
    one.begin()
    return one


def some_table(chance, day):
    numbers = sorted(chance.sample(range(1, 26), 23))
    table = [person(n, salary=str(50000 + day * chance.choice([0, 1000]))) for n in numbers]
    for row in chance.sample(table, 4):
        row.update(chance.choice(ODD))
    return table


def sent(acme, chance):
    """Three files of a feed, by name, the newest first."""
    files = {f"roster_2026030{day}.csv": as_csv(some_table(chance, day)) for day in (1, 2, 3)}
    told = [acme.drop(name, content) for name, content in files.items()]
    assert {one["state"] for one in told} <= {*LOADED_STATES}, told
    return [*files.items()][::-1]


def without(rows, names):
    return {table: kept for table, kept in rows.items() if table not in names}


def problems(told):
    return {(one["code"], one["severity"], one["column"]): (one["before"], one["after"]) for one in told["kinds"]}


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("seed", range(2))
def test_what_a_file_would_come_to_is_what_it_comes_to_and_nothing_is_written(acme, draft, all_rows, side, place, seed):
    chance = random.Random(f"{seed} {place}")
    files = sent(acme, chance)
    draft.edit(*chance.sample(EDITS[:7], 2))
    kept = without(all_rows(), QUIET)
    seen = draft.tried()
    assert without(all_rows(), QUIET) == kept
    assert (seen.state, seen.is_old, seen.reason, seen.against) == ("done", False, None, 1)
    assert [one["file"] for one in seen.files] == [name for name, _ in files]
    if side == "after":
        draft.apply()
    open_before = acme.open_clients()
    done = acme.drop(*files[place], forced=True)
    told = seen.files[place]
    assert {name: told[side][name] for name in TOLD} == {name: done[name] for name in TOLD}
    number = 0 if side == "before" else 1
    with acme.office.db.firm(acme.firm_id) as session:
        summary = summary_of(session, UUID(done["import_id"]))
    wrong = {(one["code"], one["severity"], one["column"]): one["count"] for one in summary}
    assert {kind: both[number] for kind, both in problems(told).items() if both[number]} == wrong
    if done["state"] in LOADED_STATES:
        changed = sorted((one["record"], one["field"], one["records"]) for one in told[side]["changed"])
        assert changed == acme.sql(CHANGED, done["import_id"])
        assert open_before - acme.open_clients() == {one["key"] for one in told[side]["closing"]}


@pytest.mark.parametrize(("old", "new"), EDITS[7:])
def test_a_file_that_the_draft_gives_to_no_feed_or_another_is_told(acme, draft, old, new):
    name = "roster_20260301.csv"
    acme.drop(name, people(3))
    draft.edit((old, new))
    [told] = draft.tried().files
    assert told["before"]["rows"]["unchanged"] == 3
    assert acme.sql("SELECT name FROM feeds") == [("roster",)]
    draft.apply()
    done = acme.drop(name, as_csv(people(3)), forced=True)
    assert {one: told["after"][one] for one in TOLD} == {one: done[one] for one in TOLD}
    assert acme.sql("SELECT count(*) FROM feeds") == [(1 if done["state"] == "refused" else 2,)]


def test_a_draft_says_where_days_begin(acme, draft):
    acme.drop("roster_20260301.csv", people(3))
    draft.edit(("America/Chicago", "Asia/Tokyo"))
    [told] = draft.tried().files
    assert told["after"]["rows"]["stale"] == 3  # its day began hours before
    draft.apply()
    done = acme.drop("roster_20260301.csv", people(3), forced=True)
    assert told["after"]["rows"] == done["rows"]


def test_what_a_sender_said_is_said_again(acme, draft):
    acme.drop("people.csv", people(3), feed="roster", as_of=clock.now() - timedelta(days=3))
    draft.edit(("annual_salary: {from: Salary, type: money}", "job_title: {from: Salary}"))
    [told] = draft.tried().files
    assert (told["before"]["state"], told["after"]["state"]) == ("loaded", "loaded")
    assert told["after"]["changed"] == [{"record": "client", "field": "job_title", "records": 3}]


def test_the_last_three_are_those_that_were_read_and_differ(acme, draft):
    for day in range(1, 6):
        acme.drop(f"roster_2026030{day}.csv", people(day + 20))
    acme.drop("roster_20260306.csv", people(25))  # no change
    acme.drop("strange.csv", b"a;b\n")
    acme.drop("roster_20260305.csv", people(25), forced=True)
    told = acme.drop("roster_20260307.csv", people(2))
    assert told["state"] == "held"
    files = draft.tried().files
    assert [one["file"] for one in files] == ["roster_20260307.csv", "roster_20260305.csv", "roster_20260304.csv"]
    assert files[0]["before"]["state"] == "held"
    assert len(files[0]["before"]["closing"]) == 23


def test_a_file_whose_bytes_are_gone_is_told_by_a_sentence(acme, draft):
    acme.drop("roster_20260301.csv", people(3))
    acme.drop("roster_20260302.csv", people(4))
    with acme.office.db.firm(acme.firm_id) as session:
        file = session.scalars(select(File).where(File.name == "roster_20260301.csv")).one()
        acme.office.store.delete(file.storage_key)
        file.destroyed_at = clock.now()
    first, second = draft.tried().files
    assert (first["gone"], first["after"]["rows"]["read"]) == (None, 4)
    assert second["gone"].startswith("Its original was destroyed on")
    assert second["after"] is None


def test_what_it_knows_grows_old_with_the_text_the_version_and_the_records(acme, draft):
    acme.drop("roster_20260301.csv", people(3))
    draft.tried()
    draft.send("roster_1.csv", as_csv(people(1)))
    assert not draft.look().is_old
    text = draft.text
    draft.do(drafts.save, f"{text}# more\n", None)
    assert draft.look().is_old
    draft.do(drafts.save, text, None)
    assert not draft.look().is_old
    acme.drop("roster_20260302.csv", people(4))
    assert draft.look().is_old
    assert not draft.tried().is_old
    assert acme.drop("roster_20260303.csv", people(1))["state"] == "held"
    assert draft.look().is_old
    assert not draft.tried().is_old
    [(client_id,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    with draft.acting() as acting:
        clients.archive(acting, client_id, None)
    assert draft.look().is_old
    assert not draft.tried().is_old
    acme.apply(text + "# by somebody else\n")
    assert draft.look().is_old


def test_what_cannot_be_tried_says_why(acme, draft, roster):
    with pytest.raises(Conflict, match="No file of this partner"):
        draft.ask()
    acme.drop("roster_20260301.csv", people(3))
    with pytest.raises(NotFound):
        draft.ask("nobody's")
    acme.apply(roster + ROUND)
    acme.drop("round_1.csv", people(1))
    with pytest.raises(Invalid, match="roster, round"):
        draft.ask()
    assert draft.do(trials.feeds) == ["roster", "round"]
    assert draft.tried("roster").feed == "roster"
    draft.edit(("type: money", "type: mony"))
    with pytest.raises(working.NotSound):
        draft.ask("roster")
    fresh = Trials(draft.office, draft.firm_id)
    fresh.begin()
    assert fresh.look() is None
    with pytest.raises(Conflict, match="No file of this partner"):
        fresh.ask()


def test_a_text_that_was_spoilt_while_it_waited_is_told_in_a_sentence(acme, draft):
    acme.drop("roster_20260301.csv", people(3))
    draft.ask()
    draft.edit(("time_zone", "tame_zone"))
    draft.work()
    seen = draft.look()
    assert (seen.state, seen.files) == ("failed", ())
    assert "time_zone" in seen.reason


def test_a_wall_stands_before_it(acme, draft, tenants):
    acme.drop("roster_20260301.csv", people(3))
    draft.tried()
    [(client_id,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    with draft.office.acting(draft.firm_id, Actor("system", "test")) as acting:
        walls.add(acting, NewWall(tenants.staff["admin"], client_id, None, "conflict"))
    walled = Actor("staff", "admin@northgate.example", tenants.staff["admin"], "test")
    kept = Trials(draft.office, draft.firm_id, "acme", walled)
    for act in (kept.ask, kept.look):
        with pytest.raises(Forbidden, match="ethical wall"):
            act()


def test_nothing_of_it_stands_readable_and_it_goes_with_the_draft(acme, draft, all_rows):
    acme.drop("roster_20260301.csv", people(3, salary="61234"))
    draft.edit(("annual_salary: {from: Salary, type: money}", "job_title: {from: Salary}"))
    seen = draft.tried()
    assert any(one["new"] == "61234" for one in seen.files[0]["after"]["differences"])
    [row] = all_rows()["config_trials"]
    assert "61234" not in row
    draft.apply()
    assert all_rows()["config_trials"] == []
    draft.begin()
    draft.tried()
    draft.do(drafts.drop)
    assert all_rows()["config_trials"] == []


def test_erasing_anybody_of_the_partner_takes_what_was_told(acme, draft, all_rows):
    acme.drop("roster_20260301.csv", people(3))
    draft.tried()
    [(client_id,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    with draft.acting() as acting:
        erasure.erase(acting, client_id, "asked for", ERASERS)
    assert all_rows()["config_trials"] == []
    assert draft.look() is None


@pytest.mark.parametrize("meanwhile", ["asked", "gone"])
def test_what_was_asked_anew_or_erased_meanwhile_is_not_answered_with_what_was_found_before(acme, draft, meanwhile):
    acme.drop("roster_20260301.csv", people(3))
    draft.ask()
    row = draft.do(drafts.read).row

    @contextmanager
    def ending():
        if meanwhile == "asked":
            draft.ask()
        with acme.office.db.firm(acme.firm_id) as session:
            if meanwhile == "gone":
                session.delete(session.get_one(ConfigTrial, (acme.firm_id, row.id)))
                session.flush()
            yield session

    trials.make(acme.office, acme.firm_id, row.id, lambda **_: None, ending)
    seen = draft.look()
    assert seen is None if meanwhile == "gone" else seen.state == "waiting"


def test_how_far_it_is_is_told_while_it_runs(acme, draft):
    for day in (1, 2):
        acme.drop(f"roster_2026030{day}.csv", people(day + 20))
    draft.ask()
    told = []
    trials.make(acme.office, acme.firm_id, draft.do(drafts.read).row.id, lambda **far: told.append(far))
    assert {(one["file"], one["files"]) for one in told} == {(1, 2), (2, 2)}
    assert max(one["rows"] for one in told) == 22
    draft.ask()
    with acme.office.db.system() as session:
        session.execute(update(trials.JobRow).where(trials.JobRow.state == "waiting").values(progress={"file": 1}))
    assert draft.look().progress == {"file": 1}


def test_each_act_goes_on_record(acme, draft):
    acme.drop("roster_20260301.csv", people(1))
    draft.tried()
    acts = acme.sql("SELECT action FROM audit_log WHERE action LIKE 'config_draft.%%' ORDER BY id")
    assert [one for (one,) in acts] == ["config_draft.open", "config_draft.try", "config_draft.view"]


ROUND = """
  round:
    file: "round*.csv"
    format: {type: csv}
    contents: changes
    client:
      key: employee_id
      fields: {employee_id: {from: EMP_ID}}
"""
