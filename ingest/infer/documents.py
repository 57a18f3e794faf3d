"""The documents that a row carries: a group of columns for each, or one document a row whose type a column tells."""

from __future__ import annotations

from typing import Any

from ingest.infer.bench import Bench
from ingest.infer.draft import RecordDraft
from ingest.infer.papers import bare_part, paper_of, type_column

_CARRYING = ("number", "expires_on", "issued_on")  # a country alone is no document


def documents_of(bench: Bench) -> list[RecordDraft]:
    """All documents of a row."""
    typed = _typed(bench)
    groups: dict[str, dict[str, str]] = {}
    for address, column in bench.free.items():
        paper = paper_of(column.name)
        if paper and paper.type:
            groups.setdefault(paper.type, {}).setdefault(paper.part, address)
    made = [one for kind, parts in groups.items() if (one := _group(bench, kind, parts))]
    return [*made, *typed]


def _group(bench: Bench, kind: str, parts: dict[str, str]) -> RecordDraft | None:
    record = RecordDraft("document", type=kind)
    if not set(parts) & set(_CARRYING):
        return None
    _fill(bench, record, parts)
    if not set(record.fields) & set(_CARRYING):
        for made in record.fields.values():
            bench.section.aside[made.columns[0]] = f"belongs to the {kind}, of which nothing else can be read"
        return None
    name = next(name for name in _CARRYING if name in record.fields)
    address = record.fields[name].columns[0]
    column = bench.all[address]
    record.when = {"column": address, "not_blank": True}
    record.because = (
        f"columns named after the {kind.replace('_', ' ')}; {column.filled:,} of {column.rows:,} rows have one"
    )
    return record


def _typed(bench: Bench) -> list[RecordDraft]:
    """One document a row; words that we do not know become `other`, for they would reject the row."""
    found = type_column(list(bench.free.values()))
    if found is None:
        return []
    column, known, unknown = found
    address = next(address for address, one in bench.free.items() if one is column)
    bench.free.pop(address)
    parts = _siblings(bench, column.name) or _parts_beside(bench, visa_too="visa" in column.name.casefold())
    record = RecordDraft("document", type={"from": address, "map": known | dict.fromkeys(unknown, "other")})
    _fill(bench, record, parts)
    if not record.fields:
        bench.section.aside[address] = "tells types of documents, but no column has their numbers or dates"
        return []
    record.because = f"the column tells the type: {len(known)} of {len(known) + len(unknown)} words known"
    if unknown:
        record.unsure.append(
            f"taken for `other`, since a word outside the map rejects its row: {', '.join(unknown[:8])}"
        )
    return [record]


def _siblings(bench: Bench, name: str) -> dict[str, str]:
    """In JSON, the columns of the object in which the type stands: `visas.number` beside `visas.kind`."""
    parent = name.rpartition(".")[0]
    parts: dict[str, str] = {}
    for address, column in bench.free.items():
        before, _, end = column.name.rpartition(".")
        if parent and before == parent and (part := bare_part(end)):
            parts.setdefault(part, address)
    return parts


def _parts_beside(bench: Bench, *, visa_too: bool) -> dict[str, str]:
    """The columns that speak of the document whose type a column tells: of `the document`, else of none by name."""
    parts: dict[str, str] = {}
    named = {address: paper for address, column in bench.free.items() if (paper := paper_of(column.name))}
    for address, paper in named.items():
        if paper.type is None:
            parts.setdefault(paper.part, address)
    own_visa = any(paper == ("visa_foil", "number") for paper in named.values())
    for address, paper in named.items():
        if visa_too and not own_visa and paper.type == "visa_foil":
            parts.setdefault(paper.part, address)
    for address, column in bench.free.items():
        if address not in named and (part := bare_part(column.name)) and column.filled:
            parts.setdefault(part, address)
    return parts


def _fill(bench: Bench, record: RecordDraft, parts: dict[str, str]) -> None:
    for name in ("number", "country", "issued_on", "expires_on"):
        if name in parts:
            address = parts[name]
            if made := bench.take("document", name, address, "by its name"):
                made.options |= _number_options(bench, name, address, record.type)
                record.fields[name] = made


def _number_options(bench: Bench, name: str, address: str, kind: object) -> dict[str, Any]:
    """The type of a document's number, where every value is of it."""
    if name != "number":
        return {}
    column = bench.all[address]
    wanted = {"i94": "i94_number", "i797": "receipt_number", "i20": "sevis", "passport": "passport_mrz"}
    test = wanted.get(str(kind))
    return {"type": test} if test and column.fits(test) and column.longest > 9 else {}  # noqa: PLR2004 - a plain number
