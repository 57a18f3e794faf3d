"""Names of missing columns that a person accepted for a held file: the feed learns them once the file is loaded.

Until then they wait among the import's own suggestions: a file that comes in between is read without them, and a
release that leads nowhere leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy.orm import Session

from gateway.db.models import LOADED_STATES, Import
from gateway.domain.partners.names import learn_name
from gateway.office import Acting, Actor, Office
from ingest.mapping.headers import Suggestion


class Acceptance(Struct, frozen=True):
    """One accepted name, and by whom."""

    expected: str
    found: str
    accepted_by: Actor


def note(held: Import, accepted: Mapping[str, str], actor: Actor) -> None:
    """Put accepted names in the place of what was suggested, beside those that were accepted before."""
    noted = [Acceptance(expected, found, actor) for expected, found in accepted.items()]
    held.suggestions = [msgspec.to_builtins(one) for one in (*of(held), *noted)]


def suggested(held: Import) -> dict[str, str]:
    """What was suggested for a held file, and nobody accepted so far: expected name -> name found."""
    return {one["expected"]: one["found"] for one in held.suggestions if "accepted_by" not in one}


def of(arrival: Import) -> list[Acceptance]:
    """The names that were accepted for a file."""
    return [msgspec.convert(one, Acceptance) for one in arrival.suggestions if "accepted_by" in one]


def joined(learned: Mapping[str, list[str]], accepted: Iterable[Acceptance]) -> dict[str, list[str]]:
    """The names that a feed learned, as they will be once it has learned these: expected name -> names found."""
    names = {expected: list(found) for expected, found in learned.items()}
    for one in accepted:
        known = names.setdefault(one.expected, [])
        if one.found not in known:
            known.append(one.found)
    return names


def settle(office: Office, session: Session, arrival: Import, suggestions: Sequence[Suggestion]) -> None:
    """Have the feed of a file that was loaded learn the names, each from whoever accepted it.

    They stay with a file that something else holds, and leave with one that was refused.

    Args:
        office: the surroundings.
        session: of the transaction in which the file came to its end.
        arrival: which has the state that it came to.
        suggestions: what is suggested now.
    """
    accepted = of(arrival)
    kept = accepted if arrival.state == "held" else []
    arrival.suggestions = [msgspec.to_builtins(one) for one in (*kept, *suggestions)]
    if arrival.state in LOADED_STATES and arrival.feed_id:
        for one in accepted:
            acting = Acting(office, session, arrival.firm_id, one.accepted_by)
            learn_name(acting, arrival.feed_id, one.expected, one.found)
