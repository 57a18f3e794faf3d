"""Bodies that are not what they say they are: told to the caller, whose fault it is."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException


class Asking(Request[Any, Any, Any]):
    """A request whose JSON may be anything at all."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The decoded body.

        Raises:
            SerializationException: it is no JSON, or more of it than anybody means; answered as 400.
        """
        try:
            return await super().json()
        except RecursionError as error:
            raise SerializationException("The body nests too deep.") from error
        except UnicodeDecodeError as error:
            raise SerializationException("The body is not UTF-8.") from error
