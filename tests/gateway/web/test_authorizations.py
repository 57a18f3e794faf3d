"""Until when somebody may work, as programs of the firm ask."""

import pytest
from helpers.inbox import person


@pytest.fixture
def ana(http, inbox, as_staff):
    """Somebody of acme's in H-1B, with the paths by which papers are added."""
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry="03/31/2027")])
    admin = as_staff("admin")
    [client] = http.get("/v1/clients", headers=admin).json()["data"]

    def add(kind, **values):
        answer = http.post(f"/v1/{kind}", headers=admin, json={"client_id": client["id"], **values})
        assert answer.status_code == 201, answer.text
        return answer.json()

    return client["id"], add


def test_staff_are_told_with_the_working_and_partners_are_not(http, ana, as_staff, acme_key):
    ana_id, add = ana
    case = add("cases", case_number="C-1", case_type="H1B_EXT")
    add("documents", doc_type="i797", expires_on="2027-09-30", case_id=case["id"])
    record = add("documents", doc_type="h1b_maxout", issued_on="2021-03-01", days_abroad=10)
    assert record["days_abroad"] == 10
    at = f"/v1/clients/{ana_id}/work-authorization"
    found = http.get(f"{at}?on=2026-12-01", headers=as_staff("viewer")).json()
    assert (found["on"], found["ends_on"], found["basis"]) == ("2026-12-01", "2027-03-10", "petition")
    assert found["controlling"] == {"document_id": record["id"], "doc_type": "h1b_maxout"}
    assert "10 days abroad that do not count make it 2027-03-10" in " ".join(found["working"])
    assert "before the I-797 (2027-09-30)" in " ".join(found["conflicts"])
    assert http.get(at, headers=acme_key).status_code == 403


def test_nothing_on_record_is_no_answer_and_no_error(http, ana, as_staff):
    ana_id, _ = ana
    found = http.get(f"/v1/clients/{ana_id}/work-authorization", headers=as_staff("viewer")).json()
    assert (found["basis"], found["ends_on"], found["is_open_ended"]) == ("unknown", None, False)


def test_papers_that_no_longer_count_are_left_out(http, ana, as_staff):
    ana_id, add = ana
    add("documents", doc_type="ead", number="A1", expires_on="2028-01-01", status="superseded")
    add("documents", doc_type="ead", number="A2", expires_on="2027-01-01")
    found = http.get(f"/v1/clients/{ana_id}/work-authorization?on=2026-12-01", headers=as_staff("viewer")).json()
    assert (found["basis"], found["ends_on"], found["conflicts"]) == ("ead", "2027-01-01", [])


def test_of_whoever_was_erased_nothing_is_known(http, ana, as_staff):
    ana_id, _ = ana
    at = f"/v1/clients/{ana_id}"
    assert http.post(f"{at}/erasure", headers=as_staff("admin"), json={"reason": "She asked"}).status_code == 201
    assert http.get(f"{at}/work-authorization", headers=as_staff("viewer")).status_code == 404
