"""What people type for a day, an id or settings, and what they are told where it is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
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


def settings(given: Sequence[str], such_as: str) -> dict[str, Any]:
    """Settings as use cases take them, from KEY=VALUE as in JSON; `weights.expertise=0.4` is a part of one.

    Args:
        given: each as it was typed after `--set`.
        such_as: a good one, for whoever types another.
    """
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{one!r} lacks its value, such as {such_as}.", param_hint="--set")
        key, dot, part = name.strip().partition(".")
        if dot and isinstance(found.setdefault(key, {}), dict):
            found[key][part] = _value(text)
        else:
            found[key] = _value(text)
    return found


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text
