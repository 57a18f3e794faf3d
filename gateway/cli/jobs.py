"""`gateway job`: what waits, runs, is done or dead."""

from __future__ import annotations

import rich_click as click
from rich.table import Table

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.db.models import JOB_STATES
from gateway.db.models.jobs import JobState
from gateway.domain.upkeep import jobs
from gateway.jobs.broker.nudging import Nudger
from gateway.wings import KINDS

_STYLES = {"waiting": "blue", "running": "bold blue", "done": "green", "dead": "bold red"}
_ID_CHARACTERS = 13  # of a job's id in a list: its millisecond
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
@click.option("--late", is_flag=True, help="Those alone that wait for a worker, or run, for too long.")
@click.option("--firm", metavar="FIRM", help="Of this firm only.")
@_limit
@json_option
def list_jobs(
    state: JobState | None, kind: str | None, late: bool, firm: str | None, limit: int, as_json: bool
) -> None:
    """List jobs, the newest first."""
    _list(jobs.JobFilter(state, kind, late), firm, limit, as_json=as_json)


@group.command("dead", epilog=examples("gateway job dead", "gateway job dead --json"))
@_limit
@json_option
def list_dead(limit: int, as_json: bool) -> None:
    """List the jobs that will not be tried again unless somebody says so, with the reason."""
    _list(jobs.JobFilter("dead"), None, limit, as_json=as_json)


@group.command("show", epilog=examples("gateway job show 01a1f8c2-20f6"))
@_id
@json_option
def show(job_id: str, as_json: bool) -> None:
    """Show all that is known of one job."""
    with opened() as office:
        account = _account(jobs.find_anywhere(office, job_id))
    _print(account, as_json=as_json)


@group.command("retry", epilog=examples("gateway job retry 01a1f8c2-20f6"))
@_id
@json_option
def retry(job_id: str, as_json: bool) -> None:
    """Let a dead job, or one that waits for its next attempt, run now."""
    with opened() as office:
        nudger = Nudger(office.settings, office.db.addresses)
        office.db.tell = nudger.nudge
        found = jobs.find_anywhere(office, job_id)
        account = _account(jobs.retry_anywhere(office, KINDS, found, me()))
        nudger.close()
    _print(account, as_json=as_json)


# ---------------------------------------------------------------- helpers


def _list(wanted: jobs.JobFilter, firm: str | None, limit: int, *, as_json: bool) -> None:
    with opened() as office:
        found = [_account(one) for one in jobs.newest_anywhere(office, wanted, limit, firm=firm)]
    if as_json:
        print_json(found)
    elif found:
        console().print(_listing(found))
    else:
        console().print("No such jobs.")


def _account(told: jobs.JobAccount) -> dict[str, object]:
    job = told.job
    return {
        "job_id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "state": job.state,
        "firm": told.firm,
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
