"""Files that a person must look at before any of their rows counts."""

from datetime import timedelta
from pathlib import Path

import pytest
from helpers.inbox import as_csv, counts, people

from gateway import clock
from gateway.errors import Conflict, Invalid


def dated(days: int) -> str:
    return f"roster_{clock.now() + timedelta(days=days):%Y%m%d}.csv"


def test_a_file_that_speaks_of_a_day_to_come_waits_for_somebody_and_later_files_still_count(inbox):
    told = inbox.drop(dated(365), people(20))
    assert (told["state"], told["code"], told["guards"]) == ("held", "future_guard", ["future_guard"])
    assert "days ahead when it arrived" in told["reason"]
    assert inbox.clients() == {}

    assert counts(inbox.drop(dated(0), people(20))) == {"read": 20, "created": 20}
    inbox.refuse(told, "The year was mistyped.")
    assert counts(inbox.drop(dated(1), people(20, salary="60000"))) == {"read": 20, "updated": 20}


def test_somebody_who_knows_better_lets_it_in(inbox):
    told = inbox.drop(dated(10), people(20))
    assert counts(inbox.release(told)) == {"read": 20, "created": 20}


def test_the_same_bytes_under_a_day_to_come_do_not_pass_for_news_from_then(inbox):
    inbox.drop(dated(0), people(20))
    assert inbox.drop(dated(365), people(20))["code"] == "future_guard"
    assert counts(inbox.drop(dated(1), people(20, salary="60000"))) == {"read": 20, "updated": 20}


def test_tomorrow_is_no_mistake(inbox):
    assert inbox.drop(dated(1), people(3))["state"] == "loaded"


def test_corrections_of_what_was_let_in_speak_of_the_same_day(inbox):
    told = inbox.release(inbox.drop(dated(10), [*people(20), *people(1, dob="soon")]))
    saved = Path(told["receipts"]["csv"]).read_bytes().replace(b"soon", b"02/03/1980")
    assert inbox.drop("errors.csv", saved)["state"] == "loaded"


def test_a_header_that_does_not_agree_with_its_rows_waits_for_somebody_and_cannot_be_let_in(inbox):
    content = as_csv(people(20, last_name="Smith, Ann")).replace(b'"', b"")
    told = inbox.drop(dated(0), content)
    assert (told["state"], told["code"], told["guards"]) == ("held", "header_misfit", ["header_misfit"])
    assert "the header has 8 columns, the rows have 9 cells" in told["reason"]
    with pytest.raises(Conflict, match="which cells belong to which names") as refused:
        inbox.release(told)
    assert refused.value.code == "not_releasable"
    assert inbox.refuse(told, "Send it again.")["state"] == "refused"
    assert inbox.clients() == {}


def test_two_names_that_are_alike_wait_for_somebody_who_says_which_is_meant(inbox):
    header, rest = as_csv(people(20)).split(b"\r\n", 1)
    content = header.replace(b"Salary", b"SALARY,salary-") + b"\r\n" + rest.replace(b",50000,", b",50000,7,")
    told = inbox.drop(dated(0), content)
    assert (told["state"], told["code"]) == ("held", "header_alike")
    assert all(name in told["reason"] for name in ("“SALARY”", "“salary-”", "“Salary”"))
    with pytest.raises(Invalid, match=r"--accept 'Salary=\.\.\.'"):
        inbox.release(told)
    assert counts(inbox.release(told, {"Salary": "SALARY"})) == {"read": 20, "created": 20}
    assert {int(salary) for salary in inbox.clients().values()} == {50_000}
