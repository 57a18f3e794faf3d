"""Cases: the matters of a firm, as its staff see and move them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.db.models import Case
from gateway.domain.people import cases, stages
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.forms import check_words, stored
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.pinned import Pin, pins_of
from gateway.web.texts import (
    ByClient,
    ByPartner,
    CaseStatus,
    CaseType,
    Day,
    Money,
    Name,
    Partner,
    Search,
    Stage,
    Text,
    Total,
    Word,
)
from gateway.web.versions import IfMatch, expected, tag

Complexity = Annotated[int, Meta(ge=1, le=10)]
CaseNumber = Annotated[Name, Meta(description="Unique with the partner; it cannot change.")]
ByAttorney = Annotated[UUID | None, QueryParameter(description="Of this attorney only.")]
Decision = Literal["approved", "denied", "withdrawn", "closed"]


class CaseView(Struct, frozen=True, kw_only=True):
    """A case; `pins` are the fields that staff wrote and imports leave alone."""

    id: UUID
    partner_id: UUID
    case_number: str
    client_id: UUID | None
    case_type: str | None
    stage: str
    status: str
    priority: str | None
    complexity: int | None
    attorney_id: UUID | None
    receipt_number: str | None
    lca_number: str | None
    perm_number: str | None
    opened_on: date | None
    filed_on: date | None
    decided_on: date | None
    deadline_on: date | None
    premium: bool | None
    employer_name: str | None
    job_title: str | None
    wage: Decimal | None
    worksite_city: str | None
    worksite_state: str | None
    attributes: dict[str, Any]
    pins: dict[str, Pin]
    source_import_id: UUID | None
    source_row: int | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, case: Case) -> CaseView:
        """A case as staff see it."""
        plain = {name: getattr(case, name) for name in cls.__struct_fields__ if name != "pins"}
        return cls(**plain, pins=pins_of(case))


class CaseFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of a case that staff may write; null clears one, what is left out stays as it is."""

    client_id: UUID | UnsetType | None = UNSET
    case_type: CaseType | UnsetType | None = UNSET
    stage: Stage | UnsetType | None = UNSET
    priority: Text | UnsetType | None = UNSET
    complexity: Complexity | UnsetType | None = UNSET
    receipt_number: Name | UnsetType | None = UNSET
    lca_number: Name | UnsetType | None = UNSET
    perm_number: Name | UnsetType | None = UNSET
    opened_on: Day | UnsetType | None = UNSET
    filed_on: Day | UnsetType | None = UNSET
    decided_on: Day | UnsetType | None = UNSET
    deadline_on: Day | UnsetType | None = UNSET
    premium: bool | UnsetType | None = UNSET
    employer_name: Text | UnsetType | None = UNSET
    job_title: Text | UnsetType | None = UNSET
    wage: Money | UnsetType | None = UNSET
    worksite_city: Text | UnsetType | None = UNSET
    worksite_state: Text | UnsetType | None = UNSET


class NewCase(CaseFields, kw_only=True, forbid_unknown_fields=True):
    """A case to be opened; of a client's, the partner may be left out."""

    case_number: CaseNumber
    partner: Partner | None = None


class CasePatch(CaseFields, kw_only=True, forbid_unknown_fields=True):
    """Changes of a case. A decision takes it to the stage decided; closures end it."""

    status: CaseStatus | UnsetType | None = UNSET


class Closure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a case ended."""

    outcome: Decision
    decided_on: Day | None = None


class Reopening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a closed case goes on."""

    stage: Stage


class StayView(Struct, frozen=True):
    """That a case was in a stage, and who moved it there: a person, or a file of a partner's feed."""

    stage: str
    since: datetime
    until: datetime | None
    by: str | None


@get("/", sync_to_thread=True, **may("cases.read"))
def list_cases(
    call: NamedDependency[Call],
    status: Word = None,
    stage: Word = None,
    type_: Annotated[str | None, QueryParameter(name="type", max_length=100, pattern=r"^[^\x00]*$")] = None,
    client: ByClient = None,
    attorney: ByAttorney = None,
    partner: ByPartner = None,
    number: Search = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[CaseView]:
    """List cases, the newest first; `number` is a part of a case's number, or of its receipt's, LCA's or PERM's."""
    check_words("case", status=status, stage=stage, case_type=type_)
    wanted = cases.CaseFilter(status, stage, type_, client, attorney, partner, number)
    with call.acting() as acting:
        found = cases.look_through(acting, wanted, paging(cursor, limit, total=total))
        return page_of(found, CaseView.of, limit)


@get("/mine", sync_to_thread=True, **may("cases.read"))
def list_mine(call: NamedDependency[Call]) -> list[CaseView]:
    """List the open cases that the caller holds, the next deadline first."""
    with call.acting() as acting:
        return [CaseView.of(one) for one in cases.mine(acting)]


@post("/", sync_to_thread=True, **may("cases.write"))
def open_case(call: NamedDependency[Call], data: JSONBody[NewCase]) -> Response[CaseView]:
    """Open a case. What is written here is pinned: imports of the partner leave it alone."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: _opened(acting, data))


def _opened(acting: Acting, data: NewCase) -> Response[CaseView]:
    client_id = data.client_id if isinstance(data.client_id, UUID) else None
    case = cases.add(acting, cases.NewCase(data.partner, data.case_number, client_id, stored("case", data)))
    return _shown(case, {"Location": f"/v1/cases/{case.id}"})


@get("/{case_id:uuid}", sync_to_thread=True, **may("cases.read"))
def get_case(case_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[CaseView]:
    """Show one case; that it was looked at is on record."""
    with call.acting() as acting:
        return _shown(cases.view(acting, case_id))


@get("/{case_id:uuid}/stages", sync_to_thread=True, **may("cases.read"))
def list_stages(case_id: FromPath[UUID], call: NamedDependency[Call]) -> list[StayView]:
    """List the stages in which a case was since it is known here, the first one first; the last has no end."""
    with call.acting() as acting:
        return [StayView(*one) for one in stages.stays(acting, cases.view(acting, case_id))]


@patch("/{case_id:uuid}", sync_to_thread=True, **may("cases.write"))
def change_case(
    case_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[CasePatch], if_match: IfMatch = None
) -> Response[CaseView]:
    """Change a case, or move it to another stage; what changed is pinned. 409 `case_closed` once it ended."""
    values = stored("case", data) | ({} if data.client_id is UNSET else {"client_id": data.client_id})
    with call.acting() as acting:
        return _shown(cases.change(acting, case_id, values, expected(if_match)))


@post("/{case_id:uuid}/closures", sync_to_thread=True, **may("cases.close"))
def close_case(
    case_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Closure], if_match: IfMatch = None
) -> Response[CaseView]:
    """End a case with its outcome; 409 `case_closed` when it has ended already."""
    with call.acting() as acting:
        case = cases.close(acting, case_id, data.outcome, data.decided_on, expected(if_match))
        return _shown(case, {"Location": f"/v1/cases/{case_id}"})


@post("/{case_id:uuid}/reopenings", sync_to_thread=True, **may("cases.close"))
def reopen_case(
    case_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Reopening], if_match: IfMatch = None
) -> Response[CaseView]:
    """Take up a closed case again, at a stage."""
    with call.acting() as acting:
        case = cases.reopen(acting, case_id, data.stage, expected(if_match))
        return _shown(case, {"Location": f"/v1/cases/{case_id}"})


@delete("/{case_id:uuid}/pins/{field:str}", sync_to_thread=True, **may("cases.write"))
def unpin_case(
    case_id: FromPath[UUID], field: FromPath[Name], call: NamedDependency[Call], if_match: IfMatch = None
) -> None:
    """Take the pin out of a field, so that imports may change it again."""
    with call.acting() as acting:
        cases.unpin(acting, case_id, field, expected(if_match))


def _shown(case: Case, headers: dict[str, str] | None = None) -> Response[CaseView]:
    return Response(CaseView.of(case), headers=tag(case.version) | (headers or {}))


router = Router(
    "/cases",
    route_handlers=[
        list_cases,
        list_mine,
        open_case,
        get_case,
        list_stages,
        change_case,
        close_case,
        reopen_case,
        unpin_case,
    ],
    tags=["cases"],
)
