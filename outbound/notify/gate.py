"""The one gate: every notification crosses it, each time that it would leave; what it says is kept with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import json, structs
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from gateway.db.models import Notice
from gateway.domain.preferences.whom import Whom
from gateway.office import Office
from outbound.notify.deciding import (
    REASONS,
    RULES,
    Decision,
    Facts,
    Passed,
    Path,
    Priority,
    Verdict,
    decide,
    let_through,
)
from outbound.notify.facts import Gathered, gather
from outbound.notify.hours import Quiet

__all__ = [
    "REASONS",
    "RULES",
    "Crossing",
    "Decision",
    "Facts",
    "Passed",
    "Path",
    "Priority",
    "Quiet",
    "Verdict",
    "cross",
    "decide",
]

_GATE = 0x67617465  # the first of two halves of advisory locks: "gate" in ASCII
_UNSAID = {
    "now",
    "path",
    "channel",
    "quiet",
}  # of the facts: the row has the instant and the path, the dispatch the channel
_USUAL = {field.name: field.default for field in structs.fields(Facts)}


class Crossing(NamedTuple):
    """What the gate said about one dispatch; `passed` opens its channel, and is there for `send` alone."""

    decision: Decision
    passed: Passed | None


def cross(
    office: Office,
    session: Session,
    dispatch_ids: Sequence[UUID],
    path: Path,
    *,
    open_from: datetime | None = None,
) -> dict[UUID, Crossing]:
    """Decide about dispatches of a firm; what was said is a row of this transaction, and without it nothing was said.

    Crossings of a firm follow each other to the end of their transactions, so that two workers do not spend the same
    budget. Of a digest, what has come to lie behind a wall is taken out, and withheld; the rest may leave.

    Args:
        office: of the installation.
        session: of the firm, in which the dispatches are claimed.
        dispatch_ids: the most urgent first: they spend a budget in this order.
        path: on which way they come.
        open_from: when their channel bears more; None is now.

    Returns:
        A crossing for each dispatch that there is.

    Raises:
        TypeError: the session is not of a firm, or meets walls around somebody, so that the gate would not see all.
    """
    firm_id = _wait_for_others(session)
    gathered = gather(office, session, dispatch_ids, path, open_from)
    decided = _decide_in_turn(gathered)
    recorded = _record(session, firm_id, decided)
    hidden = [one for found, decision in decided.values() if decision.verdict == "send" for one in found.behind_walls]
    _withhold(session, hidden)
    return {
        one: Crossing(decision, let_through(one, recorded[one], decision)) for one, (_, decision) in decided.items()
    }


def _wait_for_others(session: Session) -> UUID:
    """The firm of the session, whose crossings have all ended that began before."""
    firm, staff = session.execute(_WHOSE).one()
    if firm is None or staff is not None:
        raise TypeError("The gate is asked in a session of the firm that meets no walls, or it would not see all.")
    firm_id = UUID(firm)
    key = {"kind": _GATE, "firm": int.from_bytes(firm_id.bytes[12:], signed=True)}
    session.execute(text("SELECT pg_advisory_xact_lock(:kind, :firm)"), key)
    return firm_id


def _decide_in_turn(gathered: dict[UUID, Gathered]) -> dict[UUID, tuple[Gathered, Decision]]:
    """One after the other, for each that is let through spends of its recipient's budget."""
    spent: dict[tuple[str, Whom], int] = defaultdict(int)
    decided: dict[UUID, tuple[Gathered, Decision]] = {}
    for dispatch_id, found in gathered.items():
        place = (found.facts.channel, found.whom)
        facts = found.facts
        if facts.budget_left is not None:
            facts = structs.replace(facts, budget_left=facts.budget_left - spent[place])
        decision = decide(facts)
        spent[place] += decision.verdict == "send"
        decided[dispatch_id] = (found._replace(facts=facts), decision)
    return decided


def _record(session: Session, firm_id: UUID, decided: dict[UUID, tuple[Gathered, Decision]]) -> dict[UUID, UUID]:
    """One statement of columns: as rows it would take the processor longer than deciding does."""
    if not decided:
        return {}
    facts, decisions = [found.facts for found, _ in decided.values()], [decision for _, decision in decided.values()]
    columns = {
        "dispatches": list(decided),
        "paths": [one.path for one in facts],
        "verdicts": [one.verdict for one in decisions],
        "reasons": [one.reason for one in decisions],
        "untils": [one.until for one in decisions],
        "facts": [_told(one, decision) for one, decision in zip(facts, decisions, strict=True)],
        "at": [one.now for one in facts],
    }
    made = session.execute(_RECORD, {"firm": firm_id, **columns})
    return {one.dispatch_id: one.id for one in made}


def _told(facts: Facts, decision: Decision) -> str:
    """What counted, as JSON for whoever asks why: codes, numbers and instants; no zone, for that tells where one is."""
    said = {
        name: value for name, value in structs.asdict(facts).items() if name not in _UNSAID and value != _USUAL[name]
    }
    quiet = {
        "begins": f"{facts.quiet.begins:%H:%M}",
        "ends": f"{facts.quiet.ends:%H:%M}",
        "working_days": sorted(facts.quiet.working_days),
    }
    overridden = {"overridden": list(decision.overridden)} if decision.overridden else {}
    return json.encode({**said, "quiet": quiet, **overridden}).decode()


def _withhold(session: Session, hidden: Sequence[UUID]) -> None:
    if hidden:
        ended = {"state": "withheld", "ended_code": "walled", "ended_at": _NOW, "dispatch_id": None}
        session.execute(
            update(Notice).where(Notice.id.in_(hidden), Notice.state == "waiting").values(ended),
            execution_options={"synchronize_session": False},
        )


_NOW = text("gateway_now()")
_RECORD = text("""
INSERT INTO gate_decisions (firm_id, dispatch_id, path, verdict, reason, until, facts, at)
SELECT :firm, g.* FROM unnest(
    CAST(:dispatches AS uuid[]), CAST(:paths AS text[]), CAST(:verdicts AS text[]), CAST(:reasons AS text[]),
    CAST(:untils AS timestamptz[]), CAST(:facts AS jsonb[]), CAST(:at AS timestamptz[])) g
RETURNING dispatch_id, id
""")
_WHOSE = text(
    "SELECT nullif(current_setting('app.firm_id', true), ''), nullif(current_setting('app.staff_id', true), '')"
)
