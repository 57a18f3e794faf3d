"""What staff know of people beyond the records: added, changed and withdrawn, with every version kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, func, select

from gateway import clock
from gateway.db.models import Client, Document, Firm, ProfileEntry
from gateway.domain import audit
from gateway.domain.audit import Action, Change
from gateway.domain.eligibility.facts import LONGEST, checked, plain
from gateway.domain.eligibility.terms import BACKINGS, Backing
from gateway.domain.people import changes, records
from gateway.domain.people.changes import Expected, by_hand
from gateway.errors import Faulty, NotFound
from gateway.office import Acting

_ERASED = "This person was erased; nothing can be known of them any more."


class Said(Struct, frozen=True, kw_only=True):
    """What somebody says of a person, whole.

    Attributes:
        facts: by field of the kind.
        document_id: the person's paper that shows it.
        proof: where a paper lies that is no document of ours, or who confirms it.
    """

    facts: Mapping[str, object]
    backing: Backing = "asserted"
    document_id: UUID | None = None
    proof: str | None = None


_REF = re.compile(r"([a-z_]+)\.([1-9][0-9]{0,5})")


class Ref(NamedTuple):
    """How people and claims name an entry, `award.2`; it is the same entry for ever."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}.{self.number}"

    @classmethod
    def of(cls, text: str) -> Ref:
        """Read one.

        Raises:
            NotFound: nothing is called so.
        """
        if found := _REF.fullmatch(text):
            return cls(found[1], int(found[2]))
        raise NotFound("profile entry", text)


def add(acting: Acting, client_id: UUID, kind: str, said: Said) -> ProfileEntry:
    """Note something that is known of a person.

    Raises:
        NotFound: the firm has no such client.
        Conflict: `client_erased`.
        Invalid: `profile_kind_unknown`.
        Faulty: `profile_wrong`, with every field that cannot be so.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        _take_person(acting, client_id)
        last = select(func.max(ProfileEntry.number)).where(
            ProfileEntry.client_id == client_id, ProfileEntry.kind == kind
        )
        number = 1 + (acting.session.scalar(last) or 0)
        made = _made(acting, client_id, Ref(kind, number), 1, said)
        told = Change("profile", str(Ref(kind, number)), "created", new=_told(made))
        _record(acting, "profile.add", client_id, told)
    return made


def change(acting: Acting, client_id: UUID, ref: str, said: Said, expected: Expected = None) -> ProfileEntry:
    """Say something else of an entry, whole; what it was is kept.

    Raises:
        NotFound: the firm has no such client, or the person no such entry.
        Conflict: `client_erased`.
        Faulty: `profile_wrong`, with every field that cannot be so.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        before = _take(acting, client_id, ref, expected)
        old, of = _told(before), Ref.of(ref)
        _end(before, "changed")
        acting.session.flush()
        made = _made(acting, client_id, of, before.version + 1, said)
        new = _told(made)
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        sides = [{name: side.get(name) for name in names} for side in (old, new)]
        _record(acting, "profile.change", client_id, Change("profile", str(of), "updated", *sides))
    return made


def withdraw(acting: Acting, client_id: UUID, ref: str, expected: Expected = None) -> None:
    """Let an entry count no more; what it was is kept, and nothing else is ever called as it.

    Raises:
        NotFound: the firm has no such client, or the person no such entry.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        before = _take(acting, client_id, ref, expected)
        _end(before, "withdrawn")
        told = Change("profile", str(Ref.of(ref)), "withdrawn", old=_told(before))
        _record(acting, "profile.withdraw", client_id, told)


def history(acting: Acting, client_id: UUID, ref: str) -> Sequence[ProfileEntry]:
    """All versions of an entry, the newest first; that they were looked at is on record.

    Raises:
        NotFound: the firm has no such client, or the person never had such an entry.
    """
    records.find(acting, Client, client_id)
    found = acting.session.scalars(_of(client_id, ref).order_by(ProfileEntry.version.desc())).all()
    if not found:
        raise NotFound("profile entry", ref)
    _record(acting, "profile.view", client_id, Change("profile", ref, "seen"))
    return found


# ------------------------------------------------------------------------------------------------ helpers


def _of(client_id: UUID, ref: str) -> Select[ProfileEntry]:
    kind, number = Ref.of(ref)
    return select(ProfileEntry).where(
        ProfileEntry.client_id == client_id, ProfileEntry.kind == kind, ProfileEntry.number == number
    )


def _take_person(acting: Acting, client_id: UUID) -> None:
    """Whoever changes what is known of a person holds the person, so that numbers follow each other."""
    records.take(acting, Client, client_id, None, _ERASED)


def _take(acting: Acting, client_id: UUID, ref: str, expected: Expected) -> ProfileEntry:
    _take_person(acting, client_id)
    found = acting.session.scalar(_of(client_id, ref).where(ProfileEntry.until.is_(None)))
    if found is None:
        raise NotFound("profile entry", ref)
    changes.check_expected(expected, found.version)
    return found


def _end(entry: ProfileEntry, how: str) -> None:
    entry.until, entry.ended = clock.now(), how


def _made(acting: Acting, client_id: UUID, ref: Ref, version: int, said: Said) -> ProfileEntry:
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    facts = checked(ref.kind, said.facts, clock.day_in(zone, clock.now()))
    proof = " ".join((said.proof or "").split()) or None
    _check_backing(acting, client_id, said, proof)
    made = ProfileEntry(
        firm_id=acting.firm_id,
        client_id=client_id,
        kind=ref.kind,
        number=ref.number,
        version=version,
        facts=plain(facts),
        backing=said.backing,
        document_id=said.document_id,
        proof=proof,
        by_kind=acting.actor.kind,
        by=acting.actor.name,
    )
    acting.session.add(made)
    acting.session.flush()
    return made


def _check_backing(acting: Acting, client_id: UUID, said: Said, proof: str | None) -> None:
    faults = {}
    if said.backing not in BACKINGS:
        faults["backing"] = f"It is one of {', '.join(BACKINGS)}."
    elif said.backing != "asserted" and proof is None and said.document_id is None:
        faults["proof"] = "Say where the paper lies, or who confirms it, or name the document that shows it."
    if proof and (len(proof) > LONGEST or "\0" in proof):
        faults["proof"] = f"A text of at most {LONGEST} characters is needed."
    owner = select(Document.client_id).where(Document.id == said.document_id)
    if said.document_id is not None and acting.session.scalar(owner) != client_id:
        faults["document_id"] = "The person has no such document."
    if faults:
        told = "; ".join(f"{field}: {sentence}" for field, sentence in faults.items())
        raise Faulty("profile_wrong", f"The entry cannot be so. {told}", faults)


def _told(entry: ProfileEntry) -> dict[str, object]:
    document = str(entry.document_id) if entry.document_id else None
    kept = {**entry.facts, "backing": entry.backing, "document_id": document, "proof": entry.proof}
    return {name: value for name, value in kept.items() if value is not None}


def _record(acting: Acting, action: Action, client_id: UUID, told: Change) -> None:
    audit.record(acting, action, client_id=client_id, changes=[told])
