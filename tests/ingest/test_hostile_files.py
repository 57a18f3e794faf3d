"""Whatever arrives ends in a state with a receipt that says what to do, and never in a traceback."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from helpers.inbox import as_csv, counts, people, person
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ENDS = {"loaded", "loaded_with_errors", "no_change", "held", "refused"}
HEADER = b"EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\r\n"
GOOD = as_csv(people(5)).split(b"\r\n", 1)[1]


def check(told) -> None:
    """A state, a receipt, counts that add up, and a sentence for whoever must act."""
    assert told["state"] in ENDS, told
    rows = told["rows"]
    assert sum(number for name, number in rows.items() if name != "read") == rows["read"]
    receipt = json.loads(Path(told["receipts"]["json"]).read_text())
    assert receipt["state"] == told["state"]
    if told["state"] in {"held", "refused"}:
        assert receipt["reason"]
        assert receipt["fix"]
    for problem in told["problems"]:
        assert problem["message"]
        assert problem["fix"]
        assert "None" not in problem["message"]


def noise(count: int) -> bytes:
    return random.Random(7).randbytes(count)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        pytest.param(b"", "refused", id="nothing"),
        pytest.param(b"\r\n\r\n", "refused", id="blank lines"),
        pytest.param(HEADER, "refused", id="a header alone"),
        pytest.param(b"\xef\xbb\xbf" + HEADER + GOOD, "loaded", id="a byte order mark"),
        pytest.param((HEADER + GOOD).decode().encode("utf-16"), "loaded", id="UTF-16"),
        pytest.param(noise(50_000), "refused", id="noise"),
        pytest.param(b"PK\x03\x04" + noise(5_000), "refused", id="a workbook"),
        pytest.param(b"\0" * 10_000, "refused", id="zeros"),
        pytest.param(HEADER + b"E\x001,x\0y,01/02/1980,1,,,,\r\n" + GOOD, "loaded_with_errors", id="NUL in cells"),
        pytest.param((HEADER + GOOD).replace(b"\r\n", b"\n", 3).replace(b"\r\n", b"\r", 2), "loaded", id="mixed ends"),
        pytest.param(HEADER + b"E7,x\r\n" + GOOD, "loaded_with_errors", id="a short row"),
        pytest.param(HEADER + b"E7,x,,,,,,,,,,y\r\n" + GOOD, "loaded_with_errors", id="a long row"),
        pytest.param(HEADER + b'E7,"open,,,,,,\r\n' + GOOD, "loaded_with_errors", id="an unclosed quote"),
        pytest.param(HEADER + b'E7,"a"b,,,,,,\r\n' + GOOD, "loaded_with_errors", id="text behind a quote"),
        pytest.param(HEADER + b"E7,M\xfcller,,,,,,\r\n" + GOOD, "loaded_with_errors", id="another encoding"),
        pytest.param(b",".join(b"c%d" % n for n in range(10_000)) + b"\r\n", "refused", id="10,000 foreign columns"),
        pytest.param(b"x" * 5_000_000, "refused", id="one endless line"),
        pytest.param(
            HEADER + b"E7," + b"x" * 2_000_000 + b",,,,,,\r\n" + GOOD, "loaded_with_errors", id="an endless cell"
        ),
        pytest.param(HEADER + b",,,,,,,\r\n" + GOOD, "loaded", id="a row of commas"),
        pytest.param(b"a,b\r\n1,2\r\n", "refused", id="another table"),
        pytest.param(b"Problems,Row\r\nx,y\r\n", "refused", id="corrections of nothing"),
        pytest.param(b'"' * 100_001, "refused", id="quotes"),
    ],
)
def test_a_strange_file_ends_in_a_state_that_somebody_can_act_on(inbox, content, state):
    told = inbox.drop("roster_20260301.csv", content)

    check(told)
    assert told["state"] == state
    if state.startswith("loaded"):
        assert len(inbox.clients()) >= 5


def test_10_000_columns_beside_ours_do_no_harm(inbox):
    more = b"".join(b",c%d" % n for n in range(10_000))
    rows = GOOD.replace(b"\r\n", b"," * 10_000 + b"\r\n")

    told = inbox.drop("roster_20260301.csv", HEADER.strip() + more + b"\r\n" + rows)

    assert counts(told) == {"read": 5, "created": 5}


def test_a_bad_row_behind_a_quoted_newline_is_reported_where_it_stands(inbox):
    rows = [
        person(1, last_name="two\nlines"),
        person(2, last_name="three\r\nmore\nlines"),
        person(3, dob="x"),
        *people(9)[4:],
    ]

    told = inbox.drop("roster_20260301.csv", as_csv(rows))

    assert [(one["row"], one["line"]) for one in told["problems"]] == [(4, 7)]


def test_a_byte_that_is_no_text_costs_its_row_alone(inbox):
    everyone = as_csv(people(3000))
    at = everyone.index(b"Name2000")
    told = inbox.drop("roster_20260301.csv", everyone[:at] + b"\xff" + everyone[at:])

    assert counts(told) == {"read": 3000, "created": 2999, "rejected": 1}
    assert [(one["row"], one["code"], one["column"]) for one in told["problems"]] == [
        (2001, "undecodable", "Last Name")
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=300).map(lambda tail: HEADER + tail),
        st.lists(
            st.sampled_from([b'"', b",", b"\r", b"\n", b"E1", b"'", b"=", b"\xff", b"\0", b"Row", b"x"]), max_size=60
        ).map(lambda parts: HEADER + b"".join(parts)),
    )
)
def test_any_bytes_end_in_a_state_and_a_receipt(inbox, content):
    check(inbox.drop("roster_20260301.csv", content, forced=True))
