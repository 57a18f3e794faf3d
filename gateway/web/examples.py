"""Gives every operation of the OpenAPI document an example, and the problem documents with which it may answer.

One table of sample values by the names of fields serves all bodies and answers, so that they tell one story: Ana Silva
of ACME and her H-1B extension. A body in which not every field goes with every other has an example of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any

from litestar.openapi.spec import OpenAPI, OpenAPIType, Operation, Parameter, Reference, Schema
from litestar.openapi.spec.media_type import OpenAPIMediaType
from litestar.openapi.spec.response import OpenAPIResponse

from gateway.reports import REPORTS
from gateway.web.problems import MEDIA_TYPE

_CLIENT, _CASE, _STAFF = (f"0197a3c2-5e10-7c4e-9d2b-4f00000000{end}" for end in ("c1", "a5", "57"))
_IMPORT, _OTHER = "0197a3c2-4b02-7d11-8a63-1e0000000012", "0197a3c2-5e10-7c4e-9d2b-4f00000000ff"
_INSTANT = "2026-03-02T14:05:09Z"
_CURSOR = "WyIyMDI2LTAzLTAyVDE0OjA1OjA5WiIsIjAxOTdhM2MyLTRiMDItN2QxMS04YTYzLTFlMDAwMDAwMDAxMiJd"


class _Null(Enum):
    """The framework drops what is None from examples, and writes members of enumerations as their values."""

    NULL = None


SAMPLES: Mapping[str, object] = {
    "client_id": _CLIENT,
    "case_id": _CASE,
    "staff_id": _STAFF,
    "actor_id": _STAFF,
    "import_id": _IMPORT,
    "source_import_id": _IMPORT,
    "partner": "acme",
    "slug": "acme",
    "way": "9c1185a5c5e9fc54",
    "feed": "roster",
    "tier": "standard",
    "known_by": "employee_id",
    "key": "E1042",
    "employee_id": "E1042",
    "given_name": "Ana",
    "middle_name": "Maria",
    "family_name": "Silva",
    "sex": "F",
    "current_location": "Peoria, IL",
    "termination_date": "2026-12-31",
    "manager_email": "li.wei@acme.example",
    "program": "Global mobility",
    "field_of_study": "Chemical engineering",
    "university": "University of São Paulo",
    "media_coverage": ["Plant Engineering, May 2024"],
    "notes": "Prefers to be called in the afternoon.",
    "receipt_number": "IOE0912345678",
    "lca_number": "I-200-26001-123456",
    "perm_number": "G-100-26001-123456",
    "worksite_city": "Peoria",
    "worksite_state": "IL",
    "template": "announcement",
    "form": "subject",
    "sheet": "Active",
    "since": "2026-03-01T00:00:00Z",  # before every other instant, so that a period has an end after its beginning
    "cursor": _CURSOR,
    "next_cursor": _CURSOR,
    "total_items": 1,
    "date_of_birth": "1988-07-19",
    "email": "ana.silva@acme.example",
    "phone": "+13125550100",
    "citizenship": "BRA",
    "country_of_birth": "BRA",
    "country": "BRA",
    "time_zone": "America/Chicago",
    "job_title": "Process engineer",
    "employer_name": "ACME Manufacturing, Inc.",
    "soc_code": "17-2112",
    "work_city": "Peoria",
    "work_state": "IL",
    "annual_salary": "98000.00",
    "wage": "98000.00",
    "salary_currency": "USD",
    "hire_date": "2021-09-01",
    "enrollment_status": "active",
    "highest_degree": "Master of Science",
    "graduation_year": 2012,
    "years_of_experience": "11.5",
    "awards": ["Plant safety award 2024"],
    "skills": ["Six Sigma"],
    "languages": ["Portuguese", "English"],
    "ssn": "536904399",
    "a_number": "012345678",
    "last_four": "4399",
    "case_number": "NG-2026-0042",
    "case_type": "H1B_EXT",
    "stage": "drafting",
    "status": "active",
    "priority": "high",
    "complexity": 4,
    "opened_on": "2026-02-16",
    "deadline_on": "2026-06-30",
    "premium": True,
    "doc_type": "passport",
    "number": "FX123456",
    "number_last_four": "3456",
    "issued_on": "2020-06-01",
    "expires_on": "2030-05-31",
    "duration_of_status": False,
    "outcome": "approved",
    "decided_on": "2026-05-12",
    "reason": "The client asked for it on 1 March",
    "created_by": "admin@northgate.example",
    "by": "paralegal@northgate.example",
    "by_kind": "staff",
    "actor": "paralegal@northgate.example",
    "actor_kind": "staff",
    "action": "client.update",
    "origin": "203.0.113.7",
    "file": "roster_20260302.csv",
    "row": 17,
    "line": 17,
    "source_row": 17,
    "field": "annual_salary",
    "old": 95000.0,
    "new": 98000.0,
    "kind": "client",
    "version": 3,
    "limit": 50,
    "has_more": True,
    "attributes": {"Cost Centre": "4711"},
    "pins": {"annual_salary": {"by": "paralegal@northgate.example", "at": _INSTANT}},
    "identifiers": {"ssn": {"last_four": "4399"}},
    "search": "silva",
    "type": "passport",
    "expiring_within": 90,
    "If-Match": '"3"',
}
WHOLE: Mapping[str, object] = {  # by the name of the body or of the answer, or by the path and a parameter
    "NewClient": {"partner": "acme", "employee_id": "E1042", "given_name": "Ana", "family_name": "Silva"},
    "ClientFields": {"job_title": "Process engineer", "annual_salary": "98000.00"},
    "NewCase": {"case_number": "NG-2026-0042", "client_id": _CLIENT, "case_type": "H1B_EXT"},
    "CasePatch": {"stage": "filed", "filed_on": "2026-04-02", "receipt_number": "IOE0912345678"},
    "CaseView.status": "open",
    "NewDocument": {"client_id": _CLIENT, "doc_type": "passport", "number": "FX123456", "expires_on": "2030-05-31"},
    "DocumentFields": {"expires_on": "2031-05-31"},
    "DocumentView.status": "current",
    "NewNotification": {
        "recipients": [{"staff": "li.wei@northgate.example"}, {"client": "E1042", "partner": "acme"}],
        "template": "announcement",
        "data": {"title": "The office is closed on Friday", "paragraphs": ["We are back on Monday."]},
    },
    "NewStaff": {"email": "ana@northgate.example", "name": "Ana Li", "role": "paralegal"},
    "StaffView.email": "ana@northgate.example",
    "StaffView.name": "Ana Li",
    "StaffMade.email": "ana@northgate.example",
    "StaffMade.name": "Ana Li",
    "StaffMade.password": "h7Kpw-Tz4nq-aYc9d-Wm2xR",
    "PasswordMade.password": "h7Kpw-Tz4nq-aYc9d-Wm2xR",
    "NewWall": {"staff_id": _STAFF, "client_id": _CLIENT, "reason": "Acted for the other side before joining us"},
    "Token": {"access_token": "gwt_...", "token_type": "Bearer", "expires_in": 900, "scope": "files:write status:read"},
    "TakenCall": {"import_id": _IMPORT, "status_url": f"/v1/imports/{_IMPORT}"},
    "WallView.reason": "Acted for the other side before joining us",
    "/v1/cases.status": "open",
    "/v1/cases.type": "H1B_EXT",
    "/v1/documents.status": "current",
    "/v1/jobs.kind": "ingest.run",
    "/v1/reports/case_status.status": "open",
    "NewOrder": {"format": "csv", "filters": {"partner": "acme", "since": _INSTANT}},
    "OrderView.report": "import_errors",
    "OrderView.state": "ready",
    "OrderView.format": "csv",
    "Health.status": "live",
    "NewPassword": {"current": "fig-tree-lamp-owl", "new": "lamp-owl-fig-tree"},
    "ImportSummary.state": "loaded_with_errors",
    "JobView.kind": "ingest.run",
    "QueueView": {
        "queue": "ingest",
        "waiting": 3,
        "oldest_at": _INSTANT,
        "running": 1,
        "late": 1,
        "dead": 0,
        "patience_seconds": 1_800,
    },
    "PlaceStanding.via": "sftp",
    "PlaceStanding.place": "sftp://northgate@sftp.acme.example:22/out",
    "PlaceStanding.listed": 3,
    "PlaceStanding.taken": 41,
    "PlaceStanding.waiting_count": 1,
    "PlaceStanding.failures": 0,
    "WaitingFile.name": "roster_20260302.csv",
    "WaitingFile.why": "its done-file roster_20260302.csv.done or roster_20260302.done is not there",
    "Queued.import_id": _IMPORT,
    "RecordChange.action": "updated",
    "Account.priority": "normal",
    "DispatchView.to": "staff",
    "DispatchView.channel": "email",
    "DispatchView.state": "waiting",
    "/v1/assignment-simulations.rule": "round_robin",
    "/v1/assignment-simulations.from": "2025-05-01",
    "/v1/assignment-simulations.to": "2025-05-31",
    "PolicyChange": {"rule": "workload_based", "settings": {"senior_from": 9, "certifications": {"I526": ["eb5"]}}},
    "ModelsChange": {"steps": [{"provider": "openai", "model": "gpt-5"}], "most": {"cost": "5.00"}},
    "StepView": {"provider": "openai", "model": "gpt-5", "url": "https://models.example/v1"},
    "MostView": {"tokens": 500_000, "cost": "5.00"},
    "Offered.name": "openai",
    "Offered.secret": "OPENAI_API_KEY",
    "Priced": {"model": "gpt-5", "tokens_in": 1.25, "tokens_out": 10.0},
    "NewReview": {
        "verdict": "edited",
        "reason": "Two letters are promised.",
        "edits": {"summary": "Strong, once the letters are in.", "timeline_months": [4, 9]},
    },
    "Week": {"mon": 8, "tue": 8, "wed": 4},
    "Value.name": "title",
    "Value.kind": "text",
}
FILES = (
    "/v1/imports/{import_id}/errors",
    *(f"/v1/reports/{name}" for name in REPORTS),
    "/v1/reports/orders/{order_id}/file",
)  # of which `format` says the kind
FILE_KINDS: Mapping[str, object] = {
    "text/csv": "EMP_ID,DOB,Problems,Row\nE1042,soon,...,...\n",
    "application/json": [{"row": 17, "column": "DOB", "code": "bad_date"}],
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "(a workbook)",
}
_FILE = Schema()  # anything
_SUCCESS = ("200", "201")
OTHERWISE: Mapping[tuple[str, str], object] = {  # statuses whose answers have the form of success, with an example
    ("/oauth/token", "400"): {"error": "invalid_scope", "error_description": "This client may ask for: status:read."},
    ("/oauth/token", "401"): {
        "error": "invalid_client",
        "error_description": "There is no such client, its secret is another one, or it has ended.",
    },
    ("/v1/eligibility/check", "404"): {
        "eligible": False,
        "program": _Null.NULL,
        "eligibility_start_date": _Null.NULL,
        "eligibility_end_date": _Null.NULL,
        "reason": "unknown",
    },
    ("/v1/partners/{slug}/draft", "200"): None,  # begun before; the same example
    ("/v1/partners/{slug}/draft/applications", "200"): None,
    ("/v1/partners/{slug}/configs", "200"): None,  # already in force; the same example
    ("/v1/partners/{slug}/configs/{number}/activations", "200"): None,
}
_BY_FORMAT: Mapping[str, object] = {"uuid": _OTHER, "date": "2026-05-01", "date-time": _INSTANT}
_KINDS: Mapping[str, type] = {"string": str, "integer": int, "array": list, "object": Mapping}
_BY_TYPE: Mapping[str, object] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True}

_PROBLEM = "ProblemDocument"


def illustrate(document: OpenAPI) -> None:
    """Complete a document in place."""
    schemas = document.components.schemas
    schemas.setdefault(_PROBLEM, _PROBLEM_SCHEMA)
    for path, item in (document.paths or {}).items():
        if path in FILES and item.get:
            _give_files(item.get)
        for method in ("get", "post", "put", "patch", "delete"):
            if operation := getattr(item, method):
                _illustrate(operation, path, schemas)
    for (path, status), example in OTHERWISE.items():
        _give_status((document.paths or {})[path].post, status, example)


def _give_files(operation: Operation) -> None:
    """Say that the answer is a file, and of which kinds it may be."""
    success = (operation.responses or {}).get("200")
    if isinstance(success, OpenAPIResponse):
        success.content = {kind: OpenAPIMediaType(schema=_FILE, example=told) for kind, told in FILE_KINDS.items()}


def _give_status(operation: Operation | None, status: str, example: object) -> None:
    """Say that an answer of another status has the form of the one that tells of success."""
    responses = operation.responses if operation and operation.responses else {}
    success = next(one for code, one in responses.items() if code in _SUCCESS and isinstance(one, OpenAPIResponse))
    content = {
        kind: OpenAPIMediaType(schema=media.schema, example=example or media.example)
        for kind, media in (success.content or {}).items()
    }
    responses[status] = OpenAPIResponse(description=HTTPStatus(int(status)).phrase, content=content)


def _illustrate(operation: Operation, path: str, schemas: Mapping[str, Schema]) -> None:
    for parameter in operation.parameters or []:
        if isinstance(parameter, Parameter) and parameter.schema is not None and parameter.example is None:
            parameter.example = _example(parameter.schema, parameter.name, schemas, path)
    body = operation.request_body
    contents = [body.content] if body is not None and not isinstance(body, Reference) else []
    responses = operation.responses = operation.responses or {}
    responses.pop("400", None)  # the framework's idea of an error; ours is the same for all
    responses["default"] = _PROBLEM_RESPONSE
    if isinstance(nothing := responses.get("204"), OpenAPIResponse):
        nothing.content = None
    contents += [one.content for one in responses.values() if isinstance(one, OpenAPIResponse) and one.content]
    for content in contents:
        for media in content.values():
            if media.schema is not None and media.example is None:
                media.example = _example(media.schema, "", schemas)


def _example(schema: Schema | Reference, name: str, schemas: Mapping[str, Schema], within: str = "") -> object:
    """What a schema allows, as the tables have it: a whole body, a field of this body, a field of this name."""
    if isinstance(schema, Reference):
        schema = schemas[schema.ref.rsplit("/", 1)[-1]]
    title = schema.title or ""
    shown = [table[key] for table, key in _places(title, within, name) if key in table]
    shown = [one for one in shown if isinstance(one, _KINDS.get(str(_plain(schema.type)), object))]
    if schema.enum or schema.const is not None:
        words = schema.enum or [schema.const]
        return next((one for one in shown if one in words), words[0])
    if shown:
        return shown[0]
    if schema.examples:
        return next(iter(schema.examples.values() if isinstance(schema.examples, Mapping) else schema.examples))
    return _made_up(schema, name, schemas, within)


def _made_up(schema: Schema, name: str, schemas: Mapping[str, Schema], within: str) -> object:
    """What the tables do not name, put together from its parts, or by its kind."""
    if schema.properties:
        return {one: _example(part, one, schemas, schema.title or "") for one, part in schema.properties.items()}
    if schema.items is not None:
        return [_example(schema.items, name.removesuffix("s"), schemas, within)]
    if schema.one_of:  # the document drops what is null, so of what may be missing the other kind is shown
        told = [one for one in schema.one_of if isinstance(one, Reference) or _plain(one.type) != "null"]
        return _example(told[0], name, schemas, within)
    return _BY_FORMAT.get(str(_plain(schema.format)), _BY_TYPE.get(str(_plain(schema.type)), {}))


def _places(title: str, within: str, name: str) -> list[tuple[Mapping[str, object], str]]:
    return [(WHOLE, title), (WHOLE, f"{within}.{name}"), (SAMPLES, name)]


def _plain(word: Any) -> object:  # noqa: ANN401 - a word, an enumeration's member, a list of them, or nothing
    return getattr(word, "value", word)


_SENTENCE = f"There is no client '{_OTHER}'."
_TOLD: Mapping[str, object] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": _SENTENCE,
    "error": "not_found",
    "message": _SENTENCE,
    "details": [],
    "request_id": "6c1d0b8f2f9a4f0e9a52c1f3a6c1c2d4",
}
_PROBLEM_SCHEMA = Schema(
    type=OpenAPIType.OBJECT,
    title=_PROBLEM,
    description="A problem document (RFC 9457): compare `error`, show `message`; `details` name fields.",
    properties={
        **{name: Schema(type=OpenAPIType.STRING) for name in _TOLD},
        "status": Schema(type=OpenAPIType.INTEGER),
        "details": Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT)),
        "request_id": Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL]),
    },
    required=sorted(_TOLD.keys() - {"request_id"}),
)
_PROBLEM_RESPONSE = OpenAPIResponse(
    description="What was wrong, and what to do.",
    content={MEDIA_TYPE: OpenAPIMediaType(schema=Reference(f"#/components/schemas/{_PROBLEM}"), example=_TOLD)},
)
