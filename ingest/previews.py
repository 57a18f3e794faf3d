"""What a decision about an import would do: told before anybody decides, by doing all of it but the writing.

A job releases the held file, or sends the repairs that were typed, as a dry run; what it found is kept with the import,
encrypted, until the next preview, the decision, or the end of the file. It speaks of the moment at which it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import LOADED_STATES, File, Import, ImportPreview
from gateway.db.models.previews import PreviewOf, PreviewState
from gateway.db.session import lock_partner
from gateway.domain.audit import record
from gateway.domain.partners.homes import Home
from gateway.domain.people import walls
from gateway.errors import Conflict, Forbidden, Permanent
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, enqueue
from gateway.office import Acting, Actor, Office
from ingest import holds, running
from ingest.account import dry_account, grouped
from ingest.arrival import Asked
from ingest.imports import home_of
from ingest.pipeline import FileOutcome
from ingest.repairs import draft, sending

MOST_PROBLEMS = 100  # of those of one file, told one by one; `problem_count` tells how many there are
ME = Actor("system", "preview")
_TOLD = "import_previews.told"  # what the ciphertext is bound to

Ending = Callable[[], AbstractContextManager[Session]]
Account = dict[str, Any]  # as of a dry run, see `account.dry_account`


class Preview(NamedTuple):
    """The latest preview of a decision.

    Attributes:
        state: `waiting` for a worker, `done`, or `failed` for a `reason`.
        files: an account for each file that the decision would load, with `differences`, people `closing`, the first
            problems and, as `groups`, all of them by kind.
        accepted: names of missing columns with which it was asked for.
        is_old: something was typed, loaded or decided since that may change it.
    """

    state: PreviewState
    accepted: dict[str, str] | None
    asked_at: datetime
    made_at: datetime | None
    is_old: bool
    reason: str | None
    files: list[Account]


def ask(
    acting: Acting, import_id: UUID, of: PreviewOf, accepted: dict[str, str] | None = None, *, queued: bool = False
) -> None:
    """Want to know what a decision would do; an earlier preview of it goes. `make` finds out.

    Args:
        acting: who wants to know.
        import_id: a held import, for `release`; one with a draft of repairs, for `repair`.
        of: which decision.
        accepted: as `holds.release` takes them.
        queued: leave `make` to a worker.

    Raises:
        Problem: as the decision itself.
    """
    home = _home(acting, import_id, of)
    if of == "release":
        holds.check_releasable(acting, import_id, accepted)
    elif draft.read(acting, import_id).repair is None:
        raise Conflict("no_draft", "There is nothing to look at: nobody has typed a repair, or they are sent already.")
    record(acting, "preview.ask", import_id=import_id)
    fresh = {"state": "waiting", "accepted": accepted, "asked_at": clock.now()}
    fresh |= {"told": None, "reason": None, "saw": None}
    asked = insert(ImportPreview).values(firm_id=acting.firm_id, import_id=import_id, of=of, **fresh)
    acting.session.execute(asked.on_conflict_do_update(index_elements=["firm_id", "import_id", "of"], set_=fresh))
    if queued:
        payload = {"import_id": import_id, "of": of}
        enqueue(acting.session, PREVIEW, payload, firm_id=acting.firm_id, lane=str(home.partner_id))


def look(acting: Acting, import_id: UUID, of: PreviewOf) -> Preview | None:
    """The latest preview, None where nobody asked for one; on record where it quotes what stands in rows.

    Raises:
        NotFound: there is no such import in the actor's sight.
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
        Problem: of `repair`, as `draft.mine`.
    """
    home = _home(acting, import_id, of)
    kept = acting.session.get(ImportPreview, (acting.firm_id, import_id, of))
    if kept is None:
        return None
    files: list[Account] = []
    if kept.told is not None:
        record(acting, "preview.view", import_id=import_id)
        files = msgspec.json.decode(acting.cipher.decrypt(kept.told, _TOLD))
    is_old = kept.saw is not None and _has_moved(acting, home, import_id, kept.saw)
    return Preview(cast("PreviewState", kept.state), kept.accepted, kept.asked_at, kept.saw, is_old, kept.reason, files)


# ------------------------------------------------------------------------------------------------ making one


def make(office: Office, firm_id: UUID, import_id: UUID, of: PreviewOf, ending: Ending | None = None) -> None:
    """Make a preview that somebody waits for; where the decision cannot be made, they read why.

    Args:
        office: the surroundings.
        firm_id: whose import it is.
        import_id: as asked for.
        of: as asked for.
        ending: the transaction that keeps what was found; one of the firm, unless another is given.
    """
    saw, told, reason = clock.now(), None, None
    with office.acting(firm_id, ME) as acting:
        asked = _asked(acting, import_id, of)
        if asked is None:
            return
        home = home_of(acting, import_id)
    try:
        told = msgspec.json.encode([*_MAKERS[of](office, home, asked)]).decode()
    except Permanent as problem:
        reason = str(problem)
    with ending() if ending else office.db.firm(firm_id) as session:
        kept = _asked(Acting(office, session, firm_id, ME), import_id, of)
        if kept is None or kept.asked_at != asked.asked_at:  # it was decided meanwhile, or asked for once more
            return
        [kept.told] = office.cipher(session, firm_id).encrypt_column([told], _TOLD)
        kept.state, kept.reason, kept.saw = "failed" if reason else "done", reason, saw


def _run(handling: Handling) -> None:
    firm_id, payload = handling.job.firm_id, handling.job.payload
    assert firm_id is not None  # noqa: S101 - such a job is of a firm
    make(handling.office, firm_id, UUID(payload["import_id"]), payload["of"], handling.transaction)


def _of_release(office: Office, home: Home, asked: ImportPreview) -> Iterator[Account]:
    """What would come of a held file: it is released, its rows are read and judged, and all of that is undone."""
    with office.db.firm(home.firm_id) as session:
        lock_partner(session, home.partner_id)
        held = holds.let_run(Acting(office, session, home.firm_id, ME), asked.import_id, asked.accepted)
        file = session.get_one(File, (home.firm_id, held.file_id))
        told = _account(file.name, file.sha256, running.rehearse(office, session, home, held))
        session.rollback()
    yield told


def _of_repair(office: Office, home: Home, asked: ImportPreview) -> Iterator[Account]:
    """What would come of the repairs that were typed, an account for each file in which they would arrive."""
    with sending.prepared(office, home.firm_id, ME, asked.import_id) as ready:
        for one in ready.files:
            sha256 = hashlib.sha256()
            for chunk in one.chunks():
                sha256.update(chunk)
            outcome = running.dry_run(office, home, one, sha256.hexdigest(), Asked())
            for told in (*outcome.problems, *outcome.differences):  # nobody has seen the file of which these are rows
                told["row"] = one.origins.get(cast("int", told["row"]), told["row"])
            yield _account(one.name, sha256.hexdigest(), outcome)


_MAKERS: Mapping[str, Callable[[Office, Home, ImportPreview], Iterator[Account]]] = {
    "release": _of_release,
    "repair": _of_repair,
}


def _account(name: str, sha256: str, outcome: FileOutcome) -> Account:
    told: Account = dry_account(name, sha256, outcome, seconds=0.0)
    return told | {"problems": told["problems"][:MOST_PROBLEMS], "groups": grouped(outcome.problems)}


PREVIEW = Kind("ingest.preview", "ingest", _run)
KINDS = (PREVIEW,)


# ------------------------------------------------------------------------------------------------ helpers


def _home(acting: Acting, import_id: UUID, of: PreviewOf) -> Home:
    """Whose import it is, for whoever may see its rows."""
    if of == "repair":
        return draft.mine(acting, import_id)[0]
    home = home_of(acting, import_id)
    if walls.screens(acting.session, home.partner_id):
        raise Forbidden("walled", "This file may name a person from whom an ethical wall keeps you.")
    return home


def _has_moved(acting: Acting, home: Home, import_id: UUID, since: datetime) -> bool:
    """Whether a repair was typed or another file of the partner loaded since an instant."""
    repair = draft.read(acting, import_id).repair
    loaded = select(Import.id).where(Import.partner_id == home.partner_id, Import.finished_at > since)
    is_typed = repair is not None and repair.changed_at > since
    return is_typed or acting.session.scalar(loaded.where(Import.state.in_(LOADED_STATES)).limit(1)) is not None


def _asked(acting: Acting, import_id: UUID, of: PreviewOf) -> ImportPreview | None:
    """What is to be made, held until the transaction ends; None where nobody waits for it any more."""
    found = acting.session.get(ImportPreview, (acting.firm_id, import_id, of), with_for_update=True)
    return found if found is not None and found.state == "waiting" else None
