"""Whether what a caller changes is still what the caller saw: entity tags and `If-Match` (RFC 9110, 13.1.1)."""

from __future__ import annotations

import re
from typing import Annotated

from litestar.params import HeaderParameter

from gateway.domain.people.changes import Expected, check_expected

IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=200, description="The `ETag` that you saw.")
]

_TAG = re.compile('"(0|[1-9][0-9]*)"')


def tag(version: int) -> dict[str, str]:
    """The headers of an answer that shows a version of a record."""
    return {"ETag": f'"{version}"'}


def expected(if_match: str | None) -> Expected:
    """The versions of which a caller saw one; a tag that is none of ours stands for none.

    Without the header, or with `*`, whoever writes last wins.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (_TAG.fullmatch(each.strip()) for each in if_match.split(","))
    return frozenset(int(found[1]) for found in tags if found)


def check_match(if_match: str | None, version: int) -> None:
    """Refuse to change what is no longer as the caller saw it.

    Raises:
        Outdated: 412 `changed_meanwhile`.
    """
    check_expected(expected(if_match), version)
