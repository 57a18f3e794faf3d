"""`gateway attorney`: who can take cases, what they know and hold, and when they are away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import rich_click as click
from msgspec import UNSET, to_builtins

from gateway.cli.given import Day
from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.assignment import attorneys, profiles, time_off
from gateway.domain.assignment.attorneys import Said
from gateway.domain.assignment.hours import DAYS
from gateway.domain.assignment.profiles import Days, Profile

F = TypeVar("F", bound=Callable[..., Any])

_whom = click.argument("email", metavar="EMAIL")


def _said_options(command: F) -> F:
    """The options by which something is said of an attorney."""
    for option in reversed(
        [
            click.option("--licence", metavar="TEXT", help="Where and under which number; empty takes it away."),
            click.option("--capacity", type=click.IntRange(0, attorneys.MOST), help="Active cases at full time."),
            click.option("--hours", metavar="DAYS", help="Hours by day: mon=8,tue=8,wed=4; `full` is full time."),
            click.option("--senior/--not-senior", default=None, help="Takes what is too hard for others."),
            click.option("--languages", metavar="CODES", help="Besides English, with commas: es,zh; empty for none."),
            click.option("--certifications", metavar="WORDS", help="With commas, such as eb5; empty for none."),
        ]
    ):
        command = option(command)
    return command


@click.group(
    "attorney",
    epilog=examples(
        "gateway attorney add ana@northgate.example --firm northgate --licence 'NY 4821093'",
        "gateway attorney list --firm northgate",
        "gateway attorney away ana@northgate.example --firm northgate --from 2027-08-02 --to 2027-08-13",
    ),
)
def group() -> None:
    """See who can take cases and how many more; say what they know, and when they are away."""


@group.command("list", epilog=examples("gateway attorney list --firm northgate --json"))
@firm_option
@json_option
def list_attorneys(firm: str, as_json: bool) -> None:
    """List a firm's attorneys, with what they hold and how many more they may take."""
    with opened() as office, at_firm(office, firm) as acting:
        found = profiles.listing(acting)
    if as_json:
        print_json(to_builtins(found))
        return
    numbers = ("holds", "of", "free", "weighted", "urgent")
    shown = table("attorney", "name", *numbers, "away", "", numbers=numbers)
    for one in found:
        load = one.workload
        figures = (load.held, load.may_hold, load.free, load.weighted, load.urgent)
        told = "" if one.takes_cases else "takes none"
        shown.add_row(*map(plain, (one.email, one.name, *figures, _away(one), told)))
    console().print(shown if found else plain("There are no attorneys: `gateway attorney add` makes one."))


@group.command("show", epilog=examples("gateway attorney show ana@northgate.example --firm northgate --json"))
@_whom
@firm_option
@json_option
def show(email: str, firm: str, as_json: bool) -> None:
    """Show what an attorney can, knows and holds. EMAIL may be an id, too."""
    with opened() as office, at_firm(office, firm) as acting:
        found = profiles.of(acting, attorneys.find(acting, email))
    _print(found, as_json=as_json)


@group.command(
    "add",
    epilog=examples(
        "gateway attorney add ana@northgate.example --firm northgate --licence 'NY 4821093'",
        "gateway attorney add bo@northgate.example --firm northgate --licence 'TX 24001' --capacity 18",
    ),
)
@_whom
@firm_option
@_said_options
@json_option
def add(email: str, firm: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - as click gives them
    """Let a member of staff hold cases, whose role is attorney or admin."""
    with opened() as office, at_firm(office, firm) as acting:
        made = profiles.of(acting, attorneys.add(acting, email, _said(**options)))
    _print(made, as_json=as_json)


@group.command(
    "set",
    epilog=examples(
        "gateway attorney set ana@northgate.example --firm northgate --capacity 15 --senior",
        "gateway attorney set ana@northgate.example --firm northgate --hours mon=8,tue=8,wed=8 --languages es",
    ),
)
@_whom
@firm_option
@_said_options
@json_option
def change(email: str, firm: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - as click gives them
    """Change what is said of an attorney. Cases that are held stay, even where fewer may be held from now on."""
    if all(one is None for one in options.values()):
        raise click.UsageError("Say what is to be different, such as --capacity 18.")
    with opened() as office, at_firm(office, firm) as acting:
        found = profiles.of(acting, attorneys.change(acting, email, _said(**options)))
    _print(found, as_json=as_json)


@group.command(
    "expertise",
    epilog=examples(
        "gateway attorney expertise ana@northgate.example H1B_EXT=4 PERM=2 --firm northgate",
        "gateway attorney expertise ana@northgate.example --firm northgate --none",
    ),
)
@_whom
@click.argument("levels", metavar="[TYPE=LEVEL]...", nargs=-1)
@firm_option
@click.option("--none", "nothing", is_flag=True, help="Declare nothing any more.")
@json_option
def expertise(email: str, levels: tuple[str, ...], firm: str, nothing: bool, as_json: bool) -> None:
    """Declare all that an attorney knows, from 1, has seen some, to 5, teaches it; what is not named ends."""
    if bool(levels) == nothing:
        raise click.UsageError("Give types of cases with levels, such as H1B_EXT=4, or --none.")
    with opened() as office, at_firm(office, firm) as acting:
        found = profiles.of(acting, attorneys.set_expertise(acting, email, _levels(levels)))
    _print(found, as_json=as_json)


@group.command(
    "away",
    epilog=examples(
        "gateway attorney away ana@northgate.example --firm northgate --from 2027-08-02 --to 2027-08-13",
        "gateway attorney away ana@northgate.example --firm northgate --json",
    ),
)
@_whom
@firm_option
@click.option("--from", "first", type=Day(), help="The first day away.")
@click.option("--to", "last", type=Day(), help="The last day away; the first one without it.")
@json_option
def away(email: str, firm: str, first: date | None, last: date | None, as_json: bool) -> None:
    """Note that an attorney is away, or list when; whoever is away is given no cases, and keeps those held."""
    if last and not first:
        raise click.UsageError("Say with --from when it begins.")
    with opened() as office, at_firm(office, firm) as acting:
        merged = time_off.add(acting, email, first, last or first).merged if first else 0
        found = [Days.of(one) for one in time_off.listing(acting, email)]
    _print_days(found, merged, as_json=as_json)


@group.command(
    "back",
    epilog=examples(
        "gateway attorney back ana@northgate.example --firm northgate",
        "gateway attorney back ana@northgate.example --firm northgate --on 2027-08-02",
    ),
)
@_whom
@firm_option
@click.option("--on", type=Day(), help="A day on which they would be away; today without it.")
@json_option
def back(email: str, firm: str, on: date | None, as_json: bool) -> None:
    """Have an attorney back: time off that has begun ends yesterday, and what is to come is taken back."""
    with opened() as office, at_firm(office, firm) as acting:
        time_off.back(acting, email, on)
        found = [Days.of(one) for one in time_off.listing(acting, email)]
    _print_days(found, 0, as_json=as_json)


# ------------------------------------------------------------------------------------------------ read and printed


def _said(
    licence: str | None,
    capacity: int | None,
    hours: str | None,
    senior: bool | None,
    languages: str | None,
    certifications: str | None,
) -> Said:
    return Said(
        licence=UNSET if licence is None else licence,
        capacity=UNSET if capacity is None else capacity,
        availability=UNSET if hours is None else _hours(hours),
        senior=UNSET if senior is None else senior,
        languages=UNSET if languages is None else _listed(languages),
        certifications=UNSET if certifications is None else _listed(certifications),
    )


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _hours(text: str) -> dict[str, float]:
    try:
        if text == "full":
            return {}
        return {day: float(hours) for day, hours in _pairs(_listed(text) or [text])}
    except ValueError:
        sentence = f"Give hours by day as mon=8,tue=7.5, or `full`; days are {', '.join(DAYS)}."
        raise click.BadParameter(sentence, param_hint="--hours") from None


def _levels(given: tuple[str, ...]) -> dict[str, int]:
    try:
        found = [(name, int(level)) for name, level in _pairs(given)]
    except ValueError:
        raise click.BadParameter("Give a type and a level, such as H1B_EXT=4.", param_hint="TYPE=LEVEL") from None
    levels = dict(found)
    if len(levels) < len(found):
        twice = next(name for place, (name, _) in enumerate(found) if name in dict(found[:place]))
        raise click.BadParameter(f"{twice} is named twice; give it one level.", param_hint="TYPE=LEVEL")
    return levels


def _pairs(given: tuple[str, ...] | list[str]) -> list[tuple[str, str]]:
    return [(name.strip(), value) for name, value in (one.split("=") for one in given)]


def _away(one: Profile) -> str:
    if one.away:
        return f"until {one.away.last}"
    return f"from {one.next_away.first}" if one.next_away else ""


def _print(one: Profile, *, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(one))
        return
    load = one.workload
    lines = [
        f"{one.name} ({one.email}), {'senior' if one.senior else 'not senior'}, licence {one.licence or 'none'}",
        f"Holds {load.held} of {load.may_hold}, {load.free} free; weighted {load.weighted}, urgent {load.urgent}.",
        f"Hours: {_listed_pairs(one.availability) or 'full time'}. Capacity at full time: {one.capacity}.",
        f"Knows: {_listed_pairs(one.expertise) or 'nothing declared'}.",
        f"Languages besides English: {', '.join(one.languages) or 'none'}.",
        f"Certifications: {', '.join(one.certifications) or 'none'}.",
        *([f"Away {_away(one)}."] if _away(one) else []),
    ]
    for line in lines:
        console().print(plain(line), soft_wrap=True)
    for line in one.remarks:
        console().print(plain(line, "yellow"), soft_wrap=True)


def _listed_pairs(found: dict[str, float] | dict[str, int]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in found.items())


def _print_days(found: list[Days], merged: int, *, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("first day", "last day", "id")
    for one in found:
        shown.add_row(*map(plain, (one.first, one.last, one.id)))
    console().print(shown if found else plain("No time off is on record."))
    if merged:
        console().print(plain(f"It touched {merged} other{'s' if merged > 1 else ''}, and they are one now."))
