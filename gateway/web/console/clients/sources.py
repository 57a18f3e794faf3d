"""Where each value of a person came from, as far as the person's history says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from gateway.domain.people import histories
from gateway.domain.people.fields import FIELDS, Holds
from gateway.office import Acting
from gateway.web.api.histories import Act
from gateway.web.pages import page_of
from gateway.web.pages import paging as paged
from gateway.web.people import ClientDetails
from gateway.web.pinned import Pin
from ingest.lines.finding import mark

MOST = 100  # acts of a person's history that are looked at
GROUPS: Mapping[str, Sequence[str]] = {
    "Person": (
        *("given_name", "middle_name", "family_name", "date_of_birth", "sex", "citizenship", "country_of_birth"),
        *("email", "phone", "current_location", "time_zone", "languages"),
    ),
    "Work": (
        *("employee_id", "employer_name", "job_title", "soc_code", "work_city", "work_state", "annual_salary"),
        *("salary_currency", "hire_date", "termination_date", "manager_email"),
        *("enrollment_status", "program", "eligibility_start_date", "eligibility_end_date"),
    ),
    "Education and merits": (
        *("highest_degree", "field_of_study", "university", "graduation_year", "years_of_experience"),
        *("publications_count", "citations_count", "patents_count", "awards", "media_coverage", "skills"),
    ),
    "Notes": ("notes",),
    "Identifiers": ("ssn", "a_number"),
}
_LABELS = {
    "soc_code": "SOC code",
    "email": "e-mail",
    "manager_email": "manager's e-mail",
    "work_city": "work site, city",
    "work_state": "work site, state",
    "enrollment_status": "enrollment",
    "publications_count": "publications",
    "citations_count": "citations",
    "patents_count": "patents",
    "ssn": "social security number",
    "a_number": "A-number",
    "employee_id": "employee id",
}


class Source(NamedTuple):
    """Where a value came from.

    Attributes:
        import_id: whose file said it; None: a person did, or nobody.
        pin: who wrote it by hand, and when; None where imports may change it.
        line: the page of the line of that file.
    """

    sentence: str
    at: datetime | None = None
    import_id: UUID | None = None
    pin: Pin | None = None
    line: str | None = None


class Value(NamedTuple):
    """A value as it is shown; `shown` is "" where there is none."""

    name: str
    label: str
    holds: Holds
    shown: Any
    source: Source


class Sources(NamedTuple):
    """What is known of where values came from.

    Attributes:
        acts: by field, the newest act that gave it its value.
        files: names by import.
        is_whole: nothing older is on record.
    """

    acts: Mapping[str, Act]
    files: Mapping[UUID, str]
    is_whole: bool


def sources_of(acting: Acting, client_id: UUID) -> Sources:
    """What the history of a person says; that it was read is on record."""
    found = histories.look_through(acting, client_id, paged(None, MOST))
    page = page_of(found.entries, lambda one: Act.of(one, found.files), MOST)
    acts: dict[str, Act] = {}
    for act in page.data:
        for change in act.changes:
            if change.kind == "client" and change.action != "unpinned":
                acts |= {one.field: act for one in change.values if one.field not in acts}
    return Sources(acts, found.files, not page.pagination.has_more)


def groups_of(person: ClientDetails, sources: Sources) -> dict[str, list[Value]]:
    """All values of a person, in the order in which people look for them."""
    return {
        heading: [value_of(person, name, sources) for name in names if name in FIELDS["client"]]
        for heading, names in GROUPS.items()
    }


def value_of(person: ClientDetails, name: str, sources: Sources) -> Value:
    """One value of a person, with its source; a sensitive one by its end."""
    field = FIELDS["client"][name]
    if field.sensitive:
        held = person.identifiers.get(name)
        shown: Any = held and f"•••• {held.last_four}"
    else:
        shown = getattr(person, name)
    return Value(name, label(name), field.holds, "" if shown is None else shown, _source(person, name, sources))


def label(name: str) -> str:
    """A field as people call it."""
    return _LABELS.get(name, name.replace("_", " "))


def place(act: Act) -> str:
    """Where it was said: the file and the line, or by whose hand."""
    if act.source is None:
        return f"by {act.by}"
    file = act.source.file or f"a file of {act.by}"
    if act.source.sheet:
        return f"{file}, {act.source.sheet}, row {act.source.row}"
    if act.source.line or act.source.row:
        return f"{file}, " + (f"line {act.source.line}" if act.source.line else f"row {act.source.row}")
    return f"{file}, which no longer lists the person"


def line_of(act: Act, field: str | None = None) -> str | None:
    """The page of the line of a file that said it, on which the column of a field is marked; None where there is none.

    Its address speaks of a sheet without its name, which may be anything.
    """
    if act.source is None or (number := act.source.line or act.source.row) is None:
        return None
    asked = {"row": act.source.row, "sheet": act.source.sheet and mark(act.source.sheet), "field": field}
    return f"/files/{act.source.import_id}/lines/{number}?{urlencode({k: v for k, v in asked.items() if v})}"


def _source(person: ClientDetails, name: str, sources: Sources) -> Source:
    if pin := person.pins.get(name):
        return Source("by hand, pinned", pin.at, pin=pin)
    if act := sources.acts.get(name):
        import_id = act.source.import_id if act.source else None
        return Source(place(act), act.at, import_id, line=line_of(act, f"client.{name}"))
    return Source("the usual, nobody said so" if sources.is_whole else "older than what this page looks back to")
