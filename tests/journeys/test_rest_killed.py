"""A worker that is killed while it pulls an HRIS: the next one goes on, and every page is on record once."""

from __future__ import annotations

import pytest
from helpers.hris import KEY, Hris, serving
from helpers.inbox import Inbox
from helpers.killing import kill, killable
from helpers.servers import until

from gateway.domain.partners.homes import find_home
from ingest.arrivals.rest import control, pulling
from ingest.arrivals.rest.sources import ensure

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

POINTS = {  # where it dies -> the table that it cannot write
    "before the poll begins": "rest_sources",
    "before the call is counted": "rest_spent",
    "before the stored answer is on record": "files",
    "before the audit log": "audit_log",
    "before the job of its import": "jobs",
}
SETTINGS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  workers:
    file: "workers_*.json"
    format: {type: json, records: data.employees}
    contents: changes
    arrivals:
      - via: rest
        url: URL
        name: "workers_{time}.json"
        auth: {type: key, secret: HRIS_KEY}
        list: {path: /v1/employees, paging: {by: cursor, parameter: cursor, next: meta.next}}
        since: {parameter: updatedSince, field: updatedAt}
    client:
      key: employee_id
      fields:
        employee_id:   {from: employeeId, required: true}
        family_name:   {from: last, required: true}
"""


@pytest.fixture
def hris():
    with serving(Hris(size=2)) as one:
        yield one


@pytest.fixture
def lab(addresses, office, tenants, tmp_path, hris):
    """An installation over the test's database, and acme, whose HRIS has five people who have changed."""
    (tmp_path / "secrets" / "northgate").mkdir(parents=True)
    (tmp_path / "secrets" / "northgate" / "HRIS_KEY").write_text(KEY)
    with killable(addresses, tmp_path, GATEWAY_ALLOW_PRIVATE="127.0.0.0/8") as made:
        made.inbox = Inbox(office, tenants.northgate, "acme")
        made.inbox.apply(SETTINGS.replace("URL", hris.url))
        for number in range(5):
            hris.change(f"E{number}", 50_000)
        yield made


def ask_for_a_poll(lab, office):
    source = control.find(office, find_home(office, "acme"), "workers")
    with office.db.firm(lab.inbox.firm_id) as session:
        ensure(session, source)
        pulling.queue(session, pulling.POLL, *source.key)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_leaves_the_rest_to_the_next(lab, hris, office, locks, point):
    ask_for_a_poll(lab, office)
    table, inbox = POINTS[point], lab.inbox
    with locks.holder() as holder:
        if table != "jobs":
            holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        first = lab.serve("--role", "worker")
        if table == "jobs":  # which it must be able to claim first
            until(lambda: hris.asked)
            holder.execute("LOCK TABLE jobs IN EXCLUSIVE MODE")
        locks.until_awaited(table, first)
        kill(first)
    lab.serve("--role", "worker")
    lab.serve("--role", "ingest")
    until(lambda: inbox.sql("SELECT polled_at IS NOT NULL FROM rest_sources") == [(True,)])
    until(lambda: inbox.sql("SELECT DISTINCT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)])
    until(lambda: inbox.sql("SELECT count(*) FROM imports WHERE receipt_at IS NULL") == [(0,)])
    assert inbox.sql("SELECT count(*), count(DISTINCT sha256) FROM files") == [(3, 3)]
    assert inbox.sql("SELECT count(*) FROM clients") == [(5,)]
    [(counted,)] = inbox.sql("SELECT sum(calls) FROM rest_spent")
    assert counted >= len(hris.asked), "whatever was asked is counted"
