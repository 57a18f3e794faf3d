"""Clients over HTTP: found, added, changed by hand and pinned, archived, and told from the beginning."""

import threading

import pytest
from helpers.inbox import person
from helpers.servers import until

URL = "/v1/clients"
WHOLE = {
    "partner": "acme",
    "employee_id": "E7",
    "given_name": "Ana",
    "family_name": "Silva",
    "date_of_birth": "1980-02-03",
    "email": "Ana.Silva@ACME.example",
    "citizenship": "Brazil",
    "annual_salary": "125000.50",
    "awards": ["First prize", "Second prize"],
    "ssn": "536-90-4399",
}


@pytest.fixture
def me(as_staff):
    return as_staff("paralegal")


@pytest.fixture
def add(http, me):
    def adding(**fields):
        answer = http.post(URL, json={"partner": "acme", "employee_id": "E1"} | fields, headers=me)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return adding


@pytest.fixture
def fed(inbox, http, me):
    """A client whom a file brought."""
    assert inbox.drop("roster_20260301.csv", [person(1, ssn="536904399")])["state"] == "loaded"
    return http.get(URL, headers=me).json()["data"][0]["id"]


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def entries(inbox_or_db, tenants, action):
    with inbox_or_db.firm(tenants.northgate) as session:
        from gateway.db.models import AuditEntry

        found = session.query(AuditEntry).filter(AuditEntry.action == action).order_by(AuditEntry.at, AuditEntry.id)
        return [(one.actor, one.client_id, one.changes) for one in found]


# ------------------------------------------------------------------------------------------------ adding


def test_a_person_is_added_in_the_form_in_which_files_store_values(http, me, db, tenants):
    answer = http.post(URL, json=WHOLE, headers=me)
    made = told(answer, 201)
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert made["key"] == "E7"
    assert (made["citizenship"], made["email"], made["annual_salary"]) == ("BRA", "Ana.Silva@acme.example", "125000.50")
    assert made["identifiers"] == {"ssn": {"last_four": "4399"}}
    assert "536904399" not in answer.text
    shown = http.get(answer.headers["location"], headers=me)
    assert shown.json() == made
    [(actor, client_id, [change])] = entries(db, tenants, "client.create")
    assert (actor, str(client_id)) == ("paralegal@northgate.example", made["id"])
    assert change["new"]["ssn"] == "•••"
    assert change["new"]["annual_salary"] == 125000.5


def test_a_file_finds_the_person_that_staff_added(http, me, add, inbox):
    made = add(family_name="Silva")
    outcome = inbox.drop("roster_20260301.csv", [person(1, salary="60000")])
    assert outcome["records"]["clients"] == {"created": 0, "updated": 1, "closed": 0}
    after = http.get(f"{URL}/{made['id']}", headers=me).json()
    assert (after["family_name"], after["annual_salary"]) == ("Silva", "60000.00")  # what a person wrote stays


def test_a_person_known_by_a_sensitive_number_has_the_key_that_a_file_would_give(http, me, inbox, roster):
    by_ssn = roster.replace("key: employee_id", "key: ssn").replace(
        "{from: SSN, type: ssn}", "{from: SSN, type: ssn, required: true}"
    )
    inbox.apply(by_ssn)
    made = told(http.post(URL, json=WHOLE | {"known_by": "ssn"}, headers=me), 201)
    assert "536904399" not in made["key"]
    inbox.drop("roster_20260301.csv", [person(9, ssn="536904399")])
    assert inbox.sql("SELECT count(*) FROM clients") == [(1,)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"partner": "nobody", "employee_id": "E1"}, "partner"),
        ({"partner": "initech", "employee_id": "E1"}, "partner"),
        ({"partner": "acme"}, "employee_id"),
        ({"partner": "acme", "employee_id": "E1", "email": "x"}, "email"),
        ({"partner": "acme", "employee_id": "E1", "citizenship": "Korean"}, "citizenship"),
        ({"partner": "acme", "employee_id": "E1", "ssn": "000-00-0000"}, "ssn"),
        ({"partner": "acme", "employee_id": "E1", "annual_salary": "1e30"}, "annual_salary"),
        ({"partner": "acme", "employee_id": "E1", "annual_salary": "NaN"}, "annual_salary"),
        ({"partner": "acme", "employee_id": "E1", "annual_salary": "1.005"}, "annual_salary"),
        ({"partner": "acme", "employee_id": "E1", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"partner": "acme", "employee_id": "E1", "enrollment_status": "gone"}, "enrollment_status"),
        ({"partner": "acme", "employee_id": "  "}, "employee_id"),
        ({"partner": "acme", "employee_id": "E1", "enrollment_status": None}, "enrollment_status"),
    ],
)
def test_what_a_record_cannot_take_is_told_field_by_field(http, me, body, field):
    refused = told(http.post(URL, json=body, headers=me), 422)
    assert refused["error"] == "unfit"
    assert [one["field"] for one in refused["details"]] == [field]
    assert "000-00-0000" not in refused["message"]


def test_the_same_key_twice_is_a_conflict(http, me, add):
    add()
    assert (
        told(http.post(URL, json={"partner": "acme", "employee_id": "E1"}, headers=me), 409)["error"] == "client_exists"
    )
    add(partner="globex")


# ------------------------------------------------------------------------------------------------ changing


def test_a_change_is_pinned_told_and_counted(http, me, fed, db, tenants):
    before = http.get(f"{URL}/{fed}", headers=me)
    changed = http.patch(f"{URL}/{fed}", json={"family_name": "Corrected", "annual_salary": "50000"}, headers=me)
    after = told(changed, 200)
    assert (after["family_name"], after["version"]) == ("Corrected", before.json()["version"] + 1)
    assert changed.headers["etag"] == f'"{after["version"]}"'
    assert {name: pin["by"] for name, pin in after["pins"].items()} == {"family_name": "paralegal@northgate.example"}
    [(_, _, changes)] = entries(db, tenants, "client.update")
    assert changes == [
        {
            "kind": "client",
            "id": fed,
            "action": "updated",
            "old": {"family_name": "Name1"},
            "new": {"family_name": "Corrected"},
        }
    ]


def test_a_feed_leaves_a_pinned_value_alone_until_it_is_unpinned(http, me, fed, inbox):
    http.patch(f"{URL}/{fed}", json={"date_of_birth": "1981-02-03"}, headers=me)
    inbox.drop("roster_20260302.csv", [person(1, salary="1")])
    assert http.get(f"{URL}/{fed}", headers=me).json()["date_of_birth"] == "1981-02-03"
    assert http.delete(f"{URL}/{fed}/pins/date_of_birth", headers=me).status_code == 204
    assert http.delete(f"{URL}/{fed}/pins/date_of_birth", headers=me).status_code == 404
    inbox.drop("roster_20260303.csv", [person(1, salary="2")])
    after = http.get(f"{URL}/{fed}", headers=me).json()
    assert (after["date_of_birth"], after["annual_salary"], after["pins"]) == ("1980-02-03", "2.00", {})


def test_a_change_that_changes_nothing_leaves_no_trace(http, me, fed, db, tenants):
    before = http.get(f"{URL}/{fed}", headers=me).json()
    same = told(http.patch(f"{URL}/{fed}", json={"family_name": "Name1", "ssn": "536-90-4399"}, headers=me), 200)
    assert same == before
    assert entries(db, tenants, "client.update") == []


def test_a_sensitive_value_changes_by_its_index_and_can_be_cleared(http, me, fed, db, tenants):
    told(http.patch(f"{URL}/{fed}", json={"ssn": "536904398", "a_number": "A12345678"}, headers=me), 200)
    clear = http.get(f"{URL}/{fed}/identifiers", headers=me).json()
    assert clear == {"ssn": "536904398", "a_number": "012345678"}
    told(http.patch(f"{URL}/{fed}", json={"ssn": None}, headers=me), 200)
    assert http.get(f"{URL}/{fed}/identifiers", headers=me).json()["ssn"] is None
    noted = entries(db, tenants, "client.update")
    assert noted[0][2][0]["old"] == {"ssn": "•••", "a_number": None}
    assert noted[0][2][0]["new"] == {"ssn": "•••", "a_number": "•••"}
    assert noted[1][2][0]["new"] == {"ssn": None}
    assert len(entries(db, tenants, "client.identifiers")) == 2


def test_the_key_of_a_person_whom_a_feed_knows_is_fixed(http, me, fed, add):
    assert (
        told(http.patch(f"{URL}/{fed}", json={"employee_id": "E9"}, headers=me), 422)["details"][0]["field"]
        == "employee_id"
    )
    by_hand = add(employee_id="E5")
    moved = told(http.patch(f"{URL}/{by_hand['id']}", json={"employee_id": "E6"}, headers=me), 200)
    assert moved["key"] == moved["employee_id"] == "E6"
    taken = http.patch(f"{URL}/{by_hand['id']}", json={"employee_id": "E1"}, headers=me)
    assert told(taken, 409)["error"] == "client_exists"


def test_whoever_is_late_is_told_that_somebody_was_faster(http, me, fed, as_staff):
    seen = http.get(f"{URL}/{fed}", headers=me).headers["etag"]
    told(http.patch(f"{URL}/{fed}", json={"notes": "first"}, headers=me | {"If-Match": seen}), 200)
    for method, path, body in [("PATCH", "", {"notes": "x"}), ("DELETE", "", None), ("DELETE", "/pins/notes", None)]:
        late = http.request(
            method,
            f"{URL}/{fed}{path}",
            json=body,
            headers=me | {"If-Match": seen} if path or body else as_staff("admin") | {"If-Match": seen},
        )
        assert told(late, 412)["error"] == "changed_meanwhile"


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ('"1"', 200),
        (' "7" , "1" ', 200),
        (" * ", 200),
        ('"2"', 412),
        ('W/"1"', 412),
        ('"01"', 412),
        ('"-1"', 412),
        ('"1', 412),
        ("1", 412),
        ('"x"', 412),
        ("", 412),
        ('"2", *', 412),
    ],
)
def test_who_may_change_a_client_is_whoever_names_the_version_that_there_is(http, me, add, seen, status):
    answer = http.patch(f"{URL}/{add()['id']}", json={"notes": "x"}, headers=me | {"If-Match": seen})
    told(answer, status)
    assert answer.headers["etag"] == ('"2"' if status == 200 else '"1"')


def test_while_an_import_holds_a_record_a_writer_is_told_so_within_seconds(http, me, fed, db, tenants):
    """The lock that an import takes on what it changes."""
    from sqlalchemy import text

    held, done = threading.Event(), threading.Event()

    def hold():
        with db.firm(tenants.northgate) as session:
            session.execute(text("SELECT FROM clients FOR NO KEY UPDATE"))
            held.set()
            done.wait(20)

    importer = threading.Thread(target=hold)
    importer.start()
    assert held.wait(10)
    try:
        refused = http.patch(f"{URL}/{fed}", json={"notes": "x"}, headers=me)
    finally:
        done.set()
        importer.join()
    assert told(refused, 409)["error"] == "import_running"
    assert refused.headers["retry-after"]
    told(http.patch(f"{URL}/{fed}", json={"notes": "x"}, headers=me), 200)


@pytest.mark.parametrize("kind", ["clients", "cases", "documents"])
def test_whoever_waited_for_another_writer_sees_what_that_one_wrote(http, me, fed, db, tenants, locks, kind):
    """Two at once: the later one holds its precondition against the record as the earlier one left it."""
    from sqlalchemy import text

    made = {
        "clients": fed,
        "cases": http.post("/v1/cases", json={"case_number": "C-1", "client_id": fed}, headers=me).json()["id"],
        "documents": http.post("/v1/documents", json={"client_id": fed, "doc_type": "ead"}, headers=me).json()["id"],
    }
    where, body = (
        f"/v1/{kind}/{made[kind]}",
        {"clients": {"notes": "x"}, "cases": {"priority": "x"}, "documents": {"country": "IN"}},
    )
    seen = http.get(where, headers=me).headers["etag"]
    answers = []
    with db.firm(tenants.northgate) as session:
        session.execute(text(f"UPDATE {kind} SET version = version + 1 WHERE id = :id"), {"id": made[kind]})
        session.flush()
        waiting = threading.Thread(
            target=lambda: answers.append(http.patch(where, json=body[kind], headers=me | {"If-Match": seen}))
        )
        waiting.start()
        until(locks.waiting)
    waiting.join()
    assert told(answers[0], 412)["error"] == "changed_meanwhile"


def test_archiving_keeps_everything_and_can_be_undone(http, as_staff, me, fed, db, tenants):
    assert http.delete(f"{URL}/{fed}", headers=me).status_code == 403
    lawyer = as_staff("attorney")
    assert http.delete(f"{URL}/{fed}", headers=lawyer).status_code == 204
    assert http.delete(f"{URL}/{fed}", headers=lawyer).status_code == 204
    assert http.get(URL, params={"status": "active"}, headers=me).json()["data"] == []
    assert http.get(f"{URL}/{fed}", headers=me).json()["status"] == "archived"
    assert told(http.post(f"{URL}/{fed}/restorations", headers=lawyer), 201)["status"] == "active"
    assert len(entries(db, tenants, "client.archive")) == len(entries(db, tenants, "client.restore")) == 1


# ------------------------------------------------------------------------------------------------ lists


def test_a_list_is_searched_filtered_and_counted(http, me, add, db, tenants):
    ids = [add(employee_id=f"E{n}", family_name=f"Muñoz{n}")["id"] for n in range(3)]
    add(employee_id="G1", partner="globex", family_name="Other")
    page = http.get(URL, params={"search": "muñOZ", "total": "true", "limit": 2}, headers=me).json()
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    assert page["pagination"]["total_items"] == 3
    assert page["pagination"]["has_more"]
    assert "total_items" not in http.get(URL, headers=me).json()["pagination"]
    assert [one["employee_id"] for one in http.get(URL, params={"partner": "globex"}, headers=me).json()["data"]] == [
        "G1"
    ]
    assert len(http.get(URL, params={"partner": str(tenants.acme)}, headers=me).json()["data"]) == 3
    assert http.get(URL, params={"search": "100%"}, headers=me).json()["data"] == []
    first = entries(db, tenants, "client.list")[0]
    assert [(one["kind"], one["id"], one["action"]) for one in first[2]] == [
        ("client", ids[2], "seen"),
        ("client", ids[1], "seen"),
    ]


def test_pages_neither_repeat_nor_miss_anybody_while_people_are_added(http, me, add):
    ids = [add(employee_id=f"E{n}")["id"] for n in range(7)]
    seen, cursor = [], None
    while True:
        page = http.get(URL, params={"limit": 3} | ({"cursor": cursor} if cursor else {}), headers=me).json()
        seen += [one["id"] for one in page["data"]]
        add(employee_id=f"new{len(seen)}")
        if not (cursor := page["pagination"]["next_cursor"]):
            break
    assert seen == ids[::-1]


def test_another_firms_client_does_not_exist(http, as_staff, fed):
    stranger = as_staff("stranger")
    assert http.get(URL, headers=stranger).json()["data"] == []
    for method, path, body in [
        ("GET", "", None),
        ("PATCH", "", {"notes": "x"}),
        ("DELETE", "", None),
        ("POST", "/restorations", None),
        ("DELETE", "/pins/notes", None),
        ("GET", "/identifiers", None),
        ("GET", "/history", None),
        ("GET", "/work-authorization", None),
        ("POST", "/erasure", {"reason": "x"}),
    ]:
        assert (
            told(http.request(method, f"{URL}/{fed}{path}", json=body, headers=stranger), 404)["error"] == "not_found"
        )


# ------------------------------------------------------------------------------------------------ history


def test_history_leads_every_value_back_to_whoever_said_it(http, me, inbox, db, tenants):
    inbox.drop("roster_20260301.csv", [person(0, last_name="two\nlines"), person(1, ssn="536904399")])
    fed = next(one["id"] for one in http.get(URL, headers=me).json()["data"] if one["employee_id"] == "E1")
    http.patch(f"{URL}/{fed}", json={"family_name": "Silva", "ssn": "536904398"}, headers=me)
    history = told(http.get(f"{URL}/{fed}/history", headers=me), 200)["data"]
    assert [one["action"] for one in history] == ["client.update", "import.row"]
    by_hand, by_file = history
    assert (by_hand["by"], by_hand["by_kind"], by_hand["source"]) == ("paralegal@northgate.example", "staff", None)
    assert by_hand["changes"][0]["values"] == [
        {"field": "family_name", "old": "Name1", "new": "Silva"},
        {"field": "ssn", "old": "•••", "new": "•••"},
    ]
    source = by_file["source"]
    assert (source["file"], source["row"], source["line"]) == ("roster_20260301.csv", 3, 4)
    assert {"field": "annual_salary", "old": None, "new": 50000.0} in by_file["changes"][0]["values"]
    assert len(entries(db, tenants, "client.history")) == 1
