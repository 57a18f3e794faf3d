"""What the partner gets back, and the way a repaired errors.csv takes home."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from helpers.inbox import ROSTER, as_csv, counts, people, person

from gateway.errors import Permanent

BAD = {"dob": "13/13/1980"}


def errors_csv(told) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(told["receipts"]["csv"]).read_text("utf-8-sig"), newline="")))


def repaired(told, encoding="utf-8", delimiter=",", **mended: str) -> bytes:
    rows = errors_csv(told)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows([row | {"DOB": "01/02/1980"} | mended for row in rows])
    return out.getvalue().encode(encoding)


def test_every_end_has_a_receipt_that_says_what_to_do(inbox):
    told = inbox.drop("roster_20260301.csv", b"")

    receipt = json.loads(Path(told["receipts"]["json"]).read_text())
    assert (receipt["state"], receipt["code"]) == ("refused", "empty_file")
    assert receipt["fix"]


def test_errors_csv_is_the_partners_own_layout_with_two_more_columns(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, **BAD, last_name='O\'Hara, "Jo"')])

    [row] = errors_csv(told)
    assert list(row)[-2:] == ["Problems", "Row"]
    assert row["Last Name"] == 'O\'Hara, "Jo"'
    assert row["DOB"] == "13/13/1980"
    assert row["Row"] == f"{told['import_id']}:7"
    assert "13/13/1980" in row["Problems"]


def test_a_repaired_errors_csv_loads_what_was_rejected_and_closes_nobody(inbox):
    told = inbox.drop("roster_20260301.csv", people(10) + [person(n, **BAD) for n in range(11, 16)])
    assert counts(told) == {"read": 15, "created": 10, "rejected": 5}

    mended = inbox.drop("whatever name.csv", repaired(told))

    assert mended["state"] == "loaded"
    assert counts(mended) == {"read": 5, "created": 5}
    assert mended["corrects"] == told["import_id"]
    assert mended["as_of"] == told["as_of"]
    assert len(inbox.open_clients()) == 15


def test_half_a_large_file_comes_back_repaired(inbox):
    rows = [person(n) if n % 2 else person(n, **BAD) for n in range(1, 1001)]
    told = inbox.drop("roster_20260301.csv", rows)
    assert (told["state"], told["rows"]["rejected"]) == ("loaded_with_errors", 500)

    assert counts(inbox.drop("fixed.csv", repaired(told))) == {"read": 500, "created": 500}
    assert len(inbox.open_clients()) == 1000


@pytest.mark.parametrize(("encoding", "delimiter"), [("cp1252", ";"), ("utf-8-sig", "\t"), ("utf-8", ",")])
def test_a_spreadsheet_may_have_changed_delimiter_and_encoding(inbox, encoding, delimiter):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD, last_name="Müller")])

    assert counts(inbox.drop("fixed.csv", repaired(told, encoding, delimiter))) == {"read": 1, "created": 1}
    assert inbox.clients("employee_id, family_name")["E4"] == "Müller"


def test_corrections_are_stale_where_a_newer_file_has_spoken(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD, salary="1")])
    inbox.drop("roster_20260302.csv", [*people(3), person(4, salary="2")])

    assert counts(inbox.drop("fixed.csv", repaired(told))) == {"read": 1, "stale": 1}
    assert inbox.clients()["E4"] == Decimal(2)


def test_what_is_still_wrong_comes_back_again(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD), person(5, **BAD)])
    again = inbox.drop("fixed.csv", repaired(told, DOB="still wrong"))
    assert counts(again) == {"read": 2, "rejected": 2}
    assert errors_csv(again)[0]["Row"] == f"{again['import_id']}:2"

    assert counts(inbox.drop("fixed.csv", repaired(again))) == {"read": 2, "created": 2}


def test_corrections_of_two_imports_in_one_file_are_refused(inbox):
    first = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    second = inbox.drop("roster_20260302.csv", [*people(3, salary="1"), person(4, **BAD)])
    both = repaired(first) + repaired(second).split(b"\r\n", 1)[1]

    told = inbox.drop("fixed.csv", both)

    assert (told["state"], told["code"]) == ("refused", "mixed_corrections")
    assert len(inbox.clients()) == 3


def test_a_row_whose_reference_was_lost_is_told(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD), person(5, **BAD)])
    lost = repaired(told).replace(f"{told['import_id']}:6".encode(), b"six")

    mended = inbox.drop("fixed.csv", lost)

    assert counts(mended) == {"read": 2, "created": 1, "rejected": 1}
    assert [one["code"] for one in mended["problems"]] == ["unknown_row"]


def test_another_partners_corrections_name_no_import_of_yours(inbox, office, tenants):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    stranger = type(inbox)(office, tenants.harbor, "initech")
    stranger.apply(ROSTER.format(partner="initech", firm="harbor"))

    mended = stranger.drop("fixed.csv", repaired(told))

    assert (mended["state"], mended["code"]) == ("refused", "unknown_import")
    assert stranger.clients() == {}


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1", "'plain", "\t=1", "=cmd|' /C calc'!A0", "＝1+1", "'＠SUM(A1)"],
)
def test_formulas_are_harmless_on_the_way_out_and_themselves_on_the_way_back(inbox, name):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD, last_name=name)])
    assert errors_csv(told)[0]["Last Name"][0] not in "=+-@\t\r＝＠"

    inbox.drop("fixed.csv", repaired(told))

    assert inbox.clients("employee_id, family_name")["E4"] == name.strip()


def test_sensitive_values_are_whole_in_errors_csv_and_masked_everywhere_else(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, ssn="536-22-12345")])

    assert errors_csv(told)[0]["SSN"] == "536-22-12345"
    assert "536-22" not in json.dumps(told)
    assert "536-22" not in Path(told["receipts"]["json"]).with_name("errors.json").read_text()
    assert "536-22" not in repr(inbox.sql("SELECT * FROM row_errors"))
    assert "536-22" not in errors_csv(told)[0]["Problems"]


def test_receipts_that_a_crash_left_unwritten_are_written_by_whoever_comes_next(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    before = {path.name: path.read_bytes() for path in Path(told["receipts"]["json"]).parent.iterdir()}
    for path in Path(told["receipts"]["json"]).parent.iterdir():
        path.unlink()
    inbox.sql("UPDATE imports SET receipt_at = NULL")

    inbox.drop("roster_20260302.csv", people(3))

    after = {path.name: path.read_bytes() for path in Path(told["receipts"]["json"]).parent.iterdir()}
    assert after == before


def test_receipts_are_for_their_owner_only(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])

    assert Path(told["receipts"]["csv"]).stat().st_mode & 0o077 == 0


def test_a_renamed_column_holds_the_file_and_accepting_the_name_releases_it(inbox):
    renamed = ["Emp Id No", "Last Name", "DOB", "Salary", "Passport", "I94 Expiry"]
    rows = [person(n) | {"Emp Id No": f"E{n}"} for n in range(1, 4)]
    kept = [{name: row.get(name, "") for name in renamed} for row in rows]
    told = inbox.drop("roster_20260301.csv", as_csv(kept, renamed))
    assert (told["state"], told["code"]) == ("held", "header_missing")
    assert [(one["expected"], one["found"]) for one in told["suggestions"]] == [("EMP_ID", "Emp Id No")]

    released = inbox.release(told)

    assert (released["state"], released["rows"]["created"]) == ("released", 3)
    assert (
        inbox.drop("roster_20260302.csv", as_csv(kept[:3], renamed) + b"E9,Nine,01/01/1990,1,,\r\n")["rows"]["created"]
        == 1
    )


@pytest.mark.parametrize(
    ("accepted", "sentence"),
    [
        ({"EMP_ID": "Emp Id No", "DOB": "Passport"}, "'DOB' is not among what is missing"),
        ({"EMP_ID": "Last Name"}, "'Last Name' is not a free column"),
        ({"EMP_ID": "Emp Id No"}, "--accept 'Last Name=...'"),
    ],
)
def test_only_a_missing_column_may_be_renamed_and_only_to_a_free_one(inbox, accepted, sentence):
    header = (
        b"Emp Id No,Surname,DOB,Passport,I94 Expiry\n"
        if "-accept" in sentence
        else b"Emp Id No,Last Name,DOB,Passport,I94 Expiry\n"
    )
    told = inbox.drop("roster_20260301.csv", header + b"E1,One,01/02/1980,,\n")

    with pytest.raises(Permanent, match=re.escape(sentence)):
        inbox.release(told, accepted)

    assert inbox.sql("SELECT * FROM header_aliases") == []
    assert inbox.account(told["import_id"])["state"] == "held"


def test_a_missing_column_is_told_with_its_likely_new_name_and_what_is_free(inbox):
    told = inbox.drop("roster_20260301.csv", b"Emp Id No,Surname,DOB,Passport,I94 Expiry\nE1,One,01/02/1980,,\n")

    assert told["reason"].startswith(
        "The columns “EMP_ID” and “Last Name” are missing. “Emp Id No” looks like “EMP_ID”, 0."
    )
    assert "Surname" in told["fix"]


def test_text_that_could_not_be_read_is_still_bad_when_it_comes_back_unrepaired(inbox):
    told = inbox.drop("roster_20260301.csv", as_csv(people(3)).replace(b"Name2", b"M\xffller"))

    again = inbox.drop("fixed.csv", Path(told["receipts"]["csv"]).read_bytes())

    assert counts(again) == {"read": 1, "rejected": 1}
    assert [one["code"] for one in again["problems"]] == ["undecodable"]


def test_a_refused_file_tells_nothing_that_did_not_happen(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    told = inbox.refuse(inbox.drop("roster_20260302.csv", people(5)), "Half of it is missing.")

    assert told["records"]["clients"] == {"created": 0, "updated": 0, "closed": 0}
    assert told["rows"]["read"] == 0


def test_a_learned_name_survives_the_next_apply(inbox, roster):
    test_a_renamed_column_holds_the_file_and_accepting_the_name_releases_it(inbox)
    inbox.apply(roster + "\n# another version\n")

    assert (
        inbox.drop(
            "roster_20260303.csv",
            b"Emp Id No,Last Name,Passport,I94 Expiry\nE1,One,,\nE2,Two,,\nE3,Three,,\nE9,Nine,,\n",
        )["state"]
        == "loaded"
    )


def test_a_dry_run_tells_differences_and_leaves_nothing(inbox):
    inbox.drop("roster_20260301.csv", people(10))
    before = inbox.sql("SELECT count(*), max(version) FROM clients")

    outcome = inbox.rehearse(
        "roster_20260302.csv", [*people(10, without=(3,), salary="7"), person(11), person(12, **BAD)]
    )

    assert outcome.rows | {"read": 11, "created": 1, "updated": 9, "rejected": 1} == outcome.rows
    assert outcome.records["clients"] == {"created": 1, "updated": 9, "closed": 1}
    assert {
        "record": "client",
        "row": 2,
        "sheet": None,
        "key": "E1",
        "field": "annual_salary",
        "old": 50000.0,
        "new": 7.0,
    } in [{**one, "old": float(one["old"]), "new": float(one["new"])} for one in outcome.differences]
    assert [one["code"] for one in outcome.problems] == ["bad_date"]
    assert inbox.sql("SELECT count(*), max(version) FROM clients") == before
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]
