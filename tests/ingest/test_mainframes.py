"""Files as mainframes write them: EBCDIC, records without line breaks, amounts without a point, totals of keys."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from helpers.inbox import ROSTER, counts

FORM = """{type: fixed, encoding: cp037, unit: bytes, record_length: 40, records: {
      row: {where: [1, 1, D], columns: {
        EMP_ID: [2, 4], Last Name: [6, 10], Salary: [16, 9], Passport: [25, 1], I94 Expiry: [26, 1]}},
      trailer: {where: [1, 1, T], columns: {blocks: [2, 3], keys: [5, 3], check: [8, 2]}}},
      controls: [{blocks: blocks, size: 2}, {hash: keys, of: EMP_ID, modulo: 1000}, {hash: check, of: EMP_ID, modulo: 97}]}"""


@pytest.fixture
def payroll(inbox):
    text = ROSTER.format(partner="acme", firm="northgate").replace("{type: csv}", FORM)
    inbox.apply(text.replace("type: money}", "type: money, implied: 2}"))
    return inbox


def records(*lines: str) -> bytes:
    return "".join(line.ljust(40) for line in lines).encode("cp037")


PEOPLE = ["DE901Müller    012345600", "DE902Ünal      000099950", "DE903Bo        1-       "]
TRAILER = "T00270687"  # of four lines; 901, 902 and 903 come to 2,706


def test_a_file_of_a_mainframe_is_read_whole(payroll):
    told = payroll.drop("roster.csv", records(*PEOPLE, TRAILER))
    assert (told["state"], counts(told)) == ("loaded", {"read": 3, "created": 3}), told
    assert payroll.clients() == {"E901": Decimal("123456.00"), "E902": Decimal("999.50"), "E903": Decimal("-0.01")}
    assert [row[0] for row in payroll.sql("SELECT family_name FROM clients ORDER BY 1")] == ["Bo", "Müller", "Ünal"]


def test_a_key_that_was_exchanged_refuses_the_file(payroll):
    told = payroll.drop("roster.csv", records(*PEOPLE[:2], "DE904Bo        1-       ", TRAILER))
    assert (told["state"], told["code"]) == ("refused", "control_total")
    assert "says 706 in keys, but the file holds 707 (2,707 modulo 1,000) in EMP_ID" in told["reason"]


def test_a_file_cut_off_in_the_middle_of_a_record_is_refused_by_its_totals(payroll):
    told = payroll.drop("roster.csv", records(*PEOPLE)[:-8])
    assert (told["state"], told["code"]) == ("refused", "control_total")
    assert "line 3 (32 bytes in its row, where 40 are due)" in told["reason"]


def test_rejected_rows_of_a_mainframe_come_back_in_the_letters_of_a_spreadsheet(payroll):
    told = payroll.drop("roster.csv", records(PEOPLE[0], "DE902          1234.50  ", "T00280357"))
    assert counts(told) == {"read": 2, "created": 1, "rejected": 1}, told
    sent_back = (Path(told["receipts"]["json"]).parent / "errors.csv").read_text(encoding="utf-8-sig")
    repaired = sent_back.replace("E902,          ,1234.50  ", "E902,Ünal,123450")
    assert repaired != sent_back
    back = payroll.drop("errors.csv", repaired.encode())
    assert (back["state"], counts(back)) == ("loaded", {"read": 1, "created": 1}), back
    assert payroll.clients("employee_id, family_name")["E902"] == "Ünal"
