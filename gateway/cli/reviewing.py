"""`gateway eligibility review`, `reviews`, `compare` and `memo`: what an attorney does with a completed check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import rich_click as click
from msgspec import to_builtins

from gateway.cli.given import Id
from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, sink, table
from gateway.db.models import Review
from gateway.domain.eligibility import comparisons, memos, reviewing
from gateway.domain.eligibility.comparing import PartMove, Standing, VisaMove
from gateway.domain.eligibility.edits import Edits
from gateway.domain.eligibility.reviewing import VERDICTS, Said
from gateway.domain.eligibility.terms import NOTICE
from gateway.web.memo import page

F = TypeVar("F", bound=Callable[..., Any])

_ONE, _OTHER = "0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70", "0197f9d4-11c2-7e08-8b3f-90d1c25a7e44"
_WHERE = "`gateway eligibility show CHECK` lists them, and the memo names them."
_recommendation = click.argument("recommendation_id", metavar="RECOMMENDATION", type=Id("recommendation", _WHERE))
_CHECKS = "`gateway eligibility list` lists them."
_check = click.argument("check_id", metavar="CHECK", type=Id("check", _CHECKS))


def _edit_options(command: F) -> F:
    """What is to be read instead."""
    for option in reversed(
        [
            click.option("--summary", metavar="TEXT", help="What it comes to."),
            click.option("--strength", "strengths", metavar="TEXT", multiple=True, help="All of them, one each."),
            click.option("--weakness", "weaknesses", metavar="TEXT", multiple=True, help="All of them, one each."),
            click.option("--missing", metavar="TEXT", multiple=True, help="All that is missing, one each."),
            click.option("--document", "documents", metavar="TEXT", multiple=True, help="All of them, one each."),
            click.option("--months", "timeline_months", type=(int, int), help="Shortest and longest."),
        ]
    ):
        command = option(command)
    return command


@click.command(
    "review",
    epilog=examples(
        f"gateway eligibility review {_ONE} accepted --firm northgate",
        f"gateway eligibility review {_ONE} edited --firm northgate --summary 'Strong, once the letters are in.'"
        " --reason 'Two letters are promised.'",
        f"gateway eligibility review {_ONE} rejected --firm northgate --reason 'The award is internal.'",
    ),
)
@_recommendation
@click.argument("verdict", type=click.Choice(VERDICTS))
@firm_option
@click.option("--reason", metavar="TEXT", help="Why; an edit and a rejection need one.")
@click.option("--version", type=int, help="Of the recommendation as you saw it: refuse if somebody was faster.")
@_edit_options
@json_option
def review(
    recommendation_id: UUID,
    verdict: str,
    firm: str,
    reason: str | None,
    version: int | None,
    as_json: bool,
    **edits: Any,  # noqa: ANN401 - as click gives them
) -> None:
    """Accept, edit or reject a recommendation.

    Nothing leaves for a client or a partner before an attorney has, signed in; what is said here does not stand for it.
    """
    said = Said(verdict=verdict, reason=reason, edits=Edits(**{name: value or None for name, value in edits.items()}))  # type: ignore[arg-type] # one of three
    expected = None if version is None else frozenset({version})
    with opened() as office, at_firm(office, firm) as acting:
        told = _told(reviewing.review(acting, recommendation_id, said, expected))
    if as_json:
        print_json(told)
        return
    _say(f"It is {verdict}; this is review {told['number']} of it, and the one that counts.")
    if verdict != "rejected":
        _say("It leaves for nobody yet: that takes an attorney of the firm, who is signed in.")


@click.command("reviews", epilog=examples(f"gateway eligibility reviews {_ONE} --firm northgate"))
@_recommendation
@firm_option
@json_option
def reviews(recommendation_id: UUID, firm: str, as_json: bool) -> None:
    """List what was said of a recommendation, the newest first; that you looked is on record."""
    with opened() as office, at_firm(office, firm) as acting:
        found = [_told(one) for one in reviewing.history(acting, recommendation_id)]
    if as_json:
        print_json(found)
        return
    shown = table("number", "verdict", "reason", "edited", "by", "at", numbers=("number",))
    for one in found:
        cells = one | {"edited": ", ".join(one["edits"])}
        shown.add_row(*(plain(cells[name]) for name in ("number", "verdict", "reason", "edited", "by", "at")))
    console().print(shown if found else plain("Nobody has reviewed it yet."))


@click.command("compare", epilog=examples(f"gateway eligibility compare {_ONE} {_OTHER} --firm northgate"))
@_check
@click.argument("other_id", metavar="[OTHER]", type=Id("check", _CHECKS), required=False)
@firm_option
@json_option
def compare(check_id: UUID, other_id: UUID | None, firm: str, as_json: bool) -> None:
    """Hold a check against another one, or the one before: what is known differently, how and why the scores moved."""
    with opened() as office, at_firm(office, firm) as acting:
        found = comparisons.of_checks(acting, check_id, other_id)
        ids = {"client_id": found.earlier.client_id, "earlier": found.earlier.id, "later": found.later.id}
        told = found.comparison
    if as_json:
        print_json(ids | to_builtins(told) | {"notice": NOTICE})
        return
    _say(told.law.sentence)
    _listed("What is known differently", [one.sentence for one in told.profile] or ["Nothing."])
    for one in told.visas:
        _show(one)
    _say(NOTICE)


@click.command(
    "memo",
    epilog=examples(
        f"gateway eligibility memo {_ONE} --firm northgate --out memo.html",
        f"gateway eligibility memo {_ONE} --firm northgate --json",
    ),
)
@_check
@firm_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; stdout, if left out.")
@json_option
def memo(check_id: UUID, firm: str, out: Path | None, as_json: bool) -> None:
    """Write the memo of a check, a page to be read and printed; that you looked is on record."""
    with opened() as office, at_firm(office, firm) as acting:
        found = memos.of_check(acting, check_id)
    if as_json:
        print_json(to_builtins(found))
        return
    with sink(out) as file:
        file.write(page(found).html.encode())
    if out is not None:
        _say(f"The memo is in {out}; open it in a browser, and print it from there.")


COMMANDS = (review, reviews, compare, memo)


# ------------------------------------------------------------------------------------------------ printed


def _told(said: Review) -> dict[str, Any]:
    names = ("id", "recommendation_id", "number", "verdict", "reason", "edits", "by", "at")
    return {name: getattr(said, name) for name in names}


def _say(text: str, style: str = "") -> None:
    console().print(plain(text, style), soft_wrap=True)


def _listed(heading: str, lines: Sequence[str]) -> None:
    _say(f"\n{heading}", "bold")
    for line in lines:
        _say(f"  {line}")


def _show(one: VisaMove) -> None:
    moved = "" if one.points is None else f" ({one.points:+.1f})"
    _say(f"\n{one.visa}: {_stands(one.before)} before, {_stands(one.after)} now{moved}", "bold")
    if one.parts:
        shown = table("part", "before", "now", "points", numbers=("before", "now", "points"))
        for part in one.parts:
            shown.add_row(*map(plain, _cells(part)))
        console().print(shown)
    for line in one.why:
        _say(f"  {line}")


def _cells(part: PartMove) -> tuple[str, ...]:
    name = "held down" if part.name == "cap" else part.name
    before, after = ("unknown" if one is None else f"{one:.1f}" for one in (part.before, part.after))
    return name, before, after, "unknown" if part.points is None else f"{part.points:+.1f}"


def _stands(one: Standing) -> str:
    return one.state.replace("_", " ") if one.score is None else f"{one.score:g}"
