"""Tables of decided cases: read by a layout of partner.yaml, taken in whole or not at all, once each."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.callers import ME
from helpers.commanding import commander
from helpers.inbox import Inbox
from helpers.killing import environment_of
from sqlalchemy import func, select

from gateway.config import ConfigError
from gateway.db.models import Case, Client, HistoricalCase
from gateway.domain.eligibility import outcomes
from gateway.domain.partners.homes import find_home
from gateway.domain.people import erasure
from gateway.errors import Invalid, Missing
from gateway.wings import ERASERS, PARTNER_YAML
from ingest.decided.importing import bring_in
from ingest.formats.base import BATCH_ROWS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "partner_configs" / "decided-cases"
PUBLISHED = ROOT.parent / "shared" / "data" / "perm_fy2016.csv"
TOLD = ("source", "case_number", "stage", "visa", "outcome", "received_on", "decided_on", "soc_code", "fiscal_year")


class Table:
    """A file of this name and content."""

    def __init__(self, content: str | bytes, name: str = "cases.csv") -> None:
        self.name, self._content = name, content if isinstance(content, bytes) else content.encode()
        self.size = len(self._content)

    def chunks(self):
        return iter([self._content])


@pytest.fixture
def partner(office, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T15:00:00+00:00")
    with office.db.system():
        pass  # the pretended day gets its partition of the log, which no transaction below another one could make
    one = Inbox(office, tenants.northgate, "decided-cases")
    one.apply(FOLDER / "partner.yaml")
    return one


@pytest.fixture
def bring(office, partner, tmp_path):
    def bringing(content, layout="petitions", name="cases.csv", **more):
        home = find_home(office, partner.slug)
        source = content if hasattr(content, "chunks") else Table(content, name)
        with office.acting(home.firm_id, ME) as acting:
            return bring_in(acting, home, layout, source, tmp_path, **more)

    return bringing


@pytest.fixture
def held(office, tenants):
    def look(firm=tenants.northgate):
        with office.db.firm(firm) as session:
            columns = [getattr(HistoricalCase, name) for name in TOLD]
            found = session.execute(select(*columns).order_by(HistoricalCase.source, HistoricalCase.case_number))
            return [tuple(None if one is None else str(one) for one in row) for row in found]

    return look


def returned(folder, name="errors.csv"):
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8-sig"))))


def petitions(*rows):
    return "case_no,visa,filed,decided,outcome\n" + "".join(f"{row}\n" for row in rows)


# ------------------------------------------------------------------------------------------------ the samples


def test_a_firms_past_petitions_are_taken_and_bad_rows_come_back_with_line_and_sentence(bring, held, tmp_path):
    brought = bring((FOLDER / "outcomes" / "petitions_2021_2025.csv").read_bytes())
    assert brought.rows == {
        "read": 9, "created": 7, "updated": 0, "unchanged": 0, "superseded": 0, "rejected": 2, "skipped": 0,
    }  # fmt: skip
    assert brought.problems == {"bad_code": 1, "bad_date": 1}
    unclear, no_day = returned(tmp_path)
    assert (unclear["case_no"], unclear["Row"]) == ("2022-118", "line 8")
    assert unclear["Problems"].startswith("visa: “H-1B” is not one of the agreed codes. Use one of EB-1A")
    assert (no_day["case_no"], no_day["Row"]) == ("2023-004", "line 9")
    assert "decided: “2023-02-30” is not a date" in no_day["Problems"]
    niw = ("firm", "IOE0900000005", "petition", "NIW", "approved", "2024-05-11", "2025-02-03", None, "2025")
    pending = ("firm", "IOE0900000004", "petition", "EB1A", "pending", "2025-06-30", None, None, None)
    assert {niw, pending} <= set(held())


def test_labor_condition_applications_as_disclosed_are_taken_and_none_is_a_petition(bring, held, office, tenants):
    brought = bring((FOLDER / "outcomes" / "lca_cut.csv").read_bytes(), "lca")
    assert (brought.rows["created"], brought.rows["rejected"]) == (5, 0)
    assert brought.problems == {"bad_identifier": 1}  # an occupation in words: the row is taken without
    source = "US Department of Labor, LCA disclosure data"
    assert [row[1:5] for row in held()] == [
        ("I-200-24001-000001", "labor_condition", None, "approved"),
        ("I-200-24001-000002", "labor_condition", None, "withdrawn"),
        ("I-201-24003-000004", "labor_condition", "H1B1", "denied"),
        ("I-202-24003-000005", "labor_condition", "H1B1", "withdrawn"),
        ("I-203-24002-000003", "labor_condition", "E3", "approved"),
    ]
    assert {row[0] for row in held()} == {source}
    with office.acting(tenants.northgate, ME) as acting:
        assert {one.together.n for one in outcomes.look(acting)} == {0}


def test_the_published_labor_certifications_are_taken_each_number_once(bring, held):
    if not PUBLISHED.exists():
        pytest.skip("the published file of the Department of Labor is not at hand")
    brought = bring(PUBLISHED.read_bytes(), "perm", PUBLISHED.name)
    assert brought.rows == {
        "read": 32794, "created": 32793, "updated": 0, "unchanged": 0, "superseded": 1, "rejected": 0, "skipped": 0,
    }  # fmt: skip
    with PUBLISHED.open(encoding="utf-8") as lines:
        last = {row["case_no"]: row["case_status"] for row in csv.DictReader(lines)}
    ours = {"Certified": "approved", "Certified-Expired": "approved", "Denied": "denied", "Withdrawn": "withdrawn"}
    assert {row[1]: row[4] for row in held()} == {number: ours[status] for number, status in last.items()}
    assert {(row[2], row[8]) for row in held()} == {("labor_certification", "2016")}
    assert bring(PUBLISHED.read_bytes(), "perm").rows["unchanged"] == 32793


# ------------------------------------------------------------------------------------------------ once each


def test_the_same_file_again_changes_nothing_and_a_later_edition_updates(bring, held):
    early = petitions("IOE0900000001,EB-1A,2024-01-15,-,Pending", "IOE0900000002,NIW,2024-01-15,2024-05-01,Denied")
    assert bring(early).rows["created"] == 2
    before = held()
    assert bring(early).rows["unchanged"] == 2
    assert held() == before
    late = petitions(
        "IOE0900000001,EB-1A,2024-01-15,2024-10-01,Approved",
        "IOE0900000002,NIW,2024-01-15,2024-05-01,Denied",
        "IOE0900000003,NIW,2024-01-15,2024-09-30,Denied",
    )
    rows = bring(late).rows
    assert (rows["created"], rows["updated"], rows["unchanged"]) == (1, 1, 1)
    assert [row[1:2] + row[4:5] + row[8:] for row in held()] == [
        ("IOE0900000001", "approved", "2025"),  # October is of the next fiscal year
        ("IOE0900000002", "denied", "2024"),
        ("IOE0900000003", "denied", "2024"),
    ]


def test_of_two_rows_of_one_number_the_last_counts_however_the_number_is_written(bring, held):
    rows = bring(petitions("IOE-09-000-00001,NIW,,2024-05-01,Denied", "ioe0900000001,NIW,,2024-05-01,Approved")).rows
    assert (rows["created"], rows["superseded"]) == (1, 1)
    assert [row[1:5] for row in held()] == [("IOE0900000001", "petition", "NIW", "approved")]


def test_a_firms_table_is_its_own(bring, held, tenants):
    bring(petitions("1,NIW,,2024-05-01,Denied"))
    assert (len(held()), held(tenants.harbor)) == (1, [])


def test_what_was_brought_in_is_on_record_without_a_case(bring, office, tenants, partner):
    brought = bring(petitions("IOE0900000001,NIW,,2024-05-01,Denied"))
    [(changes,)] = partner.sql("SELECT changes FROM audit_log WHERE action = 'outcomes.import'")
    [told] = changes
    assert (told["id"], told["new"]["sha256"], told["new"]["rows"]["created"]) == ("firm", brought.sha256, 1)
    assert "IOE" not in json.dumps(changes)


# ------------------------------------------------------------------------------------------------ whole or not


def test_a_file_that_breaks_off_leaves_nothing(bring, held):
    seen = []

    class Broken(Table):
        def chunks(self):
            for first in range(0, self.size, 1 << 14):
                yield self._content[first : first + (1 << 14)]
            raise OSError("the disk is gone")

    rows = [f"N{n},NIW,,2024-05-01,Denied" for n in range(8 * BATCH_ROWS)]
    with pytest.raises(OSError, match="gone"):
        bring(Broken(petitions(*rows)), progress=lambda rows, *_: seen.append(rows))
    assert len(seen) > 1  # it was well under way
    assert held() == []


@pytest.mark.parametrize("at", ["historical_cases", "audit_log"])  # before it writes, and when it has
def test_whoever_is_killed_in_between_leaves_nothing_and_a_second_run_finishes(
    bring, held, locks, settings, tmp_path, at
):
    rows = [f"N{n},NIW,,2024-05-01,{random.Random(n).choice(['Approved', 'Denied'])}" for n in range(2 * BATCH_ROWS)]
    file, environment = tmp_path / "cases.csv", environment_of(settings)
    file.write_text(petitions(*rows))
    words = ("eligibility", "outcomes", "import", str(file), "--partner", "decided-cases", "--layout", "petitions")
    commander().run(["eligibility", "outcomes", "--firm", "northgate"], environment)  # the log has its days
    locks.kill_at(at, lambda: commander().start(words, environment))
    assert held() == []
    done = commander().run([*words, "--json"], environment)
    assert (done.code, json.loads(done.out)["rows"]["created"]) == (0, 2 * BATCH_ROWS)
    assert len(held()) == 2 * BATCH_ROWS
    again = commander().run([*words, "--json"], environment)
    assert json.loads(again.out)["rows"]["unchanged"] == 2 * BATCH_ROWS


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("case_no,visa,filed,decided\n1,NIW,,\n", "header_missing"),
        ("name,age\nx,1\n", "header_foreign"),
        (b"", "empty_file"),
    ],
)
def test_a_file_that_is_none_of_the_layout_is_refused_in_a_sentence(bring, held, content, code):
    with pytest.raises(Invalid) as refused:
        bring(content)
    assert refused.value.code == code
    assert held() == []


def test_an_unknown_layout_is_named_with_the_nearest(bring):
    with pytest.raises(Missing, match="Did you mean 'petitions'"):
        bring(petitions(), "petition")


# ------------------------------------------------------------------------------------------------ settings


SETTINGS = """
partner: past
firm: northgate
name: Past
time_zone: UTC
outcomes:
  petitions:
    source: firm
    stage: petition
    format: {type: csv}
    fields:
      case_number: {from: no, required: true}
      visa: {from: visa, type: code, required: true, map: {a: EB1A}}
      outcome: {value: approved}
"""


def test_a_layout_of_three_fields_is_enough():
    assert PARTNER_YAML.read(SETTINGS).names("outcomes") == ["petitions"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{a: EB1A}", "{a: EB1}", "There is no visa `EB1`"),
        ("map: {a: EB1A}", "map: {a: EB1A}, tokens: {b: several}", "not of a petition"),
        (
            "visa: {from: visa, type: code, required: true, map: {a: EB1A}}",
            "soc_code: {from: s}",
            "needs the field visa",
        ),
        ("outcome: {value: approved}", "outcome: {value: certified}", "is not a value that outcome can have"),
        ("outcome: {value: approved}", "decided_on: {from: d, type: date, formats: ['%Y']}", "needs the field outcome"),
        ("from: no, required: true", "from: no", "say `required: true`"),
        ("from: no, required: true", "from: no, required: true, if_bad: drop", "must reject the row"),
        ("case_number:", "case_numbre:", "There is no field of a decided case `case_numbre`"),
        ("stage: petition", "stage: appeal", "stage"),
    ],
)
def test_a_layout_that_makes_no_sense_is_told_where(old, new, told):
    with pytest.raises(ConfigError) as wrong:
        PARTNER_YAML.read(SETTINGS.replace(old, new))
    assert any(told in str(one) and "outcomes.petitions" in str(one) for one in wrong.value.findings)


# ------------------------------------------------------------------------------------------------ erasure


def test_with_a_person_goes_what_was_brought_in_under_their_receipt_numbers(bring, held, office, tenants):
    bring(petitions("IOE0900000001,NIW,,2024-05-01,Approved", "2024-7,NIW,,2024-05-01,Denied"))
    client = uuid4()
    with office.acting(tenants.northgate, ME) as acting:
        firm = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "pins": {}}
        acting.session.add(Client(id=client, key="E1", **firm))
        acting.session.flush()
        acting.session.add(Case(case_number="2024-7", client_id=client, receipt_number="IOE0900000001", **firm))
    with office.acting(tenants.northgate, ME) as acting:
        assert erasure.erase(acting, client, "asked", ERASERS).counts["historical_cases"] == 1
    assert [row[1] for row in held()] == ["2024-7"]  # the firm's own number, which stays with the case as well
    with office.db.firm(tenants.northgate) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
