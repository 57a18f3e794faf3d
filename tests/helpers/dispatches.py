"""Dispatches for tests of the sender, a gate and words that stand in for the real ones, and workers that know them.

The gate stands in by what `dispatches.ended_code` of a waiting row asks for: nothing is `send`, `stop` and `delay` are
what they say. So processes that share nothing but the database go by the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select

from gateway import clock
from gateway.db.models import Dispatch, GateDecision, Notification
from gateway.office import Office
from outbound.notify import gate, sending, wording
from outbound.notify.channels.base import Words
from outbound.notify.deciding import Decision, Passed, let_through


class Crossing(NamedTuple):
    decision: Decision
    passed: Passed | None


def cross(office, session, ids, path, *, open_from=None):
    asked = dict(session.execute(select(Dispatch.id, Dispatch.ended_code).where(Dispatch.id.in_(ids))).all())
    decided = {one: _decision(asked[one], open_from) for one in ids}
    rows = [
        {"firm_id": session.info["firm"] if "firm" in session.info else _firm(session, one), "dispatch_id": one,
         "path": path, "verdict": said.verdict, "reason": said.reason, "until": said.until, "facts": {"path": path}}
        for one, said in decided.items()
    ]  # fmt: skip
    made = session.execute(insert(GateDecision).returning(GateDecision.dispatch_id, GateDecision.id), rows)
    kept = dict(made.all())
    return {one: Crossing(said, let_through(one, kept[one], said)) for one, said in decided.items()}


def _firm(session, dispatch_id):
    session.info["firm"] = session.scalars(select(Dispatch.firm_id).where(Dispatch.id == dispatch_id)).one()
    return session.info["firm"]


def _decision(asked: str | None, open_from) -> Decision:
    if asked == "stop":
        return Decision(verdict="stop", reason="opted_out")
    if asked == "delay":
        return Decision(verdict="delay", reason="quiet_hours", until=clock.now() + timedelta(hours=1))
    if open_from is not None:
        return Decision(verdict="delay", reason="channel_closed", until=open_from)
    return Decision(verdict="send", reason="clear")


def words_of(_office, _session, dispatch, notification, _shared):
    if notification.template == "broken":
        raise ZeroDivisionError
    told = f"Notice {dispatch.id}{' again' if dispatch.is_repeat else ''}"
    return Words(subject="A paper ends soon", text=told, html=f"<p>{told}</p>", short=told)


def stand_in(monkeypatch: Any = None) -> None:
    """Put the stand-ins in place: for a test, or for good in a process."""
    for owner, name, value in ((gate, "cross", cross), (wording, "words_of", words_of)):
        if monkeypatch is None:
            setattr(owner, name, value)
        else:
            monkeypatch.setattr(owner, name, value)


def make(office: Office, firm_id: UUID, staff_id: UUID, number: int = 1, **told: Any) -> list[UUID]:
    """So many dispatches by e-mail to a member of staff, each of a notification of its own; workers are woken."""
    own = {name: told.pop(name) for name in ("priority", "template", "kind") if name in told}
    values = {"kind": "service", "template": "test", "created_by": "system"} | own
    with office.db.firm(firm_id) as session:
        asked = [{"firm_id": firm_id, **values} for _ in range(number)]
        ids = session.scalars(insert(Notification).returning(Notification.id), asked).all()
        rows = [
            {"firm_id": firm_id, "notification_id": one, "staff_id": staff_id, "channel": "email", **told}
            for one in ids
        ]
        made = list(session.scalars(insert(Dispatch).returning(Dispatch.id, sort_by_parameter_order=True), rows).all())
        sending.wake(session, firm_id)
    return made


if __name__ == "__main__":  # a worker process of the queue notices, to which the stand-ins are the gate and the words
    import os
    import sys

    from gateway import settings as environment
    from gateway.cli.serve import ROLES, Role, run_one, run_worker
    from gateway.logging import configure
    from gateway.wings import KINDS
    from helpers.breaking import break_at, die
    from outbound.notify import claiming, handing

    stand_in()
    if len(sys.argv) > 1:  # where it dies: what it does then, and whether before or after
        path, _, name = sys.argv[1].rpartition(".")
        owner: Any = {"handing": handing, "claiming": claiming, "handing.Hand": handing.Hand}[path]
        break_at(owner, name, after=sys.argv[2] == "after", by=die)
    installation = environment.load()
    configure(installation)
    ROLES["test"] = Role(lambda settings, ending, heart: run_worker(settings, {"notices": 2}, KINDS, ending, heart), "")
    run_one("test", installation, lifeline=bool(os.environ.get("LIFELINE")))
