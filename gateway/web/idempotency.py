"""Makes a request that creates something safe to send again: the same `Idempotency-Key` brings the same answer.

As draft-ietf-httpapi-idempotency-key-header has it; see `gateway.domain.access.kept_answers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response

from gateway.domain.access import kept_answers
from gateway.domain.access.kept_answers import Answer
from gateway.office import Acting
from gateway.web.calls import Call
from gateway.web.problems import Rejected

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

T = TypeVar("T")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(acting: Acting, call: Call, data: object, make: Callable[[], Response[T]]) -> Response[Any]:
    """What `make` answers, or what it answered when the caller sent this key before.

    Args:
        acting: the caller at work, in the transaction in which `make` creates.
        call: the request; without a key, every request creates.
        data: what was asked for, as decoded.
        make: creates, and answers.

    Raises:
        Rejected: as `earlier`.
        Invalid: as `earlier`.
        Conflict: as `keep`.
    """
    if (key := _key(call)) is not None:
        kept_answers.take_turn(acting, key)
    if (kept := earlier(acting, call, data)) is not None:
        return kept
    answer = make()
    acting.session.flush()
    keep(acting, call, data, answer)
    return answer


def answered(answer: Response[Any], kind: type[T]) -> T:
    """What a call made, or made before under the same key, of which the text is kept."""
    return msgspec.json.decode(msgspec.json.encode(answer.content), type=kind)


def earlier(acting: Acting, call: Call, data: object) -> Response[Any] | None:
    """The answer that this key brought before; None where it is new, or none was given.

    Raises:
        Rejected: 400 `bad_idempotency_key`.
        Invalid: `idempotency_key_reused`, for another request.
    """
    if (key := _key(call)) is None:
        return None
    kept = kept_answers.find(acting, key, _asked(call, data))
    if kept is None:
        return None
    return Response(
        msgspec.Raw(kept.body.encode()), status_code=kept.status, headers={**kept.headers, REPLAYED: "true"}
    )


def keep(acting: Acting, call: Call, data: object, answer: Response[Any]) -> None:
    """Keep an answer under the caller's key.

    Raises:
        Conflict: `in_flight`, another request with this key was faster; this one must leave nothing behind.
    """
    if (key := _key(call)) is None:
        return
    about = _shown(msgspec.to_builtins(answer.content, builtin_types=[UUID]))
    headers = {name: str(value) for name, value in answer.headers.items()}
    told = Answer(answer.status_code or 201, headers, msgspec.json.encode(answer.content).decode(), about)
    kept_answers.keep(acting, key, _asked(call, data), told)


def _key(call: Call) -> str | None:
    """What the caller calls the request.

    Raises:
        Rejected: 400 `bad_idempotency_key`.
    """
    if call.idempotency_key is not None and not _KEY.fullmatch(call.idempotency_key):
        raise Rejected(400, "bad_idempotency_key", f"{HEADER} is 1 to 255 visible ASCII characters.")
    return call.idempotency_key


def _shown(content: object) -> list[UUID]:
    """The ids in an answer: whoever takes a record out of the house finds by them what was said of it."""
    if isinstance(content, Mapping):
        return _shown(list(content.values()))
    if isinstance(content, list | tuple):
        return [one for each in content for one in _shown(each)]
    return [content] if isinstance(content, UUID) else []


def _asked(call: Call, data: object) -> str:
    return msgspec.json.encode((call.route, data)).decode()
