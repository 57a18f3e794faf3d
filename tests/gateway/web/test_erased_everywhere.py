"""Whatever held a value of an erased person holds it no more, and nobody else misses anything."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from helpers.inbox import Inbox, person
from helpers.traces import found, rows_of
from sqlalchemy import ARRAY, Date, Integer, Numeric, select

from gateway.db.models import Case, Client, Document, File
from gateway.domain.partners.homes import find_home
from gateway.domain.people.fields import FIELDS, MODELS
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from ingest import receipts, retention, searching

WORD = "Quisenberry"
BEFORE = "Xanthippe-1971"  # what a rejected row says, before the person was ever loaded
SKIPPED = "Left Behind Street"  # what a row says that the feed leaves out
ANA = person(1, last_name=WORD, dob="07/19/1971", salary="98765", ssn="536904399", passport="KX998877")
LEAVERS = """
  leavers:
    file: "leavers*.csv"
    format: {type: csv}
    contents: changes
    where: {column: State, is: [gone]}
    client:
      key: employee_id
      fields:
        employee_id: {from: EMP_ID, required: true}
        notes:       {from: Street}
"""


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def others(office, tenants, roster):
    """The same employee id at a partner of another firm."""
    one = Inbox(office, tenants.harbor, "initech")
    one.apply(roster.replace("acme", "initech").replace("northgate", "harbor"))
    one.drop("roster_20260301.csv", [person(1, last_name="Initech", ssn="536904399"), person(2, dob="soon")])
    return one


@pytest.fixture
def search(office):
    """A worker that does what an erasure has left to do."""

    def one():
        job = Claims(office.db, "bulk", "w", timedelta(seconds=30)).next()
        assert job.kind == "ingest.search"
        handling = Handling(office, job)
        searching.search(handling)
        return handling.progress

    return one


@pytest.fixture
def tonight(office):
    def one():
        retention.retire(Handling(office, Job(uuid4(), None, "ingest.retire", {}, 1, 1, "tests", None)))

    return one


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def value_of(column, number):
    """Something that stands nowhere else, and how it is found again."""
    kind = column.type
    if isinstance(kind, Date):
        day = date(1811, 1, 1) + timedelta(days=number)
        return day, day.isoformat()
    if isinstance(kind, Integer):
        return 7_310_000 + number, str(7_310_000 + number)
    if isinstance(kind, Numeric):
        most = Decimal(10) ** (kind.precision - kind.scale) - number - Decimal("0.3")
        return most, str(most)
    word = f"Wandering-{column.name}-{number}"
    return ([word], word) if isinstance(kind, ARRAY) else (word, word)


KEPT = {  # the firm's own register
    "client": {"enrollment_status"},
    "case": {"case_number", "case_type", "stage", "status", "complexity", "premium"}
    | {"opened_on", "filed_on", "decided_on", "deadline_on"},
    "document": {"status"},
}


def fill(cipher, kind, record):
    """Give every field that a file can fill a value of its own, whatever its column says that it holds."""
    record.attributes = {"Nickname": "Wandering nick"}
    traces = ["Wandering nick"]
    for number, (name, field) in enumerate(FIELDS[kind].items()):
        if name in KEPT[kind]:
            continue
        value, trace = f"Sealed-{name}", f"Sealed-{name}"
        if field.sensitive:
            [value] = cipher.encrypt_column([value], name)
        else:
            value, trace = value_of(type(record).__table__.columns[name], number)
        setattr(record, name, value)
        traces.append(trace)
    return traces


@pytest.fixture
def ana(http, inbox, admin, office, tenants, roster, acme_key):
    """A person with values wherever values can be; her id, and the traces."""
    inbox.apply(roster + LEAVERS)
    inbox.drop("roster_20260225.csv", [ANA | {"DOB": BEFORE}, *(person(n) for n in range(2, 9))])
    inbox.drop("leavers_1.csv", f"EMP_ID,State,Street\nE1,here,{SKIPPED}\nE2,gone,\n".encode(), feed="leavers")
    rows = {"rows": [{"EMP_ID": "E1", "Last Name": WORD, "DOB": "Sent-by-json"}]}
    told(http.post("/v1/records/roster", json=rows, headers=acme_key | {"Idempotency-Key": "rows"}), 200)
    inbox.drop("roster_20260301.csv", [ANA, *(person(n) for n in range(2, 9))])
    told_of = inbox.drop(
        "roster_20260302.csv", [ANA | {"Salary": "98766", "DOB": "Salary-bad"}, *(person(n) for n in range(2, 9))]
    )
    receipts.make_workbook(office, find_home(office, "acme"), told_of["import_id"])
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    case = {"case_number": "C-1", "client_id": str(client_id), "job_title": "Wandering poet"}
    told(http.post("/v1/cases", json=case, headers=admin | {"Idempotency-Key": "case"}), 201)
    told(http.patch(f"/v1/clients/{client_id}", json={"email": "ana.q@acme.example"}, headers=admin), 200)
    wall = {"staff_id": str(tenants.staff["viewer"]), "client_id": str(client_id), "reason": f"Sister of {WORD}"}
    told(http.post("/v1/walls", json=wall, headers=admin | {"Idempotency-Key": "wall"}), 201)
    return str(client_id), [
        WORD,
        BEFORE,
        SKIPPED,
        "Sent-by-json",
        "Salary-bad",
        "ana.q@",
        "98766",
        *_filled(office, tenants, client_id),
    ]


def _filled(office, tenants, client_id):
    with office.db.firm(tenants.northgate) as session:
        cipher = office.cipher(session, tenants.northgate)
        key = f"{tenants.northgate}/acme/scan"
        office.store.put(key, [b"A scan of Quisenberry"], cipher)
        scan = File(
            firm_id=tenants.northgate,
            partner_id=tenants.acme,
            name=f"{WORD}.pdf",
            sha256="",
            size=1,
            storage_key=key,
            via="test",
        )
        session.add(scan)
        session.flush()
        traces = []
        owners = {"client": Client.id, "case": Case.client_id, "document": Document.client_id}
        for kind, owner in owners.items():
            record = session.scalars(select(MODELS[kind]).where(owner == client_id)).first()
            traces += fill(cipher, kind, record)
        record.file_id = scan.id
        return traces


def test_no_table_and_no_file_holds_anything_of_an_erased_person(
    ana, inbox, http, admin, office, tenants, others, search, tonight
):
    client_id, traces = ana
    held = inbox.drop("roster_20260303.csv", [ANA])
    rowlike = inbox.drop("roster_20260304.csv", f"{WORD},Last Name,DOB,Salary\nE1,{WORD},,\n".encode())
    assert (held["state"], rowlike["state"]) == ("held", "held")
    before = found(office, traces)
    assert set(traces) == set().union(*before.values())  # the oracle sees each of them somewhere
    assert {
        "clients",
        "cases",
        "documents",
        "audit_log",
        "row_errors",
        "walls",
        "files",
        "imports",
        "idempotency_keys",
    } <= set(before)
    assert sum(place.startswith("files/") for place in before) == 8
    assert sum(place.endswith("errors.xlsx") for place in before) == 1
    harbor, northgate = rows_of(office, tenants.harbor), rows_of(office, tenants.northgate)

    done = told(http.post(f"/v1/clients/{client_id}/erasure", json={"reason": "She asked"}, headers=admin), 201)
    inbox.refuse(held, "Not complete.")
    inbox.refuse(rowlike, "Not a roster.")
    searched = search()
    assert (searched["searched"], searched["destroyed"]) == (3, 3)
    tonight()

    assert found(office, traces) == {}
    assert done["waiting_imports"] == [held["import_id"], rowlike["import_id"]]
    assert (done["files"], len(done["imports"]), done["cases"], done["documents"]) == (3, 2, 1, 1)
    assert rows_of(office, tenants.harbor) == harbor
    after = rows_of(office, tenants.northgate)
    for table in ("clients", "cases", "documents"):
        assert [row for row in northgate[table] if client_id not in row] == [
            row for row in after[table] if client_id not in row
        ]
    assert [len(after[table]) - len(northgate[table]) for table in ("clients", "cases", "walls", "sightings")] == [
        0,
        0,
        0,
        0,
    ]
