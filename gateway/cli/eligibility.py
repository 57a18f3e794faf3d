"""`gateway eligibility`: what the law asks for each visa, and which of them a person's profile fits."""

from __future__ import annotations

from datetime import date, datetime

import rich_click as click
from msgspec import to_builtins

from gateway import clock
from gateway.cli import checking, reviewing
from gateway.cli.outcomes import outcomes
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.domain.rules import wording
from gateway.domain.rules.criteria import Criterion, Gate, Visa, in_force, visa_on


@click.group(
    "eligibility",
    epilog=examples(
        "gateway eligibility criteria EB1A",
        "gateway eligibility check 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate",
    ),
)
def group() -> None:
    """Look at what the law asks for each visa, check which of them a profile fits, and see how such cases ended."""


for command in (
    checking.check,
    checking.show,
    checking.list_checks,
    checking.retry,
    outcomes,
    *reviewing.COMMANDS,
):
    group.add_command(command)


@group.command(
    "criteria",
    epilog=examples(
        "gateway eligibility criteria", "gateway eligibility criteria NIW", "gateway eligibility criteria TN --json"
    ),
)
@click.argument("visa", required=False)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day; today, if left out.")
@json_option
def criteria(visa: str | None, on: datetime | None, as_json: bool) -> None:
    """List the visas, or show all that one of them asks, each with its source."""
    day = on.date() if on else clock.now().date()
    if visa is None:
        _list(day, as_json=as_json)
        return
    found = visa_on(visa, day)
    if as_json:
        print_json(to_builtins(found))
        return
    _show(found)


def _list(day: date, *, as_json: bool) -> None:
    found = in_force(day)
    if as_json:
        print_json([to_builtins(one) for one in found])
        return
    shown = table("visa", "name", "gates", "criteria", "months", "source", "compared", numbers=("gates", "criteria"))
    for one in found:
        months = f"{one.timeline_months[0]} to {one.timeline_months[1]}"
        counts = (str(len(one.gates)), str(len(one.criteria)))
        shown.add_row(*map(plain, (one.id, one.name, *counts, months, one.source, one.verified_on or "not yet")))
    console().print(shown)


def _show(visa: Visa) -> None:
    said = console()
    compared = f"compared on {visa.verified_on} with: {visa.compared_with}" if visa.verified_on else "not compared yet"
    said.print(plain(f"{visa.id}  {visa.name}", "bold"))
    said.print(plain(f"{visa.source} ({compared})"), soft_wrap=True)
    said.print(plain(f"Needed: {wording.of_method(visa.method)}."), soft_wrap=True)
    for gate in visa.gates:
        _show_gate(gate)
    for one in visa.criteria:
        _show_criterion(one)
    said.print(plain("\nPapers", "bold"))
    for paper in visa.documents:
        said.print(plain(f"  {paper}"), soft_wrap=True)
    shortest, longest = visa.timeline_months
    said.print(plain(f"\n{shortest} to {longest} months from the decision to file to the answer."), soft_wrap=True)
    said.print(plain("Not legal advice; attorney review required."))


def _show_gate(gate: Gate) -> None:
    console().print(plain(f"\nGate {gate.id}: {gate.text} ({gate.source})", "bold"), soft_wrap=True)
    console().print(plain(f"  {wording.of_demand(gate.asks)}"), soft_wrap=True)


def _show_criterion(one: Criterion) -> None:
    console().print(plain(f"\n{one.id}: {one.text} ({one.source})", "bold"), soft_wrap=True)
    for way in one.ways:
        console().print(plain(f"  {', '.join(wording.of_way(way))}"), soft_wrap=True)
