"""Who a row is about: the column that tells people apart, and their names."""

from __future__ import annotations

import re
from typing import Any

from ingest.infer.bench import MOST_COMPANIES, Bench, companies_in, drafted
from ingest.infer.content import NAMELESS
from ingest.infer.draft import FieldDraft, RecordDraft
from ingest.infer.options import Read, cleaners_of, repeating
from ingest.infer.profile import ColumnProfile
from ingest.infer.vocabulary import FULL_NAME, LEAST, PERSONAL, is_of_others, likeness, tokens

_IDENTIFIER = re.compile(r"[A-Za-z_]{0,6}[-_/ ]?[0-9][A-Za-z0-9-_/.]{0,24}")
_LEAST_FILLED = 0.5  # of the rows, for a column to tell people apart
_NEARLY_UNIQUE = 0.95
_SHORTEST_PADDED = 3  # digits
_LAST_FIRST = 0.8  # of the values that have a comma
_OTHER_KEYS = ("email", "ssn", "a_number")
_PADDED_NAMES = frozenset(
    "file pernr personnel personal personalnummer pers persnr payroll nummer number no nr stammnummer".split()
)


def client_of(bench: Bench) -> RecordDraft | None:
    """The client with its key and its names; None where no column tells people apart.

    An e-mail address may become the key in the end: it is a better one than an identifier of unknown meaning.
    """
    record = RecordDraft("client")
    named = any(not NAMELESS.fullmatch(column.name) for column in bench.free.values())
    has_better = named and _has_email(bench)
    if not (_key_by_name(bench, record) or _shared_key(bench, record) or has_better or _key_by_content(bench, record)):
        return None
    _names(bench, record)
    return record


def finish_key(bench: Bench, record: RecordDraft) -> bool:
    """Make one of the fields the key, after all of them are known; False where none can be."""
    if record.key is None:
        record.key = next((name for name in _OTHER_KEYS if _is_key(bench, record.fields.get(name))), None)
    if record.key is None:
        return False
    key = record.fields.pop(record.key)
    key.options = {name: value for name, value in key.options.items() if name != "if_bad"} | {"required": True}
    record.fields = {record.key: key} | record.fields
    column = bench.all[key.columns[0]]
    people = column.distinct
    key.because += f"; {column.distinct_told} different in {column.filled:,} filled rows"
    blank = column.rows - column.filled
    if blank:
        key.unsure.append(f"blank in {blank:,} rows, which will be rejected")
    key.unsure += repeating(column, "person")
    if people < _NEARLY_UNIQUE * column.filled:
        bench.section.repeats = (
            f"{column.filled:,} rows speak of {column.distinct_told} people: several rows a person, "
            "which are put together by the key (the later value that is not blank counts)"
        )
    return True


def repair_of(column: ColumnProfile) -> tuple[list[Any], list[str]]:
    """Cleaners for an identifier, and the doubt that comes with them."""
    clean = cleaners_of(column)
    if (
        column.digits == column.seen > 1
        and not column.zeros
        and _SHORTEST_PADDED < column.longest > column.shortest
        and set(tokens(column.name)) & _PADDED_NAMES
    ):
        doubt = (
            f"{column.shortest:g} to {column.longest} digits and none begins with 0: leading zeros seem to be lost, "
            f"so all are padded to {column.longest}; ask how long the number is at its source"
        )
        return [*(clean or ["strip"]), {"pad_left": {"width": column.longest}}], [doubt]
    return clean, []


def _is_key(bench: Bench, made: FieldDraft | None) -> bool:
    if made is None or "from" not in made.options:
        return False
    column = bench.all[made.columns[0]]
    return column.filled >= _LEAST_FILLED * column.rows and column.distinct >= _NEARLY_UNIQUE * column.filled


def _key_by_name(bench: Bench, record: RecordDraft) -> bool:
    """The column that is called as employee numbers are; one that really has different values goes first."""
    words = PERSONAL["client", "employee_id"]
    named = [(like, address) for address, column in bench.free.items()
             if (like := likeness(column.name, words)).score >= LEAST and _identifies(column)]  # fmt: skip
    if not named:
        return False
    like, address = max(named, key=lambda one: (round(one[0].score, 1), bench.free[one[1]].distinct))
    _set_key(bench, record, address, f"called as employee numbers are (“{like.synonym}”)", [])
    return True


def _has_email(bench: Bench) -> bool:
    """Whether an address tells people apart, which is a better key than an identifier of unknown meaning."""
    columns = bench.free.values()
    return any(
        one.fits("email")
        and one.filled == one.rows > 0
        and one.distinct >= _NEARLY_UNIQUE * one.filled
        and not is_of_others(one.name)
        for one in columns
    )


def _identifies(column: ColumnProfile) -> bool:
    return (
        column.filled >= _LEAST_FILLED * column.rows > 0
        and (column.distinct > 1 or column.rows <= 2)  # noqa: PLR2004 - a sample of two rows proves nothing
        and not column.fits("email")
        and column.worded < 0.2 * column.seen
    )


def _shared_key(bench: Bench, record: RecordDraft) -> bool:
    """The column at whose place all record types have the same values; asked once."""
    if bench.shared not in bench.free:
        return False
    doubt = (
        "no column is called an employee number; this one tells the same people on all kinds of lines: is it theirs?"
    )
    because = "the same place and values on every kind of line"
    _set_key(bench, record, bench.shared, because, [doubt] if bench.is_main else [])
    return True


def _key_by_content(bench: Bench, record: RecordDraft) -> bool:
    """The first column of different identifiers, where none is called so."""
    for address, column in bench.free.items():
        if is_of_others(column.name) or not _looks_like_key(column):
            continue
        doubt = (
            "no column is called an employee number; this one holds identifiers that tell rows apart: is it the key?"
        )
        _set_key(bench, record, address, "identifiers by content", [doubt])
        return True
    return False


def _looks_like_key(column: ColumnProfile) -> bool:
    dated = column.dates.share > 0.5 and column.dates.read  # noqa: PLR2004 - a half
    values = list(column.counts)[:500]
    fitting = sum(bool(_IDENTIFIER.fullmatch(value)) for value in values)
    typed = any(column.fits(test) for test in ("email", "soc", "ssn", "receipt_number", "fein"))
    return (
        bool(values)
        and column.filled >= 0.95 * column.rows
        and column.distinct >= (0.9 if not column.name.startswith("col_") else 0.2) * column.filled
        and fitting >= 0.95 * len(values)
        and not dated
        and not typed
        and column.longest >= 2  # noqa: PLR2004 - characters
        and not any("." in value and value.replace(".", "").isdecimal() for value in values)
    )


def _set_key(bench: Bench, record: RecordDraft, address: str, because: str, doubts: list[str]) -> None:
    clean, more = repair_of(bench.free.pop(address))
    read = Read({"clean": clean} if clean else {}, "", [*doubts, *more])
    record.fields["employee_id"] = drafted(address, read, because)
    record.key = "employee_id"


# ---------------------------------------------------------------- names


def _names(bench: Bench, record: RecordDraft) -> None:
    """A whole name in one column becomes its parts, where no columns have the parts."""
    words = [PERSONAL["client", name] for name in ("family_name", "given_name")]
    parts = any(likeness(column.name, one).score >= LEAST for column in bench.free.values() for one in words)
    if parts:
        return
    for address, column in list(bench.free.items()):
        if likeness(column.name, FULL_NAME).score < LEAST or not column.filled or column.digits:
            continue
        if is_of_others(column.name) or companies_in(column) >= MOST_COMPANIES:
            _company(bench, record, address, column)
        else:
            _split_name(bench, record, address, column)
            return


def _company(bench: Bench, record: RecordDraft, address: str, column: ColumnProfile) -> None:
    """A column of names that are a company's: the employer, where no other column is called so."""
    because = f"{companies_in(column):.0%} of its different values are called as companies are"
    words = PERSONAL["client", "employer_name"]
    if any(likeness(one.name, words).score >= LEAST for one in bench.free.values() if one is not column):
        bench.free.pop(address)
        bench.section.aside[address] = f"a company's name, and no person's: {because}"
    elif made := bench.take("client", "employer_name", address, because):
        made.unsure.append("a company's name, by its own name or its values: is it the employer's?")
        record.fields["employer_name"] = made


def _split_name(bench: Bench, record: RecordDraft, address: str, column: ColumnProfile) -> None:
    bench.free.pop(address)
    if column.commas >= _LAST_FIRST * column.seen:
        because = f"“LAST, FIRST M” in {column.commas:,} of {column.seen:,} distinct values"
        for name, part in (("family_name", "family"), ("given_name", "given"), ("middle_name", "middle")):
            record.fields[name] = FieldDraft({"from": address, "clean": [{"last_first": part}]}, because, [], [address])
        return
    doubt = "one column holds the whole name: its last word is taken for the family name, its first for the given name"
    for name, take in (("family_name", -1), ("given_name", 1)):
        clean = ["collapse", {"split": {"on": " ", "take": take}}]
        record.fields[name] = FieldDraft(
            {"from": address, "clean": clean}, "a whole name by its name", [doubt], [address]
        )
