"""What a workbook's odd cells do to the rows that they stand in: errors of formulas, and numbers without their zeros."""

from __future__ import annotations

from helpers.inbox import counts
from helpers.spreadsheets import workbook

PARTNER = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  book:
    file: "book*"
    format: {type: excel, sheets: [One, Two]}
    contents: full
    where: {column: Kind, is: [D]}
    none_values: ["", "#NULL!"]
    keep: [Manager]
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true}
        given_name:    {from: Given, if_bad: drop}
        date_of_birth: {from: DOB, type: date, formats: ["%m/%d/%Y"]}
        annual_salary: {from: Salary, type: money, if_bad: drop}
    documents:
      - type: passport
        when: {column: Passport, not_blank: true}
        fields:
          number:     {from: Passport}
          expires_on: {from: Expiry, type: date, formats: ["%m/%d/%Y"]}
"""
COLUMNS = ["EMP_ID", "Kind", "DOB", "Salary", "Manager", "Passport", "Expiry", "Given", "Helper"]


def row(number: int, **odd: object) -> list[object]:
    plain = dict.fromkeys(COLUMNS) | {"EMP_ID": f"E{number}", "Kind": "D", "DOB": "02/03/1980", "Manager": "Ann"}
    return list((plain | odd).values())


def load(inbox, *odd: dict[str, object]):
    """Two sheets, the first with twenty plain rows, the second with odd ones below a plain one."""
    inbox.apply(PARTNER)
    rows = [row(100 + place, **one) for place, one in enumerate(odd)]
    sheets = {"One": [COLUMNS, *map(row, range(20))], "Two": [COLUMNS, row(99), *rows]}
    return inbox.drop("book.xlsx", workbook(sheets))


def test_an_error_cell_in_a_column_that_is_read_rejects_its_row(inbox):
    told = load(
        inbox, {"DOB": "#REF!"}, {"Manager": "#N/A"}, {"Kind": "#VALUE!"}, {"EMP_ID": "#NAME?"}, {"Passport": "#N/A"}
    )
    assert counts(told) == {"read": 26, "created": 21, "rejected": 5}, told
    assert [
        (one["code"], one["row"], one["line"], one["sheet"], one["column"], one["value"])
        for one in told["problems"]
        if one["severity"] == "error"
    ] == [
        ("formula_error", 3, 3, "Two", "DOB", "#REF!"),
        ("formula_error", 4, 4, "Two", "Manager", "#N/A"),
        ("formula_error", 5, 5, "Two", "Kind", "#VALUE!"),
        ("formula_error", 6, 6, "Two", "EMP_ID", "#NAME?"),
        ("formula_error", 7, 7, "Two", "Passport", "#N/A"),
    ]


def test_an_error_cell_that_nothing_is_read_from_does_no_harm(inbox):
    told = load(
        inbox,
        {"Helper": "#REF!"},
        {"Expiry": "#REF!"},  # a row without a passport
        {"Passport": "#NULL!"},  # a word of the feed for "no value"
        {"Kind": "x", "DOB": "#REF!"},
    )
    assert counts(told) == {"read": 25, "created": 24, "skipped": 1}, told
    assert (told["state"], told["problems"]) == ("loaded", [])


def test_an_error_cell_costs_its_value_alone_where_the_feed_says_drop(inbox):
    told = load(inbox, {"Salary": "#DIV/0!", "Given": "#N/A"}, {"Salary": 5, "Given": "Zoë"})
    assert counts(told) == {"read": 23, "created": 23}, told
    assert {(one["code"], one["severity"], one["row"], one["value"]) for one in told["problems"]} == {
        ("formula_error", "warning", 3, "#DIV/0!"),
        ("formula_error", "warning", 3, "#N/A"),
    }
    clients = inbox.clients("employee_id, annual_salary, given_name")
    assert (clients["E100"], clients["E101"]) == ((None, None), (5, "Zoë"))


def test_a_number_that_lost_its_zeros_is_told_as_such_unless_the_feed_puts_them_back(inbox):
    strict = PARTNER.replace("{from: EMP_ID, required: true}", "{from: EMP_ID, required: true, length: [6, 6]CLEAN}")
    content = workbook({"One": [COLUMNS, row(0, EMP_ID=1), row(0, EMP_ID=22)], "Two": []})

    inbox.apply(strict.replace("CLEAN", ""))
    told = inbox.drop("book.xlsx", content)
    assert (told["state"], counts(told)) == ("held", {"read": 2, "rejected": 2})
    assert [one["value"] for one in told["problems"] if one["code"] == "lost_zeros"] == ["1", "22"]

    inbox.apply(strict.replace("CLEAN", ", clean: [strip, {pad_left: {width: 6}}]"))
    assert counts(inbox.drop("book.xlsx", content)) == {"read": 2, "created": 2}
    assert set(inbox.clients()) == {"000001", "000022"}
