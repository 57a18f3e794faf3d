"""Reports that take long: ordered, made by a job within the walls of whoever ordered, and gone when they must be."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from helpers.doing import do_jobs
from helpers.inbox import ME, ROSTER, Inbox, people, person

from gateway.db.models import Wall
from gateway.domain.people.erasure import erase
from gateway.domain.upkeep import strays
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.reports import orders
from gateway.wings import ERASERS, KINDS

ORDER = "/v1/reports/enrollment_status"


@pytest.fixture
def work(office, db):
    """Does what waits in the ledger, and says what it was."""
    claims = Claims(db, "bulk", "tests", timedelta(minutes=1))

    def working():
        done = []
        while job := claims.next():
            handling = Handling(office, job)
            KINDS[job.kind].handler(handling)
            done.append(handling)
        return done

    return working


@pytest.fixture
def world(inbox, office, tenants):
    inbox.drop("roster_20260301.csv", people(5))
    globex = Inbox(office, tenants.northgate, "globex")
    globex.apply(ROSTER.format(partner="globex", firm="northgate"))
    globex.drop("roster_20260301.csv", people(3))
    return inbox


def ordered(http, headers, path=ORDER, **body):
    answer = http.post(path, headers=headers, json={"format": "json", **body})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/reports/orders/{answer.json()['order_id']}"
    return answer.headers["location"]


def files_of(office):
    return [
        path for path in (office.settings.data_dir / "files").rglob("*") if path.is_file() and "reports" in path.parts
    ]


def erase_one(office, tenants, world, partner_id):
    [(client_id,)] = world.sql("SELECT id FROM clients WHERE partner_id = %s ORDER BY id LIMIT 1", partner_id)
    with office.acting(tenants.northgate, ME) as acting:
        erase(acting, client_id, "asked for it", ERASERS)
    return client_id


def test_a_report_is_ordered_made_and_fetched(http, as_staff, world, work):
    admin = as_staff("admin")
    at = ordered(http, admin, filters={"partner": "acme"})
    assert http.get(at, headers=admin).json()["state"] == "waiting"
    early = http.get(f"{at}/file", headers=admin)
    assert (early.status_code, early.json()["error"]) == (409, "report_not_ready")

    [handling] = work()
    assert handling.progress == {"rows": 5}
    order = http.get(at, headers=admin).json()
    assert (order["state"], order["file"]) == ("ready", f"{at}/file")
    fetched = http.get(order["file"], headers=admin)
    assert fetched.content == http.get(f"{ORDER}?partner=acme&format=json", headers=admin).content
    assert len(fetched.json()) == 5
    assert order["size"] == len(fetched.content) == int(fetched.headers["content-length"])
    acts = [act for (act,) in world.sql("SELECT action FROM audit_log WHERE action LIKE 'report.%%' ORDER BY id")]
    assert acts == ["report.order", "report.read", "report.fetch", "report.read"]


def test_a_ready_order_tells_all_of_its_rows_however_fast_it_was_made(http, as_staff, world, office):
    at = ordered(http, as_staff("admin"), filters={"partner": "acme"})
    do_jobs(office, ["bulk"])
    order = http.get(at, headers=as_staff("admin")).json()
    assert (order["state"], order["rows"]) == ("ready", 5)


def test_an_order_with_an_unknown_filter_or_report_is_refused_at_once(http, as_staff, world):
    refused = http.post(ORDER, headers=as_staff("admin"), json={"filters": {"stage": "filed"}})
    assert (refused.status_code, refused.json()["error"]) == (422, "unknown_filter")
    assert http.post("/v1/reports/nothing", headers=as_staff("admin"), json={}).status_code == 404
    assert http.post(ORDER, headers=as_staff("admin"), json={"filters": {"partner": "initech"}}).status_code == 404


def test_nobody_else_sees_an_order(http, as_staff, acme_key, key_of, tenants, world, work):
    at = ordered(http, acme_key)
    work()
    assert {row["partner"] for row in http.get(f"{at}/file", headers=acme_key).json()} == {"acme"}
    assert http.get(at, headers=key_of(tenants.northgate, tenants.acme)).status_code == 200  # the same partner
    for other in (as_staff("admin"), as_staff("stranger"), key_of(tenants.northgate, tenants.globex)):
        assert http.get(at, headers=other).status_code == 404
        assert http.get(f"{at}/file", headers=other).status_code == 404
    mine = ordered(http, as_staff("admin"))
    assert http.get(mine, headers=as_staff("viewer")).status_code == 404


def test_what_lies_ready_is_encrypted_and_no_stray(http, as_staff, world, work, office, db):
    ordered(http, as_staff("admin"))
    work()
    [file] = files_of(office)
    assert b"Name1" not in file.read_bytes()
    key = file.relative_to(office.settings.data_dir / "files").as_posix()
    with db.system() as session:
        assert strays._unnamed(session, UUID(key.split("/")[0]), [key, f"{key}x"]) == [f"{key}x"]


def test_a_report_is_kept_for_a_day(http, as_staff, world, work, office):
    admin = as_staff("admin")
    at = ordered(http, admin)
    work()
    world.sql("UPDATE report_orders SET expires_at = expires_at - interval '1 day'")
    assert http.get(at, headers=admin).json()["state"] == "gone"
    gone = http.get(f"{at}/file", headers=admin)
    assert (gone.status_code, gone.json()["error"]) == (410, "report_gone")
    assert len(files_of(office)) == 1
    world.sql(
        "INSERT INTO jobs (kind, queue, turn, firm_id, max_attempts) VALUES ('reports.purge', 'bulk', %s, %s, 1)",
        world.firm_id,
        world.firm_id,
    )
    work()
    assert files_of(office) == []
    assert http.get(at, headers=admin).json()["state"] == "gone"


def test_it_goes_when_somebody_is_erased_whom_it_may_name(http, as_staff, world, work, office, tenants):
    admin = as_staff("admin")
    whole, acme, globex = (
        ordered(http, admin, filters=one) for one in ({}, {"partner": "acme"}, {"partner": "globex"})
    )
    work()
    erase_one(office, tenants, world, tenants.acme)
    assert [http.get(at, headers=admin).json()["state"] for at in (whole, acme, globex)] == ["gone", "gone", "ready"]
    assert len(files_of(office)) == 1
    assert world.sql("SELECT count(*) FROM report_orders WHERE about_id = %s AND filters <> '{}'", tenants.acme) == [
        (0,)
    ]


def test_nothing_is_made_for_an_order_from_before_an_erasure(http, as_staff, world, work, office, tenants):
    at = ordered(http, as_staff("admin"))
    erase_one(office, tenants, world, tenants.acme)
    work()
    assert files_of(office) == []
    assert http.get(at, headers=as_staff("admin")).json()["state"] == "gone"


def test_a_report_that_was_being_made_while_somebody_was_erased_is_dropped(
    http, as_staff, world, work, office, tenants, monkeypatch
):
    at = ordered(http, as_staff("admin"))
    make = orders._make

    def made_meanwhile(*args):
        size = make(*args)
        erase_one(office, tenants, world, tenants.acme)
        return size

    monkeypatch.setattr(orders, "_make", made_meanwhile)
    work()
    assert files_of(office) == []
    assert http.get(at, headers=as_staff("admin")).json()["state"] == "gone"


def put_up(db, tenants, **side):
    with db.firm(tenants.northgate) as session:
        session.add(
            Wall(firm_id=tenants.northgate, staff_id=tenants.staff["paralegal"], reason="x", created_by="x", **side)
        )


def test_it_is_made_within_the_walls_of_whoever_ordered(http, as_staff, world, work, db, tenants):
    put_up(db, tenants, partner_id=tenants.acme)
    at = ordered(http, as_staff("paralegal"))
    work()
    assert {row["partner"] for row in http.get(f"{at}/file", headers=as_staff("paralegal")).json()} == {"globex"}


def test_it_is_not_handed_out_through_a_wall_that_came_later(http, as_staff, world, work, db, tenants):
    at = ordered(http, as_staff("paralegal"))
    work()
    put_up(db, tenants, partner_id=tenants.acme)
    assert http.get(f"{at}/file", headers=as_staff("paralegal")).status_code == 410


def test_the_audit_log_is_for_admins_whichever_way_it_is_asked_for(http, as_staff, acme_key, world, work, db):
    for headers in (as_staff("viewer"), as_staff("attorney"), acme_key):
        assert http.get("/v1/reports/audit_extract", headers=headers).status_code == 403
        assert http.post("/v1/reports/audit_extract", headers=headers, json={}).status_code == 403
    at = ordered(http, as_staff("admin"), "/v1/reports/audit_extract")
    with db.system() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE staff SET role = 'viewer' WHERE role = 'admin'"))
    work()
    told = http.get(at, headers=as_staff("admin")).json()
    assert (told["state"], "audit.read" in told["problem"]) == ("failed", True)


def test_a_job_that_runs_again_makes_one_report(http, as_staff, world, work, office):
    at = ordered(http, as_staff("admin"))
    work()
    world.sql("UPDATE jobs SET state = 'waiting', lease_until = NULL WHERE kind = 'reports.write'")
    work()
    assert len(files_of(office)) == 1
    assert http.get(f"{at}/file", headers=as_staff("admin")).status_code == 200


def test_a_workbook_and_a_table_can_be_ordered_too(http, as_staff, world, work):
    world.drop("roster_20260302.csv", [*people(5), person(9, dob="x")])
    for form, begin in (("csv", b"import,"), ("xlsx", b"PK")):
        at = ordered(http, as_staff("viewer"), "/v1/reports/import_errors", format=form)
        work()
        assert http.get(f"{at}/file", headers=as_staff("viewer")).content.startswith(begin)


@pytest.mark.parametrize(("role", "value"), [("viewer", None), ("paralegal", "soon")])
def test_what_was_ordered_tells_values_to_whoever_may_read_rejected_rows(http, as_staff, world, work, role, value):
    world.drop("roster_20260302.csv", [*people(5), person(9, dob="soon")])
    at = ordered(http, as_staff(role), "/v1/reports/import_errors")
    work()
    [row] = http.get(f"{at}/file", headers=as_staff(role)).json()
    assert (row["value"], "soon" in row["message"]) == (value, value is not None)


def test_whoever_became_a_viewer_before_it_was_made_is_told_no_values(http, as_staff, world, work):
    world.drop("roster_20260302.csv", [*people(5), person(9, dob="soon")])
    at = ordered(http, as_staff("paralegal"), "/v1/reports/import_errors")
    world.sql("UPDATE staff SET role = 'viewer' WHERE role = 'paralegal'")
    work()
    assert [row["value"] for row in http.get(f"{at}/file", headers=as_staff("paralegal")).json()] == [None]


def test_a_report_whose_job_is_dead_is_told_as_failed(http, as_staff, world):
    at = ordered(http, as_staff("admin"))
    world.sql("UPDATE jobs SET state = 'dead' WHERE kind = 'reports.write'")
    told = http.get(at, headers=as_staff("admin")).json()
    assert (told["state"], told["problem"]) == ("failed", "It could not be made. We have been told; order it again.")
    assert http.get(f"{at}/file", headers=as_staff("admin")).json()["error"] == "report_failed"
