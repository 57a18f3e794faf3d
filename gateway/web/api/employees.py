"""How a partner's employees stand: their open cases, what expires when; nothing that is the firm's own."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from msgspec import Meta, Struct

from gateway.domain.people import employees
from gateway.domain.people.employees import OpenCase, Paper, Status
from gateway.web.calls import Call, may
from gateway.web.problems import Rejected
from gateway.web.scoping import home_of

EmployeeId = Annotated[str, PathParameter(max_length=200, description="The id by which your feed names people.")]


class Enrollment(Struct, frozen=True, kw_only=True):
    """Whether somebody is in the programme today, as the eligibility check says it."""

    eligible: bool
    reason: Annotated[str, Meta(examples=["enrolled"])]
    program: Annotated[str | None, Meta(examples=["H-1B sponsorship"])]
    start_date: date | None
    end_date: date | None


class CaseStatus(Struct, frozen=True, kw_only=True):
    """One open case; `deadline_on` is what comes next."""

    case_type: Annotated[str | None, Meta(examples=["H1B_EXT"])]
    stage: Annotated[str, Meta(examples=["document_collection"])]
    status: Annotated[str, Meta(examples=["open"])]
    opened_on: date | None
    filed_on: date | None
    deadline_on: date | None

    @classmethod
    def of(cls, case: OpenCase) -> CaseStatus:
        """A case as partners see it."""
        return cls(**case._asdict())


class DocumentStatus(Struct, frozen=True, kw_only=True):
    """One document in force; its number is nobody's business here."""

    doc_type: Annotated[str, Meta(examples=["passport"])]
    expires_on: date | None
    duration_of_status: bool

    @classmethod
    def of(cls, paper: Paper) -> DocumentStatus:
        """A document as partners see it."""
        return cls(**paper._asdict())


class EmployeeStatus(Struct, frozen=True, kw_only=True):
    """How an employee stands; names nobody but by the id that was asked for."""

    employee_id: Annotated[str, Meta(examples=["E100042"])]
    enrollment: Enrollment
    cases: list[CaseStatus]
    documents: list[DocumentStatus]


@get("/{employee_id:str}/status", sync_to_thread=True, **may("employees.status"))
def get_status(employee_id: EmployeeId, call: NamedDependency[Call]) -> EmployeeStatus:
    """Tell how one of your employees stands: open cases and their next dates, documents and when they expire.

    404 where nobody of yours has this id. The birth date is not asked for: an address is kept in logs along the way,
    where birth dates must not be; and the answer holds no name and no number, so that it tells whoever mistook the id
    nothing about who it is. That you asked, and about whom, is on record.
    """
    home = home_of(call, None)
    with call.acting() as acting:
        found = employees.look_up(acting, home, employee_id)
    if found is None:  # raised out here: that somebody asked stays on record
        raise Rejected(404, "not_found", "You have no employee of this id.")
    return _view(employee_id, found)


def _view(employee_id: str, found: Status) -> EmployeeStatus:
    answer = found.enrollment
    return EmployeeStatus(
        employee_id=employee_id,
        enrollment=Enrollment(
            eligible=answer.eligible,
            reason=answer.reason,
            program=answer.program,
            start_date=answer.start,
            end_date=answer.end,
        ),
        cases=[CaseStatus.of(one) for one in found.cases],
        documents=[DocumentStatus.of(one) for one in found.documents],
    )


router = Router("/employees", route_handlers=[get_status], tags=["real time"])
