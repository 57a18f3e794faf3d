"""What a draft would do with the feed's last files: found out by a job, before anybody puts it in force.

What was found is kept with the draft, encrypted, until it is looked for anew, the draft ends, or one of the partner's
people is erased. It speaks of the text and of the records as they were when it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import Reader, fingerprint
from gateway.db.models import Case, Client, ConfigDraft, ConfigTrial, Document, FeedRow, Import, JobRow, Partner
from gateway.domain.audit import Change, record
from gateway.domain.partners import versions
from gateway.domain.partners.homes import Home
from gateway.erasing import Eraser, Person, Share
from gateway.errors import Conflict, Invalid, NotFound, Permanent
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, enqueue
from gateway.office import Acting, Office
from ingest.studio import drafts, working
from ingest.studio.drafts import Draft
from ingest.studio.rehearsing import ME, Account, Tried, by_draft, last_files, rehearsed

TrialState = Literal["waiting", "done", "failed"]
Ending = Callable[[], AbstractContextManager[Session]]
Tell = Callable[..., None]

_TOLD = "config_trials.told"  # what the ciphertext is bound to


class Trial(NamedTuple):
    """The latest trial of a draft.

    Attributes:
        state: `waiting` for a worker, `done`, or `failed` for a `reason`.
        is_old: the text, what is in force, or a record has changed since.
        against: the version in force with which the draft was compared.
        progress: how far a worker is, while it is at it: `file` of `files`, and `rows` of it.
        files: an account of each file, the newest first; see `rehearsing.rehearsed`. Only where they are looked at.
    """

    state: TrialState
    feed: str
    asked_at: datetime
    made_at: datetime | None
    is_old: bool
    against: int | None
    reason: str | None
    progress: Mapping[str, Any]
    files: Sequence[Account] = ()


def feeds(acting: Acting, slug: str) -> list[str]:
    """The feeds of a draft's partner of which files have been read, by name.

    Raises:
        NotFound: there is no draft.
    """
    return sorted(_feeds(acting, drafts.read(acting, slug)))


def ask(acting: Acting, slug: str, feed: str | None, reader: Reader) -> None:
    """Want to know what a draft would do with the last files of a feed; an earlier trial goes. A worker finds out.

    Args:
        acting: who wants to know.
        slug: of the draft.
        feed: as it is called on record; None: the only one of which files have been read.
        reader: of all sections.

    Raises:
        NotFound: there is no draft, or no such feed.
        NotSound: something is wrong with the settings.
        Conflict: `no_files`, none of the partner's has been read yet.
        Invalid: `feed_needed`, there are several feeds.
        Forbidden: `walled`.
    """
    draft = drafts.read(acting, slug)
    drafts.check_walls(acting, draft.row, "These files")
    working.sound(versions.checked(acting, slug, draft.source, None, reader))
    named = _chosen(_feeds(acting, draft), feed)
    _put(acting, draft, named)
    told = {"partner": slug, "feed": named}
    record(acting, "config_draft.try", changes=[Change("config_draft", draft.row.id, "tried", new=told)])
    payload = {"draft_id": draft.row.id}
    lane = str(draft.row.partner_id)
    enqueue(acting.session, TRIAL, payload, firm_id=acting.firm_id, lane=lane, about=draft.row.id)


def look(acting: Acting, slug: str) -> Trial | None:
    """The latest trial, None where nobody asked for one; on record where it quotes what stands in the files.

    Raises:
        NotFound: there is no draft.
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
    """
    draft = drafts.read(acting, slug)
    drafts.check_walls(acting, draft.row, "These files")
    kept = _kept(acting, draft)
    if kept is None or kept.told is None:
        return outlined(acting, slug)
    working.note_look(acting, draft, "trial")
    files = msgspec.json.decode(acting.cipher.decrypt(kept.told, _TOLD))
    return _outline(acting, draft, kept)._replace(files=files)


def outlined(acting: Acting, slug: str) -> Trial | None:
    """The same without its files: nothing of what stands in them.

    Raises:
        NotFound: there is no draft.
    """
    draft = drafts.read(acting, slug)
    kept = _kept(acting, draft)
    return None if kept is None else _outline(acting, draft, kept)


# ------------------------------------------------------------------------------------------------ making one


def make(office: Office, firm_id: UUID, draft_id: UUID, tell: Tell, ending: Ending | None = None) -> None:
    """Make a trial that somebody waits for; where the settings cannot be read, they are told why.

    Args:
        office: the surroundings.
        firm_id: whose draft it is.
        draft_id: as asked for.
        tell: told how far it is.
        ending: the transaction that keeps what was found; one of the firm, unless another is given.
    """
    saw, told, reason = clock.now(), None, None
    with office.acting(firm_id, ME) as acting:
        asked = _asked(acting, draft_id)
        if asked is None:
            return
        draft = drafts.read(acting, acting.session.get_one(ConfigDraft, (firm_id, draft_id)).slug)
        home, imports = _home(acting, draft), _imports(acting, draft, asked.feed)
        in_force = versions.active_config(acting.session, home.partner_id)
        acting.session.refresh(in_force, ["tables"])
    try:
        by = by_draft(home, draft.source, in_force)
        told = msgspec.json.encode(_files(office, by, imports, tell)).decode()
    except Permanent as problem:
        reason = str(problem)
    with ending() if ending else office.db.firm(firm_id) as session:
        kept = _asked(Acting(office, session, firm_id, ME), draft_id)
        if kept is None or kept.asked_at != asked.asked_at:  # somebody was erased meanwhile, or it was asked for anew
            return
        [kept.told] = office.cipher(session, firm_id).encrypt_column([told], _TOLD)
        kept.state, kept.reason, kept.saw = "failed" if reason else "done", reason, saw
        kept.tried, kept.against = fingerprint(draft.source, in_force.tables), in_force.version


def _run(handling: Handling) -> None:
    firm_id, payload = handling.job.firm_id, handling.job.payload
    assert firm_id is not None  # noqa: S101 - such a job is of a firm
    make(handling.office, firm_id, UUID(payload["draft_id"]), handling.tell, handling.transaction)


def _files(office: Office, by: Tried, imports: list[UUID], tell: Tell) -> list[Account]:
    found: list[Account] = []
    for place, import_id in enumerate(imports, start=1):
        watched = partial(_watch, tell, place, len(imports))
        watched(0, 0, 0)
        found.append(rehearsed(office, by, import_id, watched))
    return found


def _watch(tell: Tell, file: int, files: int, rows: int, position: int, size: int) -> None:
    tell(file=file, files=files, rows=rows, position=position, size=size)


TRIAL = Kind("ingest.trial", "ingest", _run)
KINDS = (TRIAL,)


# ------------------------------------------------------------------------------------------------ erasing


def _erase(acting: Acting, person: Person) -> Share:
    of_partner = select(ConfigDraft.id).where(ConfigDraft.partner_id == person.partner_id)
    acting.session.execute(delete(ConfigTrial).where(ConfigTrial.draft_id.in_(of_partner)))
    return Share({})


ERASERS = (Eraser(("config_trials",), _erase),)


# ------------------------------------------------------------------------------------------------ helpers


def _put(acting: Acting, draft: Draft, feed: str) -> None:
    fresh = {"feed": feed, "state": "waiting", "asked_at": clock.now(), "told": None, "reason": None}
    fresh |= {"saw": None, "tried": None, "against": None}
    asked = insert(ConfigTrial).values(firm_id=acting.firm_id, draft_id=draft.row.id, **fresh)
    acting.session.execute(asked.on_conflict_do_update(index_elements=["firm_id", "draft_id"], set_=fresh))


def _feeds(acting: Acting, draft: Draft) -> dict[str, UUID]:
    if draft.row.partner_id is None:
        return {}
    rows = acting.session.scalars(select(FeedRow).where(FeedRow.partner_id == draft.row.partner_id)).all()
    return {one.name: one.id for one in rows if last_files(acting.session, one.id)}


def _chosen(known: Mapping[str, UUID], feed: str | None) -> str:
    if not known:
        raise Conflict("no_files", "No file of this partner has been read yet; try the draft on its sample.")
    if feed is None and len(known) > 1:
        raise Invalid("feed_needed", f"Say of which feed the files are: {', '.join(sorted(known))}.")
    if feed is not None and feed not in known:
        raise NotFound("feed of which files were read", feed)
    return feed or next(iter(known))


def _imports(acting: Acting, draft: Draft, feed: str) -> list[UUID]:
    known = _feeds(acting, draft)
    return [one.arrival.id for one in last_files(acting.session, known[feed])] if feed in known else []


def _home(acting: Acting, draft: Draft) -> Home:
    return Home.of(acting.session.get_one(Partner, (acting.firm_id, draft.row.partner_id)))


def _kept(acting: Acting, draft: Draft) -> ConfigTrial | None:
    return acting.session.get(ConfigTrial, (acting.firm_id, draft.row.id))


def _outline(acting: Acting, draft: Draft, kept: ConfigTrial) -> Trial:
    state = cast("TrialState", kept.state)
    progress = _progress(acting, draft) if state == "waiting" else {}
    made = (kept.asked_at, kept.saw, _is_old(acting, draft, kept), kept.against, kept.reason)
    return Trial(state, kept.feed, *made, progress)


def _asked(acting: Acting, draft_id: UUID) -> ConfigTrial | None:
    """What is to be made, held until the transaction ends; None where nobody waits for it any more."""
    found = acting.session.get(ConfigTrial, (acting.firm_id, draft_id), with_for_update=True)
    return found if found is not None and found.state == "waiting" else None


def _progress(acting: Acting, draft: Draft) -> Mapping[str, Any]:
    newest = select(JobRow.progress).where(JobRow.about == draft.row.id).order_by(JobRow.id.desc()).limit(1)
    return acting.session.scalar(newest) or {}


def _is_old(acting: Acting, draft: Draft, kept: ConfigTrial) -> bool:
    if kept.saw is None or draft.before is None:
        return False
    if (fingerprint(draft.source, draft.before.tables), draft.in_force) != (kept.tried, kept.against):
        return True
    return bool(acting.session.scalar(select(_moved(draft.row.partner_id, kept.saw))))


def _moved(partner_id: UUID | None, since: datetime) -> ColumnElement[bool]:
    """Whether a file of a partner ended, or anybody changed one of its records, since an instant."""
    people = select(Client.id).where(Client.partner_id == partner_id)
    return or_(
        exists().where(Import.partner_id == partner_id, Import.finished_at > since),
        exists().where(Client.partner_id == partner_id, Client.updated_at > since),
        exists().where(Case.partner_id == partner_id, Case.updated_at > since),
        exists().where(Document.client_id.in_(people), Document.updated_at > since),
    )
