"""Files, rows, staff, replays, erasures and dying workers, all at the same people; held against an account of them all.

Twenty seconds of it, or as many as EVERYTHING_SECONDS says (`make storm`).
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from helpers.callers import key_headers, staff_headers, stranger
from helpers.crowd import FIRST, PEOPLE, Crowd
from helpers.inbox import ROSTER, Inbox
from helpers.reckoning import Act, Standing, explains, plain
from helpers.servers import until
from helpers.serving import MASTER_KEY, QUEUES, WIDE, Installation, own_folder

from gateway.db.models import Staff
from gateway.db.session import Database
from gateway.domain.access import tiers
from gateway.domain.access.permissions import SCOPES
from gateway.office import Actor
from gateway.settings import load
from gateway.wings import office_of

SECONDS = float(os.environ.get("EVERYTHING_SECONDS", "20"))
BETWEEN_DEATHS = 12.0  # of workers; a lease is three seconds, and a new process takes some to begin
SEED = int(os.environ.get("EVERYTHING_SEED", "1"))

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240 + 3 * SECONDS)]

ADMIN = Actor("staff", "admin@northgate.example")
WITH_CASES = ROSTER.replace(
    '    as_of: {{file_name: "roster_%Y%m%d.csv"}}\n',
    "    case:\n      fields:\n        case_number: {{from: Case}}\n        priority:    {{from: Priority}}\n",
)
TRACKED = {
    "client": ("family_name", "annual_salary", "job_title", "enrollment_status", "termination_date", "status"),
    "case": ("priority", "wage"),
    "document": ("expires_on", "issued_on"),
}
NOT_TELLING = {"enrollment_status", "termination_date", "number"}  # others wrote the same, or it is masked in the log
# what waited for a decision when somebody on it was erased is let go at night once it was decided
NIGHT = "INSERT INTO jobs (turn, kind, queue, payload, max_attempts) VALUES (%s, 'ingest.retire', 'bulk', '{}', 9)"
ENDED = {"loaded", "loaded_with_errors", "released"}
WROTE = {"updated", "reopened", "closed", "unpinned", "superseded"}


@pytest.fixture
def installation(own_addresses):
    where = {
        "GATEWAY_DATABASE_URL": own_addresses.app,
        "GATEWAY_SYSTEM_DATABASE_URL": own_addresses.system,
        "GATEWAY_OWNER_DATABASE_URL": own_addresses.owner,
        "GATEWAY_MASTER_KEY": MASTER_KEY,
    }
    with own_folder() as folder:
        made = Installation(folder, where)
        yield made
        made.end()


@pytest.fixture
def crowds(installation, tenants):
    """Northgate's acme and Harbor's initech, whose people have the same ids; served, each with a first full file."""
    settings = load(installation.environment)
    database = Database.open(settings)
    office = office_of(database, settings)
    installation.serve()
    with httpx.Client(base_url=installation.url, timeout=60, limits=httpx.Limits(max_connections=40)) as http:
        until(lambda: installation.is_ready(http) and installation.workers() == QUEUES, 60)
        houses = [
            ("northgate", tenants.northgate, "acme", tenants.acme, tenants.staff["admin"]),
            ("harbor", tenants.harbor, "initech", tenants.initech, stranger(office, tenants)),
        ]
        made = [_crowd(office, http, *house) for house in houses]
        for crowd in made:
            assert crowd.ended(crowd.send(PEOPLE)) == "loaded"
            crowd.records = records_of(installation, crowd.partner)
        made[0].strangers, made[1].strangers = ([one["client"] for one in each.records.values()] for each in made[::-1])
        yield made
    database.close()


def _crowd(office, http, firm, firm_id, partner, partner_id, admin) -> Crowd:
    with office.acting(firm_id, ADMIN) as acting:
        for tier in ("standard", tiers.CEILING):
            tiers.change(acting, tier, {"minute": WIDE, "day": WIDE})
        tiers.change(acting, tiers.FILES, {"files": WIDE})
        others = [
            Staff(firm_id=firm_id, id=uuid4(), email=f"{one}@{firm}.example", name=one, role="admin") for one in "ab"
        ]
        acting.session.add_all(others)
        ids = [admin, *(one.id for one in others)]
    Inbox(office, firm_id, partner).apply(WITH_CASES.format(partner=partner, firm=firm))
    staff = [staff_headers(office, firm_id, one) for one in ids]
    return Crowd(http, partner, key_headers(office, firm_id, partner_id, tuple(SCOPES)), staff, SEED)


# ---------------------------------------------------------------- what is there


def records_of(installation, partner: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for kind in TRACKED:
        for person, record_id in installation.asked(_records_sql(kind, "r.id::text"), partner):
            found.setdefault(person, {})[kind] = record_id
    return found


def standings_of(installation, crowd: Crowd) -> dict[str, Standing]:
    """How each record stands, by its id; numbers of documents as staff are shown them."""
    found = {}
    for kind, fields in TRACKED.items():
        columns = ", ".join(f"r.{name}" for name in fields)
        query = _records_sql(kind, f"r.id::text, r.version, r.pins, g.as_of, g.present, {columns}")
        for _, record_id, version, pins, as_of, present, *values in installation.asked(query, crowd.partner):
            told = dict(zip(fields, map(plain, values), strict=True))
            if kind == "document":
                told |= crowd.ask("GET", f"/v1/documents/{record_id}/number", crowd.staff[0]).json()
            number = round((as_of - FIRST).total_seconds())
            found[record_id] = Standing(tuple(sorted(told.items())), frozenset(pins), version, number, present)
    return found


def _records_sql(kind: str, columns: str) -> str:
    client = "r.id" if kind == "client" else "r.client_id"
    return f"""SELECT c.key, {columns} FROM {kind}s r JOIN clients c ON c.id = {client}
               JOIN partners p ON p.id = c.partner_id JOIN sightings g ON g.record_id = r.id
               WHERE p.slug = %s AND c.erased_at IS NULL"""


def changes_of(installation, partner: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Every change on record: who acted, by which import, and what."""
    found = installation.asked(
        """SELECT a.action, a.import_id::text, change FROM audit_log a
           CROSS JOIN jsonb_array_elements(a.changes) change
           JOIN partners p ON p.firm_id = a.firm_id WHERE p.slug = %s AND jsonb_typeof(a.changes) = 'array'""",
        partner,
    )
    return [(action, import_id, change) for action, import_id, change in found]


# ---------------------------------------------------------------- the turmoil


def turmoil(installation, crowds: list[Crowd]) -> int:
    """Let all of them act for a while, and workers die; how many died. Then wait until all work is done."""
    over = crowds[0].over
    for crowd in crowds:
        crowd.over = over
    actors = [actor for crowd in crowds for actor in crowd.actors()]
    died = 0
    with ThreadPoolExecutor(len(actors)) as stage:
        playing = [stage.submit(actor) for actor in actors]
        ending = threading.Timer(SECONDS, over.set)
        ending.start()
        while not over.wait(BETWEEN_DEATHS) and not any(one.done() for one in playing):
            died += kill_a_worker(installation, died)
        over.set()
        ending.cancel()
    for one in playing:
        one.result()
    until(lambda: is_done(installation, "queue = 'ingest'"), 400)
    # files that were being read were left for a later try, minutes from now
    installation.sql("UPDATE jobs SET not_before = now() WHERE kind = 'ingest.search' AND state = 'waiting'")
    until(lambda: is_done(installation, "kind = 'ingest.search'"), 400)
    installation.sql(NIGHT, UUID(int=0))
    until(lambda: is_done(installation, "kind = 'ingest.retire'"), 400)
    return died


def is_done(installation, which: str) -> bool:
    return installation.sql(f"SELECT count(*) FROM jobs WHERE state NOT IN ('done', 'dead') AND {which}") == [(0,)]


def kill_a_worker(installation, number: int) -> int:
    """One after the other, for whoever dies often is started again ever later; first the one that loads files."""
    children = installation.children(installation.services[-1])
    role = ("ingest", "worker", "scheduler")[number % 3]
    if role not in children:
        return 0
    os.kill(children[role], signal.SIGKILL)
    return 1


def test_an_account_of_files_staff_and_deaths_leads_to_what_is_there(installation, crowds):
    first = {crowd.partner: standings_of(installation, crowd) for crowd in crowds}

    died = turmoil(installation, crowds)

    assert died > 0
    assert any(crowd.books.decided for crowd in crowds), "nobody had to decide about a held file"
    assert installation.asked("SELECT kind, last_error FROM jobs WHERE state = 'dead'") == []
    for crowd in crowds:
        crowd.books.report(crowd.partner)
        assert crowd.books.faults == []
        assert_imports_are_accounted_for(installation, crowd)
        assert_additions_were_made_once(installation, crowd)
        assert_records_are_explained(installation, crowd, first[crowd.partner])
        assert_the_log_tells_it_all(installation, crowd, first[crowd.partner])
        assert_the_erased_are_gone(installation, crowd)
        assert_nothing_is_foreign(installation, crowd)
    said = installation.said()
    assert "Traceback" not in said, said[said.index("Traceback") - 500 :][:4_000]


# ---------------------------------------------------------------- the reckoning


def imports_of(installation, partner: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Imports in the order in which they ended, with state and rows by outcome."""
    return installation.asked(
        """SELECT i.id::text, i.state, i.counts -> 'rows' FROM imports i JOIN partners p ON p.id = i.partner_id
           WHERE p.slug = %s ORDER BY i.finished_at, i.id""",
        partner,
    )


def assert_imports_are_accounted_for(installation, crowd: Crowd) -> None:
    """Each request that was accepted is one import, once; its counts add up to its rows; decisions hold."""
    found = imports_of(installation, crowd.partner)
    assert {import_id for import_id, *_ in found} == set(crowd.books.sources)
    states = {import_id: state for import_id, state, _ in found}
    assert {state for state in states.values() if state not in ENDED} <= {"held", "refused"}
    assert {one: states[one] for one in crowd.books.decided} == crowd.books.decided
    for import_id, state, rows in found:
        if state != "refused":
            told = dict(rows)
            assert told.pop("read") == crowd.books.rows[import_id] == sum(told.values()), (state, rows)


def assert_additions_were_made_once(installation, crowd: Crowd) -> None:
    found = installation.asked(
        """SELECT c.id::text, count(*) FROM clients c JOIN partners p ON p.id = c.partner_id
           JOIN audit_log a ON a.firm_id = c.firm_id AND a.client_id = c.id AND a.action = 'client.create'
           WHERE p.slug = %s GROUP BY 1""",
        crowd.partner,
    )
    assert dict(found) == dict.fromkeys(crowd.books.added, 1)


def assert_records_are_explained(installation, crowd: Crowd, first: dict[str, Standing]) -> None:
    """No update is lost, no pin is broken, nothing comes of nothing."""
    sources = [
        crowd.books.sources[one] for one, state, _ in imports_of(installation, crowd.partner)[1:] if state in ENDED
    ]
    last = standings_of(installation, crowd)
    alive = [person for person in PEOPLE if crowd.records[person]["client"] not in crowd.books.erased]
    missing = []
    for person in alive:
        for kind, record_id in crowd.records[person].items():
            acts = crowd.books.acts[record_id]
            if not explains(first[record_id], sources, acts, person, kind, last[record_id]):
                missing.append(
                    (person, kind, first[record_id], sorted(acts, key=lambda act: act.order), last[record_id])
                )
    assert missing == []
    assert len(last) == 3 * len(alive)


def assert_the_log_tells_it_all(installation, crowd: Crowd, first: dict[str, Standing]) -> None:
    """What it says of each field leads from its first value to its last, and of each record to its version."""
    last = standings_of(installation, crowd)
    balance: defaultdict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    acts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    imports: defaultdict[str, set[str]] = defaultdict(set)
    for action, import_id, change in changes_of(installation, crowd.partner):
        record_id = str(change["id"])
        if record_id not in last or change["action"] not in WROTE:
            continue
        (imports[record_id].add(import_id) if import_id else acts[record_id].update([action]))
        for side, sign in (("old", -1), ("new", 1)):
            for name, value in (change.get(side) or {}).items():
                balance[record_id, name][_told(name, value)] += sign
    for record_id, standing in last.items():
        kind = next(kind for one in crowd.records.values() for kind, each in one.items() if each == record_id)
        begun, ended = dict(first[record_id].values), dict(standing.values)
        for name in TRACKED[kind]:
            expected = Counter([ended[name]])
            expected.subtract([begun[name]])
            found = {value: count for value, count in balance[record_id, name].items() if count}
            assert found == {value: count for value, count in expected.items() if count}, (kind, name, record_id)
        assert standing.version == 1 + len(imports[record_id]) + acts[record_id].total(), (kind, record_id)
        assert_acknowledged(crowd.books.acts[record_id], acts[record_id], balance, record_id)


def _told(name: str, value: Any) -> str | None:
    return f"{Decimal(str(value)):.2f}" if name in {"annual_salary", "wage"} and value is not None else plain(value)


def assert_acknowledged(done: list[Act], entries: Counter[str], balance, record_id: str) -> None:
    """Each act of staff is on record, and no other."""
    by_way: Counter[str] = Counter()
    for act in done:
        by_way["unpin" if act.unpins else "update" if act.pins else act.values["status"] or ""] += 1
        for name, value in act.values.items():
            assert value in balance[record_id, name] or not act.pins or name in NOT_TELLING
    told = Counter({name.partition(".")[2]: count for name, count in entries.items()})
    assert (told["update"], told["unpin"], told["archive"]) == (by_way["update"], by_way["unpin"], by_way["archived"])
    assert told["restore"] <= by_way["active"]


def assert_the_erased_are_gone(installation, crowd: Crowd) -> None:
    """Whoever was erased has no value left, anywhere, whatever came afterwards."""
    books = crowd.books
    keys = installation.asked(
        "SELECT c.key FROM clients c JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s", crowd.partner
    )
    assert not {key for (key,) in keys} & set(books.erased.values())
    tables = ["clients", "cases", "documents", "audit_log", "imports", "events", "jobs"]
    # of a file that waits for somebody's decision, problems stay until then, as its bytes do
    tables.append("(SELECT r.* FROM row_errors r JOIN imports i ON i.id = r.import_id WHERE i.state <> 'held')")
    for client_id, person in books.erased.items():
        mark = f"%-{person}-{crowd.partner}%"
        for table in tables:
            assert installation.asked(f"SELECT * FROM {table} t WHERE t::text LIKE %s", mark) == [], table
        written = [
            value for one in crowd.records[person].values() for act in books.acts[one] for value in act.values.values()
        ]
        texts = [value for value in written if value and value.startswith("Staff")]
        found = "SELECT changes FROM audit_log WHERE client_id = %s AND changes::text LIKE ANY(%s)"
        assert installation.asked(found, client_id, [f"%{one}%" for one in texts]) == []


def assert_nothing_is_foreign(installation, crowd: Crowd) -> None:
    """What stands in a firm's tables was said in this firm."""
    other = {"acme": "initech", "initech": "acme"}[crowd.partner]
    for table in ("clients", "cases", "documents", "audit_log", "row_errors"):
        found = installation.asked(
            f"""SELECT t::text FROM {table} t JOIN partners p ON p.firm_id = t.firm_id
                WHERE p.slug = %s AND t::text LIKE %s LIMIT 1""", crowd.partner, f"%-{other}%"
        )  # fmt: skip
        assert found == [], json.dumps(found)
