"""`gateway job`: what waits, runs, is done or dead."""

from __future__ import annotations

import re
from uuid import UUID

import rich_click as click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cli.office import opened
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.db.models import JOB_STATES, Firm, JobRow
from gateway.domain.access.accounts import find_firm
from gateway.errors import Invalid, NotFound
from gateway.jobs import kinds
from gateway.jobs.broker.nudging import Nudger
from gateway.wings import KINDS

_STYLES = {"waiting": "blue", "running": "bold blue", "done": "green", "dead": "bold red"}
_ID_CHARACTERS = 13  # of a job's id in a list: its millisecond
_ID = re.compile(r"[0-9a-f]{4,32}")
_CANDIDATES = 3  # of an abbreviation that fits several jobs
_ERROR_CHARACTERS = 60  # of an error in a list

_id = click.argument("job_id", metavar="ID")
_limit = click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")


@click.group(
    "job", epilog=examples("gateway job list --state waiting", "gateway job dead", "gateway job retry 01a1f8c2-20f6")
)
def group() -> None:
    """Look at the work that waits, runs or is dead; retry what is dead.

    A job is made in the transaction that makes it necessary, and a worker takes it up; see `gateway serve`. An ID may
    be shortened to a beginning that no other job has.
    """


@group.command("list", epilog=examples("gateway job list --state waiting --kind ingest.run", "gateway job list --json"))
@click.option("--state", type=click.Choice(JOB_STATES), help="In this state only.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Of this kind only.")
@click.option("--firm", metavar="FIRM", help="Of this firm only.")
@_limit
@json_option
def list_jobs(state: str | None, kind: str | None, firm: str | None, limit: int, as_json: bool) -> None:
    """List jobs, the newest first."""
    _list(state, kind, firm, limit, as_json=as_json)


@group.command("dead", epilog=examples("gateway job dead", "gateway job dead --json"))
@_limit
@json_option
def list_dead(limit: int, as_json: bool) -> None:
    """List the jobs that will not be tried again unless somebody says so, with the reason."""
    _list("dead", None, None, limit, as_json=as_json)


@group.command("show", epilog=examples("gateway job show 01a1f8c2-20f6"))
@_id
@json_option
def show(job_id: str, as_json: bool) -> None:
    """Show all that is known of one job."""
    with opened() as office, office.db.system() as session:
        account = _account(session, _find(session, job_id))
    _print(account, as_json=as_json)


@group.command("retry", epilog=examples("gateway job retry 01a1f8c2-20f6"))
@_id
@json_option
def retry(job_id: str, as_json: bool) -> None:
    """Let a dead job, or one that waits for its next attempt, run now."""
    with opened() as office:
        nudger = Nudger(office.settings, office.db.addresses)
        office.db.tell = nudger.nudge
        with office.db.system() as session:
            job = _find(session, job_id)
            kinds.retry(session, KINDS, job.id)
            session.refresh(job)
            account = _account(session, job)
        nudger.close()
    _print(account, as_json=as_json)


# ---------------------------------------------------------------- helpers


def _list(state: str | None, kind: str | None, firm: str | None, limit: int, *, as_json: bool) -> None:
    newest = select(JobRow).order_by(JobRow.id.desc()).limit(limit)
    newest = newest.where(JobRow.state == state) if state else newest
    newest = newest.where(JobRow.kind == kind) if kind else newest
    with opened() as office, office.db.system() as session:
        if firm:
            newest = newest.where(JobRow.firm_id == find_firm(session, firm).id)
        found = [_account(session, job) for job in session.scalars(newest)]
    if as_json:
        print_json(found)
    elif found:
        console().print(_listing(found))
    else:
        console().print("No such jobs.")


def _find(session: Session, wanted: str) -> JobRow:
    """A job by its id or the unique beginning of one.

    Raises:
        NotFound: there is none.
        Permanent: `ambiguous`.
    """
    digits = wanted.lower().replace("-", "")
    if not _ID.fullmatch(digits):
        raise NotFound("job", wanted)
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    found = session.scalars(select(JobRow).where(JobRow.id.between(first, last)).limit(_CANDIDATES)).all()
    if not found:
        raise NotFound("job", wanted)
    if len(found) > 1:
        raise Invalid("ambiguous", f"{wanted!r} fits several jobs, such as {', '.join(str(one.id) for one in found)}.")
    return found[0]


def _account(session: Session, job: JobRow) -> dict[str, object]:
    firm = session.scalar(select(Firm.slug).where(Firm.id == job.firm_id)) if job.firm_id else None
    return {
        "job_id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "state": job.state,
        "firm": firm,
        "payload": job.payload,
        "key": job.key,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "not_before": job.not_before,
        "last_error": job.last_error,
        "progress": job.progress,
        "worker": job.worker,
        "lease_until": job.lease_until,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def _listing(found: list[dict[str, object]]) -> Table:
    made = table("job", "created", "kind", "firm", "state", "attempts", "last error", numbers=["attempts"])
    for account in found:
        state = str(account["state"])
        made.add_row(
            str(account["job_id"])[:_ID_CHARACTERS],
            str(account["created_at"])[:16],
            plain(account["kind"]),
            plain(account["firm"]),
            plain(state, _STYLES[state]),
            f"{account['attempts']} of {account['max_attempts']}",
            plain(str(account["last_error"] or "")[:_ERROR_CHARACTERS]),
        )
    return made


def _print(account: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(account)
        return
    made = table("", "")
    made.show_header = False
    for name, value in account.items():
        if value is not None and value != {}:
            made.add_row(name.replace("_", " "), plain(value, _STYLES[str(value)] if name == "state" else ""))
    console().print(made)
