"""People as public descriptions of typical cases have them: written by hand, nobody real."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from gateway.domain.eligibility.terms import Entry, Profile
from helpers.profiles import TODAY

FILES = sorted((Path(__file__).parents[1] / "gateway/domain/eligibility/golden").glob("*.yaml"))
PEOPLE: dict[str, dict[str, Any]] = {
    name: told for file in FILES for name, told in yaml.safe_load(file.read_text())["profiles"].items()
}


def golden(name: str) -> Profile:
    count: Counter[str] = Counter()
    entries = []
    for one in PEOPLE[name]["entries"]:
        count[one["kind"]] += 1
        entries.append(Entry(ref=f"{one['kind']}.{count[one['kind']]}", **one))
    return Profile(as_of=TODAY, entries=entries)
