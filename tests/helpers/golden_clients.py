"""The golden profiles as people of a firm: their entries on record, with texts and employers where they had none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.domain.eligibility import entries
from gateway.domain.eligibility.entries import Said
from gateway.domain.rules.profile_kinds import profile_kinds
from helpers.golden import PEOPLE

SPOKEN = {  # fields of text that are in no condition, and what stands there
    "duties": "Led the people who build gears, and wrote how.",
    "summary": "A way to grind gears that wear less.",
    "name": "Silver Sprocket",
    "venue": "Gears",
    "outlet": "The Gear Post",
    "association": "Guild of Gears",
    "role": "reviewer",
    "title": "Of Gears",
    "employer": "Zorvex Robotics, Inc.",
    "institution": "Zorvex Academy",
}


class Golden(NamedTuple):
    """Somebody: entries as `kind`, `facts` and `backing`; the visas of which the files say what to expect."""

    entries: Sequence[Mapping[str, Any]]
    visas: Sequence[str]


def golden(spoken: Mapping[str, str] = SPOKEN) -> dict[str, Golden]:
    """All of them by name; `spoken` stands in each field of text that has nothing."""
    return {
        name: Golden([_spoken(one, spoken) for one in told["entries"]], [*told["expect"]])
        for name, told in PEOPLE.items()
    }


def _spoken(entry: Mapping[str, Any], spoken: Mapping[str, str]) -> dict[str, Any]:
    fields = profile_kinds()[entry["kind"]].fields
    texts = {name: text for name, text in spoken.items() if name in fields and fields[name].holds == "text"}
    return {**entry, "facts": {**texts, **entry["facts"]}}


def note(acting, client_id, told: Sequence[Mapping[str, Any]]) -> None:
    """Have entries be known of somebody."""
    for one in told:
        said = Said(facts=one["facts"], backing=one.get("backing", "asserted"), proof="folder 3")
        entries.add(acting, client_id, one["kind"], said)
