"""What people type for a day or for an id, and what they are told where it is neither."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import rich_click as click


class Day(click.ParamType[date]):
    """An ISO 8601 date."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """A day of the firm's calendar."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date such as 2027-08-02.", param, ctx)


class Id(click.ParamType[UUID]):
    """An id, as listings show it.

    Args:
        what: it is of.
        listed: in a sentence, where ids of these are found.
    """

    name = "id"

    def __init__(self, what: str, listed: str) -> None:
        self._what, self._listed = what, listed

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """A number, such as the firm's own of a case, is none."""
        try:
            return UUID(str(value))
        except ValueError:
            article = "an" if self._what[0] in "aeiou" else "a"
            self.fail(f"{value!r} is no id of {article} {self._what}. {self._listed}", param, ctx)
