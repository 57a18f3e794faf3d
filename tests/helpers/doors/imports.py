"""Files, and the imports that they became."""

from __future__ import annotations

from uuid import UUID

from gateway.domain.partners.homes import find_home
from helpers.doors.base import Door, UseCase, held, nothing, problems
from helpers.inbox import as_csv, people
from ingest.previews import make
from ingest.running import finish


def released_and_run(door: Door, import_id: str) -> None:
    """The API leaves the run to a worker, with which the feed learns the name; the command runs it."""
    door.call("POST", f"imports/{import_id}/release", json={"accept": {"Last Name": "Surname"}})
    finish(door.office, find_home(door.office, door.partner), UUID(import_id))


def looked_at(door: Door, import_id: str) -> None:
    """The API leaves the look to a worker; the command looks itself."""
    door.call("POST", f"imports/{import_id}/release/preview", json={"accept": {"Last Name": "Surname"}})
    make(door.office, door.inbox.firm_id, UUID(import_id), "release")
    door.call("GET", f"imports/{import_id}/release/preview")


def errors(form: str) -> UseCase:
    return UseCase(
        "import errors",
        ["import.errors"],
        problems,
        lambda door, one: door.call("GET", f"imports/{one}/errors?format={form}"),
        lambda door, one: door.call("import", "errors", one, "--format", form, "--out", door.file("out", b"")),
    )


USE_CASES = {
    "list imports": UseCase(
        "import list",
        [],
        problems,
        lambda door, _: door.call("GET", f"imports?partner={door.partner}"),
        lambda door, _: door.call("import", "list", "--partner", door.partner),
    ),
    "show an import": UseCase(
        "import show",
        ["import.view"],
        problems,
        lambda door, one: door.call("GET", f"imports/{one}"),
        lambda door, one: door.call("import", "show", one),
    ),
    "show an import without problems": UseCase(
        "import show",
        [],
        lambda door: door.inbox.drop("roster_20260301.csv", people(3))["import_id"],
        lambda door, one: door.call("GET", f"imports/{one}"),
        lambda door, one: door.call("import", "show", one),
    ),
    "errors as csv": errors("csv"),
    "errors as xlsx": errors("xlsx"),
    "errors as json": errors("json"),
    "look at what a release would do": UseCase(
        "import release",
        ["preview.ask", "preview.view"],
        held,
        looked_at,
        lambda door, one: door.call("import", "release", one, "--accept", "Last Name=Surname", "--dry-run"),
    ),
    "show a line": UseCase(
        "import line",
        ["import.line"],
        problems,
        lambda door, one: door.call("GET", f"imports/{one}/lines/3"),
        lambda door, one: door.call("import", "line", one, "3"),
    ),
    "release": UseCase(
        "import release",
        ["import.release", "feed.learn"],
        held,
        released_and_run,
        lambda door, one: door.call("import", "release", one, "--accept", "Last Name=Surname"),
    ),
    "refuse": UseCase(
        "import refuse",
        ["import.refuse"],
        held,
        lambda door, one: door.call("POST", f"imports/{one}/refuse", json={"reason": "by mistake"}),
        lambda door, one: door.call("import", "refuse", one, "--reason", "by mistake"),
    ),
    "send a file": UseCase(
        "ingest",
        ["import.receive"],
        nothing,
        lambda door, _: door.call(
            "POST", "files", data={"partner": door.partner}, files={"file": ("roster.csv", as_csv(people(2)))}
        ),
        lambda door, _: door.call("ingest", door.file("roster.csv", as_csv(people(2))), "--partner", door.partner),
    ),
}
