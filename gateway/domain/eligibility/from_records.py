"""What the records themselves say of a person, as entries of a profile: no name, birth date or sex is among it.

Their refs end in r1, r2, ..., so that none is taken for an entry of staff; somebody said so, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count

from gateway.db.models import Case, Client
from gateway.domain.eligibility.terms import Entry, Value
from gateway.domain.expiry.authorization import Authorization
from gateway.domain.rules.profile_kinds import profile_kinds

Facts = dict[str, Value | None]

_LEVELS = {  # words of HR systems by the level that they mean; the highest that is named counts
    "doctorate": "phd|ph d|doctor of philosophy|doctorate|doctoral",
    "professional": "md|m d|jd|j d|juris doctor|doctor of medicine",
    "master": "masters?|mba|ms|m s|msc|m sc|ma|m a|mtech|m tech|meng",
    "bachelor": "bachelors?|bs|b s|bsc|b sc|ba|b a|btech|b tech|beng|b e",
    "associate": "associates?",
}
_OUTCOMES = {"approved": "approved", "denied": "denied", "withdrawn": "withdrawn"}
_ASKED = frozenset({"rfe_received", "rfe_response"})


def entries_of(client: Client, cases: Sequence[Case], permitted: Authorization | None) -> list[Entry]:
    """What records say, without what they leave open.

    Args:
        client: as stored.
        cases: of the client, the oldest first.
        permitted: until when the person may work; None where it is not known.
    """
    known = [
        *_of("person", [_person(client, cases, permitted)]),
        *_of("degree", [_degree(client)]),
        *_of("employment", [_employment(client)]),
        *_of("salary", [_salary(client)]),
        *_of("award", [{"name": one} for one in client.awards or ()]),
        *_of("press", [{"outlet": one} for one in client.media_coverage or ()]),
        *_of("decision", _decisions(cases)),
    ]
    return sorted(known, key=lambda one: one.ref)


def _of(kind: str, found: Sequence[Facts]) -> Iterator[Entry]:
    fields = profile_kinds()[kind].fields
    places = count(1)
    for facts in found:
        kept = {name: value for name, value in facts.items() if value is not None and value != "" and name in fields}
        if kept:
            yield Entry(ref=f"{kind}.r{next(places)}", kind=kind, facts=kept)


def _person(client: Client, cases: Sequence[Case], permitted: Authorization | None) -> Facts:
    petitions = [one for one in cases if (one.case_type or "").startswith("I140") and one.status == "approved"]
    return {
        "citizenship": client.citizenship,
        "current_status": permitted.basis if permitted and permitted.basis != "unknown" else None,
        "status_ends_on": permitted.ends_on if permitted else None,
        "i140_approved": True if petitions else None,
    }


def _degree(client: Client) -> Facts:
    return {
        "level": _level(client.highest_degree or ""),
        "subject": client.field_of_study,
        "institution": client.university,
    }


def _level(text: str) -> str | None:
    said = " ".join(re.findall(r"[a-z]+", re.sub("['’]s", "", text.casefold())))
    return next((level for level, words in _LEVELS.items() if re.search(rf"\b({words})\b", said)), None)


def _employment(client: Client) -> Facts:
    return {
        "employer": client.employer_name,
        "title": client.job_title,
        "from_on": client.hire_date,
        "to_on": client.termination_date,
    }


def _salary(client: Client) -> Facts:
    in_dollars = client.salary_currency in (None, "USD") and client.annual_salary is not None
    return {"amount": float(client.annual_salary or 0)} if in_dollars else {}


def _decisions(cases: Sequence[Case]) -> list[Facts]:
    """How cases ended; and that evidence is asked for, or was answered, in one that goes on."""
    return [
        {"visa": one.case_type, "outcome": outcome, "decided_on": _day(one, outcome)}
        for one in cases
        if (outcome := _OUTCOMES.get(one.status) or ("rfe" if one.stage in _ASKED else None)) and one.case_type
    ]


def _day(case: Case, outcome: str) -> date | None:
    return None if outcome == "rfe" else case.decided_on
