"""How much is known of a person of what each visa looks at, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from gateway.domain.eligibility import profiles
from gateway.domain.rules.criteria import fields_of, visas_on
from gateway.office import Acting


class Completeness(Struct, frozen=True, kw_only=True):
    """How complete a profile is for a visa.

    Attributes:
        asked: fields at which its gates and criteria look; nobody needs all of them.
        known: of these, of which any entry tells.
        missing: the others, by kind of entry.
    """

    visa: str
    name: str
    asked: int
    known: int
    missing: Mapping[str, Sequence[str]]


def completeness(acting: Acting, client_id: UUID, named: Sequence[str] = ()) -> list[Completeness]:
    """For these visas, or all; that the person was looked at is on record.

    Raises:
        NotFound: the firm has no such client.
        Missing: `visa_unknown`, with the nearest one.
    """
    profile = profiles.view(acting, client_id).profile
    found = []
    for visa in visas_on(named, profile.as_of):
        fields = fields_of(visa)
        missing, asked = profiles.missing(profile, fields), sum(map(len, fields.values()))
        known = asked - sum(map(len, missing.values()))
        found.append(Completeness(visa=visa.id, name=visa.name, asked=asked, known=known, missing=missing))
    return found
