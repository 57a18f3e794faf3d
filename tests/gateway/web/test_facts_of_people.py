"""What staff change through the API is told as facts: each change once, in order, and nothing of mere looks."""

from uuid import UUID

from gateway import events
from gateway.events import CaseChanged, CaseMoved, CaseOpened, ClientChanged, DocumentChanged

ANA = {"partner": "acme", "employee_id": "E9", "given_name": "Ana"}


def test_each_change_is_told_once_and_in_order(http, as_staff, inbox, office, tenants):
    admin = as_staff("admin")

    def do(method, path, body=None, status=(200, 201, 204)):
        answer = http.request(method, f"/v1/{path}", json=body, headers=admin)
        assert answer.status_code in status, answer.text
        return answer.json().get("id") if answer.content and answer.status_code == 201 else None

    client = do("POST", "clients", ANA)
    do("GET", f"clients/{client}")
    do("GET", "clients")
    do("PATCH", f"clients/{client}", {"given_name": "Anna"})
    do("PATCH", f"clients/{client}", {"given_name": "Anna"})  # as it was
    do("PATCH", f"clients/{client}", {"citizenship": "Atlantis"}, (422,))
    do("DELETE", f"clients/{client}/pins/given_name")
    do("DELETE", f"clients/{client}")
    do("POST", f"clients/{client}/restorations")
    case = do("POST", "cases", {"case_number": "C-1", "client_id": client})
    do("PATCH", f"cases/{case}", {"priority": "high"})
    do("PATCH", f"cases/{case}", {"stage": "filed"})
    do("PATCH", f"cases/{case}", {"stage": "drafting"}, (422,))
    do("POST", f"cases/{case}/closures", {"outcome": "denied"})
    do("POST", f"cases/{case}/reopenings", {"stage": "filed"})
    document = do("POST", "documents", {"client_id": client, "doc_type": "passport", "number": "X1"})
    do("PATCH", f"documents/{document}", {"expires_on": "2030-05-31"})

    with office.db.firm(tenants.northgate) as session:
        found = [event for _, event in events.since(session, tenants.acme, 0, events.EVENTS, 100)]
    of_client, of_case, of_document = (
        {"partner_id": tenants.acme, "records": [UUID(one)]} for one in (client, case, document)
    )
    assert found == [
        ClientChanged(change="created", **of_client),
        ClientChanged(change="updated", **of_client),
        ClientChanged(change="archived", **of_client),
        ClientChanged(change="restored", **of_client),
        CaseOpened(**of_case),
        CaseChanged(change="updated", **of_case),
        CaseChanged(change="updated", **of_case),
        CaseMoved(before="evaluation", after="filed", **of_case),
        CaseChanged(change="closed", **of_case),
        CaseMoved(before="filed", after="closed", **of_case),
        CaseChanged(change="reopened", **of_case),
        CaseMoved(before="closed", after="filed", **of_case),
        DocumentChanged(change="created", **of_document),
        DocumentChanged(change="updated", **of_document),
    ]
