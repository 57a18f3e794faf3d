"""The rules by which a file becomes records, one worked example after the other."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from random import Random

import pytest
from helpers.inbox import counts, people, person

from ingest.load import unique

# What this transaction read of the staged people, row by row and by an index; there is none.
READ = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'stage_client'"
FULL_TIME = {"passport_expiry": "01/31/2031"}


def three_documents(salary: str = "50000") -> list[dict[str, str]]:
    return [
        person(1, passport="P1", **FULL_TIME),
        person(1, passport="P2", **FULL_TIME),
        person(1, passport="P3", **FULL_TIME, salary=salary),
    ]


def test_three_rows_of_one_person_with_three_documents_are_one_client_and_three_documents(inbox):
    told = inbox.drop("roster_20260301.csv", three_documents())

    assert counts(told) == {"read": 3, "created": 3}
    assert told["records"]["clients"]["created"] == 1
    assert told["records"]["documents"]["created"] == 3
    assert told["state"] == "loaded"


def test_the_last_row_of_a_person_has_the_last_word_and_nobody_is_superseded(inbox):
    told = inbox.drop("roster_20260301.csv", three_documents(salary="70000"))

    assert counts(told) == {"read": 3, "created": 3}
    assert inbox.clients() == {"E1": Decimal("70000.00")}


def test_the_last_word_is_the_last_that_is_not_blank(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1", salary="60000"), person(1, passport="P2", salary="")])

    assert inbox.clients() == {"E1": Decimal("60000.00")}


def test_of_two_identical_rows_the_first_is_superseded(inbox):
    told = inbox.drop("roster_20260301.csv", [person(1), person(1)])

    assert counts(told) == {"read": 2, "superseded": 1, "created": 1}
    assert [(one["row"], one["code"], one["severity"]) for one in told["problems"]] == [(2, "duplicate_key", "warning")]
    assert "Row 3" in told["problems"][0]["message"]
    assert "E1" in told["problems"][0]["message"]


def test_a_feed_may_reject_rows_that_a_later_row_repeats(inbox, roster):
    inbox.apply(roster.replace("    contents: full", "    contents: full\n    duplicates: reject"))

    told = inbox.drop("roster_20260301.csv", [person(1, salary="1"), person(1, salary="2"), person(2)])

    assert counts(told) == {"read": 3, "rejected": 1, "created": 2}
    assert told["state"] == "loaded_with_errors"
    assert inbox.clients()["E1"] == Decimal("2.00")


def test_rows_that_complete_each_other_are_not_superseded(inbox):
    told = inbox.drop("roster_20260301.csv", [person(1, salary=""), person(1, dob="", salary="70000")])

    assert counts(told) == {"read": 2, "created": 2}


def test_a_late_older_file_does_not_overwrite_a_newer_one(inbox):
    inbox.drop("roster_20260303.csv", [person(1, salary="60000")])
    told = inbox.drop("roster_20260302.csv", [person(1, salary="50000")])

    assert counts(told) == {"read": 1, "stale": 1}
    assert inbox.clients() == {"E1": Decimal("60000.00")}


def test_an_unchanged_sighting_is_a_sighting_too(inbox):
    inbox.drop("roster_20260301.csv", [person(1, salary="60000")])
    told = inbox.drop("roster_20260303.csv", [person(1, salary="60000", last_name="Name1 ")])
    assert counts(told) == {"read": 1, "unchanged": 1}

    told = inbox.drop("roster_20260302.csv", [person(1, salary="50000")])

    assert counts(told) == {"read": 1, "stale": 1}
    assert inbox.clients() == {"E1": Decimal("60000.00")}


def test_the_same_bytes_on_a_later_day_are_a_sighting_of_that_day(inbox):
    inbox.drop("roster_20260301.csv", [person(1, salary="60000")])
    assert inbox.drop("roster_20260303.csv", [person(1, salary="60000")])["state"] == "no_change"

    told = inbox.drop("roster_20260302.csv", [person(1, salary="50000")])

    assert counts(told) == {"read": 1, "stale": 1}


def test_what_staff_pinned_an_import_leaves_alone(inbox):
    inbox.drop("roster_20260301.csv", [person(1)])
    inbox.sql("""UPDATE clients SET date_of_birth = '1981-01-01', version = version + 1,
                pins = '{"date_of_birth": {"by": "paralegal@northgate.example"}}'""")

    told = inbox.drop("roster_20260302.csv", [person(1, last_name="Name1  ")])

    assert counts(told) == {"read": 1, "unchanged": 1}
    assert [(one["code"], one["severity"], one["column"]) for one in told["problems"]] == [
        ("pinned_field", "warning", "DOB")
    ]
    assert inbox.sql("SELECT date_of_birth::text FROM clients") == [("1981-01-01",)]


def test_a_pin_does_not_stop_the_other_fields(inbox):
    inbox.drop("roster_20260301.csv", [person(1)])
    inbox.sql("""UPDATE clients SET date_of_birth = '1981-01-01', pins = '{"date_of_birth": {}}'""")

    told = inbox.drop("roster_20260302.csv", [person(1, salary="99")])

    assert counts(told) == {"read": 1, "updated": 1}
    assert inbox.clients("employee_id, annual_salary, date_of_birth::text") == {"E1": (Decimal(99), "1981-01-01")}


def test_a_number_that_is_listed_again_is_current_again(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    inbox.drop("roster_20260302.csv", [person(1, passport="P2")])
    told = inbox.drop("roster_20260303.csv", [person(1, passport="P1"), person(1, passport="P2")])

    assert told["rows"]["updated"] == 1
    assert inbox.sql("SELECT DISTINCT status FROM documents") == [("current",)]


def test_a_blank_keeps_and_clear_clears(inbox, roster):
    inbox.drop("roster_20260301.csv", [person(1)])
    inbox.drop("roster_20260302.csv", [person(1, salary="")])
    assert inbox.clients() == {"E1": Decimal("50000.00")}

    inbox.apply(roster.replace("type: money}", "type: money, blank: clear}"))
    told = inbox.drop("roster_20260303.csv", [person(1, salary="")])

    assert counts(told) == {"read": 1, "updated": 1}
    assert inbox.clients() == {"E1": None}


def test_a_dropped_value_is_not_a_cleared_one(inbox, roster):
    inbox.apply(roster.replace("type: money}", "type: money, blank: clear, if_bad: drop}"))
    inbox.drop("roster_20260301.csv", [person(1)])
    told = inbox.drop("roster_20260302.csv", [person(1, salary="much")])

    assert counts(told) == {"read": 1, "unchanged": 1}
    assert [(one["code"], one["severity"]) for one in told["problems"]] == [("bad_number", "warning")]
    assert inbox.clients() == {"E1": Decimal("50000.00")}


def test_a_sensitive_value_is_compared_by_index_and_never_told(inbox):
    inbox.drop("roster_20260301.csv", [person(1, ssn="536-22-1234", passport="SECRET77")])
    assert (
        inbox.drop("roster_20260302.csv", [person(1, ssn="536221234", passport="SECRET77")])["rows"]["unchanged"] == 1
    )
    told = inbox.drop("roster_20260303.csv", [person(1, ssn="536-22-4321", passport="SECRET77")])

    assert counts(told) == {"read": 1, "updated": 1}
    everything = repr(inbox.sql("SELECT changes::text FROM audit_log"))
    assert "1234" not in everything
    assert "SECRET77" not in everything


def test_every_changed_row_leaves_one_audit_row_with_import_and_line(inbox):
    told = inbox.drop("roster_20260301.csv", [person(1, passport="P1"), person(2), person(2, passport="Q1")])

    rows = inbox.sql(
        "SELECT row, import_id::text, actor_kind, actor FROM audit_log WHERE action = 'import.row' ORDER BY row"
    )
    assert rows == [(row, told["import_id"], "import", "acme/roster") for row in (2, 4)]


def test_a_file_for_a_feed_that_the_settings_have_lost_is_refused(inbox, roster):
    inbox.apply(roster.replace("  roster:", "  staff:"))
    told = inbox.drop("roster_20260301.csv", people(2), feed="roster")
    assert (told["state"], told["code"]) == ("refused", "unknown_feed")


def test_a_file_that_came_late_is_loaded_when_its_content_comes_again_as_news(inbox):
    before, after = [person(1), person(2)], [person(1, salary="60000"), person(2), person(3)]
    inbox.drop("roster_20260305.csv", after)
    assert inbox.drop("roster_20260302.csv", before)["rows"]["stale"] == 2
    assert inbox.drop("roster_20260306.csv", before)["state"] == "loaded"
    assert inbox.clients()["E1"] == 50000
    assert inbox.open_clients() == {"E1", "E2"}


def test_the_same_file_again_is_no_change_and_forced_it_changes_nothing(inbox):
    everyone = people(50, passport="P")
    inbox.drop("roster_20260301.csv", everyone)
    assert inbox.drop("roster_20260301.csv", everyone)["state"] == "no_change"

    told = inbox.drop("roster_20260301.csv", everyone, forced=True)

    assert counts(told) == {"read": 50, "unchanged": 50}
    assert inbox.sql("SELECT max(version) FROM clients") == [(1,)]


def test_under_a_new_version_of_the_config_the_same_file_is_read_again(inbox, roster):
    everyone = people(5)
    inbox.drop("roster_20260301.csv", everyone)
    inbox.apply(roster.replace("{from: Salary, type: money}", "{from: Salary, type: money, min: 60000, if_bad: drop}"))

    assert inbox.drop("roster_20260301.csv", everyone)["rows"]["unchanged"] == 5


def test_the_same_rows_in_another_order_give_the_same_records(inbox):
    everyone = people(40, passport="P")
    inbox.drop("roster_20260301.csv", everyone)
    told = inbox.drop("roster_20260302.csv", everyone[::-1])

    assert counts(told) == {"read": 40, "unchanged": 40}


def test_a_person_may_be_known_by_a_sensitive_number_alone(inbox, roster):
    inbox.apply(roster.replace("key: employee_id", "key: ssn").replace("EMP_ID, required: true", "EMP_ID"))
    inbox.drop("roster_20260301.csv", [person(1, ssn="536-22-1234"), person(2, ssn="536-22-4321")])
    told = inbox.drop("roster_20260302.csv", [person(1, ssn="536221234", salary="1"), person(2, ssn="536-22-4321")])

    assert counts(told) == {"read": 2, "updated": 1, "unchanged": 1}
    assert not inbox.sql("SELECT key FROM clients WHERE key LIKE '%%1234%%'")


def test_a_value_that_must_be_unique_rejects_every_row_that_shares_it(inbox, roster):
    inbox.apply(roster.replace("type: ssn}", "type: ssn, unique: true}"))
    rows = [person(1, ssn="536-22-1234"), person(2, ssn="536-22-1234"), person(3), person(4), person(5)]

    told = inbox.drop("roster_20260301.csv", rows)

    assert [(one["row"], one["code"], one["value"]) for one in told["problems"]] == [
        (2, "not_unique", None),
        (3, "not_unique", None),
    ]
    assert counts(told) == {"read": 5, "rejected": 2, "created": 3}


def test_each_row_that_shares_a_value_names_the_first_other_one_and_a_crowd_is_read_but_a_few_times(
    inbox, roster, monkeypatch
):
    inbox.apply(roster.replace("type: ssn}", "type: ssn, unique: true}"))
    rng, taken, read = Random(7), unique._take_out, []
    numbers = [f"536-22-{rng.choice([1000, 1000, 1001, 1002, *range(2000, 2040)])}" for _ in range(300)]

    def looked(connection, *args):
        read.extend(connection.execute(READ).fetchall())
        taken(connection, *args)

    monkeypatch.setattr(unique, "_take_out", looked)
    told = inbox.drop("roster_20260301.csv", [person(n, ssn=one) for n, one in enumerate(numbers, start=1)])

    stands = defaultdict(list)
    for row, number in enumerate(numbers, start=2):
        stands[number].append(row)
    others = {row: [one for one in stands[number] if one != row] for row, number in enumerate(numbers, start=2)}
    named = {one["row"]: re.search(r"stands in row (\d+) as well", one["message"]) for one in told["problems"]}
    assert {row: int(other[1]) for row, other in named.items()} == {row: of[0] for row, of in others.items() if of}
    [(rows,)] = read
    assert rows < 10 * len(numbers)


@pytest.mark.parametrize(("kind", "rejected"), [("email", [2, 3, 5, 6]), ("text", [2, 6])])
def test_addresses_that_differ_only_in_case_are_one_where_they_must_be_unique(inbox, roster, kind, rejected):
    inbox.apply(
        roster.replace("{from: SSN, type: ssn}", f"{{from: SSN, type: {kind}, unique: true}}").replace(
            "ssn: ", "email:"
        )
    )
    written = [
        "Ann.Lee@acme.example",
        "ann.lee@ACME.example",
        "ann@acme.example",
        "ANN.LEE@acme.example",
        "Ann.Lee@acme.example",
    ]

    told = inbox.drop("roster_20260301.csv", [person(n, ssn=one) for n, one in enumerate(written, start=1)])

    assert [one["row"] for one in told["problems"]] == rejected
    assert [one["value"] for one in told["problems"]][:1] == ["Ann.Lee@acme.example"]
    assert told["rows"]["created"] == 5 - len(rejected)


def test_one_person_may_be_listed_with_one_address_in_two_spellings(inbox, roster):
    inbox.apply(
        roster.replace("{from: SSN, type: ssn}", "{from: SSN, type: email, unique: true}").replace("ssn: ", "email:")
    )

    told = inbox.drop(
        "roster_20260301.csv", [person(1, ssn="A@acme.example"), person(1, ssn="a@acme.example", salary="1")]
    )

    assert [one["code"] for one in told["problems"]] == ["duplicate_key"]


def test_a_superseded_row_names_the_row_that_replaced_it(inbox):
    rows = [person(1, i94_expiry="01/31/2027"), person(1, i94_expiry="01/31/2027"), person(1, passport="P")]

    told = inbox.drop("roster_20260301.csv", rows)

    assert [one["message"].split()[:2] for one in told["problems"]] == [["Row", "3"]]


def test_a_number_too_large_for_its_field_costs_its_row_alone(inbox, roster):
    inbox.apply(
        roster.replace(
            "annual_salary: {from: Salary, type: money}", "years_of_experience: {from: Salary, type: decimal}"
        )
    )

    told = inbox.drop(
        "roster_20260301.csv",
        [person(1, salary="1000.5"), person(2, salary="7.55"), person(3, salary="7.5"), *people(6, salary="7")[3:]],
    )

    assert [(one["row"], one["code"]) for one in told["problems"]] == [(2, "out_of_range"), (3, "out_of_range")]


def test_what_the_feed_writes_for_no_value_is_blank_to_conditions_and_joins_too(inbox, roster):
    inbox.apply(
        roster.replace("    client:", "    none_values: [N/A]\n    client:", 1)
        + """
    case:
      fields:
        case_number: {join: [EMP_ID, Salary], with: "-"}
      when: {column: Salary, not_blank: true}
"""
    )

    inbox.drop("roster_20260301.csv", [person(1, salary="N/A"), person(2, salary="1", passport="N/A")])

    assert inbox.sql("SELECT case_number FROM cases") == [("E2-1",)]
    assert inbox.sql("SELECT count(*) FROM documents") == [(0,)]
