"""`gateway assign`: who gets which case and why, what waits for somebody, and cases passed on by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import msgspec
import rich_click as click

from gateway.cli.assignment_policy import policy
from gateway.cli.given import Day, Id
from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.paging import Paging
from gateway.domain.assignment import history, moving, plans, queueing, simulating
from gateway.domain.assignment.history import Given, PlanShown
from gateway.domain.assignment.moving import Moved
from gateway.domain.assignment.rules import RULES
from gateway.office import Acting

_CASE = "0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70"
_case = click.argument(
    "case_id", metavar="CASE", type=Id("case", "`gateway report case_status --firm FIRM` lists cases with their ids.")
)
_handover = click.argument(
    "handover_id", metavar="HANDOVER", type=Id("handover", "It was told when the case was to be moved.")
)
_MOST = 10_000  # rows of a table
_plan = Id("plan", "It was told when the plan was proposed; propose it again.")


def _said(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("Say why; it stays on record.")
    return value


_FIGURES = {
    "cases": "cases",
    "given": "given to somebody",
    "waiting": "nobody had",
    "waited_median": "hours waited, median",
    "waited_most": "hours waited, most",
    "jain": "Jain's index of loads, 1 is even",
    "gini": "Gini coefficient of loads, 0 is even",
    "fullest": "fullest attorney, load over capacity",
    "expertise": "expertise of 1",
    "moves": "moves by hand to others than chosen",
}


@click.group(
    "assign",
    epilog=examples(
        f"gateway assign explain {_CASE} --firm northgate",
        "gateway assign queue --firm northgate",
        f"gateway assign move {_CASE} --to ana@northgate.example --reason 'Knows the employer' --firm northgate",
    ),
)
def group() -> None:
    """See who gets which case and why, what waits for an attorney, and pass cases on."""


group.add_command(policy)


@group.command("explain", epilog=examples(f"gateway assign explain {_CASE} --firm northgate"))
@_case
@firm_option
@json_option
def explain(case_id: UUID, firm: str, as_json: bool) -> None:
    """Say who had CASE and why, in sentences; and of one that is open, who would get it now."""
    with opened() as office, at_firm(office, firm) as acting:
        had = history.assignments(acting, case_id)
        now = history.candidates_if_open(acting, case_id)
    if as_json:
        print_json({"assignments": _plain(had), "now": _plain(now)})
        return
    out = console()
    for one in had:
        _print_given(one)
    if not had:
        out.print(plain("Nobody has had it yet."))
    if now is not None:
        out.print(plain("Were it decided now:", "bold"))
        for sentence in now.sentences:
            out.print(plain(f"  {sentence}"), soft_wrap=True)


@group.command("queue", epilog=examples("gateway assign queue --firm northgate --json"))
@firm_option
@click.option("--limit", type=click.IntRange(1, _MOST), default=20, show_default=True, help="So many.")
@json_option
def queue(firm: str, limit: int, as_json: bool) -> None:
    """List cases that wait for an attorney, the soonest deadline first: why, and from when somebody might take them."""
    with opened() as office, at_firm(office, firm) as acting:
        found = [history.waits(one) for one in history.waiting(acting, Paging(limit)).rows]
    if as_json:
        print_json(_plain(found))
        return
    shown = table("case", "deadline", "waits since", "why", "not before")
    for one in found:
        due, when = str(one.deadline_on or "-"), f"{one.since:%Y-%m-%d %H:%M}"
        why = one.reason or "It was not looked at yet."
        shown.add_row(plain(one.case_number), due, when, plain(why), str(one.forecast_on or "-"))
    console().print(shown if found else plain("No case waits for an attorney."))


@group.command(
    "move",
    epilog=examples(
        f"gateway assign move {_CASE} --to ana@northgate.example --reason 'Knows the employer' --firm northgate"
    ),
)
@_case
@click.option("--to", required=True, metavar="WHO", help="An attorney's e-mail address or id.")
@click.option("--reason", required=True, callback=_said, help="Why; it stays on record.")
@click.option("--note", help="Handed over with the case.")
@firm_option
@json_option
def move(case_id: UUID, to: str, reason: str, note: str | None, firm: str, as_json: bool) -> None:
    """Give CASE to an attorney; with a deadline near, the receiver has to accept it first."""
    _move(firm, lambda acting: moving.move(acting, case_id, to, reason, note), as_json=as_json)


@group.command("accept", epilog=examples(f"gateway assign accept {_CASE} --firm northgate"))
@_handover
@firm_option
@json_option
def accept(handover_id: UUID, firm: str, as_json: bool) -> None:
    """Say yes to HANDOVER for its receiver: the case passes on."""
    _move(firm, lambda acting: moving.accept(acting, handover_id), as_json=as_json)


@group.command("decline", epilog=examples(f"gateway assign decline {_CASE} --firm northgate"))
@_handover
@firm_option
@json_option
def decline(handover_id: UUID, firm: str, as_json: bool) -> None:
    """Say no to HANDOVER for its receiver: the case stays where it is."""
    _move(firm, lambda acting: moving.decline(acting, handover_id), as_json=as_json)


@group.command("undo", epilog=examples(f"gateway assign undo {_CASE} --firm northgate"))
@_case
@firm_option
@json_option
def undo(case_id: UUID, firm: str, as_json: bool) -> None:
    """Give CASE back within a day: to whoever had it before; where nobody had, it waits for somebody else."""
    _move(firm, lambda acting: moving.undo(acting, case_id), as_json=as_json)


@group.command(
    "plan",
    epilog=examples(
        "gateway assign plan ana@northgate.example --from 2026-08-03 --to 2026-08-14 --firm northgate",
        f"gateway assign plan --do {_CASE} --firm northgate",
    ),
)
@click.argument("attorney", metavar="WHO", required=False)
@click.option("--from", "first", type=Day(), help="The first day of the absence.")
@click.option("--to", "last", type=Day(), help="The last day of the absence.")
@click.option("--do", "plan_id", type=_plan, help="Carry out this plan: pass on all of it that still holds.")
@firm_option
@json_option
def plan(
    attorney: str | None, first: date | None, last: date | None, plan_id: UUID | None, firm: str, as_json: bool
) -> None:
    """Propose to whom cases with a deadline go while WHO is away; or carry a plan out."""
    with opened() as office, at_firm(office, firm) as acting:
        if plan_id is not None:
            made = history.plan(acting, plans.carry_out(acting, plan_id))
        elif attorney is None or first is None or last is None:
            raise click.UsageError("Say who is away --from and --to which day, or which plan to --do.")
        else:
            made = history.plan(acting, plans.propose(acting, attorney, first, last))
    if as_json:
        print_json(_plain(made))
    else:
        _print_plan(made, firm, done=plan_id is not None)


@group.command("backlog", epilog=examples("gateway assign backlog --firm northgate"))
@firm_option
@json_option
def backlog(firm: str, as_json: bool) -> None:
    """Let all open cases without an attorney wait for one, such as those from before there were attorneys."""
    with opened() as office, at_firm(office, firm) as acting:
        came = queueing.fill(acting)
    if as_json:
        print_json({"cases": came})
    else:
        console().print(plain(f"{came:,} cases came into the queue; a worker looks at it."))


@group.command(
    "simulate",
    epilog=examples("gateway assign simulate --rule workload_based --from 2026-11-01 --firm northgate"),
)
@click.option("--rule", required=True, type=click.Choice(list(RULES)), help="The rule to try.")
@click.option("--from", "first", type=Day(), required=True, help="The first day.")
@click.option("--to", "last", type=Day(), help="The last day; today unless said.")
@firm_option
@json_option
def simulate(rule: str, first: date, last: date | None, firm: str, as_json: bool) -> None:
    """Say how a period would have been under another rule; nothing is changed."""
    with opened() as office, at_firm(office, firm) as acting:
        found = simulating.simulate(acting, rule, first, last)
    if as_json:
        print_json(_plain(found))
        return
    shown = table("", "as it was", rule)
    for name, words in _FIGURES.items():
        shown.add_row(words, f"{getattr(found.was, name):g}", f"{getattr(found.would, name):g}")
    for one in found.shares:
        shown.add_row(plain(f"cases that {one.name} got"), str(one.was), str(one.would))
    console().print(shown)
    for sentence in found.sentences:
        console().print(plain(sentence), soft_wrap=True)


# ------------------------------------------------------------------------------------------------ told


def _plain(told: object) -> object:
    return msgspec.to_builtins(told)


def _move(firm: str, do: Callable[[Acting], Moved], *, as_json: bool) -> None:
    """Have a case passed on in some way, and tell what came of it."""
    with opened() as office, at_firm(office, firm) as acting:
        made = history.moved(acting, do(acting))
    if as_json:
        print_json(_plain(made))
        return
    if made.assignment:
        _print_given(made.assignment)
    if made.handover:
        one = made.handover
        told = f"{one.case_number}: {one.from_.name} -> {one.to.name}, {one.state} ({one.id})."
        console().print(plain(told), soft_wrap=True)
    if made.waits:
        console().print(plain(f"{made.waits.case_number} waits for somebody else."), soft_wrap=True)


def _print_given(one: Given) -> None:
    out = console()
    before = f", from {one.previous.name}" if one.previous else ""
    held = f" who had it {one.days_held} days" if one.previous and one.days_held is not None else ""
    told = f"{one.at:%Y-%m-%d %H:%M}: {one.attorney.name}{before}{held}, {one.kind} by {one.by}. {one.reason}"
    out.print(plain(told, "bold"), soft_wrap=True)
    for sentence in one.sentences:
        out.print(plain(f"  {sentence}"), soft_wrap=True)
    if one.taken_back_by and one.until:
        out.print(plain(f"  Taken back by {one.taken_back_by} on {one.until:%Y-%m-%d %H:%M}."), soft_wrap=True)
    if one.note:
        out.print(plain(f"  Note: {one.note}"), soft_wrap=True)


def _print_plan(made: PlanShown, firm: str, *, done: bool) -> None:
    out = console()
    for one in made.handovers:
        out.print(plain(f"{one.case_number}: {one.from_.name} -> {one.to.name}, {one.state}."), soft_wrap=True)
    for each in made.left:
        out.print(plain(f"{each.case_number} stays. {each.sentence}", "yellow"), soft_wrap=True)
    if not made.handovers and not made.left:
        out.print(plain("No case has a deadline in these days."))
    if made.id and made.handovers and not done:
        out.print(plain(f"  gateway assign plan --do {made.id} --firm {firm}", "bold"), soft_wrap=True)
