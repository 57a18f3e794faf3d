"""Bodies that are not what they say they are: told to the caller, whose fault it is."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException, ValidationException


class Asking(Request[Any, Any, Any]):
    """A request whose JSON may be anything at all."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The decoded body, as its route declares it.

        Raises:
            SerializationException: it is no JSON, or more of it than anybody means; answered as 400.
            ValidationException: it is not as declared; likewise.
        """
        given = await self._decoded()
        declared = self.route_handler.parsed_data_field
        return given if declared is None else _exactly(given, declared.annotation)

    async def _decoded(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        try:
            return await super().json()
        except RecursionError as error:
            raise SerializationException("The body nests too deep.") from error
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error


def _exactly(given: object, declared: Any) -> object:  # noqa: ANN401 - any type that msgspec knows
    """Left to itself the framework takes "null" for null, "7" for a number, and a number for a day."""
    try:
        return msgspec.convert(given, declared)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").removeprefix(".")
        raise ValidationException(extra=[{"message": message, "key": field, "source": "body"}]) from error
