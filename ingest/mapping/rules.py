"""Rules between the fields of one row: an order of dates, a value that another column demands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.feed import Condition, NotBefore, RequiredWhen
from ingest.mapping.bound import FieldPlan, Test
from ingest.mapping.checks import canonical
from ingest.mapping.plan import FeedPlan

Found = dict[str, tuple[FieldPlan, dict[int, object | None]]]  # address -> the field, and its value by row index


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A row that breaks a rule, in the terms of the catalogue."""

    index: int
    code: str
    label: str
    value: str | None
    details: dict[str, object]


def broken_rules(plan: FeedPlan, found: Found, cells: Sequence[Sequence[str]], rows: list[int]) -> Iterator[BrokenRule]:
    """Every breach among these row indexes; a rule about a column that the file lacks holds."""
    for number, rule in enumerate(plan.feed.rules):
        if isinstance(rule, NotBefore):
            yield from _wrong_order(rule, found, cells, rows)
        else:
            yield from _lacking(rule, plan.conditions[number], found, cells, rows)


def _wrong_order(
    rule: NotBefore, found: Found, cells: Sequence[Sequence[str]], rows: list[int]
) -> Iterator[BrokenRule]:
    if rule.field not in found or rule.than not in found:
        return
    (later, later_values), (earlier, earlier_values) = found[rule.field], found[rule.than]
    for index in rows:
        value, than = later_values.get(index), earlier_values.get(index)
        if value is not None and than is not None and value < than:  # type: ignore[operator]
            shown, before = (
                field.shown(cells[index]) or canonical(day) for field, day in ((later, value), (earlier, than))
            )  # an enriched date stands in no cell
            yield BrokenRule(index, "date_order", later.label, shown, {"expected": f"{earlier.label} ({before})"})


def _lacking(
    rule: RequiredWhen, demands: Test, found: Found, cells: Sequence[Sequence[str]], rows: list[int]
) -> Iterator[BrokenRule]:
    if rule.field not in found:
        return
    field, values = found[rule.field]
    for index in rows:
        if values.get(index) is None and demands(cells[index]):
            yield BrokenRule(index, "required_when", field.label, None, {"expected": describe(rule.when)})


def describe(condition: Condition) -> str:
    """A condition as a partner would say it."""
    if condition.not_blank:
        return f"{condition.column} is filled in"
    if condition.is_ is not None:
        return f"{condition.column} is {' or '.join(condition.is_)}"
    return f"{condition.column} is not {' or '.join(condition.is_not or ())}"
