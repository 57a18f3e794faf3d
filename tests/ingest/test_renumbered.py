"""People who come under a new number while the file lacks the old one: told before they are closed and created anew."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import count

import pytest
from helpers.inbox import people, person
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BORN = date(1970, 1, 1)


def somebody(number: int, key: str | None = None, **more: str) -> dict[str, str]:
    """Person `number`, of a name and a birth date of their own, whatever their key is."""
    born = f"{BORN + timedelta(days=number):%m/%d/%Y}"
    return person(number, dob=born, **more) | ({"EMP_ID": key} if key else {})


def everybody(many: int, *, renumbered: range | tuple[int, ...] = (), **more: str) -> list[dict[str, str]]:
    return [somebody(n, f"E9{n:04}" if n in renumbered else None, **more) for n in range(1, many + 1)]


def warned(told) -> list[tuple[int, str, str]]:
    found = [one for one in told["problems"] if one["code"] == "likely_renumbered"]
    assert {one["severity"] for one in found} <= {"warning"}
    return [(one["row"], one["value"], one["message"].split("“")[2].split("”")[0]) for one in found]


@pytest.fixture
def changes(inbox, roster):
    """The inbox, whose files say who changed."""
    inbox.apply(roster.replace("contents: full", "contents: changes").replace("    absent: close\n", ""))
    return inbox


def test_a_full_file_that_renumbers_everybody_is_held_and_says_so(inbox):
    inbox.drop("roster_20260301.csv", everybody(30))
    held = inbox.drop("roster_20260302.csv", everybody(30, renumbered=range(1, 31)))

    assert (held["state"], held["code"]) == ("held", "vanish_guard")
    assert held["reason"] == (
        "30 of 30 open records (100.0 %) are missing from this full file. "
        "30 people look renumbered: their warnings name the old and the new numbers."
    )
    assert held["remarks"] == [
        (
            "30 people may only have a new number (rows 2, 3, 4 (and 27 more)): of the same name and birth date is somebody "
            "whom this file does not list. As the file stands, each is created anew; their warnings name the numbers."
        )
    ]
    assert warned(held) == [(n + 1, f"E9{n:04}", f"E{n}") for n in range(1, 31)]


def test_what_outlives_a_person_names_rows_and_no_numbers(inbox):
    inbox.drop("roster_20260301.csv", everybody(30))
    held = inbox.drop("roster_20260302.csv", everybody(30, renumbered=range(1, 31)))
    inbox.release(held)

    kept = "SELECT changes::text FROM audit_log WHERE import_id = %s AND client_id IS NULL"
    said = [held["reason"], *held["remarks"], *(text for (text,) in inbox.sql(kept, held["import_id"]))]
    assert any("look renumbered" in one for one in said[2:]), "the log says why it was held"
    assert not [one for one in said if "E9000" in one or "E1 " in one or "“E1”" in one]


def test_a_few_are_told_with_their_rows_and_the_file_is_loaded(inbox):
    inbox.drop("roster_20260301.csv", everybody(30))
    told = inbox.drop("roster_20260302.csv", [*everybody(30, renumbered=(7,)), somebody(31)])

    assert (told["state"], told["rows"]["created"], told["records"]["clients"]["closed"]) == ("loaded", 2, 1)
    assert warned(told) == [(8, "E90007", "E7")]
    assert "1 person may only have a new number (row 8)" in told["remarks"][0]


def test_people_of_changes_are_told_too(changes):
    changes.drop("roster_20260301.csv", everybody(30))
    told = changes.drop("roster_20260302.csv", [somebody(7, "E97"), somebody(8, salary="1"), somebody(40)])

    assert warned(told) == [(2, "E97", "E7")]


def test_people_whom_another_feed_of_the_partner_brought_are_told(inbox, roster):
    inbox.drop("roster_20260301.csv", everybody(10))
    inbox.apply(roster + roster[roster.index("  roster:") :].replace("roster", "system"))

    told = inbox.drop("system_20260302.csv", everybody(10, renumbered=range(1, 11)))

    said = [one["message"] for one in told["problems"] if one["code"] == "likely_renumbered"]
    assert len(said) == 10
    assert {one.split("are those of ")[1] for one in said} == {
        "somebody of another feed, whom this file does not list."
    }


def test_no_birth_date_is_named(inbox):
    inbox.drop("roster_20260301.csv", everybody(3))
    told = inbox.drop("roster_20260302.csv", everybody(3, renumbered=(2,)))

    said = [*told["remarks"], *(one["message"] + one["fix"] for one in told["problems"])]
    assert said
    assert not [one for one in said if "1970" in one or "Name2" in one]


def test_a_row_that_was_rejected_still_lists_the_old_number(inbox):
    inbox.drop("roster_20260301.csv", everybody(20))
    told = inbox.drop("roster_20260302.csv", [*everybody(20, renumbered=(7,)), somebody(7) | {"Salary": "x"}])

    assert told["rows"]["rejected"] == 1
    assert warned(told) == []


def test_sensitive_keys_are_neither_compared_nor_named(inbox, roster):
    by_ssn = roster.replace("key: employee_id", "key: ssn").replace("required: true, pattern", "pattern")
    inbox.apply(by_ssn.replace("contents: full", "contents: changes").replace("    absent: close\n", ""))
    inbox.drop("roster_20260301.csv", [somebody(1, ssn="536-22-1234"), somebody(2, ssn="536-22-1235")])
    told = inbox.drop("roster_20260302.csv", [somebody(1, ssn="536-22-4321")])
    assert (told["rows"]["created"], warned(told), told["remarks"]) == (1, [], [])

    inbox.apply(roster)
    assert warned(inbox.drop("roster_20260303.csv", [somebody(2)])) == []


def test_whoever_is_known_is_never_called_renumbered(inbox):
    inbox.drop("roster_20260301.csv", people(20))  # all of one birth date
    told = inbox.drop("roster_20260302.csv", [*people(20, without=(3,)), person(21)])
    assert (told["rows"]["created"], warned(told)) == (1, [])


faces = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 4), st.booleans()), max_size=8, unique_by=lambda one: one[0]
)


EXAMPLES = count(1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faces, faces)
def test_pairs_are_those_that_plain_python_finds(changes, before, after):
    """The oracle: who is new, and has the name and birth date of just one who is lacking, and shares them with nobody."""
    own = next(EXAMPLES) * 20  # no example knows the people of another
    before, after = ([(own + key, own + face, loud) for key, face, loud in one] for one in (before, after))
    changes.drop("roster_20260301.csv", [somebody(face, f"E{key}") for key, face, _ in before], forced=True)
    rows = [
        somebody(face, f"E{key}", salary="1") | {"Last Name": f"{'NAME' if loud else 'Name'}{face}"}
        for key, face, loud in after
    ]
    told = changes.drop("roster_20260302.csv", rows, forced=True)

    old, new = {key: face for key, face, _ in before}, {key: face for key, face, _ in after}
    lacking = {key: face for key, face in old.items() if key not in new}
    created = {key: face for key, face in new.items() if key not in old}
    here, there = Counter(created.values()), Counter(lacking.values())
    expected = {
        (f"E{key}", f"E{known}")
        for key, face in created.items()
        for known, other in lacking.items()
        if face == other and here[face] == there[face] == 1
    }
    assert {(key, known) for _, key, known in warned(told)} == expected
