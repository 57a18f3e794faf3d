"""Tables of people who depend on an employee: told by a number of the dependent beside that of the employee."""

from __future__ import annotations

import copy

from ingest.infer.bench import Bench
from ingest.infer.draft import FieldDraft, RecordDraft
from ingest.infer.profile import ColumnProfile
from ingest.infer.vocabulary import LEAST, PERSONAL, likeness, tokens

WORDS = frozenset("dependent dependents dependant dependants spouse family children angehoerige beneficiaries".split())
_NUMBERS = frozenset("no nr number num id sequence seq nummer".split())
_OWN = [PERSONAL["client", name] for name in ("family_name", "given_name", "date_of_birth")]
_DOUBT = (
    "dependents become people of their own here, told apart by the employee's number and which dependent it is; "
    "does the firm keep records of dependents? If not, leave them out"
)


def number_column(names: list[str]) -> str | None:
    """The column that numbers the dependents of an employee; None where the table is not about dependents.

    A table that also has a name or a date of birth of the employee is about employees.
    """
    if any(likeness(name, words).score >= LEAST for name in names for words in _OWN):
        return None
    return next((name for name in names if _is_number(name)), None)


def told_plainly(columns: dict[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    """The columns, by the same addresses, as if the dependent were the person."""
    plain = {address: copy.copy(column) for address, column in columns.items()}
    for column in plain.values():
        column.name = plainly(column.name)
    return plain


def plainly(name: str) -> str:
    """What a column would be called if the dependent were the person: `DOB` for `Dependent DOB`."""
    if _is_number(name):
        return name
    return " ".join(word for word in name.split() if not WORDS & set(tokens(word))) or name


def join_key(bench: Bench, client: RecordDraft, number: str) -> None:
    """Tell dependents apart by the number of their employee and their own."""
    employee = client.fields.get("employee_id")
    if client.key != "employee_id" or employee is None or number not in bench.all:
        return
    address = employee.columns[0]
    client.fields["employee_id"] = FieldDraft(
        {"join": [address, number], "with": "-D", "required": True},
        "the number of the employee, and which dependent it is",
        [*employee.unsure, _DOUBT],
        [address, number],
    )
    bench.free.pop(number, None)
    bench.section.repeats = ""


def _is_number(name: str) -> bool:
    words = set(tokens(name))
    return bool(words & WORDS) and bool(words & _NUMBERS) and words <= WORDS | _NUMBERS
