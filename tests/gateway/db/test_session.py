"""Transactions: their roles and settings, how they end, and what their errors mean."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.db import migrate
from gateway.db import session as session_module
from gateway.db.engine import Addresses, retrying
from gateway.db.session import Database, driver, ensure_audit_partitions, lock_partner
from gateway.errors import Full, Permanent, Transient

WHERE_AM_I = text("SELECT current_user::text, current_setting('app.firm_id'), current_setting('role')")

AUDIT = text("INSERT INTO audit_log (firm_id, actor_kind, actor, action) VALUES (:f, 'system', 'x', 'y')")
PLAY_APP = text("SELECT set_config('role', 'gateway_app', true), set_config('app.firm_id', :firm, true)")


def slugs(session):
    return session.scalars(text("SELECT slug FROM partners ORDER BY slug")).all()


def add_partner(session, firm_id, slug):
    values = {"firm": firm_id, "slug": slug}
    session.execute(
        text("INSERT INTO partners (firm_id, slug, name, time_zone) VALUES (:firm, :slug, 'x', 'UTC')"), values
    )


def test_a_firms_transaction_plays_the_app_for_that_firm(db, tenants):
    with db.firm(tenants.northgate) as session:
        assert session.execute(WHERE_AM_I).one() == ("gateway_app", str(tenants.northgate), "gateway_app")


def test_the_systems_transaction_plays_the_system_for_no_firm(db):
    with db.system() as session:
        assert session.execute(WHERE_AM_I).one() == ("gateway_system", "", "gateway_system")


def test_the_system_may_act_for_one_firm_at_a_time(db, tenants):
    with db.system() as session:
        session.execute(
            text("SELECT set_config('role', 'gateway_app', true), set_config('app.firm_id', :f, true)"),
            {"f": str(tenants.harbor)},
        )
        assert slugs(session) == ["initech"]


def test_nothing_of_a_transaction_stays_on_its_connection(db, tenants):
    with db.firm(tenants.northgate) as session:
        connection = driver(session)
    assert connection.execute("SELECT current_setting('app.firm_id'), current_setting('role')").fetchone() == (
        "",
        "none",
    )


def test_work_is_committed_at_the_end(db, tenants):
    with db.firm(tenants.northgate) as session:
        add_partner(session, tenants.northgate, "umbrella")
    with db.firm(tenants.northgate) as session:
        assert slugs(session) == ["acme", "globex", "umbrella"]


def test_an_error_undoes_everything(db, tenants):
    def work():
        with db.firm(tenants.northgate) as session:
            add_partner(session, tenants.northgate, "umbrella")
            raise LookupError("half way")

    with pytest.raises(LookupError):
        work()
    with db.firm(tenants.northgate) as session:
        assert slugs(session) == ["acme", "globex"]


def test_a_commit_within_only_flushes(db, tenants):
    def work():
        with db.firm(tenants.northgate) as session:
            add_partner(session, tenants.northgate, "umbrella")
            session.commit()
            raise LookupError("after the commit")

    with pytest.raises(LookupError):
        work()
    with db.firm(tenants.northgate) as session:
        assert slugs(session) == ["acme", "globex"]


def test_after_a_rollback_within_the_firm_still_holds(db, tenants):
    with db.firm(tenants.northgate) as session:
        add_partner(session, tenants.northgate, "umbrella")
        session.rollback()
        assert session.execute(WHERE_AM_I).one() == ("gateway_app", str(tenants.northgate), "gateway_app")
        assert slugs(session) == ["acme", "globex"]


def test_a_savepoint_undoes_its_part(db, tenants):
    with db.firm(tenants.northgate) as session:
        add_partner(session, tenants.northgate, "umbrella")
        with pytest.raises(IntegrityError), session.begin_nested():
            add_partner(session, tenants.northgate, "umbrella")
        assert slugs(session) == ["acme", "globex", "umbrella"]


def test_a_transaction_opens_in_one_round_trip(db, tenants, tmp_path):
    with db.firm(tenants.northgate) as session:
        connection = driver(session)
    trace = tmp_path / "trace"
    with trace.open("w") as file:
        connection.pgconn.trace(file.fileno())
        with db.firm(tenants.northgate) as session:
            assert driver(session) is connection
            session.execute(text("SELECT 1"))
        connection.pgconn.untrace()
    sent = [line.split("\t")[3].strip() for line in trace.read_text().splitlines() if line.split("\t")[1] == "F"]
    assert sum(kind in ("Query", "Sync") for kind in sent) == 3, "opening, SELECT, COMMIT"


def test_who_stands_still_within_a_transaction_holds_nobody_up(db, tenants, monkeypatch):
    monkeypatch.setitem(session_module._STANDSTILL, "gateway_system", "100ms")
    rename = text("UPDATE partners SET name = 'Acme & Sons' WHERE slug = 'acme'")

    def stand_still():
        with db.system() as still:
            still.execute(text("SELECT FROM partners FOR UPDATE"))
            with db.firm(tenants.northgate) as other:
                other.execute(rename)  # waits for the other one's end, which only the server can bring about
            still.execute(rename)

    with pytest.raises(Transient, match="stood still"):
        stand_still()


def test_the_database_shares_the_pretended_clock(db, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2031-05-06T07:08:09+02:00")
    with db.firm(tenants.northgate) as session:
        assert session.scalar(text("SELECT gateway_now()")) == datetime(2031, 5, 6, 5, 8, 9, tzinfo=UTC)
    monkeypatch.delenv("GATEWAY_NOW")
    with db.firm(tenants.northgate) as session:
        assert session.scalar(text("SELECT gateway_now() = now()"))


def test_a_pretended_day_can_be_audited(db, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2031-05-06T07:08:09Z")
    with db.firm(tenants.northgate) as session:
        session.execute(
            text("INSERT INTO audit_log (firm_id, actor_kind, actor, action) VALUES (:f, 'system', 'x', 'y')"),
            {"f": tenants.northgate},
        )
        assert session.scalar(text("SELECT tableoid::regclass::text FROM audit_log")) == "audit_log_20310506"


def test_partitions_are_made_once_by_many_at_a_time(db, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2032-02-27T23:59:59Z")
    failures = []

    def make():
        try:
            with db.system() as session:
                ensure_audit_partitions(session, 5)
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    with db.system() as session:
        names = session.scalars(
            text("SELECT relname FROM pg_class WHERE relname ~ '^audit_log_2032\\d{4}$' ORDER BY 1")
        ).all()
    assert names == [f"audit_log_2032{day}" for day in ("0226", "0227", "0228", "0229", "0301", "0302", "0303")]


def test_making_a_partition_waits_for_no_writer(db, tenants, monkeypatch):
    with db.firm(tenants.northgate) as writer:
        writer.execute(AUDIT, {"f": tenants.northgate})
        monkeypatch.setenv("GATEWAY_NOW", "2033-03-01T00:00:00Z")
        with db.firm(tenants.harbor) as other:
            assert other.scalar(text("SELECT to_regclass('audit_log_20330301') IS NOT NULL"))


def test_a_connection_that_died_in_the_pool_is_replaced(addresses, tenants):
    database = Database(addresses)
    with database.firm(tenants.northgate) as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    terminate(addresses, pid)
    with database.firm(tenants.northgate) as session:
        assert slugs(session) == ["acme", "globex"]
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid
    database.close()


def test_a_connection_lost_half_way_is_transient(db, tenants, addresses):
    def work():
        with db.firm(tenants.northgate) as session:
            terminate(addresses, session.scalar(text("SELECT pg_backend_pid()")))
            slugs(session)

    with pytest.raises(Transient) as caught:
        work()
    assert caught.value.code == "database_unavailable"


def terminate(addresses, pid):
    with psycopg.connect(addresses.app, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_deadlock_is_transient_and_a_retry_gets_through(db, tenants):
    meeting = threading.Barrier(2)
    first = threading.local()
    outcomes = []

    def take_both(one, other):
        def work():
            with db.firm(tenants.northgate) as session:
                session.execute(text("UPDATE partners SET name = 'y' WHERE id = :id"), {"id": one})
                if not hasattr(first, "met"):
                    first.met = meeting.wait()
                session.execute(text("UPDATE partners SET name = 'y' WHERE id = :id"), {"id": other})
            return "done"

        outcomes.append(retrying(work))

    threads = [
        threading.Thread(target=take_both, args=pair)
        for pair in [(tenants.acme, tenants.globex), (tenants.globex, tenants.acme)]
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes == ["done", "done"]


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        ("40P01", Transient, "deadlock"),
        ("40001", Transient, "conflict"),
        ("55P03", Transient, "locked"),
        ("57P01", Transient, "database_unavailable"),
        ("08006", Transient, "database_unavailable"),
        ("53300", Transient, "database_busy"),
        ("53100", Full, "disk_full"),
        ("58030", Transient, "database_disk"),
        ("25006", Transient, "database_read_only"),
    ],
)
def test_an_error_of_the_database_says_whether_retrying_helps(db, state, kind, code):
    def work():
        with db.system() as session:
            session.execute(text(f"DO $$ BEGIN RAISE 'x' USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code


def test_a_disk_that_became_read_only_is_no_missing_right(db):
    said = 'could not open file "base/5/1255": Read-only file system'
    with pytest.raises(Transient) as caught, db.system() as session:
        session.execute(text(f"DO $$ BEGIN RAISE '{said}' USING ERRCODE = '42501'; END $$"))
    assert caught.value.code == "database_disk"
    with pytest.raises(DBAPIError), db.system() as session:
        session.execute(text("DO $$ BEGIN RAISE 'permission denied' USING ERRCODE = '42501'; END $$"))


def test_other_errors_pass_as_they_are(db, tenants):
    with pytest.raises(IntegrityError), db.firm(tenants.northgate) as session:
        add_partner(session, tenants.northgate, "acme")


def test_an_error_of_the_database_does_not_show_values(db, tenants):
    with pytest.raises(DBAPIError) as caught, db.firm(tenants.northgate) as session:
        session.execute(text("SELECT 1 / (length(:value) - 5)"), {"value": "a1b2c"})
    assert "a1b2c" not in str(caught.value)


def test_nobody_to_connect_to_is_transient(tmp_path):
    nowhere = f"postgresql://x@/x?host={tmp_path}"
    database = Database(Addresses(nowhere, nowhere, nowhere))
    with pytest.raises(Transient, match="cannot be reached"), database.system():
        pass


def test_retrying_gives_up_with_the_last_problem():
    met = []

    def work():
        met.append(1)
        raise Transient("busy", f"for the {len(met)}rd time")

    with pytest.raises(Transient, match="for the 3rd time"):
        retrying(work, attempts=3)
    assert len(met) == 3


def test_retrying_does_not_repeat_what_cannot_help():
    met = []

    def work():
        met.append(1)
        raise Permanent("no", "No.")

    with pytest.raises(Permanent):
        retrying(work)
    assert len(met) == 1


def test_one_import_at_a_time_holds_a_partner(db, tenants):
    free = text("SELECT pg_try_advisory_xact_lock(:key)")
    keys = {
        name: {"key": int.from_bytes(id_.bytes[8:], signed=True)}
        for name, id_ in [("acme", tenants.acme), ("globex", tenants.globex)]
    }
    with db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)
        with db.firm(tenants.northgate) as other:
            assert other.scalar(free, keys["acme"]) is False
            assert other.scalar(free, keys["globex"]) is True
    with db.firm(tenants.northgate) as other:
        assert other.scalar(free, keys["acme"]) is True


def test_a_database_newer_than_the_program_is_refused(own_addresses):
    with psycopg.connect(own_addresses.owner, options="-c role=gateway_owner") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Permanent, match="9999"):
        migrate.bring_up_to_date(own_addresses)


def test_revision_files_carry_the_revision_that_their_name_says():
    for revision in migrate.revisions():
        (file,) = (migrate.MIGRATIONS / "versions").glob(f"{revision}_*.py")
        assert f'revision = "{revision}"' in Path(file).read_text()
