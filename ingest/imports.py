"""What arrived, as people and partners ask for it: listed, found, shown, its rejected rows handed out, taken again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select

from gateway.db.ids import the_one
from gateway.db.models import OPEN_STATES, AuditEntry, FeedRow, File, Import, Partner
from gateway.db.models.imports import ImportState
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access.accounts import find_firm, firm_ids
from gateway.domain.audit import record
from gateway.domain.partners.homes import Home, find_home, in_sight
from gateway.domain.people import walls
from gateway.errors import Conflict, Forbidden, Gone, NotFound
from gateway.office import Acting, Actor, Office
from ingest import receipts
from ingest.account import account_of, accounts_of
from ingest.arrival import Asked
from ingest.formats.base import Source
from ingest.rows import VIA

_DECISIONS = {"import.release": "released", "import.refuse": "refused"}
ErrorForm = Literal["csv", "xlsx", "json"]


class ImportFilter(NamedTuple):
    """Which imports somebody asks for; what is None does not matter.

    Attributes:
        partner: a slug.
    """

    partner: str | None = None
    state: ImportState | None = None


class Again(NamedTuple):
    """What `reception.receive` takes of an import that is taken again."""

    home: Home
    source: Source
    via: str
    asked: Asked


def home_of(acting: Acting, import_id: UUID) -> Home:
    """Whose import it is.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    wanted = select(Partner).join(Import, Import.partner_id == Partner.id).where(Import.id == import_id)
    found = acting.session.scalar(in_sight(acting, wanted, Partner.id))
    if found is None:
        raise NotFound("import", str(import_id))
    return Home.of(found)


def listed(acting: Acting, wanted: ImportFilter, paging: Paging) -> Found[dict[str, object]]:
    """Imports in the actor's sight, the newest first: as `account_of` tells them, without problems, and `partner`."""
    query = in_sight(acting, select(Import), Import.partner_id)
    if wanted.partner:
        owner = select(Partner.id).where(Partner.slug == wanted.partner).scalar_subquery()
        query = query.where(Import.partner_id == owner)
    if wanted.state:
        query = query.where(Import.state == wanted.state)
    found = newest(acting.session, query, (Import.received_at, Import.id), paging)
    return Found(_in_brief(acting, found.rows), found.following, found.total)


def show(acting: Acting, import_id: UUID) -> dict[str, object]:
    """What became of one import, see `account_of`; on record where its problems quote what stood in the rows.

    With `decided`: who released or refused it, and when, as far as the audit log still tells; `by` is not for partners.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    told = told_of(acting, import_id) | {"decided": _decided(acting, import_id)}
    if told["problems"]:
        record(acting, "import.view", import_id=import_id)
    return told


def outlined(acting: Acting, import_id: UUID) -> dict[str, object]:
    """The same with `partner` and without problems: nothing of what stood in the rows.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    home_of(acting, import_id)
    [told] = _in_brief(acting, [acting.session.get_one(Import, (acting.firm_id, import_id))])
    return told | {"decided": _decided(acting, import_id)}


def shows_rows(acting: Acting, import_id: UUID) -> bool:
    """Whether walls let the actor see the rows of an import, each of which may be about whomever they must not see.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    return not walls.screens(acting.session, home_of(acting, import_id).partner_id)


def told_of(acting: Acting, import_id: UUID) -> dict[str, object]:
    """The same for whoever has just taken it to where it is, which is on record itself.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    folder = receipts.folder_of(acting.office.settings, home_of(acting, import_id), import_id)
    return account_of(acting.session, import_id, folder)


def errors(office: Office, firm_id: UUID, actor: Actor, import_id: UUID, form: ErrorForm) -> Path | None:
    """The rejected rows in the partner's layout, or as json every problem; handing them out is on record.

    Returns:
        The file, made now if a killed process could not; None where no row was rejected (for json: nothing was wrong).

    Raises:
        NotFound: there is no such import in the actor's sight.
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
        Permanent: `too_wide`, see `receipts.make_workbook`.
    """
    return receipts.errors(office, _handed_out(office, firm_id, actor, import_id), import_id, form)


def open_errors(office: Office, firm_id: UUID, actor: Actor, import_id: UUID, form: ErrorForm) -> IO[bytes] | None:
    """The same, open, for whoever may be slow to take it.

    Raises:
        NotFound: as `errors`.
        Forbidden: as `errors`.
        Permanent: as `errors`.
        Transient: see `receipts.open_errors`.
    """
    return receipts.open_errors(office, _handed_out(office, firm_id, actor, import_id), import_id, form)


def _handed_out(office: Office, firm_id: UUID, actor: Actor, import_id: UUID) -> Home:
    """Note that somebody is handed the rejected rows of an import of this partner's."""
    with office.acting(firm_id, actor) as acting:
        home = home_of(acting, import_id)
        if walls.screens(acting.session, home.partner_id):
            raise Forbidden("walled", "These rows may name a person from whom an ethical wall keeps you.")
        record(acting, "import.errors", import_id=import_id)
        return home


def again(acting: Acting, import_id: UUID) -> Again:
    """The bytes of an import, how they come now, and what was said of them.

    Raises:
        NotFound: there is none in the actor's sight.
        Conflict: `import_running`.
        Gone: `original_destroyed`.
    """
    home, session = home_of(acting, import_id), acting.session
    one = session.get_one(Import, (acting.firm_id, import_id))
    if one.state in OPEN_STATES:
        raise Conflict("import_running", "The import has not come to its end yet.")
    stored = session.get_one(File, (acting.firm_id, one.file_id))
    if stored.destroyed_at is not None:
        raise Gone("original_destroyed", f"Its original was destroyed on {stored.destroyed_at:%Y-%m-%d}.")
    source = acting.office.store.open(stored.storage_key, acting.cipher, name=stored.name)
    feed = session.scalar(select(FeedRow.name).where(FeedRow.id == one.feed_id))
    asked = Asked(feed=None if one.corrects_import_id else feed, as_of=one.as_of, forced=True)
    return Again(home, source, VIA if stored.via == VIA else "replay", asked)  # rows must be read as rows again


# ------------------------------------------------------------------------------------------------ of every firm


def newest_anywhere(
    office: Office, actor: Actor, wanted: ImportFilter, limit: int, *, firm: str | None = None
) -> list[dict[str, object]]:
    """The newest imports of a partner, of a firm, or of all firms, each read in its own firm's session; see `listed`.

    Raises:
        NotFound: there is no such partner or firm.
    """
    found: list[dict[str, object]] = []
    for firm_id in _firms(office, wanted.partner, firm):
        with office.acting(firm_id, actor) as acting:
            found += listed(acting, wanted, Paging(limit)).rows
    return sorted(found, key=_age, reverse=True)[:limit]


def find_anywhere(office: Office, wanted: str) -> tuple[Home, UUID]:
    """An import by its id or the unique beginning of one, whichever firm's it is.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`.
    """
    some = select(Partner).join(Import, Partner.id == Import.partner_id)
    with office.db.system() as session:
        partner, import_id = the_one(session, some, Import.id, wanted, "import")
        return Home.of(partner), import_id


# ------------------------------------------------------------------------------------------------ helpers


def _in_brief(acting: Acting, imports: Sequence[Import]) -> list[dict[str, object]]:
    """In the same order; as many statements for many imports as for one."""
    session = acting.session
    senders = session.scalars(select(Partner).where(Partner.id.in_({one.partner_id for one in imports})))
    homes = {one.id: Home.of(one) for one in senders}
    mine = {one.id: homes[one.partner_id] for one in imports}
    folders = {key: receipts.folder_of(acting.office.settings, home, key) for key, home in mine.items()}
    told = accounts_of(session, folders)
    return [{"partner": mine[one.id].slug} | told[one.id] for one in imports]


def _decided(acting: Acting, import_id: UUID) -> dict[str, str | None] | None:
    """Who decided about a held file last; None where nobody did."""
    decisions = select(AuditEntry.action, AuditEntry.actor, AuditEntry.at).where(
        AuditEntry.import_id == import_id,
        AuditEntry.actor_kind != "import",  # as the index of an import's entries says
        AuditEntry.action.in_(_DECISIONS),
    )
    found = acting.session.execute(decisions.order_by(AuditEntry.at.desc()).limit(1)).one_or_none()
    if found is None:
        return None
    by = None if acting.actor.kind == "partner" else found.actor
    return {"what": _DECISIONS[found.action], "by": by, "at": found.at.isoformat()}


def _firms(office: Office, partner: str | None, firm: str | None) -> list[UUID]:
    if partner:
        return [find_home(office, partner).firm_id]
    return [find_firm(office, firm).id] if firm else list(firm_ids(office))


def _age(told: Mapping[str, Any]) -> tuple[datetime, str]:
    return datetime.fromisoformat(told["received_at"]), told["import_id"]
