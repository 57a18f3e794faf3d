"""Bodies that are not what they say they are: told to the caller, whose fault it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException, ValidationException
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from gateway.web.doubled import doubled
from gateway.web.problems import Rejected

MOST_FIELDS = 1 << 16  # bytes of all fields of a form together, its files aside
_UTF_8 = {None, "utf-8", "utf8", "us-ascii"}


class Asking(Request[Any, Any, Any]):
    """A request whose body may be anything at all."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes.

        Raises:
            Rejected: 400 or 413, a form whose fields nobody should read; see `_Fields`.
        """
        media_type, options = self.content_type
        is_read = self.route_handler.parsed_data_field is not None or self.route_handler.opt.get("form")
        is_form = media_type == "multipart/form-data" and is_read
        fields = _Fields(options.get("boundary", "")) if is_form else None
        async for chunk in super().stream():
            if fields is not None and chunk:
                fields.look_at(chunk)
            yield chunk

    async def json(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The decoded body, as its route declares it.

        Raises:
            SerializationException: it is no JSON, or more of it than anybody means; answered as 400.
            ValidationException: it is not as declared, or has a key twice; likewise.
        """
        given = await self._decoded()
        declared = self.route_handler.parsed_data_field
        return given if declared is None else _exactly(given, declared.annotation)

    async def _decoded(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        try:
            given = await super().json()
            twice = doubled(await self.body(), given)
        except RecursionError as error:
            raise SerializationException("The body nests too deep.") from error
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error
        if twice is not None:
            raise _unfit("this key stands twice; send it once", twice)
        return given


def _exactly(given: object, declared: Any) -> object:  # noqa: ANN401 - any type that msgspec knows
    """Left to itself the framework takes "null" for null, "7" for a number, and a number for a day."""
    try:
        return msgspec.convert(given, declared)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").removeprefix(".")
        raise _unfit(message, field) from error


def _unfit(message: str, field: str) -> ValidationException:
    return ValidationException(extra=[{"message": message, "key": field, "source": "body"}])


class _Fields:
    """Looks at a form on its way to the framework's parser.

    That one holds fields in memory however large they are, and reads each in the encoding that it names: some take
    minutes for a megabyte, in which nobody else is answered.
    """

    def __init__(self, boundary: str) -> None:
        try:
            self._parser: PushMultipartParser | None = PushMultipartParser(boundary)
        except MultipartError:  # the framework comes upon it as well, and says so
            self._parser = None
        self._in_file, self._size = False, 0

    def look_at(self, chunk: bytes) -> None:
        """Refuse what comes with this chunk, where it must be.

        Raises:
            Rejected: 400 `invalid_request`, another encoding than UTF-8; 413 `too_large`.
        """
        try:
            for part in self._parser.parse(chunk) if self._parser and not self._parser.closed else ():
                self._judge(part)
        except MultipartError:
            self._parser = None

    def _judge(self, part: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(part, MultipartSegment):
            self._in_file = bool(part.filename)
            if not self._in_file and (part.charset and part.charset.lower()) not in _UTF_8:
                raise Rejected(400, "invalid_request", "Fields of a form are UTF-8.")
        elif part and not self._in_file:
            self._size += len(part)
            if self._size > MOST_FIELDS:
                raise Rejected(413, "too_large", f"The fields of a form are more than {MOST_FIELDS:,} bytes.")
