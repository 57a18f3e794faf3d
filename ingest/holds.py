"""What a person decides about a held file: released with what it takes, or refused."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from gateway import clock
from gateway.db.models import Import
from gateway.domain.audit import Change, record
from gateway.domain.partners.names import learned_names
from gateway.errors import Conflict, Invalid, NotFound
from gateway.events import ImportEnded
from gateway.logging import about
from gateway.office import Acting, Actor, Office
from ingest import acceptances, receipts
from ingest.forgetting import forget_previews
from ingest.imports import home_of
from ingest.jobs import queue_run
from ingest.mapping.headers import Headers, Standing, standing
from ingest.naming import fold
from ingest.pipeline import FileOutcome
from ingest.reading import feed_of
from ingest.running import count

_NOT_RELEASABLE = (
    "Nobody can tell which cells belong to which names. Refuse the file and ask for another; or, where the partner "
    "cannot change it, name its columns in partner.yaml (header_row: 0, skip_lines, columns) and send it in again."
)


class InQuestion(NamedTuple):
    """A column that a held file lacks, or has twice, and which of its columns it may have become.

    Attributes:
        expected: as partner.yaml calls it.
        suggested: the likeliest of the `free` ones; None where none is like it.
        free: columns of the file that nothing uses.
    """

    expected: str
    suggested: str | None
    free: list[str]


def in_question(acting: Acting, import_id: UUID) -> list[InQuestion]:
    """The columns for which whoever releases a file needs names; none where it is not held for its columns."""
    held = acting.session.scalar(select(Import).where(Import.id == import_id))
    if held is None or held.state != "held" or not {"header_missing", "header_alike"} & {*held.guards}:
        return []
    it, suggested = _standing(acting, held), acceptances.suggested(held)
    asked = [*it.missing, *(names for names, _ in it.alike)]
    by_name = {fold(expected): found for expected, found in suggested.items()}
    return [
        InQuestion(names[0], next((by_name[fold(one)] for one in names if fold(one) in by_name), None), list(it.unused))
        for names in asked
    ]


def release(acting: Acting, import_id: UUID, accepted: dict[str, str] | None, *, queued: bool = False) -> None:
    """Let a held file run again, with what holds it waived and new column names accepted; `finish` does the rest.

    The feed learns the names in the transaction that loads the file, and not at all if it does not load.

    Args:
        acting: who decides.
        import_id: a held import.
        accepted: expected column -> the column that it is now; None accepts what the hold suggested.
        queued: leave `finish` to a worker.

    Raises:
        NotFound: there is no such import in the actor's sight.
        Conflict: `not_held`; `not_releasable`, to load it would be to guess.
        Invalid: `names_needed`, a missing column has no name to accept.
    """
    home, held = home_of(acting, import_id), let_run(acting, import_id, accepted)
    held.state, held.receipt_at = "running", None
    forget_previews(acting.session, [import_id])
    record(acting, "import.release", import_id=import_id, changes=[_decision(held, "released")])
    if queued:
        queue_run(acting.session, home, import_id)


def let_run(acting: Acting, import_id: UUID, accepted: dict[str, str] | None) -> Import:
    """A held file with what holds it waived and new names accepted, as it is to run; it is still held.

    Raises:
        Problem: as `release`.
    """
    held, names = check_releasable(acting, import_id, accepted)
    if names:
        acceptances.note(held, names, acting.actor)
    held.waived = sorted({*held.waived, *held.guards})
    return held


def check_releasable(acting: Acting, import_id: UUID, accepted: dict[str, str] | None) -> tuple[Import, dict[str, str]]:
    """A held file that can be released with these names, and the columns that they are names of.

    Raises:
        Problem: as `release`.
    """
    held = _held(acting, import_id)
    if "header_misfit" in held.guards:
        raise Conflict("not_releasable", _NOT_RELEASABLE)
    in_question = {"header_missing", "header_alike"} & {*held.guards}
    return held, _accepted(acting, held, accepted) if in_question else {}


def refuse(office: Office, firm_id: UUID, actor: Actor, import_id: UUID, reason: str) -> None:
    """End a held file without loading it; its receipts are written once that is committed.

    Raises:
        NotFound: there is no such import in the actor's sight.
        Conflict: `not_held`.
    """
    with office.acting(firm_id, actor) as acting:
        home, held = home_of(acting, import_id), _held(acting, import_id)
        held.state, held.reason, held.finished_at, held.receipt_at = "refused", reason, clock.now(), None
        held.fix, held.counts = "Send a corrected file.", {}  # what it would have done, it has not done
        forget_previews(acting.session, [import_id])
        record(acting, "import.refuse", import_id=import_id, changes=[_decision(held, "refused")])
        acting.tell(ImportEnded(partner_id=home.partner_id, import_id=import_id, state="refused"))
    with about(import_id=import_id):
        count(home, FileOutcome("refused"))
    receipts.write(office, home, import_id)


# ---------------------------------------------------------------- helpers


def _held(acting: Acting, import_id: UUID) -> Import:
    held = acting.session.scalar(select(Import).where(Import.id == import_id).with_for_update())
    if held is None:
        raise NotFound("import", str(import_id))
    if held.state != "held":
        raise Conflict("not_held", f"The import {import_id} is not held; it is {held.state}.")
    return held


def _accepted(acting: Acting, held: Import, accepted: dict[str, str] | None) -> dict[str, str]:
    """New names for exactly the columns that are in question; one learned for another would corrupt data."""
    it = _standing(acting, held)
    names = acceptances.suggested(held) if accepted is None else accepted
    free = f"Not used so far: {', '.join(it.unused) or 'no column'}."
    asked = [*it.missing, *(names for names, _ in it.alike)]
    missing = {fold(name): alternative[0] for alternative in asked for name in alternative}
    for expected, found in names.items():
        if fold(expected) not in missing:
            raise Invalid("names_needed", f"{expected!r} is not among what is missing.")
        if found not in it.unused:
            raise Invalid("names_needed", f"{found!r} is not a free column of the file. {free}")
    if twice := sorted(found for found, times in Counter(names.values()).items() if times > 1):
        raise Invalid("names_needed", f"{twice[0]!r} cannot be two columns. {free}")
    if lacking := set(missing.values()) - {missing[fold(expected)] for expected in names}:
        told = " ".join(f"--accept '{name}=...'" for name in sorted(lacking))
        raise Invalid("names_needed", f"Say which columns the missing ones have become: {told}. {free}")
    return {missing[fold(expected)]: found for expected, found in names.items()}


def _standing(acting: Acting, held: Import) -> Standing:
    """How the columns of a held file stand to those that its feed reads, with the names that were learned so far."""
    feed_id = _present(held.feed_id)
    learned = acceptances.joined(learned_names(acting.session, feed_id), acceptances.of(held))
    return standing(feed_of(acting.session, held), Headers(held.header or [], learned))


def _present(value: UUID | None) -> UUID:
    assert value is not None  # noqa: S101 - an import whose header was read has a feed
    return value


def _decision(held: Import, action: str) -> Change:
    return Change("import", held.id, action, {"guards": held.guards}, {"reason": held.reason})
