"""Who can take cases. Whoever changes an attorney holds the row, as does whoever gives them cases."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select
from sqlalchemy.exc import NoResultFound

from gateway.config import nearest
from gateway.db.models import Attorney, Expertise, Staff
from gateway.domain import audit
from gateway.domain.access.accounts import find_staff
from gateway.domain.access.permissions import ADMIN, ATTORNEY
from gateway.domain.assignment import languages
from gateway.domain.assignment.hours import prorated, week_of
from gateway.domain.assignment.policies import MOST_WORDS, WORD
from gateway.domain.assignment.queueing import look_again
from gateway.domain.audit import Change
from gateway.domain.rules import vocabulary
from gateway.errors import Conflict, Invalid, NotFound
from gateway.office import Acting

CASE_ROLES = frozenset({ATTORNEY, ADMIN})  # of staff that may hold cases
USUAL = range(15, 26)  # capacities that are remarked no further
MOST, LEVELS = 200, range(1, 6)
LICENCE = 200  # characters
_FIELDS = ("licence", "capacity", "availability", "senior", "languages", "certifications")


class Said(Struct, frozen=True, kw_only=True):
    """What somebody says of an attorney; what is not said stays as it is.

    Attributes:
        licence: where and under which number; None or nothing takes it away.
        capacity: active cases at full time.
        availability: hours by day; none is full time.
    """

    licence: str | UnsetType | None = UNSET
    capacity: int | UnsetType = UNSET
    availability: Mapping[str, float] | UnsetType = UNSET
    senior: bool | UnsetType = UNSET
    languages: Sequence[str] | UnsetType = UNSET
    certifications: Sequence[str] | UnsetType = UNSET


class Found(NamedTuple):
    """An attorney, and the member of staff who is one."""

    attorney: Attorney
    staff: Staff

    @property
    def works(self) -> bool:
        """Whether the account is active, and its role takes cases."""
        return self.staff.active and self.staff.role in CASE_ROLES

    @property
    def takes_cases(self) -> bool:
        """Whether cases may be given to them, as long as there is room."""
        return self.works and bool(self.attorney.licence)


def takes_cases() -> ColumnElement[bool]:
    """The same as `Found.takes_cases`, for queries of attorneys and their staff."""
    return and_(Staff.active, Staff.role.in_(CASE_ROLES), func.coalesce(Attorney.licence, "") != "")


def find(acting: Acting, whom: str | UUID, *, for_change: bool = False) -> Found:
    """An attorney by id or e-mail address; `for_change` holds the row to the end of the transaction.

    Raises:
        NotFound: the firm has none; with the nearest one.
    """
    wanted = _attorneys().where(_is(whom))
    try:
        found = acting.session.execute(wanted.with_for_update(of=Attorney) if for_change else wanted).one()
    except NoResultFound:
        raise _nobody(acting, whom) from None
    return Found(*found)


def _nobody(acting: Acting, whom: str | UUID) -> NotFound:
    known = {one.staff.email.partition("@")[0]: one.staff.email for one in listing(acting)}
    meant = nearest(str(whom).partition("@")[0], known)  # what follows is the same for all of a firm
    hint = (
        f"Did you mean {known[meant]!r}?"
        if meant
        else "`gateway attorney list` and GET /v1/attorneys list who there is."
    )
    return NotFound("attorney", str(whom), hint)


def listing(acting: Acting) -> Sequence[Found]:
    """All attorneys of the firm by name, those who no longer work included."""
    return [Found(*one) for one in acting.session.execute(_attorneys().order_by(Staff.name, Attorney.id))]


def could_be(acting: Acting) -> Sequence[Staff]:
    """Who works at the firm, may hold cases by their role, and is no attorney yet; by name."""
    is_one = select(Attorney.id).where(Attorney.staff_id == Staff.id).exists()
    others = select(Staff).where(Staff.active, Staff.role.in_(CASE_ROLES), ~is_one)
    return acting.session.scalars(others.order_by(Staff.name, Staff.id)).all()


def add(acting: Acting, email: str, said: Said) -> Found:
    """Let a member of staff hold cases.

    Raises:
        NotFound: nobody of this address works at the firm.
        Conflict: `attorney_exists`; `role_takes_no_cases`.
        Invalid: `attorney_wrong`, with what is wrong.
    """
    staff = find_staff(acting, email)
    if staff.role not in CASE_ROLES:
        raise Conflict("role_takes_no_cases", f"{staff.email} is {staff.role}; cases go to attorneys and admins.")
    if acting.session.scalar(select(Attorney.id).where(Attorney.staff_id == staff.id)):
        raise Conflict("attorney_exists", f"{staff.email} is an attorney already; change what is to be different.")
    attorney = Attorney(firm_id=acting.firm_id, staff_id=staff.id, availability={}, **_checked(said))
    acting.session.add(attorney)
    acting.session.flush()
    acting.session.refresh(attorney)
    audit.record(acting, "attorney.add", changes=[Change("attorney", attorney.id, "created", new=_told(attorney))])
    look_again(acting.session, acting.firm_id)
    return Found(attorney, staff)


def change(acting: Acting, whom: str | UUID, said: Said) -> Found:
    """Say something else of an attorney; cases that wait are looked at again. Those that are held stay where they are.

    Raises:
        NotFound: the firm has no such attorney.
        Invalid: `attorney_wrong`, with what is wrong.
    """
    found = find(acting, whom, for_change=True)
    before, values = _told(found.attorney), _checked(said)
    changed = {name: value for name, value in values.items() if value != before[name]}
    if not changed:
        return found
    for name, value in changed.items():
        setattr(found.attorney, name, value)
    acting.session.flush()
    old = {name: before[name] for name in changed}
    told = Change("attorney", found.attorney.id, "updated", old=old, new=changed)
    audit.record(acting, "attorney.change", changes=[told])
    look_again(acting.session, acting.firm_id)
    return found


def set_expertise(acting: Acting, whom: str | UUID, levels: Mapping[str, int]) -> Found:
    """Say what an attorney knows, by type of case from 1 to 5; whatever is not named is declared no more.

    Raises:
        NotFound: the firm has no such attorney.
        Invalid: `attorney_wrong`, with the nearest type of case.
    """
    _check_levels(levels)
    found = find(acting, whom, for_change=True)
    old = expertise(acting, [found.attorney.id]).get(found.attorney.id, {})
    if old == dict(levels):
        return found
    acting.session.execute(delete(Expertise).where(Expertise.attorney_id == found.attorney.id))
    row = {"firm_id": acting.firm_id, "attorney_id": found.attorney.id}
    if rows := [row | {"case_type": name, "level": level} for name, level in levels.items()]:
        acting.session.execute(insert(Expertise), rows)
    told = Change("attorney", found.attorney.id, "updated", old={"expertise": old}, new={"expertise": dict(levels)})
    audit.record(acting, "attorney.expertise", changes=[told])
    look_again(acting.session, acting.firm_id)
    return found


def expertise(acting: Acting, attorney_ids: Collection[UUID]) -> Mapping[UUID, dict[str, int]]:
    """What these attorneys are said to know, by type of case."""
    wanted = select(Expertise.attorney_id, Expertise.case_type, Expertise.level)
    found: dict[UUID, dict[str, int]] = {}
    rows = acting.session.execute(wanted.where(Expertise.attorney_id.in_(attorney_ids)).order_by(Expertise.case_type))
    for attorney_id, case_type, level in rows:
        found.setdefault(attorney_id, {})[case_type] = level
    return found


def remarks(found: Found, held: int) -> list[str]:
    """What somebody should know who said this: unusual, and taken all the same.

    Args:
        found: the attorney.
        held: active cases.
    """
    capacity, told = found.attorney.capacity, bars(found, held)
    if capacity not in USUAL:
        told.append(f"A capacity of {capacity} is unusual: {USUAL[0]} to {USUAL[-1]} are usual.")
    return told


def bars(found: Found, held: int) -> list[str]:
    """Why no more cases come to somebody, but that they hold just as many as they may."""
    one, most = found.attorney, prorated(found.attorney.capacity, found.attorney.availability)
    told = []
    if not found.works:
        told.append("Gets no cases: the account is closed, or its role takes none.")
    if not one.licence:
        told.append("Gets no cases until a licence is on record.")
    if held > most:
        told.append(f"Holds {held}, may hold {most}: gets no more until {held - most + 1} are closed or passed on.")
    return told


# ------------------------------------------------------------------------------------------------ what is said


def _attorneys() -> Select[Attorney, Staff]:
    return select(Attorney, Staff).join(Staff, Staff.id == Attorney.staff_id)


def _is(whom: str | UUID) -> ColumnElement[bool]:
    if isinstance(whom, UUID):
        return Attorney.id == whom
    try:
        return Attorney.id == UUID(whom)
    except ValueError:
        return Staff.email == whom.strip().lower()


def _told(attorney: Attorney) -> dict[str, Any]:
    return {name: getattr(attorney, name) for name in _FIELDS}


def _checked(said: Said) -> dict[str, Any]:
    """What was said as it is kept; nothing else."""
    values = {name: getattr(said, name) for name in _FIELDS if getattr(said, name) is not UNSET}
    if "licence" in values:
        values["licence"] = _licence(values["licence"])
    if not 0 <= values.get("capacity", 0) <= MOST:
        raise _wrong(f"capacity: 0 to {MOST} cases, not {values['capacity']}.")
    if "availability" in values:
        values["availability"] = week_of(values["availability"])
    if "languages" in values:
        values["languages"] = languages.codes(values["languages"])
    if "certifications" in values:
        values["certifications"] = _words(values["certifications"])
    return values


def _licence(given: str | None) -> str | None:
    kept = " ".join((given or "").split())
    if len(kept) > LICENCE:
        raise _wrong(f"licence: at most {LICENCE} characters.")
    return kept or None


def _words(given: Sequence[str]) -> list[str]:
    words = sorted({one.strip().lower() for one in given})
    if wrong := next((one for one in words if not re.search(WORD, one)), None):
        raise _wrong(f'certifications: "{wrong}" is no word such as eb5: a-z, 0-9 and _, at most 50 characters.')
    if len(words) > MOST_WORDS:
        raise _wrong(f"certifications: at most {MOST_WORDS}.")
    return words


def _check_levels(levels: Mapping[str, int]) -> None:
    known = list(vocabulary("case_types").words)
    for name, level in levels.items():
        if name not in known:
            meant = nearest(name, known)
            told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(known)}."
            raise _wrong(f'expertise: there is no type of case "{name}".{told}')
        if level not in LEVELS:
            raise _wrong(f"expertise: {name} has a level from 1, has seen some, to 5, teaches it; not {level}.")


def _wrong(sentence: str) -> Invalid:
    return Invalid("attorney_wrong", sentence)
