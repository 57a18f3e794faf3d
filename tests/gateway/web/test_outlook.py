"""What ends up to a day, and who was told: by papers, and by people whose permission to work ends."""

from datetime import date

import pytest
from helpers.inbox import ME, ROSTER, Inbox, person
from sqlalchemy import text

from gateway.db.models import Case, Wall
from gateway.domain.expiry import outlook
from gateway.domain.expiry.sweep import sweep
from outbound.notify.planning import plan

URL = "/v1/expiry/outlook"
TODAY = date(2027, 2, 1)  # a Monday


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-02-01T15:00:00+00:00")


@pytest.fixture
def people(inbox, db, tenants):
    """Four of acme's whose stays and passports end; all but the last hold TN, and of the last no record says what."""
    rows = [
        person(1, i94_expiry="03/01/2027"),
        person(2, i94_expiry="02/10/2027", passport="P2", passport_expiry="02/10/2027"),
        person(3, i94_expiry="03/02/2027"),
        person(4, i94_expiry="02/20/2027"),
        person(5, i94_expiry="06/30/2026"),
    ]
    inbox.drop("roster_20270101.csv", rows)
    with db.firm(tenants.northgate) as session:
        found = session.execute(text("SELECT employee_id, id FROM clients")).all()
        ids = dict(found)
        for name in ("E1", "E2", "E3", "E5"):
            plain = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "pins": {}, "attributes": {}}
            session.add(Case(**plain, client_id=ids[name], case_number=f"C-{name}", case_type="TN", status="approved"))
    return ids


def sent(office, db, *names):
    """Notices are planned, and those about these people have left."""
    sweep(office)
    plan(office)
    with db.system() as session:
        session.execute(text("UPDATE dispatches SET state = 'sent'"))
        told = "UPDATE notices n SET state = 'told', ended_at = gateway_now() FROM clients c WHERE c.id = n.client_id AND c.employee_id = ANY(:names)"
        session.execute(text(told), {"names": list(names)})


def listed(answer):
    return [(one["name"], one["doc_type"], one["on"]) for one in answer.json()["data"]]


def test_papers_come_by_day_then_by_person_a_page_at_a_time(http, as_staff, people):
    viewer = as_staff("viewer")
    whole = [
        ("Name2", "i94", "2027-02-10"),
        ("Name2", "passport", "2027-02-10"),
        ("Name4", "i94", "2027-02-20"),
        ("Name1", "i94", "2027-03-01"),
        ("Name3", "i94", "2027-03-02"),
    ]
    answer = http.get(f"{URL}?until=2027-03-02", headers=viewer)
    assert sorted(listed(answer)) == sorted(whole)
    seen, cursor = [], ""
    while cursor is not None:
        answer = http.get(f"{URL}?until=2027-03-02&limit=2{cursor and f'&cursor={cursor}'}", headers=viewer)
        seen += listed(answer)
        cursor = answer.json()["pagination"]["next_cursor"]
    assert [one[2] for one in seen] == [one[2] for one in whole]
    assert sorted(seen) == sorted(whole)


def test_papers_are_counted_by_week_and_what_comes_next_is_told(http, as_staff, people):
    summary = http.get(f"{URL}?within=28", headers=as_staff("viewer")).json()["summary"]
    assert (summary["today"], summary["until"], summary["number"]) == ("2027-02-01", "2027-03-01", 4)
    assert (summary["untold"], summary["next_on"]) == (4, "2027-03-02")
    weeks = sorted((one["begins_on"], one["doc_type"], one["number"]) for one in summary["weeks"])
    assert weeks == [
        ("2027-02-08", "i94", 1),
        ("2027-02-08", "passport", 1),
        ("2027-02-15", "i94", 1),
        ("2027-03-01", "i94", 1),
    ]


def test_what_is_replaced_or_of_somebody_who_left_is_neither_listed_nor_counted(http, as_staff, people, inbox):
    inbox.sql("UPDATE documents SET status = 'superseded' WHERE client_id = %s RETURNING id", people["E4"])
    inbox.sql("UPDATE clients SET enrollment_status = 'terminated' WHERE id = %s RETURNING id", people["E1"])
    answer = http.get(f"{URL}?within=28", headers=as_staff("viewer"))
    assert sorted(listed(answer)) == [("Name2", "i94", "2027-02-10"), ("Name2", "passport", "2027-02-10")]
    summary = answer.json()["summary"]
    assert (summary["number"], summary["untold"], len(summary["weeks"])) == (2, 2, 2)


def test_who_cannot_work_after_a_day_and_who_was_told(http, as_staff, people, office, db):
    sent(office, db, "E1")
    answer = http.get(f"{URL}?of=work&until=2027-03-01", headers=as_staff("paralegal"))
    assert [(one["name"], one["on"]) for one in answer.json()["data"]] == [
        ("Name5", "2026-06-30"),
        ("Name2", "2027-02-10"),
        ("Name1", "2027-03-01"),
    ]
    summary = answer.json()["summary"]
    assert (summary["number"], summary["untold"], summary["unknown"]) == (3, 2, 1)
    gone, second, first = answer.json()["data"]
    assert "Permission to work ends on 2027-03-01 (TN)" in first["permission"]["sentence"]
    assert first["permission"]["by_this"]
    told = {(one["role"], one["state"], one["dispatch_state"]) for one in first["told"]}
    assert ("paralegal", "told", "sent") in told
    assert {one["state"] for one in second["told"]} == {"waiting"}
    assert gone["told"] == []


def test_whose_permission_was_long_over_when_they_came_is_counted_until_a_newer_paper_comes(
    people, office, db, tenants, inbox
):
    def unseen():
        with office.acting(tenants.northgate, ME) as acting:
            return outlook.unseen(acting)

    assert unseen() == (1, date(2026, 6, 30))
    sent(office, db, "E1", "E2", "E3", "E4", "E5")
    assert unseen() == (1, date(2026, 6, 30))  # the sweep tells nobody of it any more
    for day, number in (("2027-01-02", 0), ("2027-01-01", 1)):  # up to 30 days after it, the sweep does
        inbox.sql("UPDATE documents SET expires_on = %s WHERE client_id = %s RETURNING id", day, people["E5"])
        assert unseen()[0] == number
    inbox.sql("UPDATE documents SET expires_on = '2028-06-30' WHERE client_id = %s RETURNING id", people["E5"])
    assert unseen() == (0, None)


def test_whoever_was_told_in_time_is_not_counted_when_a_month_has_gone_by(
    people, office, db, tenants, inbox, monkeypatch
):
    inbox.sql("UPDATE documents SET expires_on = '2027-01-15' WHERE client_id = %s RETURNING id", people["E5"])
    for told, number in (((), 1), (("E5",), 0)):
        monkeypatch.setenv("GATEWAY_NOW", "2027-02-01T15:00:00+00:00")
        sent(office, db, *told)
        monkeypatch.setenv("GATEWAY_NOW", "2027-03-05T15:00:00+00:00")
        with office.acting(tenants.northgate, ME) as acting:
            assert outlook.unseen(acting)[0] == number


def test_those_who_cannot_work_come_a_page_at_a_time(http, as_staff, people):
    seen, cursor = [], ""
    while cursor is not None:
        address = f"{URL}?of=work&until=2027-03-31&limit=1{cursor and f'&cursor={cursor}'}"
        answer = http.get(address, headers=as_staff("viewer")).json()
        assert answer["summary"]["number"] == 4
        seen += [one["name"] for one in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
    assert seen == ["Name5", "Name2", "Name1", "Name3"]


def test_a_last_day_that_is_counted_ends_the_work_as_well(http, as_staff, people, inbox, db, tenants):
    with db.firm(tenants.northgate) as session:
        session.execute(
            text(
                "INSERT INTO documents (firm_id, client_id, doc_type, issued_on, attributes, pins)"
                " VALUES (:firm, :client, 'h1b_maxout', '2021-02-20', '{}', '{}')"
            ),
            {"firm": tenants.northgate, "client": people["E4"]},
        )
        session.execute(
            text("UPDATE documents SET expires_on = '2028-01-01' WHERE client_id = :c AND doc_type = 'i94'"),
            {"c": people["E4"]},
        )
    found = http.get(f"{URL}?of=work&until=2027-02-28", headers=as_staff("viewer")).json()["data"]
    [one] = [one for one in found if one["name"] == "Name4"]
    assert (one["doc_type"], one["expires_on"], one["on"]) == ("h1b_maxout", None, "2027-02-19")


def test_an_answer_stands_beside_its_paper_until_the_next_lead_time(http, as_staff, people, office, db, monkeypatch):
    sent(office, db, "E1")
    paralegal = as_staff("paralegal")
    [one] = [one for one in http.get(URL, headers=paralegal).json()["data"] if one["name"] == "Name1"]
    assert one["answer"] is None
    http.post(f"/v1/expiry/notices/{one['told'][0]['notice_id']}/acknowledge", headers=paralegal)
    one = http.get(f"{URL}/{one['document_id']}", headers=paralegal).json()
    assert (one["answer"]["kind"], one["answer"]["by"]) == ("acknowledge", "paralegal@northgate.example")
    monkeypatch.setenv("GATEWAY_NOW", "2027-02-22T15:00:00+00:00")  # the lead time of seven days comes
    sweep(office)
    paralegal = as_staff("paralegal")
    assert http.get(f"{URL}/{one['document_id']}", headers=paralegal).json()["answer"] is None


def test_whoever_is_behind_a_wall_sees_and_counts_nobody(http, as_staff, people, db, tenants):
    with db.firm(tenants.northgate) as session:
        session.add(
            Wall(
                firm_id=tenants.northgate,
                staff_id=tenants.staff["viewer"],
                client_id=people["E1"],
                reason="Acted for the other side",
                created_by="admin",
            )
        )
    for of, number in (("papers", 3), ("work", 2)):
        answer = http.get(f"{URL}?of={of}&until=2027-03-01", headers=as_staff("viewer")).json()
        assert answer["summary"]["number"] == number
        assert "Name1" not in {one["name"] for one in answer["data"]}
        others = http.get(f"{URL}?of={of}&until=2027-03-01", headers=as_staff("admin")).json()
        assert others["summary"]["number"] == number + 1


def test_partners_and_strangers_see_none_of_it(http, as_staff, acme_key, people, office, tenants):
    assert http.get(URL, headers=acme_key).status_code == 403
    [paper] = [
        one["document_id"]
        for one in http.get(f"{URL}?of=work&until=2027-03-01", headers=as_staff("admin")).json()["data"]
        if one["name"] == "Name1"
    ]
    assert http.get(f"{URL}/{paper}", headers=as_staff("stranger")).status_code == 404
    assert http.get(f"{URL}?until=2027-03-01", headers=as_staff("stranger")).json()["data"] == []


def test_looking_is_on_record_with_whom_was_shown(http, as_staff, people, inbox):
    http.get(f"{URL}?of=work&until=2027-02-10", headers=as_staff("viewer"))
    [(action, changes)] = inbox.sql(
        "SELECT action, changes FROM audit_log WHERE actor = 'viewer@northgate.example' AND right(action, 4) = 'list'"
    )
    assert action == "document.list"
    assert {one["id"] for one in changes if one["kind"] == "client"} == {str(people["E5"]), str(people["E2"])}


def test_days_too_far_ahead_and_cursors_of_others_are_refused(http, as_staff, people):
    viewer = as_staff("viewer")
    assert http.get(f"{URL}?until=2040-01-01", headers=viewer).json()["error"] == "too_far_ahead"
    assert http.get(f"{URL}?cursor=nonsense", headers=viewer).status_code == 400
    assert http.get(f"{URL}?until=soon", headers=viewer).status_code == 400


def test_people_of_another_partner_are_listed_as_well(http, as_staff, people, office, tenants):
    globex = Inbox(office, tenants.northgate, "globex")
    globex.apply(ROSTER.format(partner="globex", firm="northgate"))
    globex.drop("roster_20270101.csv", [person(9, i94_expiry="02/09/2027")])
    first = http.get(URL, headers=as_staff("viewer")).json()["data"][0]
    assert (first["partner"], first["name"], first["days_left"]) == ("globex", "Name9", 8)
