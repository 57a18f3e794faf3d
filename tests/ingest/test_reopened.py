"""A file that opens a case again says so: it needs an attorney, or counts for the one it has."""

from __future__ import annotations

import pytest
from helpers.attorneys import Lawyers
from helpers.inbox import ROSTER, as_csv
from sqlalchemy import select

from gateway.db.models import EventRow

MATTERS = (
    ROSTER.partition("  roster:")[0]
    + """
  matters:
    file: "matters*.csv"
    format: {{type: csv}}
    contents: full
    absent: close
    as_of: {{file_name: "matters_%Y%m%d.csv"}}
    case:
      key: case_number
      fields:
        case_number: {{from: Case}}
        status:      {{from: Status}}
        stage:       {{from: Stage}}
        job_title:   {{from: Title}}
"""
)
COLUMNS = ["Case", "Status", "Stage", "Title"]
OPEN = {"Status": "open", "Stage": "drafting"}
ENDED = {  # what a file says before, of a case that the next one lists as open
    "is listed again": None,
    "has another status": {"Status": "withdrawn", "Stage": "drafting"},
    "has another stage": {"Status": "open", "Stage": "closed"},
}


@pytest.fixture
def firm(office, tenants, inbox, way):
    layout = MATTERS.format(partner="acme", firm="northgate")
    if ENDED[way] is None:  # of a file that says no more than that there is a case
        layout = "".join(line for line in layout.splitlines(keepends=True) if "{from: Sta" not in line)
    inbox.apply(layout)
    return Lawyers(office, tenants.northgate, tenants.acme)


@pytest.fixture
def list_cases(inbox):
    """Drop the file of a day: what it says of C-2 between two others, of which the last has a new title each day."""

    def drop(day, second):
        rows = [{"Case": "C-1", **OPEN}, {"Case": "C-3", **OPEN, "Title": f"Engineer {day}"}]
        rows += [{"Case": "C-2", **second}] if second else []
        assert inbox.drop(f"matters_2026030{day}.csv", as_csv(rows, COLUMNS))["state"] == "loaded"
        return {number: case_id for number, case_id in inbox.sql("SELECT case_number, id FROM cases")}  # noqa: C416

    return drop


def told(firm):
    """What the last file told of known cases, by what became of them."""
    with firm.office.db.firm(firm.firm_id) as session:
        rows = session.scalars(select(EventRow).where(EventRow.kind == "case.changed").order_by(EventRow.seq)).all()
        return {one.said["change"]: one.records for one in rows if one.import_id == rows[-1].import_id}


@pytest.mark.parametrize("way", ENDED)
def test_a_case_that_a_file_opens_again_waits_for_an_attorney_and_none_other_is_said_to(firm, list_cases, way):
    list_cases(1, OPEN)
    firm.work()
    ids = list_cases(2, ENDED[way])
    firm.work()
    assert set(firm.waiting()) == {ids["C-1"], ids["C-3"]}
    list_cases(3, OPEN)
    assert told(firm) == {"reopened": [ids["C-2"]], "updated": [ids["C-3"]]}
    firm.work()
    assert set(firm.waiting()) == set(ids.values())


@pytest.mark.parametrize("way", ENDED)
def test_a_case_that_a_file_opens_again_stays_with_its_attorney(firm, list_cases, way):
    ana = firm.hire("ana", 3)
    list_cases(1, OPEN)
    firm.work()
    ids = list_cases(2, ENDED[way])
    firm.work()
    list_cases(3, OPEN)
    firm.work()
    assert (firm.holder(ids["C-2"]), firm.waiting()) == (ana, {})
    assert len(firm.history(ids["C-2"])) == 1
