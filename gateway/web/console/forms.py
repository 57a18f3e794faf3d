"""Forms of the console's pages: sent from a page of ours, in the session that was shown it, and read as they are meant.

Every page carries the session's CSRF token in a field of each of its forms, masked anew each time: the length of a
compressed page tells nothing of a text that never stands in it twice (BREACH). A page's script may repeat it in a
header as well, as other clients do: so a page that was left open goes on once somebody has signed in again.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.di import Provide

from gateway.errors import Faulty
from gateway.web.auth.cookies import CSRF_HEADER
from gateway.web.auth.crossing import refuse_foreign
from gateway.web.calls import OPEN, Call, may
from gateway.web.problems import Rejected

T = TypeVar("T")

TOKEN, KEY = "csrf", "key"  # fields that every form has: of the session, and of this one form
_OLD = "This page was made in another session. Go back, load it again, and repeat what you did."


@dataclass(frozen=True)
class Form:
    """What was filled in.

    Attributes:
        fields: as texts; of fields with one name the last.
        files: what was chosen to be sent along.
    """

    fields: Mapping[str, str]
    files: Mapping[str, UploadFile]

    def read(self, kind: type[T], **lists: Sequence[str]) -> T:
        """The fields that a struct has, in its types; those left empty count as not given.

        Args:
            kind: the struct.
            **lists: what was chosen of several, which a form sends as a field each (see `under`).

        Raises:
            Unfilled: something is missing, or is not as it must be.
        """
        wanted = {one.encode_name for one in msgspec.structs.fields(kind)}  # type: ignore[arg-type]  # a struct's type
        given: dict[str, object] = {name: text for name, text in self.fields.items() if name in wanted and text.strip()}
        return taken(given | {name: chosen for name, chosen in lists.items() if chosen}, kind, strict=False)

    def under(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin with a prefix, by what follows it; those left empty are none."""
        return {
            name.removeprefix(prefix): text for name, text in self.fields.items() if name.startswith(prefix) and text
        }

    def keyed(self, call: Call) -> Call:
        """The call, known by the key of this form: pressing twice, or from two tabs, does it once."""
        return replace(call, idempotency_key=self.fields.get(KEY) or None)


def taken(given: Mapping[str, object], kind: type[T], *, strict: bool) -> T:
    """What was filled in, as a struct; unless strict, a text is also a number or a truth, and "null" is nothing.

    Raises:
        Unfilled: something is missing, or is not as it must be.
    """
    try:
        return msgspec.convert(given, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _unfilled(str(error)) from error


class Unfilled(Faulty):
    """A form that cannot be taken as it is; `faults` names its fields."""


def takes_form(permission: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - see `may`
    """The permission of a route that takes a form, as keywords of its decorator; None: it is open to anybody."""
    asked = OPEN if permission is None else may(permission, **more)
    return asked | {"opt": asked["opt"] | {"form": True}, "dependencies": {"form": Provide(_provide_form)}}


def masked(token: str) -> str:
    """A token as a page carries it: another text each time."""
    given = token.encode()
    pad = secrets.token_bytes(len(given))
    return urlsafe_b64encode(pad + _crossed(pad, given)).decode()


def unmasked(text: str) -> str:
    """The token again; of what is none of ours, a text that is nobody's."""
    try:
        given = urlsafe_b64decode(text.encode())
        half = len(given) // 2
        return _crossed(given[:half], given[half:]).decode()
    except ValueError:
        return ""


def _crossed(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=True))


async def _provide_form(request: Request[Any, Any, Any]) -> Form:
    """The form of a request.

    Raises:
        Rejected: 403 `csrf`, it was sent from elsewhere, or in another session.
    """
    refuse_foreign(request)
    given = list((await request.form()).multi_items())
    fields = {name: value for name, value in given if isinstance(value, str)}
    is_bound: Callable[[str], bool] | None = getattr(request.state, "is_bound_to", None)  # by cookie only
    proofs = unmasked(fields.get(TOKEN, "")), request.headers.get(CSRF_HEADER, "")
    if is_bound is not None and not any(map(is_bound, proofs)):
        raise Rejected(403, "csrf", _OLD)
    return Form(fields, {name: value for name, value in given if isinstance(value, UploadFile) and value.filename})


def _unfilled(told: str) -> Unfilled:
    """What a person is to fill in, from the words of the decoder, which end with the place."""
    message, _, place = told.partition(" - at `$.")
    field = place.rstrip("`") or _missing(message)
    sentence = "Fill this in." if "missing required" in message else f"{message}."
    return Unfilled("not_filled_in", "Some of this cannot be taken as it is.", {field: sentence})


def _missing(message: str) -> str:
    parts: Sequence[str] = message.split("`")
    return parts[1] if len(parts) > 1 else ""
