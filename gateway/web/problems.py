"""What a caller is told when a request fails: problem documents (RFC 9457) with a stable code and a sentence."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope
from msgspec import UNSET, Struct, UnsetType

from gateway.errors import (
    Busy,
    Conflict,
    Faulty,
    Forbidden,
    Full,
    Gone,
    Incomplete,
    Invalid,
    Missing,
    Outdated,
    Problem,
    TooOften,
    Transient,
)
from gateway.logging import get_logger
from gateway.web.versions import tag

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # what a caller whose trouble is ours is asked to wait


Missings = dict[str, dict[str, list[str]]]


class ProblemDocument(Struct, frozen=True, kw_only=True):
    """RFC 9457, and the same again under the names that most clients look for.

    Attributes:
        error: stable; compare this one.
        message: for a person: what was wrong, and what to do.
        details: what exactly, where that can be said: {"field", "message"} each for a body that is not as agreed.
        missing_fields: of `incomplete_profile`, what would help: visa -> kind of entry -> fields.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    error: str
    message: str
    details: list[dict[str, Any]] = []
    missing_fields: Missings | UnsetType = UNSET
    request_id: str | None = None


class Rejected(Problem):
    """A request that cannot be done as it was asked.

    Args:
        status: of HTTP.
        code: stable.
        sentence: for a person.
        details: see `ProblemDocument`.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, sentence)
        self.status = status
        self.details = details or []
        self.headers = headers or {}


# how the problems of the domain sound in HTTP: the first class that fits
_STATUS: tuple[tuple[type[Problem], HTTPStatus], ...] = (
    (Missing, HTTPStatus.NOT_FOUND),
    (Outdated, HTTPStatus.PRECONDITION_FAILED),
    (Gone, HTTPStatus.GONE),
    (Conflict, HTTPStatus.CONFLICT),
    (Busy, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Incomplete, HTTPStatus.BAD_REQUEST),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooOften, HTTPStatus.TOO_MANY_REQUESTS),
    (Full, HTTPStatus.INSUFFICIENT_STORAGE),
    (Transient, HTTPStatus.SERVICE_UNAVAILABLE),
)


def on_problem(request: Request[Any, Any, Any], error: Problem) -> Response[ProblemDocument]:
    """A problem of ours, whose sentence is meant to be read; what only an operator can mend is told to the log."""
    if isinstance(error, Rejected):
        return _document(request, error.status, error.code, error.sentence, error.details, error.headers)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        return on_surprise(request, error)
    faults = error.faults if isinstance(error, Faulty) else {}
    details: list[dict[str, Any]] = [{"field": name, "message": sentence} for name, sentence in faults.items()]
    lacking = _plain(error.missing) if isinstance(error, Incomplete) else UNSET
    return _document(request, status, error.code, error.sentence, details, _headers(error), lacking)


def _plain(missing: Mapping[str, Mapping[str, Sequence[str]]]) -> Missings:
    return {visa: {kind: list(fields) for kind, fields in kinds.items()} for visa, kinds in missing.items()}


def _headers(error: Problem) -> dict[str, str]:
    """What tells a program how to go on."""
    if isinstance(error, Outdated):
        return tag(error.version)
    seconds = error.seconds if isinstance(error, TooOften) else RETRY_SECONDS
    return {"Retry-After": str(seconds)} if isinstance(error, Transient) else {}


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDocument]:
    """What the framework refuses: an unknown path, a method, a body that is not as declared."""
    if error.detail == _LEFT:  # nobody reads the answer; it is in the log as what it was, and alarms nobody
        return _document(request, HTTPStatus.BAD_REQUEST, "incomplete", "The body broke off.", [], {})
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_surprise(request, error)
    details: list[dict[str, Any]] = []
    if isinstance(error, ValidationException):
        details = [_field(each) for each in error.extra or [] if isinstance(each, dict)]
    code, sentence = _SENTENCES.get(error.status_code, ("invalid_request", error.detail))
    if details:
        sentence = "The request is not as agreed: " + "; ".join(f"{one['field']}: {one['message']}" for one in details)
    return _document(request, error.status_code, code, sentence, details, dict(error.headers or {}))


def on_surprise(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDocument]:
    """Our fault: logged whole, told without a word of what it was. A body that the decoder chokes on is not ours."""
    if isinstance(error, ValueError | LookupError | RecursionError) and _came_through_a_decoder(error):
        sentence = "The body cannot be read: it is not UTF-8, or nested too deeply."
        return _document(request, HTTPStatus.BAD_REQUEST, "invalid_request", sentence, [], {})
    log.error("request failed", path=told_path(request.scope), exc_info=error)
    sentence = "Internal error. We have been told; trying again may help."
    return _document(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", sentence, [], {})


def told_path(scope: Scope) -> str:
    """A path as it may be logged: as declared where a person's id stands in it, or a secret."""
    given, path = scope.get("path_params", {}), str(scope["path"])
    if not given and (found := _LINK.match(path)):  # it met no route, or none that takes its method
        return f"{found[0]}{{token}}"
    return path if _UNTOLD.isdisjoint(given) else str(scope["path_template"])


_UNTOLD = {"employee_id", "token"}
_LINK = re.compile("/+[lr]/", re.IGNORECASE)  # behind which stands what opens something


_SENTENCES: dict[int, tuple[str, str]] = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take this method; see Allow."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", "The body is larger than this address takes."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "The body is not of a type that this address takes."),
}


_LEFT = "client disconnected prematurely"  # as the framework says it, of a body that never ends
# they turn most errors into a 400, and let pass what texts bring that are not of the encoding which they claim
_DECODERS = ("litestar.serialization.msgspec_hooks", "litestar._multipart")


def _came_through_a_decoder(error: Exception) -> bool:
    """Whether it came up in a decoder, and not in something of ours that this called."""
    names = [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = max((at for at, name in enumerate(names) if name.startswith("gateway.")), default=-1)
    return any(name in _DECODERS for name in names[ours + 1 :])


def _field(told: dict[str, Any]) -> dict[str, Any]:
    return {"field": str(told.get("key") or told.get("source") or "body"), "message": str(told.get("message", ""))}


def _document(
    request: Request[Any, Any, Any],
    status: int,
    code: str,
    sentence: str,
    details: list[dict[str, Any]],
    headers: dict[str, str],
    missing: Missings | UnsetType = UNSET,
) -> Response[ProblemDocument]:
    document = ProblemDocument(
        title=HTTPStatus(status).phrase,
        status=int(status),
        detail=sentence,
        error=code,
        message=sentence,
        details=details,
        missing_fields=missing,
        request_id=str(request.scope.get("request_id", "")) or None,
    )
    return Response(document, status_code=int(status), media_type=MEDIA_TYPE, headers=headers)
