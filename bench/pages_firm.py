"""A firm of 20,000 clients for the console's pages: cases, papers, messages, sixty days of files, one to repair."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from fabricate import COLUMNS, FIRM, Roster, partner_yaml
from laboratory import Laboratory
from realtime import ME
from visitor import hire

from gateway import settings
from gateway.db.session import Database
from gateway.domain.access import accounts
from gateway.domain.partners import versions
from gateway.office import Office
from gateway.wings import PARTNER_YAML, office_of

CLIENTS, PARTNERS, DAYS, MESSAGES = 20_000, 20, 60, 20_000
FEEDS = ("roster", "leavers")
ROWS = 50_000  # of the file to repair
SPOILED = "spoiled"  # the partner that sends it
_BIRTH, _VISA = COLUMNS.index("DOB"), COLUMNS.index("Visa Type")
_DUE = '    expected: {by: "06:00", days: daily}\n'

# numbers that go apart, so that neighbours differ: 7919 is prime
_SEED = f"""
CREATE TEMPORARY TABLE mine ON COMMIT DROP AS
SELECT firm_id, id, row_number() OVER (ORDER BY slug) - 1 AS place FROM partners WHERE slug LIKE 'employer-%';

INSERT INTO clients (firm_id, partner_id, key, employee_id, given_name, family_name, email, date_of_birth, citizenship,
    employer_name, job_title, work_city, work_state, status, enrollment_status, termination_date, created_at)
SELECT firm_id, id, 'E' || n, 'E' || n,
    (array['Ana', 'Wei', 'Priya', 'João', 'Chidi', 'Marie', 'Kenji', 'Zoë', 'Omar', 'Ingrid'])[1 + n % 10],
    (array['Silva', 'Zhang', 'Patel', 'Nguyen', 'O''Brien', 'García', 'Müller'])[1 + n / 10 % 7] || ' ' || n / 70,
    'p' || n || '@employer.example', date '1960-01-01' + n * 7919 % 15000, (array['IND', 'CHN', 'BRA'])[1 + n % 3],
    'Employer ' || place, 'Engineer', 'Chicago', 'IL', CASE WHEN n % 50 = 0 THEN 'archived' ELSE 'active' END,
    CASE WHEN n % 25 = 1 THEN 'terminated' ELSE 'active' END, CASE WHEN n % 25 = 1 THEN current_date - n % 300 END,
    gateway_now() - n * interval '40 minutes'
FROM generate_series(1, {CLIENTS}) n JOIN mine ON place = n % {PARTNERS};

CREATE TEMPORARY TABLE people ON COMMIT DROP AS
SELECT firm_id, id, partner_id, row_number() OVER (ORDER BY id) AS n FROM clients WHERE firm_id = (TABLE firm);

INSERT INTO attorneys (firm_id, staff_id, licence, capacity)
SELECT firm_id, id, 'NY ' || id, 200 FROM staff WHERE role = 'attorney' AND firm_id = (TABLE firm);

INSERT INTO cases (firm_id, partner_id, client_id, case_number, case_type, attorney_id, status, stage, deadline_on,
    decided_on, employer_name, created_at)
SELECT firm_id, partner_id, id, 'C' || n, (array['H1B_EXT', 'PERM', 'O1A', 'TN', 'L1A'])[1 + n % 5],
    CASE WHEN n % 100 > 0 THEN (SELECT array_agg(id) FROM attorneys)[1 + n % 30] END,
    CASE WHEN n % 3 = 0 THEN 'approved' ELSE 'open' END, CASE WHEN n % 3 = 0 THEN 'decided' ELSE 'drafting' END,
    CASE WHEN n % 3 = 1 THEN current_date + (n % 120)::int END,
    CASE WHEN n % 3 = 0 THEN current_date - (n % 900)::int END,
    'Employer', gateway_now() - n * interval '30 minutes'
FROM people;

INSERT INTO unassigned_cases (firm_id, case_id, code, reason)
SELECT firm_id, id, 'all_full', 'All are full.' FROM cases WHERE attorney_id IS NULL AND status = 'open';

INSERT INTO documents (firm_id, client_id, doc_type, number_index, issued_on, expires_on)
SELECT firm_id, id, doc_type, decode(md5(n || doc_type), 'hex'), ends - years * 365, ends
FROM people, LATERAL (VALUES
    ('i797', 3, current_date + (n * 7919 % 1140)::int - 40, true),
    ('i94', 3, current_date + (n * 7919 % 1140)::int - 30, true),
    ('passport', 10, current_date + (n * 7907 % 3600)::int - 100, true),
    ('visa_foil', 3, current_date + (n * 7901 % 1000)::int - 200, n % 3 = 0)
) paper (doc_type, years, ends, has) WHERE has;

INSERT INTO documents (firm_id, client_id, doc_type, number_index, issued_on, expires_on)
SELECT firm_id, id, 'i797', decode(md5(n || 'older'), 'hex'), current_date - 1400, current_date - 300 - (n % 700)::int
FROM people WHERE n % 2 = 0;

CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT *, uuidv7() AS notification, uuidv7() AS dispatch, gateway_now() - n * interval '4 minutes' AS at
FROM (
    SELECT firm_id, client_id, id, expires_on, row_number() OVER (ORDER BY id) AS n FROM documents
    WHERE firm_id = (TABLE firm) AND expires_on BETWEEN current_date - 120 AND current_date + 360
) paper WHERE n <= {MESSAGES};

INSERT INTO notifications (firm_id, id, kind, template, created_by, created_at)
SELECT firm_id, notification, 'expiry', 'expiry', 'system', at FROM told;

INSERT INTO dispatches (firm_id, id, notification_id, staff_id, client_id, channel, state, sent_at, settled_at,
    created_at)
SELECT firm_id, dispatch, notification, CASE WHEN n % 2 = 0 THEN (TABLE somebody) END,
    CASE WHEN n % 2 = 1 THEN client_id END, 'email', state, CASE WHEN state = 'delivered' THEN at END, at, at
FROM told, LATERAL (
    SELECT CASE WHEN n % 400 = 3 THEN 'held' WHEN n % 90 = 3 THEN 'failed' ELSE 'delivered' END
) became (state);

INSERT INTO notices (firm_id, client_id, document_id, expires_on, lead, days_left, role, staff_id, channel, due_on,
    state, dispatch_id, ended_at, needs_answer)
SELECT firm_id, client_id, id, expires_on, 90, 90, CASE WHEN n % 2 = 0 THEN 'paralegal' ELSE 'client' END,
    CASE WHEN n % 2 = 0 THEN (TABLE somebody) END, 'email', expires_on - 90, 'told', dispatch, at, n % 2 = 0
FROM told;

INSERT INTO notice_answers (firm_id, notice_id, client_id, document_id, expires_on, lead, kind, by_kind, by, via)
SELECT firm_id, id, client_id, document_id, expires_on, lead, 'acknowledge', 'staff', 'Bench', 'api'
FROM notices WHERE needs_answer AND hashtext(id::text) % 10 <> 0;

CREATE TEMPORARY TABLE came ON COMMIT DROP AS
SELECT f.firm_id, f.partner_id, f.id AS feed, f.name, uuidv7() AS file, uuidv7() AS import, ago,
    (SELECT id FROM partner_configs c WHERE c.partner_id = f.partner_id AND c.active) AS config,
    gateway_now() - ago * interval '1 day' - place * interval '1 minute' AS at,
    CASE WHEN (ago * 7 + place) % 211 = 3 THEN 'held' WHEN (ago + place) % 97 = 5 THEN 'failed'
        WHEN (ago + place) % 9 = 0 THEN 'loaded_with_errors' ELSE 'loaded' END AS state
FROM feeds f JOIN mine ON mine.id = f.partner_id, generate_series(0, {DAYS} - 1) ago
WHERE (ago + place) % 37 <> 0;

INSERT INTO files (firm_id, id, partner_id, name, sha256, size, storage_key, via, received_at)
SELECT firm_id, file, partner_id, name || '_' || to_char(at, 'YYYYMMDD') || '.csv', md5(file::text), 50000, file::text,
    'drop', at FROM came;

INSERT INTO imports (firm_id, id, partner_id, feed_id, file_id, config_id, state, reason, counts, problem_count,
    seconds, received_at, finished_at, receipt_at)
SELECT firm_id, import, partner_id, feed, file, config, state,
    CASE WHEN state = 'held' THEN 'Held: 61 of 200 are missing.' END,
    jsonb_build_object('rows', jsonb_build_object('read', 1000, 'unchanged', 970, 'updated', 30)),
    CASE WHEN state = 'loaded_with_errors' THEN 30 ELSE 0 END, 0.4, at, CASE WHEN state <> 'held' THEN at END, at
FROM came;

INSERT INTO row_errors (firm_id, import_id, place, row, line, column_name, value, code, severity, message, fix)
SELECT firm_id, import, n, n, n, 'DOB', '31/02/19' || 10 + n, 'bad_date', 'error', 'No such day.', 'Write another.'
FROM came, generate_series(2, 31) n WHERE state = 'loaded_with_errors';
"""


def furnish(lab: Laboratory) -> UUID:
    """Have the firm; the import of 50,000 rejected rows."""
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded)
    firm = _begin(office_of(database, loaded))
    database.close()
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection, connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE firm ON COMMIT DROP AS SELECT %s::uuid", [firm])
        somebody = "SELECT id FROM staff WHERE firm_id = %s AND role = 'admin' LIMIT 1"
        connection.execute(f"CREATE TEMPORARY TABLE somebody ON COMMIT DROP AS {somebody}", [firm])
        for statement in _SEED.split(";\n"):
            connection.execute(statement)
    found = spoiled_file(lab)
    lab.settle()
    return found


def spoiled_file(lab: Laboratory) -> UUID:
    """Have a file of 50,000 rows: the birth date of each is no day, and every other has a visa that nobody knows."""
    path = lab.write("roster_spoiled.csv", Roster(ROWS, bad=True))
    _spoil(path)
    told: dict[str, Any] = lab.load(path, partner=SPOILED)
    if told["rows"]["rejected"] != ROWS or told["problem_count"] < ROWS * 3 // 2:
        raise SystemExit(f"The bench is broken: {told}")
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        [(found,)] = connection.execute("SELECT id FROM imports ORDER BY problem_count DESC LIMIT 1").fetchall()
    return UUID(str(found))


def _begin(office: Office) -> UUID:
    """The firm, who works there, and its partners, each with two feeds of which a file is due every day."""
    firm = accounts.add_firm(office, FIRM, "Bench", time_zone="America/Chicago", actor=ME).id
    with office.acting(firm, ME) as acting:
        hire(acting)
        for number in range(30):
            accounts.add_staff(acting, f"a{number}@bench.example", name=f"Attorney {number}", role="attorney")
    for number in range(PARTNERS):
        versions.settle(office, PARTNER_YAML.read(_promising(f"employer-{number:02}")), ME)
    with office.acting(firm, ME) as acting:
        acting.session.connection().exec_driver_sql(
            "UPDATE feeds SET created_at = gateway_now() - make_interval(days => 200)"
        )
    return firm


def _promising(slug: str) -> str:
    """The settings of a partner whose files are due at six in the morning."""
    head, body = partner_yaml(slug).split("feeds:\n")
    body = body.replace("    contents: full\n", f"    contents: full\n{_DUE}")
    return head + "feeds:\n" + "".join(body.replace("roster", feed) for feed in FEEDS)


def _spoil(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    for number, row in enumerate(rows):
        row[_BIRTH] = f"31/02/{1950 + number % 50}"
        if number % 2 == 0:
            row[_VISA] = "E-3X"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
