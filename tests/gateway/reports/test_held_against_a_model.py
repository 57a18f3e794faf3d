"""Each report, held against plain Python over all rows of the tables that it is about."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from statistics import median_low
from typing import Any

import pytest
from helpers.inbox import ROSTER, Inbox, people, person

from gateway.db.models import Attorney, Case, Client, Document, Wall
from gateway.reports import REPORTS

STAGES = ["evaluation", "drafting", "filed"]
STATUSES = ["open", "approved", "closed"]
DAY = date(2027, 1, 1)


@pytest.fixture
def world(inbox, office, tenants, db):
    """Two partners with people, documents, cases and files, good and bad ones; some of it by chance, always the same."""
    chance = random.Random(11)
    globex = Inbox(office, tenants.northgate, "globex")
    globex.apply(ROSTER.format(partner="globex", firm="northgate"))
    for one, count in ((inbox, 12), (globex, 7)):
        rows = [
            row
            | {
                "Passport": f"P{number}",
                "Passport Expiry": f"{chance.randint(1, 12):02}/15/2028",
                "I94 Expiry": chance.choice(["", "D/S", "03/01/2027"]),
            }
            for number, row in enumerate(people(count))
        ]
        one.drop("roster_20260301.csv", rows)
        one.drop("roster_20260302.csv", [*rows[:-1], person(99, dob="x")])
    inbox.drop("roster_20260303.csv", b"EMP_ID,Last Name\n")
    with db.firm(tenants.northgate) as session:
        attorney = Attorney(firm_id=tenants.northgate, staff_id=tenants.staff["attorney"], availability={})
        session.add(attorney)
        session.flush()
        clients = session.query(Client).all()
        for number in range(40):
            client = chance.choice([*clients, None])
            session.add(
                Case(
                    firm_id=tenants.northgate,
                    partner_id=client.partner_id if client else tenants.acme,
                    client_id=client.id if client else None,
                    case_number=f"NG-{number:03}",
                    case_type=chance.choice(["H1B_EXT", None]),
                    stage=chance.choice(STAGES),
                    status=chance.choice(STATUSES),
                    attorney_id=chance.choice([attorney.id, None]),
                    opened_on=DAY - timedelta(chance.randint(0, 300)),
                    pins={},
                    attributes={},
                )
            )
        for document in chance.sample(session.query(Document).filter_by(doc_type="i94").all(), 6):
            document.status = "void"
        for client in chance.sample(clients, 3):
            client.status = "archived"
            client.program = "Global"
    return inbox


def told(db, tenants, name: str, staff: str | None = None, **filters: Any) -> list[dict[str, Any]]:
    report = REPORTS[name]
    with db.firm(tenants.northgate, tenants.staff[staff] if staff else None) as session:
        return [dict(zip(report.columns, row, strict=True)) for row in report.query(session, report.filters(**filters))]


class Tables:
    """Every row of every table that is asked for, by id where it has one; no walls, no joins."""

    def __init__(self, inbox):
        self._inbox = inbox

    def __getattr__(self, table):
        names = [
            name
            for (name,) in self._inbox.sql(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
                table,
            )
        ]
        names = [name for name in names if name != "password_hash"]  # which nobody may read
        quoted = ", ".join(f'"{name}"' for name in names)
        found = self._inbox.sql(f"SELECT {quoted} FROM {table}")
        return [dict(zip(names, row, strict=True)) for row in found]

    def by_id(self, table):
        return {row["id"]: row for row in getattr(self, table)}


def next_expiries(tables):
    found = defaultdict(list)
    for one in tables.documents:
        if one["status"] == "current" and one["expires_on"]:
            found[one["client_id"]].append(one["expires_on"])
    return {client: min(days) for client, days in found.items()}


def modelled_cases(tables):
    partners, clients = tables.by_id("partners"), tables.by_id("clients")
    attorneys, staff, expiries = tables.by_id("attorneys"), tables.by_id("staff"), next_expiries(tables)
    rows = []
    for case in tables.cases:
        client = clients.get(case["client_id"], {})
        attorney = attorneys.get(case["attorney_id"])
        same = "case_number case_type stage status priority receipt_number opened_on filed_on decided_on deadline_on updated_at"
        rows.append(
            {name: case[name] for name in same.split()}
            | {name: client.get(name) for name in ("employee_id", "given_name", "family_name")}
            | {
                "case": case["id"],
                "partner": partners[case["partner_id"]]["slug"],
                "attorney": staff[attorney["staff_id"]]["name"] if attorney else None,
                "next_expiry": expiries.get(case["client_id"]),
            }
        )
    return sorted(rows, key=lambda row: (row["partner"], row["case_number"]))


def modelled_people(tables):
    partners, feeds, expiries = tables.by_id("partners"), tables.by_id("feeds"), next_expiries(tables)
    rows = []
    for client in tables.clients:
        seen = [
            one
            for one in tables.sightings
            if one["record_id"] == client["id"] and feeds[one["feed_id"]]["partner_id"] == client["partner_id"]
        ]
        same = (
            "employee_id given_name family_name enrollment_status program eligibility_start_date eligibility_end_date"
            " hire_date termination_date updated_at"
        )
        rows.append(
            {name: client[name] for name in same.split()}
            | {
                "client": client["id"],
                "partner": partners[client["partner_id"]]["slug"],
                "listed": any(one["present"] for one in seen) if seen else None,
                "listed_as_of": max((one["as_of"] for one in seen), default=None),
                "open_cases": sum(one["client_id"] == client["id"] and one["status"] == "open" for one in tables.cases),
                "next_expiry": expiries.get(client["id"]),
                "archived": client["status"] == "archived",
            }
        )
    return sorted(rows, key=lambda row: (row["partner"], row["employee_id"]))


def modelled_receipts(tables):
    partners, feeds, files = tables.by_id("partners"), tables.by_id("feeds"), tables.by_id("files")
    counted = "read created updated unchanged stale superseded rejected skipped"
    rows = [
        {name: one[name] for name in "received_at state code reason as_of finished_at".split()}
        | {name: (one["counts"].get("rows") or {}).get(name, 0) for name in counted.split()}
        | {
            "import": one["id"],
            "partner": partners[one["partner_id"]]["slug"],
            "feed": feeds[one["feed_id"]]["name"] if one["feed_id"] else None,
            "file": files[one["file_id"]]["name"],
            "problems": one["problem_count"],
            "corrects": one["corrects_import_id"],
        }
        for one in tables.imports
    ]
    return sorted(rows, key=lambda row: (row["received_at"], row["import"]), reverse=True)


MODELS = {"case_status": modelled_cases, "enrollment_status": modelled_people, "import_receipt": modelled_receipts}


@pytest.mark.parametrize("name", MODELS)
def test_a_report_says_what_the_model_says(db, tenants, world, name):
    expected = MODELS[name](Tables(world))
    assert len(expected) >= 4
    assert told(db, tenants, name) == expected
    assert told(db, tenants, name, partner="globex") == [row for row in expected if row["partner"] == "globex"]


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("case_status", {"status": "open"}),
        ("case_status", {"stage": "filed", "status": "closed"}),
        ("case_status", {"case_type": "H1B_EXT"}),
        ("enrollment_status", {"enrollment_status": "terminated"}),
        ("enrollment_status", {"program": "Global"}),
    ],
)
def test_a_filter_leaves_what_the_model_leaves(db, tenants, world, name, filters):
    every = MODELS[name](Tables(world))
    expected = [row for row in every if all(row[key] == value for key, value in filters.items())]
    assert 0 < len(expected) < len(every)
    assert told(db, tenants, name, **filters) == expected


@pytest.mark.parametrize("name", ["case_status", "enrollment_status"])
def test_what_did_not_change_since_is_left_out(db, tenants, world, name):
    every = MODELS[name](Tables(world))
    at = sorted(row["updated_at"] for row in every)[len(every) // 2]
    assert told(db, tenants, name, changed_since=at) == [row for row in every if row["updated_at"] >= at]


def test_one_import_is_told_alone(db, tenants, world):
    one = MODELS["import_receipt"](Tables(world))[2]
    assert told(db, tenants, "import_receipt", import_id=one["import"]) == [one]
    problems = told(db, tenants, "import_errors")
    some = problems[0]["import"]
    assert told(db, tenants, "import_errors", import_id=some) == [row for row in problems if row["import"] == some]
    assert {row["import"] for row in problems} > {some}


@pytest.mark.parametrize("name", ["case_status", "enrollment_status"])
def test_whoever_is_walled_off_does_not_see_these_people(db, tenants, world, name):
    tables = Tables(world)
    every = MODELS[name](tables)
    theirs = [one for one in tables.clients if one["partner_id"] == tenants.acme]
    client = next(one for one in theirs if sum(case["client_id"] == one["id"] for case in tables.cases) > 1)
    with db.firm(tenants.northgate) as session:
        common = {
            "firm_id": tenants.northgate,
            "staff_id": tenants.staff["paralegal"],
            "reason": "x",
            "created_by": "x",
        }
        session.add(Wall(client_id=client["id"], **common))
        session.add(Wall(partner_id=tenants.globex, **common))
    hidden = {case["id"] for case in tables.cases if case["client_id"] == client["id"]} | {client["id"]}
    expected = [row for row in every if row["partner"] == "acme" and row[REPORTS[name].columns[0]] not in hidden]
    assert 0 < len(expected) < len([row for row in every if row["partner"] == "acme"])
    assert told(db, tenants, name, staff="paralegal") == expected
    assert told(db, tenants, name, staff="viewer") == every


def test_whoever_is_walled_off_sees_no_file_of_the_partner(db, tenants, world):
    with db.firm(tenants.northgate) as session:
        session.add(
            Wall(
                firm_id=tenants.northgate,
                staff_id=tenants.staff["paralegal"],
                partner_id=tenants.acme,
                reason="x",
                created_by="x",
            )
        )
    for name in ("import_receipt", "import_errors", "feed_health"):
        assert {row["partner"] for row in told(db, tenants, name, staff="paralegal")} == {"globex"}
        assert {row["partner"] for row in told(db, tenants, name, staff="viewer")} == {"acme", "globex"}


def test_no_report_holds_a_sensitive_value(db, tenants, inbox):
    inbox.drop("roster_20260301.csv", [person(1, ssn="536-90-4399", passport="FX123456", passport_expiry="01/01/2030")])
    for name in REPORTS:
        shown = str(told(db, tenants, name))
        assert not any(one in shown for one in ("536904399", "536-90-4399", "FX123456")), name


def test_an_erased_person_is_in_no_report_of_people(db, tenants, world):
    [(someone,)] = world.sql("SELECT id FROM clients ORDER BY id LIMIT 1")
    world.sql("UPDATE clients SET erased_at = gateway_now() WHERE id = %s", someone)
    assert someone not in {row["client"] for row in told(db, tenants, "enrollment_status")}


def test_feeds_are_told_with_their_last_file_and_what_is_usual(db, tenants, world):
    rows = {row["partner"]: row for row in told(db, tenants, "feed_health")}
    tables = Tables(world)
    for slug, row in rows.items():
        mine = [one for one in modelled_receipts(tables) if one["partner"] == slug]
        loaded = [one for one in mine if one["state"] in {"loaded", "loaded_with_errors", "released"}]
        assert (row["last_file"], row["last_state"]) == (mine[0]["file"], mine[0]["state"])
        assert row["last_received_at"] == mine[0]["received_at"]
        assert row["last_loaded_at"] == max(one["finished_at"] for one in loaded)
        assert (row["usual_rows"], row["usual_of"]) == (median_low([one["read"] for one in loaded]), len(loaded))
        assert (row["state"], row["due_at"]) == ("received", None)


def test_an_audit_extract_holds_every_entry_the_newest_first(db, tenants, world):
    tables = Tables(world)
    every = sorted(tables.audit_log, key=lambda row: (row["at"], row["id"]), reverse=True)
    names = REPORTS["audit_extract"].columns
    expected = [{name: row[name] for name in names} for row in every]
    assert told(db, tenants, "audit_extract") == expected
    assert told(db, tenants, "audit_extract", action="import.receive") == [
        row for row in expected if row["action"] == "import.receive"
    ]
    imports = {one["id"] for one in tables.imports if one["partner_id"] == tenants.globex}
    people = {one["id"] for one in tables.clients if one["partner_id"] == tenants.globex}
    theirs = [row for row in expected if row["import_id"] in imports or row["client_id"] in people]
    assert 0 < len(theirs) < len(expected)
    assert told(db, tenants, "audit_extract", partner="globex") == theirs
