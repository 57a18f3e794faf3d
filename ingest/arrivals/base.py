"""What is common to all ways of arriving."""

from __future__ import annotations

from msgspec import Struct


class ArrivalSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="via"):
    """The base of every entry of `arrivals:`; `via` names the way."""
