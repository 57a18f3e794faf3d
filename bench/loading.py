"""The rows about files: what is measured against what, and what each file must come to."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from fabricate import WORKBOOKS, Roster
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from python_calamine import CalamineWorkbook

ROWS = 50_000
MANY = 1_000_000
COPY = "binary COPY of the same rows"


# ------------------------------------------------------------------------------------------------ rounds


def _roster(lab: Laboratory) -> Samples:
    path = lab.write("roster.csv", Roster(ROWS))
    first = _checked(lab.load(path), ROWS)
    yield "csv", Sample(first["seconds"], lab.floor(), first["rss_mb"])
    again = lab.load(path)
    _expect("state of the same file again", again["state"], "no_change")
    yield "csv_again", Sample(again["seconds"], first["seconds"], again["rss_mb"])
    forced = lab.load(path, forced=True)
    _expect("unchanged rows", forced["rows"]["unchanged"], first["rows"]["created"])
    yield "csv_forced", Sample(forced["seconds"], first["seconds"], forced["rss_mb"])
    bad = lab.load(lab.write("roster_bad.csv", Roster(ROWS, bad=True)), partner="bad")
    _expect("rejected rows", bad["rows"]["rejected"], ROWS)
    yield "csv_all_bad", Sample(bad["seconds"], first["seconds"], bad["rss_mb"])


def _padded(lab: Laboratory) -> Samples:
    loaded = _checked(lab.load(lab.write("roster.csv", Roster(ROWS, padded=True))), ROWS)
    yield "csv_padded", Sample(loaded["seconds"], lab.floor(), loaded["rss_mb"])


def _workbook(lab: Laboratory) -> Samples:
    rows = _checked(lab.load(lab.write("roster.csv", Roster(ROWS)), partner="rows"), ROWS)
    path = lab.write("roster.xlsx", Roster(ROWS))
    begun = perf_counter()
    _expect("rows read", len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()), ROWS + 1)
    read = perf_counter() - begun
    loaded = _checked(lab.load(path, partner=WORKBOOKS), ROWS)
    yield "excel", Sample(loaded["seconds"], rows["seconds"] + read, loaded["rss_mb"])


def _many(lab: Laboratory) -> Samples:
    small = _checked(lab.load(lab.write("roster.csv", Roster(ROWS)), partner="small"), ROWS)
    large = _checked(lab.load(lab.write("roster_many.csv", Roster(MANY))), MANY)
    yield "csv_million", Sample(large["seconds"], small["seconds"] * MANY / ROWS, large["rss_mb"])


def _checked(told: dict[str, Any], rows: int) -> dict[str, Any]:
    people = rows // 1_000 * 961
    records = {"clients": people, "cases": people, "documents": 3 * people}
    _expect("records", {kind: counts["created"] for kind, counts in told["records"].items()}, records)
    return told


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"The bench is broken: {what} should be {wanted}, found {found}.")


SCENARIOS = (
    Scenario(
        {
            "csv": Budget("50,000 rows x 20 columns, 11 MB", COPY, 3.0, 150),
            "csv_again": Budget("the same file again", "its first run", 0.05),
            "csv_forced": Budget("the same file again, forced", "its first run", 0.6),
            "csv_all_bad": Budget("50,000 rows, every one bad", "the good file's run", 2.0),
        },
        _roster,
        rounds=3,
    ),
    Scenario(
        {
            "excel": Budget(
                "the same rows as a workbook", "the CSV file's run, and calamine's read of the workbook", 1.3
            )
        },
        _workbook,
        rounds=3,
    ),
    Scenario({"csv_padded": Budget("the same rows padded to 105 MB", COPY, 4.0, 200)}, _padded, rounds=2),
    Scenario(
        {"csv_million": Budget("1,000,000 rows x 20 columns", "20 times 50,000 rows", 1.2, 200)},
        _many,
        rounds=1,
        long=True,
    ),
)
