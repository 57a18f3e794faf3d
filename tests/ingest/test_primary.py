"""Two feeds speak of the same people: on some fields one of them has the last word, of whom it lists."""

import itertools
from typing import NamedTuple

import pytest
from helpers.inbox import Inbox
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from gateway.config import ConfigError

FEED = """
  {name}:
    file: "{name}*.csv"
    format: {{type: csv}}
    contents: changes{more}
    client:
      key: employee_id
      fields:
        employee_id:   {{from: id, required: true}}
        job_title:     {{from: title}}
        annual_salary: {{from: pay, type: money}}
        enrollment_status: {{from: status, type: code, map: {{A: active, T: terminated}}}}
"""
HEAD = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:"""
PRIMARY = "\n    primary: [client.annual_salary]"
_numbers = itertools.count(1)


def settings_of(hris=PRIMARY, roster=""):
    return HEAD + FEED.format(name="hris", more=hris) + FEED.format(name="roster", more=roster)


def drop(inbox, feed, *rows):
    lines = ["id,title,pay", *(",".join(row) for row in rows)]
    return inbox.drop(f"{feed}{next(_numbers)}.csv", "\n".join(lines).encode() + b"\n")


def told(account):
    return [(one["code"], one["column"], one["value"]) for one in account["problems"]]


def test_what_another_feed_says_of_whom_the_primary_one_lists_is_told_and_not_taken(inbox):
    inbox.apply(settings_of())
    drop(inbox, "hris", ("E1", "Clerk", "50"))
    account = drop(inbox, "roster", ("E1", "Chief", "60"))
    assert told(account) == [("other_source", "pay", "60.00")]
    assert account["rows"]["updated"] == 1, "the title was taken"
    assert inbox.sql("SELECT job_title, annual_salary::int FROM clients") == [("Chief", 50)]
    changed = inbox.sql("SELECT changes FROM audit_log WHERE action = 'import.row' ORDER BY id DESC LIMIT 1")
    assert changed[0][0][0]["new"] == {"job_title": "Chief"}


def test_whoever_says_the_same_is_told_nothing(inbox):
    inbox.apply(settings_of())
    drop(inbox, "hris", ("E1", "Clerk", "50"))
    account = drop(inbox, "roster", ("E1", "Clerk", "50"))
    assert (told(account), account["rows"]["unchanged"]) == ([], 1)


def test_it_is_the_field_that_counts_and_not_who_came_first(inbox):
    inbox.apply(settings_of())
    drop(inbox, "roster", ("E1", "Clerk", "60"))
    drop(inbox, "hris", ("E1", "Clerk", "50"))
    assert told(drop(inbox, "roster", ("E1", "Chief", "60"))) == [("other_source", "pay", "60.00")]
    assert inbox.clients() == {"E1": 50}


def test_staff_have_the_word_before_any_feed(inbox):
    inbox.apply(settings_of())
    drop(inbox, "hris", ("E1", "Clerk", "50"))
    inbox.sql("""UPDATE clients SET pins = '{"annual_salary": {}}'""")
    assert told(drop(inbox, "roster", ("E1", "Clerk", "60"))) == [("pinned_field", "pay", "60.00")]


def test_a_rehearsal_tells_it_too(inbox):
    inbox.apply(settings_of())
    drop(inbox, "hris", ("E1", "Clerk", "50"))
    would = inbox.rehearse("roster.csv", b"id,title,pay\nE1,Clerk,60\n")
    assert would.differences == []


class Sent(NamedTuple):
    """A file: its feed, and the pay of people; blank says nothing."""

    feed: str
    pay: dict[int, str]


SENT = st.builds(
    Sent,
    st.sampled_from(["hris", "roster"]),
    st.dictionaries(st.integers(1, 3), st.sampled_from(["", "10", "20", "30"]), min_size=1),
)


def reckoned(files):
    """What must come of it, by plain Python: pay of each person, and the differences that each file is told."""
    pay, listed, differences = {}, set(), []
    for sent in files:
        told_of = []
        for person, value in sorted(sent.pay.items()):
            is_foreign = sent.feed == "roster" and person in listed
            if value and is_foreign and pay[person] != value:
                told_of.append(f"{value}.00")
            elif value and not is_foreign:
                pay[person] = value
            pay.setdefault(person, "")
            if sent.feed == "hris":
                listed.add(person)
        differences.append(told_of)
    return pay, differences


@tries(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(SENT, min_size=1, max_size=5))
def test_whatever_comes_in_whichever_order_is_what_plain_reckoning_says(inbox, files):
    inbox.apply(settings_of())
    example = next(_numbers)
    accounts = [
        drop(
            inbox, sent.feed, *((f"X{example}P{person}", "Clerk", value) for person, value in sorted(sent.pay.items()))
        )
        for sent in files
    ]
    pay, differences = reckoned(files)
    found = inbox.sql(
        "SELECT key, coalesce(annual_salary::int::text, '') FROM clients WHERE key LIKE %s", f"X{example}P%"
    )
    assert dict(found) == {f"X{example}P{person}": value for person, value in pay.items()}
    assert [[value for _, _, value in told(one)] for one in accounts] == differences


@pytest.mark.parametrize(
    ("hris", "roster", "sentence"),
    [
        ("\n    primary: [client.annual_salery]", "", "is no field of a client or a case that this feed brings"),
        ("\n    primary: [client.hire_date]", "", "is no field of a client or a case that this feed brings"),
        ("\n    primary: [client.employee_id]", "", "says who a record is"),
        ("\n    primary: [client.enrollment_status]", "", "whether it is open"),
        (PRIMARY, PRIMARY, "The feed hris is primary for client.annual_salary already"),
    ],
)
def test_primary_fields_that_make_no_sense_are_told(inbox: Inbox, hris, roster, sentence):
    with pytest.raises(ConfigError, match=sentence):
        inbox.apply(settings_of(hris, roster))
