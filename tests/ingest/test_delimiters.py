"""A file whose columns stand between other marks than was agreed is told as that, and nothing is learned from it."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.inbox import COLUMNS, ME, as_csv, counts, people
from helpers.spreadsheets import workbook

from gateway.domain.partners.homes import find_home
from gateway.errors import Permanent
from ingest.receipts import folder_of

OTHERS = [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]


def between(mark: str, raw: bytes) -> bytes:
    return raw.replace(b",", mark.encode())


@pytest.mark.parametrize(("mark", "word"), OTHERS)
def test_another_delimiter_is_recognised_and_refused(inbox, mark, word):
    inbox.drop("roster_20260301.csv", people(20))
    told = inbox.drop("roster_20260302.csv", between(mark, as_csv(people(20))))

    assert (told["state"], told["code"], told["suggestions"]) == ("refused", "other_delimiter", [])
    assert f"looks like {word}" in told["reason"]
    assert len(inbox.open_clients()) == 20


def test_another_delimiter_is_recognised_beside_quotes_and_commas_in_names(inbox, roster):
    quoted = b'"EMP_ID";"Last Name";"DOB"\r\n"E1";"Doe, Jo";"01/02/1980"\r\n'
    assert inbox.drop("roster_20260301.csv", quoted)["code"] == "other_delimiter"
    inbox.apply(roster.replace("from: Last Name", 'from: "Last, First"'))
    bare = b"EMP_ID;Last, First;DOB\r\nE1;Doe, Jo;01/02/1980\r\n"
    assert inbox.drop("roster_20260302.csv", bare)["code"] == "other_delimiter"


def test_a_table_without_a_header_is_known_by_the_width_of_its_rows(inbox, roster):
    named = f"{{type: csv, header_row: 0, columns: [{', '.join(COLUMNS)}]}}"
    inbox.apply(roster.replace("{type: csv}", named))
    rows = as_csv(people(20)).split(b"\r\n", 1)[1]
    assert inbox.drop("roster_20260301.csv", between(";", rows))["code"] == "other_delimiter"
    assert counts(inbox.drop("roster_20260302.csv", rows)) == {"read": 20, "created": 20}


def test_a_whole_line_that_was_once_learned_as_a_name_closes_nobody(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    feed, firm = inbox.sql("SELECT id, firm_id FROM feeds")[0]
    line = between(";", as_csv([])).decode().strip()
    for expected in ("EMP_ID", "Last Name"):
        inbox.sql(
            "INSERT INTO header_aliases (firm_id, id, feed_id, expected, found, accepted_by)"
            " VALUES (%s, gen_random_uuid(), %s, %s, %s, 'x')",
            firm, feed, expected, line,
        )  # fmt: skip
    told = inbox.drop("roster_20260302.csv", between(";", as_csv(people(20))))
    assert (told["state"], told["code"]) == ("refused", "other_delimiter")
    assert len(inbox.open_clients()) == 20


# ---------------------------------------------------------------- sep=


@pytest.mark.parametrize("first", [b"sep=;\r\n", b"SEP=;\n", b'"sep=;"\r\n', b"\xef\xbb\xbfsep=;\r\n", b"sep=;;;;\r\n"])
def test_a_file_may_name_its_delimiter_as_excel_has_it(inbox, first):
    told = inbox.drop("roster_20260301.csv", first + between(";", as_csv([*people(3), {"EMP_ID": "x"}])))
    assert counts(told) == {"read": 4, "created": 3, "rejected": 1}
    assert {(one["row"], one["line"]) for one in told["problems"]} == {(5, 6)}
    assert "between “;”, and not “,”" in told["remarks"][-1] + told["remarks"][0]


def test_a_named_delimiter_that_was_agreed_is_no_row_either(inbox):
    told = inbox.drop("roster_20260301.csv", b"sep=,\r\n" + as_csv(people(3)))
    assert counts(told) == {"read": 3, "created": 3}
    assert not [one for one in told["remarks"] if "between" in one]


@pytest.mark.parametrize("form", ["{type: csv, header_row: 2}", "{type: csv, header_row: 2, skip_lines: 1}"])
def test_settings_that_count_that_line_as_a_row_go_on_to_do_so(inbox, roster, form):
    inbox.apply(roster.replace("{type: csv}", form))
    assert counts(inbox.drop("roster_20260301.csv", b"sep=,\r\n" + as_csv(people(3)))) == {"read": 3, "created": 3}


def test_rejected_rows_between_several_characters_go_back_between_commas_and_come_in_repaired(inbox, roster):
    inbox.apply(roster.replace("{type: csv}", '{type: csv, delimiter: "||"}'))
    told = inbox.drop("roster_20260301.csv", between("||", as_csv([*people(3), {"EMP_ID": "E4", "DOB": "soon"}])))
    assert counts(told) == {"read": 4, "created": 3, "rejected": 1}
    folder = folder_of(inbox.office.settings, find_home(inbox.office, inbox.slug), UUID(told["import_id"]))
    sent_back = (folder / "errors.csv").read_text(encoding="utf-8-sig")
    assert sent_back.startswith("EMP_ID,Last Name,DOB,")
    repaired = inbox.drop("errors.csv", sent_back.replace("E4,,soon", "E4,Four,05/06/1980").encode())
    assert counts(repaired) == {"read": 1, "created": 1}


def test_another_delimiter_is_recognised_where_several_characters_were_agreed(inbox, roster):
    inbox.apply(roster.replace("{type: csv}", '{type: csv, delimiter: "||"}'))
    told = inbox.drop("roster_20260301.csv", between(";", as_csv(people(3))))
    assert (told["code"], "“||”" in told["reason"]) == ("other_delimiter", True)


# ---------------------------------------------------------------- names of columns

RENAMED = ["Emp Id No", *COLUMNS[1:]]


def renamed(count: int, name: str = "Emp Id No") -> bytes:
    return as_csv(people(count)).replace(b"EMP_ID", name.encode(), 1)


def test_no_column_is_suggested_for_two_names(inbox):
    told = inbox.drop("roster_20260301.csv", b"Emp Last Name Id,DOB\nE1,01/02/1980\n")
    assert len({one["found"] for one in told["suggestions"]}) == len(told["suggestions"]) <= 1


def test_no_name_is_suggested_that_is_three_times_as_long(inbox):
    told = inbox.drop("roster_20260301.csv", b"EMP ID and everything else of it,Last Name,DOB\nE1,One,01/02/1980\n")
    assert (told["state"], told["suggestions"]) == ("held", [])


def test_one_column_cannot_be_accepted_as_two(inbox):
    told = inbox.drop("roster_20260301.csv", b"Who,DOB\nE1,01/02/1980\n")
    with pytest.raises(Permanent, match="'Who' cannot be two columns"):
        inbox.release(told, {"EMP_ID": "Who", "Last Name": "Who"})


def learned(inbox) -> list[tuple[str, ...]]:
    return inbox.sql("SELECT expected, found, accepted_by FROM header_aliases")


def test_a_name_is_learned_only_when_the_release_succeeds(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    told = inbox.drop("roster_20260302.csv", renamed(20).replace(b"\nE", b"\nX"))
    held = inbox.release(told)

    assert (held["state"], held["code"]) == ("held", "reject_guard")
    assert learned(inbox) == []
    assert inbox.drop("roster_20260303.csv", renamed(20))["code"] == "header_missing"
    assert len(inbox.open_clients()) == 20


def test_a_name_that_waits_behind_another_guard_is_learned_with_the_file(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    held = inbox.release(inbox.drop("roster_20260302.csv", renamed(10)))
    assert (held["code"], learned(inbox)) == ("vanish_guard", [])

    assert inbox.release(held)["state"] == "released"
    assert learned(inbox) == [("EMP_ID", "Emp Id No", ME.name)]
    assert len(inbox.open_clients()) == 10
    assert inbox.sql("SELECT actor FROM audit_log WHERE action = 'feed.learn'") == [(ME.name,)]


def test_a_name_of_a_file_that_is_refused_after_all_is_forgotten(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    held = inbox.release(inbox.drop("roster_20260302.csv", renamed(10)))
    inbox.refuse(held, "Half of it is missing.")
    assert learned(inbox) == []


def test_names_accepted_one_sheet_after_the_other_are_all_kept(inbox, roster):
    inbox.apply(roster.replace("{type: csv}", "{type: excel, sheets: [One, Two]}").replace('"roster*.csv"', '"*.xlsx"'))
    sheets = {
        title: [[name, *COLUMNS[1:]], [f"E{number}", f"Name{number}", *[None] * 6]]
        for number, (title, name) in enumerate({"One": "Emp Id No", "Two": "Number of EMP"}.items())
    }
    first = inbox.drop("roster.xlsx", workbook(sheets))
    second = inbox.release(first, {"EMP_ID": "Emp Id No"})
    assert (first["code"], second["code"], learned(inbox)) == ("header_missing", "header_missing", [])

    done = inbox.release(second, {"EMP_ID": "Number of EMP"})
    assert (done["state"], counts(done)) == ("released", {"read": 2, "created": 2})
    assert {found for _, found, _ in learned(inbox)} == {"Emp Id No", "Number of EMP"}


def test_of_two_columns_that_are_alike_the_one_accepted_is_learned_with_the_file(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    alike = as_csv(people(10)).replace(b"EMP_ID", b"Emp Id", 1).replace(b"Salary", b"emp-id", 1)
    told = inbox.drop("roster_20260302.csv", alike)
    held = inbox.release(told, {"EMP_ID": "Emp Id"})
    assert (told["code"], held["code"], learned(inbox)) == ("header_alike", "vanish_guard", [])
    assert inbox.release(held)["state"] == "released"
    assert learned(inbox) == [("EMP_ID", "Emp Id", ME.name)]
