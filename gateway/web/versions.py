"""Whether what a caller changes is still what the caller saw: entity tags and `If-Match` (RFC 9110, 13.1.1)."""

from __future__ import annotations

from typing import Annotated

from litestar.params import HeaderParameter

from gateway.web.problems import Rejected

IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=200, description="The `ETag` that you saw.")
]


def tag(version: int) -> dict[str, str]:
    """The headers of an answer that shows a version of a record."""
    return {"ETag": f'"{version}"'}


def check_match(if_match: str | None, version: int) -> None:
    """Refuse to change what is no longer as the caller saw it; without the header, the last writer wins.

    Raises:
        Rejected: 412 `changed_meanwhile`.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if f'"{version}"' not in {each.strip() for each in if_match.split(",")}:
        raise Rejected(
            412, "changed_meanwhile", "Somebody changed it since you looked; look again.", headers=tag(version)
        )
