"""The audit log: single acts written, entries found; imports write theirs in bulk (`ingest.load.entries`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, not_, or_, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import AuditEntry, Case, Client, Document, File, Import, Partner, Staff
from gateway.db.paging import Found, Paging
from gateway.db.windows import SINCE, UNTIL, Window, looking, newest_within, plan_anew, windows
from gateway.office import Acting, Actor

_OF_A_ROW = 20  # entries: a row has one, and one more each time that its import is run again
_OF_IMPORTS = frozenset({"import.row", "import.absent"})  # acts that only imports do, by the ten thousand


# every act that goes on record, as `thing.verb`; `thing.list` is for lists, which walls hide
Action = Literal[
    "arrival.disconnect", "arrival.ping", "arrival.reconnect",
    "assignment_policy.set",
    "attorney.add", "attorney.change", "attorney.expertise", "attorney.time_off",
    "audit.read",
    "budget.set",
    "case.assign", "case.close", "case.create", "case.list", "case.move", "case.queue", "case.reopen", "case.unpin",
    "case.update", "case.view",
    "client.archive", "client.authorization", "client.create", "client.erase", "client.history", "client.identifiers",
    "client.list", "client.restore", "client.unpin", "client.update", "client.view",
    "credential.add", "credential.revoke", "credential.rotate",
    "delivery.disable", "delivery.ping", "delivery.replay", "delivery.resume", "delivery.send",
    "config_draft.apply", "config_draft.change", "config_draft.drop", "config_draft.open", "config_draft.propose",
    "config_draft.sample", "config_draft.try", "config_draft.view",
    "document.create", "document.list", "document.number", "document.unpin", "document.update", "document.view",
    "eligibility.ask", "eligibility.check", "eligibility.compare", "eligibility.list", "eligibility.memo",
    "eligibility.retry", "eligibility.review", "eligibility.view",
    "employee.status",
    "escalation.set",
    "feed.forget", "feed.learn",
    "firm.add",
    "handover.accept", "handover.decline", "handover.list", "handover.propose",
    "import.absent", "import.errors", "import.line", "import.receive", "import.refuse", "import.release", "import.row",
    "import.view",
    "job.retry",
    "leads.set",
    "limits.set",
    "link.create", "link.disable", "link.press",
    "models.set",
    "notice.acknowledge", "notice.cancel", "notice.list", "notice.release", "notice.retry", "notice.snooze",
    "notice.words",
    "notification.cancel", "notification.send", "notification.view",
    "opt_out.add", "opt_out.end", "opt_out.list",
    "outbox.fetch", "outbox.put",
    "outcomes.import",
    "partner.activate", "partner.apply",
    "preferences.set",
    "preview.ask", "preview.view",
    "profile.add", "profile.change", "profile.view", "profile.withdraw",
    "quiet_hours.set",
    "repair.drop", "repair.send",
    "repair_link.ask", "repair_link.make", "repair_link.open", "repair_link.revoke", "repair_link.switch",
    "report.fetch", "report.order", "report.read",
    "session.end", "session.end_all", "session.refuse", "session.start",
    "sftp.login", "sftp.refuse",
    "staff.add", "staff.deactivate", "staff.password", "staff.reactivate", "staff.role", "staff.supervise",
    "template.preview", "template.reset", "template.set",
    "wall.add", "wall.remove",
]  # fmt: skip
ACTIONS: tuple[Action, ...] = get_args(Action)


class Change(NamedTuple):
    """What became of one thing in an act.

    Attributes:
        kind: of the thing: `client`, `import`, `staff`.
        id: of the thing; a name where it has no id; None where several were meant.
        action: in one word: `created`, `updated`, `seen`.
        old: field -> value before, in JSON's types; hidden where sensitive.
        new: field -> value after, likewise.
    """

    kind: str
    id: UUID | str | None
    action: str
    old: Mapping[str, object] | None = None
    new: Mapping[str, object] | None = None

    @property
    def entry(self) -> dict[str, object]:
        """As it stands in the log."""
        told: dict[str, object] = {"kind": self.kind, "id": None if self.id is None else str(self.id)}
        told["action"] = self.action
        sides = {"old": self.old, "new": self.new}
        return told | {name: dict(side) for name, side in sides.items() if side is not None}


class Whence(NamedTuple):
    """Where in the file of an import something stands; see `AuditEntry`."""

    sheet: str | None
    row: int
    line: int


class EntryFilter(NamedTuple):
    """Which entries somebody asks for; what is None does not matter.

    Attributes:
        person: a client: what concerns it, its cases included, and every list in which it was seen.
        record: a client, case, document, import, or anything else that an entry names by its id.
        actor: the name or the id of whoever acted.
        partner: a slug: what it did itself, and what concerns its people, cases and imports.
    """

    person: UUID | None = None
    record: UUID | None = None
    actor: str | None = None
    action: str | None = None
    from_: datetime | None = None
    to: datetime | None = None
    partner: str | None = None


def record(
    acting: Acting,
    action: Action,
    *,
    client_id: UUID | None = None,
    case_id: UUID | None = None,
    import_id: UUID | None = None,
    whence: Whence | None = None,
    changes: Sequence[Change] = (),
) -> None:
    """Note one act of somebody at work; see `write`."""
    write(
        acting.session,
        acting.firm_id,
        acting.actor,
        action,
        client_id=client_id,
        case_id=case_id,
        import_id=import_id,
        whence=whence,
        changes=changes,
    )


def write(
    session: Session,
    firm_id: UUID,
    actor: Actor,
    action: Action,
    *,
    client_id: UUID | None = None,
    case_id: UUID | None = None,
    import_id: UUID | None = None,
    whence: Whence | None = None,
    changes: Sequence[Change] = (),
) -> None:
    """Note one act, in the transaction that does it, where nobody is at work: in a session of the system.

    Nothing is asked back (`inline`): whoever has an ethical wall may write an entry that they could not read.

    Args:
        session: of the firm, or of the system.
        firm_id: whose act it is.
        actor: who.
        action: what was done.
        client_id: the person whom it concerns.
        case_id: the matter that it concerns.
        import_id: the import that it concerns.
        whence: where in its file.
        changes: what became of what, without sensitive values.
    """
    session.flush()
    session.execute(
        insert(AuditEntry)
        .values(
            firm_id=firm_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor=actor.name,
            action=action,
            origin=actor.origin,
            client_id=client_id,
            case_id=case_id,
            import_id=import_id,
            changes=[one.entry for one in changes] or None,
            **(whence._asdict() if whence else {}),
        )
        .inline()
    )


class Act(NamedTuple):
    """One of many acts of the same kind, each on a case."""

    client_id: UUID | None
    case_id: UUID
    change: Change


def record_all(acting: Acting, action: Action, acts: Iterable[Act]) -> None:
    """Note many acts of somebody at work, in the transaction that does them."""
    actor = acting.actor
    common: dict[str, object] = {
        "firm_id": acting.firm_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor": actor.name,
        "action": action,
        "origin": actor.origin,
    }
    rows = [
        common | {"client_id": one.client_id, "case_id": one.case_id, "changes": [one.change.entry]} for one in acts
    ]
    if rows:
        acting.session.flush()
        acting.session.execute(insert(AuditEntry).inline(), rows)


def seen(acting: Acting, action: Action, shown: Iterable[tuple[str, UUID | None]]) -> None:
    """Note that somebody was shown a list, with the kind and id of everything and everybody on it."""
    told = dict.fromkeys((kind, one) for kind, one in shown if one is not None)
    record(acting, action, changes=[Change(kind, one, "seen") for kind, one in told])


def look_through(acting: Acting, wanted: EntryFilter, paging: Paging) -> Found[AuditEntry]:
    """Some entries, the newest first; that somebody looked for them is an entry of its own."""
    found = newest(acting.session, wanted, paging)
    asked = {name: str(value) for name, value in wanted._asdict().items() if value is not None}
    told = Change("audit", asked.get("record"), "read", new=asked)
    record(acting, "audit.read", client_id=wanted.person, changes=[told])
    return found


def newest(session: Session, wanted: EntryFilter, paging: Paging) -> Found[AuditEntry]:
    """Some entries, the newest first; nobody notes that."""
    return newest_within(session, entries(session, wanted), _ORDER, paging, _reach(session, wanted.from_, wanted.to))


def all_of(session: Session, wanted: EntryFilter, fetch: int) -> Iterator[AuditEntry]:
    """All entries that somebody asks for, the newest first, some at a time; nobody notes that."""
    paging = Paging(fetch)
    while True:
        found = newest(session, wanted, paging)
        yield from found.rows
        if found.following is None:
            return
        paging = Paging(fetch, found.following)


def newest_changes(session: Session, client_id: UUID, paging: Paging) -> Found[AuditEntry]:
    """What changed of a person, cases and documents included, the newest first; mere looks are left out."""
    changed = select(AuditEntry).where(AuditEntry.client_id == client_id, AuditEntry.changes.is_not(None), *_WITHIN)
    return newest_within(session, [changed], _ORDER, paging, _reach(session))


def changes_of_case(session: Session, case: Case, most: int) -> list[AuditEntry]:
    """What changed of a case, the newest first and so many at most; mere looks are left out."""
    whose = [and_(AuditEntry.client_id.is_(None), AuditEntry.case_id == case.id)]
    whose += [AuditEntry.client_id == case.client_id] if case.client_id else []
    changed = [select(AuditEntry).where(one, _naming(case.id), *_WITHIN) for one in whose]
    return newest_within(session, changed, _ORDER, Paging(most), _reach(session)).rows


def of_row(session: Session, arrival: Import, whence: Whence) -> list[AuditEntry]:
    """What one row of a file did, in the sight of whoever asks."""
    ended = arrival.finished_at or clock.now()
    did = and_(
        AuditEntry.import_id == arrival.id,
        not_(_NOT_IMPORTS),
        AuditEntry.row == whence.row,
        AuditEntry.line == whence.line,
        AuditEntry.sheet.is_not_distinct_from(whence.sheet),
    )
    reach = _reach(session, arrival.received_at, ended + timedelta(seconds=1))
    return newest_within(session, [select(AuditEntry).where(did, *_WITHIN)], _ORDER, Paging(_OF_A_ROW), reach).rows


def entries(session: Session, wanted: EntryFilter) -> list[Select[AuditEntry]]:
    """The entries that somebody asks for: queries that share none, each in a shape that an index of the log answers.

    One query with OR would not be: row-level security keeps the planner from every index of an OR in which it does not
    trust each operator (PostgreSQL manual, 39.5), and it does not trust those of JSON. They are asked within windows
    of time (`gateway.db.windows`).
    """
    common = [*_WITHIN, *_common(session, wanted)]
    persons = [true()] if wanted.person is None else _about_person(session, wanted.person)
    records = [true()] if wanted.record is None else _about_record(session, wanted.record)
    return [select(AuditEntry).where(one, other, *common) for one in persons for other in records]


def blank(session: Session, client_id: UUID) -> int:
    """Take the values of an erased person out of the log, a day at a time; counts the entries.

    Days without an entry are left alone, for what is written stays locked until the transaction ends.
    """
    plan_anew(session)
    own = _own(session, client_id)
    days = {day for window in windows(_reach(session)) for day in _days_of(session, own, window)}
    return sum(session.scalars(select(func.erase_audit(client_id, *_whole(day)))).one() for day in days)


def files_of(session: Session, imports: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """The names of the files that these imports read."""
    ids = {one for one in imports if one is not None}
    named = select(Import.id, File.name).join(File, File.id == Import.file_id).where(Import.id.in_(ids))
    return dict(session.execute(named).all()) if ids else {}


# ------------------------------------------------------------------------------------------------ conditions

_OLDEST = """
SELECT to_date(min(right(c.relname, 8)), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC'
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_log'::regclass
"""  # partitions bear their day in their name
_ORDER = (AuditEntry.at, AuditEntry.id)
_WITHIN = (AuditEntry.at >= SINCE, AuditEntry.at < UNTIL)
_NOT_IMPORTS = AuditEntry.actor_kind != literal("import", literal_execute=True)
_OF_NO_PERSON = and_(AuditEntry.client_id.is_(None), AuditEntry.case_id.is_(None), AuditEntry.import_id.is_(None))


def _common(session: Session, wanted: EntryFilter) -> list[ColumnElement[bool]]:
    found = [] if wanted.actor is None else _by_actor(session, wanted.actor)
    if wanted.action is not None:
        found.append(AuditEntry.action == wanted.action)
        if wanted.action not in _OF_IMPORTS:
            found.append(_NOT_IMPORTS)
    if wanted.partner is not None:
        found.append(_of_partner(session, wanted.partner))
    return found


def _of_partner(session: Session, slug: str) -> ColumnElement[bool]:
    """No index answers this: all entries of a window are looked at."""
    partner_id = session.scalar(select(Partner.id).where(Partner.slug == slug))
    theirs = [
        column.in_(select(model.id).where(model.partner_id == partner_id))
        for column, model in (
            (AuditEntry.client_id, Client),
            (AuditEntry.case_id, Case),
            (AuditEntry.import_id, Import),
        )
    ]
    return or_(and_(AuditEntry.actor_kind == "partner", AuditEntry.actor == slug), *theirs)


def _reach(session: Session, from_: datetime | None = None, to: datetime | None = None) -> Window:
    """As far as entries can be found: from the oldest day that is kept to a day from now, for clocks differ."""
    oldest, newest = session.scalars(text(_OLDEST)).one(), clock.now() + timedelta(days=1)
    return Window(oldest if from_ is None else max(from_, oldest), newest if to is None else min(to, newest))


def _days_of(session: Session, which: Iterable[ColumnElement[bool]], window: Window) -> set[datetime]:
    """The days of a window, as the midnights with which they begin, that have some of these entries."""
    day = func.date_trunc("day", AuditEntry.at, "UTC")
    queries = [select(day).where(one, *_WITHIN).distinct() for one in which]
    with looking(session):
        return {found for one in queries for found in session.scalars(one, window._asdict())}


def _whole(day: datetime) -> Window:
    return Window(day, day + timedelta(days=1))


def _naming(record_id: UUID) -> ColumnElement[bool]:
    told: list[dict[str, Any]] = [{"id": str(record_id)}]
    return AuditEntry.changes.contains(literal(told, JSONB))


def _listing(record_id: UUID) -> ColumnElement[bool]:
    """Entries that are about no one person, and name a record: lists, and the firm's own affairs."""
    naming = func.entries_naming(record_id, SINCE, UNTIL).table_valued("at", "id")
    return and_(_OF_NO_PERSON, tuple_(AuditEntry.at, AuditEntry.id).in_(select(naming.c.at, naming.c.id)))


def _about_person(session: Session, client_id: UUID) -> list[ColumnElement[bool]]:
    return [*_own(session, client_id), _listing(client_id)]


def _own(session: Session, client_id: UUID) -> list[ColumnElement[bool]]:
    """Entries of one person. A query within would keep the planner from the index, so cases are looked up before."""
    cases = session.scalars(select(Case.id).where(Case.client_id == client_id)).all()
    theirs = [and_(AuditEntry.client_id.is_(None), AuditEntry.case_id.in_(cases))] if cases else []
    return [AuditEntry.client_id == client_id, *theirs]


def _about_record(session: Session, record_id: UUID) -> list[ColumnElement[bool]]:
    """By way of the person whom a record belongs to, for there is no index into what the entries say."""
    if arrival := session.scalar(select(Import).where(Import.id == record_id)):
        return [*_about_import(arrival), _listing(record_id)]
    owner = session.scalar(select(Document.client_id).where(Document.id == record_id))
    owner = owner or session.scalar(select(Case.client_id).where(Case.id == record_id))
    own = or_(AuditEntry.case_id == record_id, _naming(record_id))
    return [
        AuditEntry.client_id == record_id,
        and_(AuditEntry.client_id.is_(None), AuditEntry.case_id == record_id),
        *([and_(AuditEntry.client_id == owner, own)] if owner else []),
        _listing(record_id),
    ]


def _about_import(arrival: Import) -> list[ColumnElement[bool]]:
    """What people did with it, and what it did itself while it ran."""
    itself = and_(AuditEntry.import_id == arrival.id, not_(_NOT_IMPORTS), AuditEntry.at >= arrival.received_at)
    if arrival.finished_at is not None:
        itself = and_(itself, AuditEntry.at <= arrival.finished_at)
    return [and_(AuditEntry.import_id == arrival.id, _NOT_IMPORTS), itself]


def _by_actor(session: Session, actor: str) -> list[ColumnElement[bool]]:
    """By name, which is indexed for people and partners; an id is looked up first."""
    try:
        actor_id = UUID(actor)
    except ValueError:
        is_import = "/" in actor  # partner/feed
        return [AuditEntry.actor == actor] if is_import else [AuditEntry.actor == actor, _NOT_IMPORTS]
    email = session.scalar(select(Staff.email).where(Staff.id == actor_id))
    known = [AuditEntry.actor == email] if email else []
    return [*known, AuditEntry.actor_id == actor_id, _NOT_IMPORTS]
