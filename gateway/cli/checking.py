"""`gateway eligibility check|show|list|retry`: checks asked for at the machine, and looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import rich_click as click
from rich.console import Console

from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.models import EligibilityCheck
from gateway.db.paging import Paging
from gateway.domain.eligibility import checks, docket
from gateway.domain.eligibility.checks import Progress, Seen
from gateway.domain.eligibility.docket import Line
from gateway.domain.eligibility.terms import NOTICE
from gateway.jobs.broker.listening import Bulletin
from gateway.jobs.following import follow
from gateway.jobs.ledger import PROGRESS
from gateway.jobs.worker import drain
from gateway.office import Office
from gateway.wings import KINDS
from outbound.checking import asking
from outbound.checking.asking import Tier
from outbound.checking.working import CHECK

_CLIENT, _CHECK = "0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70", "0197f2c1-8d21-7c44-a1b0-5e0d9f3a7c12"
_LEASE = timedelta(minutes=10)  # longer than a check takes that asks every provider and waits for each
_NONE = "There is no such check; `gateway eligibility check` asks for one."
_UNDETERMINED = "cannot be determined"

_which = click.argument("check_id", metavar="CHECK", type=click.UUID)


@click.command(
    "check",
    epilog=examples(
        f"gateway eligibility check {_CLIENT} --firm northgate",
        f"gateway eligibility check {_CLIENT} --visa EB1A --visa O1A --firm northgate --json",
        f"gateway eligibility check {_CLIENT} --tier batch --no-wait --firm northgate",
    ),
)
@click.argument("client_id", metavar="CLIENT", type=click.UUID)
@click.option("--visa", "visas", multiple=True, metavar="VISA", help="Of this one; all, if left out.")
@click.option("--tier", type=click.Choice(get_args(Tier)), default="interactive", help="batch: nobody waits for it.")
@click.option("--wait/--no-wait", default=True, help="Wait for the answer, and do the work here if nobody else does.")
@firm_option
@json_option
def check(client_id: UUID, visas: tuple[str, ...], tier: Tier, wait: bool, firm: str, as_json: bool) -> None:
    """Check which visas a person's profile fits."""
    with opened() as office:
        with at_firm(office, firm) as acting:
            asked = asking.ask(acting, client_id, visas, tier)
            check_id = asked.check.id
        if wait:
            _see_to(office, firm, check_id)
        _tell(office, firm, check_id, as_json=as_json)


@click.command("show", epilog=examples(f"gateway eligibility show {_CHECK} --firm northgate"))
@_which
@firm_option
@json_option
def show(check_id: UUID, firm: str, as_json: bool) -> None:
    """Show how far a check is, and what it says; that you looked is on record."""
    with opened() as office:
        _tell(office, firm, check_id, as_json=as_json)


@click.command(
    "list",
    epilog=examples(
        f"gateway eligibility list {_CLIENT} --firm northgate", "gateway eligibility list --to-review --firm northgate"
    ),
)
@click.argument("client_id", metavar="[CLIENT]", type=click.UUID, required=False)
@click.option("--visa", metavar="VISA", help="That speak of this one.")
@click.option("--to-review", is_flag=True, help="That wait for an attorney's word.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@firm_option
@json_option
def list_checks(
    client_id: UUID | None, visa: str | None, to_review: bool, limit: int, firm: str, as_json: bool
) -> None:
    """List the checks of a person, or of the firm, the newest first."""
    wanted = docket.CheckFilter(client_id, visa, to_review=to_review)
    with opened() as office, at_firm(office, firm) as acting:
        found = [_brief(one) for one in docket.listed(acting, wanted, Paging(limit=limit)).rows]
    if as_json:
        print_json(found)
        return
    shown = table("check", "client", "asked", "by", "state", "answered by", "scores")
    for one in found:
        named = ("id", "client_id", "asked_at", "by", "state", "by_whom")
        shown.add_row(*map(plain, (*(one[name] for name in named), _scores(one["says"]))))
    console().print(shown if found else plain(_NONE))


@click.command("retry", epilog=examples(f"gateway eligibility retry {_CHECK} --firm northgate"))
@_which
@firm_option
@json_option
def retry(check_id: UUID, firm: str, as_json: bool) -> None:
    """Have a check tried again that came to nothing, or waits for its next try."""
    with opened() as office:
        with at_firm(office, firm) as acting:
            asking.retry(acting, check_id)
        _see_to(office, firm, check_id)
        _tell(office, firm, check_id, as_json=as_json)


# ------------------------------------------------------------------------------------------------ to its end


def _see_to(office: Office, firm: str, check_id: UUID) -> None:
    """Do what waits, unless a worker was faster; then follow what it does."""
    drain(office, KINDS, [CHECK.queue], _LEASE)
    bulletin = Bulletin(office.db.addresses.app, PROGRESS)
    try:
        for now in follow(lambda: _progress(office, firm, check_id), bulletin):
            if now.step:
                click.echo(f"{now.step} ...", err=True)
            if now.state == "retrying":
                return
    finally:
        bulletin.close()


def _progress(office: Office, firm: str, check_id: UUID) -> Progress:
    with at_firm(office, firm) as acting:
        return checks.progress_of(acting.session, checks.find(acting, check_id))


# ------------------------------------------------------------------------------------------------ told


def _tell(office: Office, firm: str, check_id: UUID, *, as_json: bool) -> None:
    with at_firm(office, firm) as acting:
        seen = checks.view(acting, check_id)
        if as_json:
            print_json(_whole(seen))
        else:
            tell(console(), seen)


def tell(out: Console, seen: Seen) -> None:
    """A check from its state down to what each visa comes to."""
    out.print(plain(f"Check {seen.check.id} is {seen.progress.state}{_by_whom(seen.check)}."), soft_wrap=True)
    for sentence in (seen.progress.error, *seen.check.problems):
        if sentence:
            out.print(plain(f"  {sentence}"), soft_wrap=True)
    if not seen.recommendations:
        return
    shown = table("visa", "score", "review", "summary", numbers=("score",))
    for one in seen.recommendations:
        score = _UNDETERMINED if one.score is None else f"{one.score:g}"
        shown.add_row(*map(plain, (one.visa, score, one.review, one.told["summary"])))
    out.print(shown)
    for one in seen.recommendations:
        for doubt in one.told.get("doubts", ()):
            out.print(plain(f"  {one.visa} {doubt}"), soft_wrap=True)
    out.print(plain(f"By the law as of {seen.check.as_of}. {NOTICE}"))


def _by_whom(check: EligibilityCheck) -> str:
    if check.provider is None:
        return ""
    words = f", by {check.model or check.provider}"
    return words + (" in place of a model" if check.is_degraded else "") + (" (cached)" if check.cached_from else "")


def _line(check: EligibilityCheck) -> dict[str, Any]:
    kept = {
        name: getattr(check, name) for name in ("id", "visas", "tier", "state", "as_of", "by", "asked_at", "ended_at")
    }
    return kept | {"by_whom": check.model or check.provider or "", "cached": check.cached_from is not None}


def _brief(line: Line) -> dict[str, Any]:
    says = [one._asdict() for one in line.says]
    return _line(line.check) | {"client_id": line.check.client_id, "says": says}


def _scores(says: Sequence[Mapping[str, Any]]) -> str:
    """`EB1A 45 (to review), O1A 30 (accepted)`."""
    told = [one for one in says if one["score"] is not None]
    return ", ".join(
        f"{one['visa']} {one['score']:g} ({'to review' if one['waits'] else one['review']})" for one in told
    )


def _whole(seen: Seen) -> Mapping[str, object]:
    how, check = seen.progress, seen.check
    told = {"status": how.state, "step": how.step, "error_code": how.error_code, "error_message": how.error}
    of = {"degraded": check.is_degraded, "problems": check.problems, "dropped": len(check.dropped or ())}
    more = {"retry_allowed": how.retry_allowed, "next_try_at": how.next_try_at, "recommendations": _said(seen)}
    return {**_line(check), **told, **of, **more, "notice": NOTICE}


def _said(seen: Seen) -> Sequence[Mapping[str, object]]:
    return [
        {"id": one.id, "visa": one.visa, "score": one.score, "review": one.review, "recommendation": one.told}
        for one in seen.recommendations
    ]
