"""What nobody may read of the people of a world: made up by their ids, stored, and looked for in what was written."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from gateway.office import Office
from helpers.firms_world import Person, World

SPELLINGS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d", "%m%d%Y")  # of a day


class Made(NamedTuple):
    """Of one person; numbers as they are, without any mark between their digits."""

    given: str
    family: str
    ssn: str
    a_number: str
    passport: str
    born: date

    @property
    def secrets(self) -> set[str]:
        days = {self.born.strftime(one) for one in SPELLINGS}
        return {self.ssn, self.a_number, self.passport, *days}

    @property
    def names(self) -> set[str]:
        return {self.given, self.family}


def furnish(office: Office, world: World, made: dict[UUID, Made]) -> None:
    """Store them of whoever has none yet, and note them in `made`."""
    new = [one for one in world.people if one.id not in made]
    for firm in {one.firm for one in new}:
        theirs = [one for one in new if one.firm == firm]
        made |= {one.id: _made(one) for one in theirs}
        with office.db.firm(firm) as session:
            cipher = office.cipher(session, firm)
            for name in ("ssn", "a_number"):
                sealed = cipher.encrypt_column([getattr(made[one.id], name) for one in theirs], name)
                rows = [{"id": one.id, "it": it} for one, it in zip(theirs, sealed, strict=True)]
                session.execute(text(f"UPDATE clients SET {name} = :it WHERE id = :id"), rows)
            session.execute(_NAMES, [{"id": one.id, **made[one.id]._asdict()} for one in theirs])
            papers = [one for one in world.papers if one.person in theirs]
            sealed = cipher.encrypt_column([made[one.person.id].passport for one in papers], "number")
            rows = [{"id": one.id, "it": it} for one, it in zip(papers, sealed, strict=True)]
            session.execute(text("UPDATE documents SET number = :it WHERE id = :id"), rows)


_NAMES = text("UPDATE clients SET given_name = :given, family_name = :family, date_of_birth = :born WHERE id = :id")


def _made(person: Person) -> Made:
    draw = Random(person.id.int)
    given, family = ("".join(draw.choices("abcdefghijklmnoprstuvwz", k=9)).capitalize() for _ in range(2))
    numbers = (
        f"{draw.randrange(10**8, 10**9)}",
        f"A{draw.randrange(10**8, 10**9)}",
        f"K{draw.randrange(10**7, 10**8)}",
    )
    return Made(given, family, *numbers, date(1950, 1, 1) + timedelta(days=draw.randrange(18_000)))


# ------------------------------------------------------------------------------------------------ looked for

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"\d{9,}|\d{3}[- ]\d{2}[- ]\d{4}|\d{3}[- ]\d{3}[- ]\d{3}")
_PASSPORT = re.compile(r"K[- ]?\d{8}")
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}")
_WORDED = re.compile(r"[A-Z][a-z]{2,8} \d{1,2},? 19\d\d|\d{1,2} [A-Z][a-z]{2,8} 19\d\d")  # nothing else is so old
_WORD = re.compile(r"[^\W\d_]+")


def given_away(written: str, secrets: AbstractSet[str]) -> set[str]:
    """Which of these stand there, however they are spelled, and any day of birth in words. Ids are no numbers."""
    plain = _ID.sub(" ", written)
    digits = [re.sub(r"\D", "", one) for one in _NUMBER.findall(plain)]
    windows = {run[at : at + 9] for run in digits for at in range(len(run) - 8)}
    found = windows | {f"A{one}" for one in windows}
    found |= {re.sub(r"[- ]", "", one) for one in _PASSPORT.findall(plain)} | set(_DAY.findall(plain))
    return (found | set(_WORD.findall(plain))) & secrets | set(_WORDED.findall(plain))
