"""Takes the whole sample through the proposed feed, without a database, and mends what would lose rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from gateway import clock
from ingest.binding import Held, bind
from ingest.feed import ClientSpec, Feed, FieldSpec
from ingest.formats import open_table
from ingest.formats.base import Batch, Refused, Source
from ingest.infer.counting import counted
from ingest.infer.draft import FeedDraft, FieldDraft, RecordDraft, SectionDraft
from ingest.infer.sniffing import NotUnderstood, told
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.naming import fold

_MOST_BAD = 0.5  # of the filled cells: above it a field is not what it was taken for
_UNMENDED = frozenset(
    {"missing_value", "ragged_row", "bad_quotes", "undecodable", "unknown_record", "bad_json", "too_long"}
)

Place = tuple[str | None, str]  # the part, and the partner's name of the column


@dataclass
class Rehearsed:
    """What became of the rows.

    Attributes:
        bad: cells that are not as proposed.
        first: the first row that has one.
        loaded: rows that load once bad cells are dropped.
        spoiled: rows that do not, for a spreadsheet spoiled them: nothing speaks against the proposal.
    """

    rows: int = 0
    loaded: int = 0
    skipped: int = 0
    spoiled: int = 0
    bad: Counter[Place] = field(default_factory=Counter)
    first: dict[Place, int] = field(default_factory=dict)


def rehearse(source: Source, feed: Feed, time_zone: str) -> Rehearsed:
    """Map every row of the sample.

    Raises:
        NotUnderstood: the proposal does not fit its own sample.
    """
    found = Rehearsed()
    try:
        table = open_table(source, feed.format)
        plans = bind(table, _quickened(feed), {}, clock.day_in(time_zone, clock.now()), source.name)
        for batch in table.batches():
            _count(found, batch, plans[batch.part])
    except Refused as refused:
        raise told(refused) from refused
    except Held as held:
        sentence = f"{source.name}: a column of the proposal is not found in the sample again ({held.code})."
        raise NotUnderstood(f"{sentence} Its header may name one column twice; write partner.yaml by hand.") from held
    return found


def mend(draft: FeedDraft, found: Rehearsed) -> bool:
    """Let fields with bad cells drop them, and give up those that are mostly bad; whether a field was given up."""
    given_up = False
    for (part, label), count in found.bad.items():
        for section in draft.sections:
            if section.names and part not in section.names:
                continue
            for record in section.records():
                given_up |= _mend(section, record, label, count, found.first[part, label])
    return given_up


def _count(found: Rehearsed, batch: Batch, plan: FeedPlan) -> None:
    mapped = map_batch(batch, plan)
    found.rows += len(batch.rows) + len(batch.broken)
    found.skipped += len(mapped.skipped)
    lost = {one.row for one in batch.broken}
    spoiled: set[int] = set()
    for problem in mapped.problems:
        place = (batch.sheet, problem.column or "")
        if problem.code == "lost_digits":
            spoiled.add(problem.row)
        elif problem.code in _UNMENDED or problem.column is None:
            lost.update([problem.row] if problem.severity == "error" else [])
        else:
            found.bad[place] += 1
            found.first.setdefault(place, problem.row)
            if problem.severity == "error" and problem.column in _keys(plan):
                lost.add(problem.row)
    found.spoiled += len(spoiled - lost)
    found.loaded += len(batch.rows) + len(batch.broken) - len(lost | spoiled)


def _keys(plan: FeedPlan) -> Iterator[str]:
    return (one.label for record in plan.records for one in record.fields if one.target.name == record.key)


def _quickened(feed: Feed) -> Feed:
    """Without telephone numbers: looking them up takes longer than all the rest, and a bad one rejects nothing."""

    def slow(spec: FieldSpec) -> bool:
        return spec.type == "phone" and spec.if_bad == "drop"

    def lighter(client: ClientSpec | None) -> ClientSpec | None:
        fields = {name: spec for name, spec in client.fields.items() if not slow(spec)} if client else {}
        return replace(client, fields=fields) if client else None

    parts = {name: replace(part, client=lighter(part.client)) for name, part in feed.parts.items()}
    return replace(feed, client=lighter(feed.client), parts=parts)


def _mend(section: SectionDraft, record: RecordDraft, label: str, count: int, row: int) -> bool:
    given_up = False
    for name, made in list(record.fields.items()):
        if not _is_read_from(made, label):
            continue
        if name == record.key:
            made.unsure.append(f"{counted(count, 'cell')} not as proposed (first in row {row:,}): rejects the row")
        elif count > _MOST_BAD * max(1, section.rows):
            del record.fields[name]
            section.aside[label] = f"would be {name}, but most of its cells cannot be read as such"
            given_up = True
        elif made.options.get("if_bad") != "drop":
            made.options["if_bad"] = "drop"
            made.unsure.append(_dropped(count, row))
        else:
            made.because += f"; {counted(count, 'cell')} dropped, the first in row {row:,}"
    return given_up


def _dropped(count: int, row: int) -> str:
    return (
        f"{counted(count, 'cell')} not of this form (first in row {row:,}), dropped with a warning; "
        "take `if_bad` away to have such rows rejected"
    )


def _is_read_from(made: FieldDraft, label: str) -> bool:
    if "join" in made.options:
        return label == " + ".join(made.columns)
    return any(fold(label) in {fold(column), fold(re.sub(r"#[0-9]+$", "", column))} for column in made.columns)
