"""A firm in which each report that is drawn has something to draw, and its figures counted from the file in plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from gateway.db.models import Case, Client, Dispatch, Document, EligibilityCheck, Notice, RecommendationRow
from helpers import assignments_told, usage_told
from helpers.dispatches import make
from helpers.inbox import Inbox, person

NOW = assignments_told.NOW
STATES = ("sent", "delivered", "waiting", "failed", "dead", "withheld", "held", "unknown", "cancelled")


def furnish(inbox: Inbox, tenants: Any, roster: str, seed: int = 5, number: int = 60) -> None:
    """By chance, always the same for a seed."""
    chance, db = random.Random(seed), inbox.office.db
    inbox.apply(roster)
    rows = [person(n, i94_expiry=f"{day:%m/%d/%Y}") for n, day in enumerate(_days(chance, number), start=1)]
    inbox.drop("roster_20270301.csv", [*rows[:-1], rows[-1] | {"DOB": "soon"}])
    assignments_told.furnish(db, tenants, chance)
    usage_told.furnish(db, tenants.northgate, [tenants.globex], chance)
    write_messages(inbox, tenants, chance)
    write_decided(db, tenants, chance)


def _days(chance: random.Random, number: int) -> list[date]:
    return [NOW.date() + timedelta(days=chance.randint(-20, 90)) for _ in range(number)]


def write_messages(inbox: Inbox, tenants: Any, chance: random.Random) -> None:
    """One message of three papers, and others of none; some about midnight at the firm."""
    db, firm = inbox.office.db, tenants.northgate
    for state in STATES:
        ids = make(inbox.office, firm, tenants.staff["admin"], chance.randint(1, 4), state=state, kind="digest")
        with db.firm(firm) as session:
            for one in ids:
                at = NOW - timedelta(days=chance.randint(0, 12), hours=chance.randint(0, 23))
                left = {"sent_at": at if state in ("sent", "delivered") else None, "not_before": at}
                session.execute(update(Dispatch).where(Dispatch.id == one).values(left))
    with db.firm(firm) as session:
        dispatch = session.scalars(select(Dispatch.id).where(Dispatch.state == "sent").limit(1)).one()
        papers = session.scalars(select(Document).limit(12)).all()
        for number, paper in enumerate(papers):
            session.add(_notice(firm, paper, dispatch if number < 3 else None, tenants.staff["admin"], number))


def _notice(firm: Any, paper: Document, dispatch: Any, staff: Any, number: int) -> Notice:
    at = NOW - timedelta(days=number * 3)
    state = ("told", "withheld", "cancelled")[number % 3]
    return Notice(
        firm_id=firm,
        client_id=paper.client_id,
        document_id=paper.id,
        expires_on=paper.expires_on,
        lead=14,
        days_left=14,
        needs_answer=True,
        step=1,
        role="admin",
        staff_id=staff,
        channel="email",
        due_on=at.date(),
        state=state,
        dispatch_id=dispatch,
        ended_at=at,
        ended_code=None if state == "told" else "x",
        created_at=at,
    )


def write_decided(db: Any, tenants: Any, chance: random.Random) -> None:
    """Cases that were decided, and what was said of each ahead of it."""
    tables: dict[type, list[dict[str, Any]]] = {Client: [], Case: [], EligibilityCheck: [], RecommendationRow: []}
    firm = {"firm_id": tenants.northgate}
    for number in range(30):
        client, check, at = uuid4(), uuid4(), NOW - timedelta(days=60)
        chances = chance.choice([0.15, 0.55, 0.58, 0.95])
        status = "approved" if chance.random() < chances else "denied"
        tables[Client].append(
            firm | {"id": client, "partner_id": tenants.globex, "key": f"D{number}", "pins": {}, "attributes": {}}
        )
        case = {"id": uuid4(), "case_number": f"D{number}", "case_type": "I140_EB1A", "status": status}
        case |= {"decided_on": NOW.date(), "partner_id": tenants.globex, "client_id": client}
        tables[Case].append(firm | case | {"pins": {}, "attributes": {}})
        asked = {"id": check, "client_id": client, "visas": ["EB1A"], "tier": "batch", "as_of": at.date()}
        asked |= {"profile": [], "digest": "d", "rules": "r", "key": f"k{number}", "policy_version": 1}
        asked |= {"state": "completed", "by_kind": "staff", "by": "x", "asked_at": at, "ended_at": at}
        tables[EligibilityCheck].append(firm | asked)
        said = {"id": uuid4(), "check_id": check, "client_id": client, "visa": "EB1A", "score": Decimal(50)}
        tables[RecommendationRow].append(firm | said | {"told": {"chance": {"probability": chances}}})
    with db.firm(tenants.northgate) as session:
        for model, rows in tables.items():
            session.execute(insert(model), rows)


# ------------------------------------------------------------------------------------------------ counted again


def counted(name: str, rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    """What the picture of a report must tell, from the rows of its file: for each label the figures beside it."""
    return _COUNTED[name](rows, zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _short(day: date) -> str:
    return f"{day:%b} {day.day}" + ("" if day.year == NOW.year else f" ’{day:%y}")


def _month(day: date) -> str:
    return f"{day:%b} ’{day:%y}"


def _local(text: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(text).astimezone(zone).date()


def _papers(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    called = {"i94": "I-94", "passport": "passport"}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[_short(_monday(date.fromisoformat(row["expires_on"])))][called[row["doc_type"]]] += 1
    return found


def _messages(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    words = {
        **dict.fromkeys(("sent", "delivered", "opened"), "arrived or sent"),
        **dict.fromkeys(("waiting", "attempting"), "on its way"),
        **dict.fromkeys(("held", "unknown"), "for a person to decide"),
        **dict.fromkeys(("failed", "dead"), "did not arrive"),
        **dict.fromkeys(("withheld", "cancelled"), "stopped or cancelled"),
    }
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in {row["dispatch"]: row for row in rows}.values():
        found[_short(_local(row["sent_at"] or row["not_before"], zone))][words[row["state"]]] += 1
    return found


def _steps(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[_short(_monday(_local(row["made_at"], zone)))][row["state"]] += 1
    return found


def _files(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    words = {"created": "written", "updated": "written", "unchanged": "nothing new", "rejected": "rejected"}
    words |= dict.fromkeys(("stale", "superseded", "skipped"), "passed over")
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for column, word in words.items():
            found[_short(_local(row["received_at"], zone))][word] += int(row[column])
    return found


def _given(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    words = {"assigned": "to a first attorney", "reassigned": "from one to another", "undone": "given back"}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for column, word in words.items():
            found[_month(date.fromisoformat(row["month"]))][word] += int(row[column])
    return found


def _calls(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[_month(date.fromisoformat(row["month"]))][row["model"] or "none"] += int(row["calls"])
    return found


def _feeds(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    words = {"on_time": "on time", "received": "received, no time agreed", "never": "without a file so far"}
    words |= {"late": "late", "missing": "missing", "empty": "empty or short", "short": "empty or short"}
    return dict(Counter(words[row["state"]] for row in rows)) | {"all": len(rows)}


def _loads(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    return {
        f"{row['name']} {place}": (int(row["cases"]), int(row["may_hold"]), int(row["urgent"]))
        for place, row in enumerate(rows)
        if row["takes_cases"] == "True" or int(row["cases"])
    }


def _chances(rows: list[dict[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    found = {}
    for row in rows:
        if row["measure"] == "probability" and int(row["n"]) and int(row["to"]) - int(row["from"]) < 100:
            cases = f"{row['n']} case{'' if row['n'] == '1' else 's'}"
            found[f"{row['from']} to {row['to']} %, {cases}"] = tuple(
                round(100 * float(row[column])) for column in ("predicted", "share")
            )
    return found


_COUNTED = {
    "expiring_documents": _papers,
    "notification_log": _messages,
    "escalations": _steps,
    "import_receipt": _files,
    "cases_assigned": _given,
    "eligibility_usage": _calls,
    "feed_health": _feeds,
    "workload_distribution": _loads,
    "calibration": _chances,
}
