"""Work that waits, runs or is dead."""

from __future__ import annotations

from sqlalchemy import update

from gateway.db.models import JobRow
from gateway.domain.partners.homes import find_home
from helpers.doors.base import Door, UseCase
from helpers.inbox import SENDER, as_csv, people
from ingest.arrival import Asked
from ingest.reception import receive


def dead_job(door: Door) -> str:
    home = find_home(door.office, door.partner)
    import_id = receive(
        door.office, home, "roster.csv", [as_csv(people(1))], via="test", by=SENDER, asked=Asked(), queued=True
    )
    with door.office.db.system() as session:
        dying = update(JobRow).where(JobRow.about == import_id).values(state="dead", attempts=5)
        return str(session.scalars(dying.returning(JobRow.id)).one())


USE_CASES = {
    "list jobs": UseCase(
        "job list",
        [],
        dead_job,
        lambda door, _: door.call("GET", "jobs?state=dead"),
        lambda door, _: door.call("job", "list", "--state", "dead"),
    ),
    "show a job": UseCase(
        "job show",
        [],
        dead_job,
        lambda door, one: door.call("GET", f"jobs/{one}"),
        lambda door, one: door.call("job", "show", one),
    ),
    "retry a job": UseCase(
        "job retry",
        ["job.retry"],
        dead_job,
        lambda door, one: door.call("POST", f"jobs/{one}/retry"),
        lambda door, one: door.call("job", "retry", one),
    ),
}
