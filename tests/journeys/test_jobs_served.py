"""`gateway serve` as it is run: children that are kept alive, and drained; and what services do when theirs fail them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

import psycopg
import pytest
from helpers.commanding import commander
from helpers.inbox import as_csv, people
from helpers.servers import PATIENCE, is_alive, until
from helpers.serving import COMMAND, QUEUES, installed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]


@pytest.fixture
def lab():
    with installed() as made:
        made.add_partners("northgate", "acme")
        yield made


def leave_open(lab, name, rows):
    """A file whose command was killed as soon as it was on record, and that was a while ago."""
    path = lab.folder / name
    path.write_bytes(as_csv(rows))
    with psycopg.connect(lab.database) as holder:
        holder.execute("SET ROLE gateway_system")
        holder.execute(
            "SELECT pg_advisory_xact_lock(('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint) FROM partners"
        )
        command = commander().start(["ingest", str(path), "--partner", "acme"], lab.environment)
        until(lambda: lab.sql("SELECT count(*) FROM imports WHERE state = 'received'") == [(1,)])
        command.kill()
        command.wait()
    lab.sql("UPDATE imports SET received_at = received_at - interval '5 min' WHERE state = 'received'")


def test_the_services_come_up_and_finish_what_a_killed_command_left(lab):
    leave_open(lab, "roster_20260301.csv", people(50))
    service = lab.serve(anew=True)
    until(lambda: lab.workers() == QUEUES)
    until(lambda: lab.sql("SELECT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)], seconds=90)
    assert all(role in lab.printed() for role in ("worker", "ingest", "scheduler", "LISTEN and NOTIFY"))
    found = {check["name"]: check["level"] for check in lab.json("doctor")}
    assert {found[name] for name in ("dead jobs", "waiting jobs", "workers", "schedules", "broker")} == {"ok"}
    service.terminate()
    assert service.wait(30) == 0
    assert lab.workers() == set(), "they have taken their leave"


def test_a_service_that_dies_is_started_again_and_all_die_with_their_supervisor(lab):
    service = lab.serve()
    until(lambda: lab.workers() == QUEUES)
    before = lab.children(service)
    os.kill(before["ingest"], signal.SIGKILL)
    until(lambda: lab.children(service).get("ingest") not in {None, before["ingest"]})
    now = lab.children(service)
    assert now["worker"] == before["worker"]
    service.kill()
    service.wait()
    until(lambda: not any(is_alive(pid) for pid in now.values()))


@pytest.mark.parametrize("variable", ["GATEWAY_HTTP_PORT", "GATEWAY_SFTP_PORT"])
def test_an_address_that_is_taken_is_told_before_anything_starts(lab, variable):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = lab.environment | {variable: str(taken.getsockname()[1])}
        ended = subprocess.run(
            [COMMAND, "serve"], check=False, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    assert ended.returncode == 1
    assert f"already: end it, or choose another port by {variable}" in ended.stdout + ended.stderr
    assert "process" not in ended.stdout
    assert lab.workers() == set()


def test_a_role_alone_runs_in_the_foreground(lab):
    service = lab.serve("--role", "ingest")
    until(lambda: lab.workers() == {"ingest"})
    assert lab.children(service) == {}
    service.send_signal(signal.SIGINT)
    assert service.wait(30) == 0


def test_two_schedulers_make_each_job_once(lab):
    lab.serve("--role", "scheduler")
    lab.serve("--role", "scheduler")
    until(lambda: lab.sql("SELECT count(*) > 0 FROM leases WHERE name = 'scheduler'") == [(True,)])
    lab.sql("UPDATE schedules SET last_run = last_run - interval '3 min' WHERE name = 'open imports'")
    until(lambda: lab.sql("SELECT count(*) FROM jobs WHERE kind = 'ingest.sweep'") != [(0,)])
    time.sleep(3)
    made = lab.sql("SELECT key FROM jobs WHERE kind = 'ingest.sweep'")
    assert len(made) == len(set(made)) <= 2  # the minute may have turned meanwhile
    leader = lab.sql("SELECT holder FROM leases WHERE name = 'scheduler'")[0][0].split(":")[1]
    next(one for one in lab.services if str(one.pid) == leader).kill()
    until(lambda: lab.sql("SELECT holder FROM leases WHERE name = 'scheduler' AND until > clock_timestamp()")[:1]
          and lab.sql("SELECT holder FROM leases WHERE name = 'scheduler'")[0][0].split(":")[1] != leader)  # fmt: skip


def test_the_database_is_restarted_in_mid_job_and_nothing_is_lost_or_done_twice(lab):
    leave_open(lab, "roster_20260301.csv", people(200))
    lab.serve()
    until(lambda: lab.workers() == QUEUES)
    holder = psycopg.connect(lab.database)
    holder.execute("SET ROLE gateway_system")
    holder.execute(
        "SELECT pg_advisory_xact_lock(('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint) FROM partners"
    )
    lab.sql(
        "INSERT INTO jobs (firm_id, turn, kind, queue, payload, lane, about, max_attempts) SELECT firm_id, firm_id,"
        " 'ingest.run', 'ingest', jsonb_build_object('import_id', id), partner_id::text, id, 5 FROM imports"
    )
    until(lambda: lab.sql("SELECT state FROM jobs WHERE kind = 'ingest.run'") == [("running",)])
    os.kill(lab.server_pid(), signal.SIGQUIT)  # as a crash: nothing is written down in peace
    holder.close()
    until(lambda: lab.sql("SELECT state FROM jobs WHERE kind = 'ingest.run'") == [("done",)])
    assert lab.sql("SELECT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)]
    assert lab.sql("SELECT count(*) FROM clients") == [(200,)]
    assert lab.sql("SELECT count(*) FROM audit_log WHERE actor_kind = 'import'") == [(200,)]
    until(lambda: lab.workers() == QUEUES)


def test_jobs_are_shown_and_retried(lab):
    lab.sql(
        "INSERT INTO jobs (turn, kind, queue, max_attempts, state, last_error)"
        " VALUES ('00000000-0000-0000-0000-000000000000', 'ingest.sweep', 'normal', 5, 'dead', 'Gone.')"
    )
    [job] = lab.json("job", "dead")
    assert (job["kind"], job["state"], job["last_error"]) == ("ingest.sweep", "dead", "Gone.")
    assert job["job_id"][:13] in lab.run("job", "list", "--state", "dead", "--kind", "ingest.sweep")
    assert "Gone." in lab.run("job", "show", job["job_id"][:13])
    lab.serve("--role", "worker")
    until(lab.workers)
    assert lab.json("job", "retry", job["job_id"])["state"] == "waiting"
    until(lambda: lab.json("job", "show", job["job_id"])["state"] == "done")
    assert lab.json("job", "dead") == []
