"""Dated rules: what a file may not leave open, and whom a change meets."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from gateway.config import ConfigError
from gateway.db.models import Case, Client, Document
from gateway.domain.expiry.affected import affected, moved
from gateway.domain.rules import dated, shelf, vocabulary
from gateway.domain.rules.dated import Audience, LeadTimes, Rules, Stay, rules_of
from gateway.domain.rules.shelf import Named
from gateway.errors import Missing, Problem

SAID = "source: practice"


@pytest.fixture
def written(tmp_path):
    def write(*versions, kind=LeadTimes):
        path = tmp_path / "rules.yaml"
        path.write_text("rules:\n  i94:\n" + "".join(f"    - {{{one}}}\n" for one in versions))
        return rules_of(path, Rules[kind])["i94"]

    return write


def test_the_files_that_come_with_the_gateway_are_sound_and_name_their_sources():
    for rule in shelf.everything():
        assert all(one.source for one in rule.versions), rule.name
        assert not [one for one in rule.versions if one.source == "practice" and one.verified_on], rule.name
    assert set(dated.lead_times()) <= set(vocabulary("document_types").words)
    assert dated.on(dated.automatic_extensions()["ead"], date(2025, 10, 29)).days == 540
    assert dated.on(dated.automatic_extensions()["ead"], date(2025, 10, 30)).days == 0
    assert dated.on(dated.automatic_extensions()["ead"], date(2016, 1, 1)) is None


def test_versions_follow_each_other_day_by_day(written):
    older = f"effective_to: 2026-12-31, days: [60], {SAID}"
    newer = f"effective_from: 2027-01-01, days: [90, 60], {SAID}"
    versions = written(older, newer)
    assert [dated.on(versions, day).days for day in (date(2026, 12, 31), date(2027, 1, 1))] == [[60], [90, 60]]


@pytest.mark.parametrize(
    ("versions", "line", "sentence"),
    [
        (
            (f"effective_to: 2026-12-31, days: [60], {SAID}", f"effective_from: 2027-01-02, days: [90], {SAID}"),
            4,
            "this one is effective from 2027-01-01",
        ),
        (
            (f"effective_to: 2026-12-31, days: [60], {SAID}", f"effective_from: 2026-12-31, days: [90], {SAID}"),
            4,
            "this one is effective from 2027-01-01",
        ),
        (
            (f"effective_to: 2026-12-31, days: [60], {SAID}", f"days: [90], {SAID}"),
            4,
            "this one is effective from 2027-01-01",
        ),
        (
            (f"days: [60], {SAID}", f"effective_from: 2027-01-01, days: [90], {SAID}"),
            3,
            "no last day, and another version follows",
        ),
        ((f"effective_from: 2027-01-02, effective_to: 2027-01-01, days: [60], {SAID}",), 3, "ends before it begins"),
        ((f"days: [30, 60], {SAID}",), 3, "the longest first"),
        ((f"days: [], {SAID}",), 3, ""),
        (("days: [60], verified_on: 2026-11-29",), 3, "source"),
        ((f"days: [60], {SAID}, verified_on: 2026-11-29",), 3, "verified_on and compared_with stand together"),
        ((f"days: [60], {SAID}, compared_with: x",), 3, "verified_on and compared_with stand together"),
        ((f"days: [60], {SAID}, sorce: x",), 3, "sorce"),
    ],
)
def test_a_gap_an_overlap_and_a_slip_are_refused_with_their_line(written, versions, line, sentence):
    with pytest.raises(ConfigError) as refused:
        written(*versions)
    assert f"rules.yaml:{line}:" in str(refused.value)
    assert sentence in str(refused.value)


def test_who_is_told_is_read_as_any_other_rule(written):
    (only,) = written(f"told: [{{to: client, at_most: 14, channel: sms}}], {SAID}", kind=Audience)
    assert (only.told[0].to, only.told[0].at_least, only.told[0].unless) == ("client", 0, None)
    with pytest.raises(ConfigError, match="judge"):
        written(f"told: [{{to: judge}}], {SAID}", kind=Audience)


def test_a_rule_is_found_by_its_name_or_the_nearest_is_offered():
    assert shelf.find("lead_times.ead").versions[0].days[0] == 180
    with pytest.raises(Missing, match=r'Did you mean "lead_times\.ead"'):
        shelf.find("lead_times.eads")


def test_what_nobody_has_compared_with_its_source_says_so(gateway):
    shown = gateway("rules", "show", "automatic_extensions.ead").stdout
    assert "8 CFR 274a.13(d); 81 FR 82398 (not compared yet)" in shown
    assert "90 FR 48799 (compared on 2026-11-29 with: summary and dates of 90 FR 48799)" in shown
    assert "compared" not in gateway("rules", "show", "audiences.documents").stdout
    assert "not yet" in gateway("rules", "list").stdout


CHANGED = Named(
    "lead_times.passport",
    [
        LeadTimes(effective_to=date(2026, 12, 31), days=[90, 60], source="s"),
        LeadTimes(effective_from=date(2027, 1, 1), days=[120, 60, 30], source="s"),
    ],
)


@pytest.fixture
def passport(inbox, db, tenants):
    """The passport of somebody at Northgate, as it ends so many days after the change."""
    line = "E1,Okafor,02/03/1990,70000,,P1234567,01/31/2027,\n"
    inbox.drop(
        "roster_20260301.csv", b"EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n" + line.encode()
    )

    def ending(days, **client):
        with db.system() as session:
            session.execute(update(Document).values(expires_on=date(2027, 1, 1) + timedelta(days=days)))
            if client:
                session.execute(update(Client).values(**client))

    return ending


@pytest.mark.parametrize(
    ("days", "dropped", "added"),
    [(200, [90], [120, 30]), (100, [90], [30]), (90, [90], [30]), (89, [], [30]), (30, [], [30])],
)
def test_a_change_meets_papers_that_are_told_of_on_other_days(office, passport, days, dropped, added):
    passport(days)
    (met,) = affected(office, CHANGED, date(2027, 1, 1))
    ends = date(2027, 1, 1) + timedelta(days=days)
    assert (met.firm, met.expires_on) == ("northgate", ends)
    assert met.dropped == [ends - timedelta(days=one) for one in dropped]
    assert met.added == [ends - timedelta(days=one) for one in added]


def test_a_change_meets_nobody_who_is_told_as_before_or_not_at_all(office, passport):
    passport(29)
    assert affected(office, CHANGED, date(2027, 1, 1)) == []
    passport(100, enrollment_status="terminated")
    assert affected(office, CHANGED, date(2027, 1, 1)) == []


@pytest.fixture
def renewing(passport, db, tenants):
    """Somebody of Northgate whose EAD ends in December, and whose renewal waits."""

    def renew(filed_on):
        with db.firm(tenants.northgate) as session:
            client = session.scalars(select(Client)).one()
            session.execute(update(Document).values(doc_type="ead", expires_on=date(2026, 12, 15)))
            plain = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "client_id": client.id, "pins": {}}
            session.add(Case(**plain, case_number="C1", case_type="I765_C09", filed_on=filed_on, attributes={}))
            return client.id

    return renew


ENDED = shelf.find("automatic_extensions.ead")


def test_a_change_meets_people_who_may_work_until_another_day(office, renewing, gateway):
    client_id = renewing(date(2026, 9, 1))
    (met,) = moved(office, ENDED, date(2025, 10, 30))
    assert (met.firm, met.client_id, met.basis) == ("northgate", client_id, "ead")
    assert (met.before, met.after) == (date(2028, 6, 7), date(2026, 12, 15))
    asked = ("rules", "affected", "automatic_extensions.ead", "--on", "2025-10-30")
    assert "2028-06-07" in gateway(*asked).stdout
    assert json.loads(gateway(*asked, "--json").stdout)[0]["after"] == "2026-12-15"


def test_a_change_meets_nobody_who_filed_before_it_or_has_left(office, renewing, db, gateway):
    renewing(date(2025, 10, 29))
    assert moved(office, ENDED, date(2025, 10, 30)) == []
    with db.system() as session:
        session.execute(update(Case).values(filed_on=date(2026, 9, 1)))
        session.execute(update(Client).values(enrollment_status="terminated"))
    assert moved(office, ENDED, date(2025, 10, 30)) == []
    asked = ("rules", "affected", "automatic_extensions.ead", "--on", "2025-10-30")
    assert "Nobody may work until another day." in gateway(*asked).stdout


def test_a_longer_stay_meets_those_whom_the_shorter_one_ended(office, passport, db, tenants):
    versions = [
        Stay(effective_to=date(2026, 12, 31), years=6, source="s"),
        Stay(effective_from=date(2027, 1, 1), years=7, source="s"),
    ]
    longer = Named("maximum_stays.h1b", versions)
    with db.firm(tenants.northgate) as session:
        client = session.scalars(select(Client)).one()
        plain = {"firm_id": tenants.northgate, "client_id": client.id, "pins": {}, "duration_of_status": False}
        session.add(Document(**plain, doc_type="i797", number_index=b"1", expires_on=date(2028, 3, 31)))
        session.add(Document(**plain, doc_type="h1b_maxout", number_index=b"2", issued_on=date(2021, 3, 1)))
    (met,) = moved(office, longer, date(2027, 1, 1))
    assert (met.before, met.after) == (date(2027, 2, 28), date(2028, 2, 29))
    with pytest.raises(Problem, match=r"No version of maximum_stays\.h1b begins on 2027-01-02"):
        moved(office, longer, date(2027, 1, 2))


def test_whom_a_change_meets_is_asked_of_the_day_on_which_it_begins(office):
    with pytest.raises(Problem, match="begins on 2027-01-02 \\(2027-01-01\\)"):
        affected(office, CHANGED, date(2027, 1, 2))
    with pytest.raises(Problem, match="moves no day"):
        affected(office, shelf.find("automatic_extensions.ead"), date(2025, 10, 30))
