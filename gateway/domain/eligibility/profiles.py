"""What is known of a person, records and entries together: for people to look at, and for a check to go by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from gateway import clock
from gateway.db.models import Case, Client, Firm, ProfileEntry
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility.entries import Ref
from gateway.domain.eligibility.facts import typed
from gateway.domain.eligibility.from_records import entries_of
from gateway.domain.eligibility.terms import Backing, Entry, Profile
from gateway.domain.expiry.looking import authorizations
from gateway.domain.people import records
from gateway.office import Acting


class Known(NamedTuple):
    """A profile, and the rows of its entries by ref; those of the records have none."""

    profile: Profile
    rows: Mapping[str, ProfileEntry]


def view(acting: Acting, client_id: UUID, on: date | None = None) -> Known:
    """What is known of a person; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such client.
    """
    known = profile_of(acting, client_id, on)
    audit.record(acting, "profile.view", client_id=client_id, changes=[Change("client", client_id, "seen")])
    return known


def profile_of(acting: Acting, client_id: UUID, on: date | None = None) -> Known:
    """The same for the gateway's own work, of a day; today where the firm is.

    Raises:
        NotFound: the firm has no such client.
    """
    session = acting.session
    client = records.find(acting, Client, client_id)
    day = on or clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())
    cases = session.scalars(select(Case).where(Case.client_id == client_id).order_by(Case.created_at, Case.id)).all()
    permitted = authorizations(session, [client_id], day).get(client_id)
    current = select(ProfileEntry).where(ProfileEntry.client_id == client_id, ProfileEntry.until.is_(None))
    rows = session.scalars(current.order_by(ProfileEntry.kind, ProfileEntry.number)).all()
    told = [_entry(one) for one in rows]
    entries = sorted([*entries_of(client, cases, permitted), *told], key=lambda one: _place(one.ref))
    return Known(Profile(as_of=day, entries=entries), {entry.ref: row for entry, row in zip(told, rows, strict=True)})


def digest(profile: Profile) -> str:
    """By which two profiles are the same whatever the order of their entries and facts: SHA-256, as 64 hex digits.

    The day is no part of it: the same facts a week later are the same facts.
    """
    plain = sorted(
        (one.ref, one.backing, sorted((name, str(value)) for name, value in one.facts.items()))
        for one in profile.entries
    )
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def missing(profile: Profile, asked: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Which fields nothing is known of, by kind; those that any entry of the kind has are there.

    Args:
        profile: of somebody.
        asked: kind -> fields, of a visa.
    """
    lacking = {}
    for kind, fields in asked.items():
        known = {name for one in profile.of(kind) for name in one.facts}
        if unknown := [name for name in fields if name not in known]:
            lacking[kind] = unknown
    return lacking


def _entry(row: ProfileEntry) -> Entry:
    backing: Backing = row.backing  # type: ignore[assignment] # the table holds no other
    return Entry(ref=str(Ref(row.kind, row.number)), kind=row.kind, facts=typed(row.kind, row.facts), backing=backing)


def _place(ref: str) -> tuple[str, bool, int]:
    kind, _, number = ref.partition(".")
    return kind, not number.startswith("r"), int(number.removeprefix("r"))
