"""What people get wrong about attorneys and assignments, at the command line and over HTTP: each is told what to do."""

import uuid
from datetime import date

import pytest
from helpers.attorneys import Lawyers

from gateway.db.models import Case

NONE = "0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70"
ANA, BEN = "ana@northgate.example", "ben@northgate.example"


@pytest.fixture
def ids(db, office, tenants, monkeypatch):
    """Attorneys and cases of Northgate, and a case of another firm, by the names that stand in the tables below."""
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    firm = Lawyers(office, tenants.northgate, tenants.acme)
    found = {"ana": firm.hire("ana"), "ben": firm.hire("ben"), "cleo": firm.hire("cleo", capacity=0)}
    found["dev"] = firm.hire("dev", licence=None)
    [found["case"]] = firm.open(attorney_id=found["ana"])
    [found["decided"]] = firm.open(attorney_id=found["ana"], status="approved", stage="decided")
    [found["closed"]] = firm.open(attorney_id=found["ana"], stage="closed", deadline_on=date(2027, 8, 5))
    found["theirs"] = uuid.uuid4()
    with db.firm(tenants.harbor) as session:
        plain = {"firm_id": tenants.harbor, "partner_id": tenants.initech, "case_number": "H-1", "case_type": "TN"}
        session.add(Case(id=found["theirs"], **plain))
    return found


TYPED = [
    ("attorney show anna@northgate.example", "Did you mean 'ana@northgate.example'?"),
    ("attorney show nobody@northgate.example", "`gateway attorney list` and GET /v1/attorneys list who there is."),
    ("attorney add viewer@northgate.example", "cases go to attorneys and admins"),
    (f"attorney add {ANA}", "is an attorney already"),
    (f"attorney set {ANA}", "such as --capacity 18"),
    (f"attorney set {ANA} --capacity -1", "not in the range 0<=x<=200"),
    (f"attorney set {ANA} --capacity 201", "not in the range 0<=x<=200"),
    (f"attorney set {ANA} --hours mon=nan", "0 to 24 hours"),
    (f"attorney set {ANA} --hours monday=8", 'Did you mean "mon"?'),
    (f"attorney set {ANA} --hours=", "or `full`"),
    (f"attorney set {ANA} --languages spansh", 'Did you mean "es", spanish?'),
    (f"attorney expertise {ANA} H1BEXT=4", 'Did you mean "H1B_EXT"?'),
    (f"attorney expertise {ANA} H1B_EXT=9", "from 1, has seen some, to 5"),
    (f"attorney expertise {ANA} H1B_EXT=4 H1B_EXT=2", "H1B_EXT is named twice"),
    (f"attorney away {ANA} --from 2027-08-13 --to 2027-08-02", "It ends on 2027-08-02, before it begins"),
    (f"attorney away {ANA} --from 08/02/2027", "no date such as 2027-08-02"),
    (f"attorney away {ANA} --from 2020-01-01 --to 2020-01-03", "today is 2027-03-01"),
    (f"attorney back {ANA}", "is not away on 2027-03-01"),
    ("assign policy set --rule workload", 'Did you mean "workload_based"?'),
    ("assign policy set --rule=", 'there is no ""'),
    ("assign policy set --set senoir_from=9", 'Did you mean "senior_from"?'),
    ("assign policy set --set senior_from=12", "from 1 to 11"),
    ("assign explain NG-001", "`gateway report case_status --firm FIRM` lists cases with their ids."),
    (f"assign explain {NONE}", "There is no case"),
    ("assign explain {theirs}", "There is no case"),
    ("assign queue --limit 99999999999999999999", "not in the range 1<=x<=10000"),
    ("assign move {case} --to nobody --reason x", "There is no attorney 'nobody'."),
    (f"assign move {{case}} --to {ANA} --reason x", "The case is theirs already."),
    ("assign move {case} --to cleo@northgate.example --reason x", "Holds 0 cases, and may hold 0."),
    ("assign move {case} --to dev@northgate.example --reason x", "No licence is on record."),
    (f"assign move {{case}} --to {BEN} --reason=", "Say why; it stays on record."),
    (f"assign move {{decided}} --to {BEN} --reason x", "reopen it first"),
    (f"assign move {{theirs}} --to {BEN} --reason x", "There is no case"),
    ("assign undo {case}", "Nobody was given the case"),
    (f"assign accept {NONE}", "There is no handover"),
    (f"assign plan {ANA} --from 2027-08-13 --to 2027-08-02", "is before the first"),
    (f"assign plan {ANA} --from 1.8.2027 --to 2027-08-02", "no date such as 2027-08-02"),
    ("assign plan --do plan", "propose it again"),
    ("assign simulate --rule round_robin --from 2027-02-20 --to 2027-02-01", "begins before it ends"),
    ("assign simulate --rule round_robbin --from 2027-02-01", "'round_robin'"),
    ("report workload_distribution --partner acmee", "Did you mean 'acme'?"),
    (f"report cases_assigned --attorney {ANA}", "is no id of an attorney"),
]  # fmt: skip

ASKED = [
    ("GET", f"/v1/attorneys/{NONE}", None, 404, "There is no attorney"),
    ("PUT", "/v1/attorneys/{ana}", {"capacity": -1}, 400, "capacity"),
    ("PUT", "/v1/attorneys/{ana}", {"capactiy": 20}, 400, "capactiy"),
    ("PUT", "/v1/attorneys/{ana}/expertise", {"levels": {"H1BEXT": 3}}, 422, "H1B_EXT"),
    ("POST", "/v1/attorneys/{ana}/time-off", {"first": "2027-08-13", "last": "2027-08-02"}, 422, "before it begins"),
    ("PUT", "/v1/assignment-policy", {"rule": "workload"}, 422, "workload_based"),
    ("GET", "/v1/cases/{closed}/candidates", None, 409, "reopen it first"),
    ("GET", "/v1/cases/{theirs}/candidates", None, 404, "There is no case"),
    ("POST", "/v1/cases/{case}/reassignments", {"attorney": "anna@northgate.example", "reason": "x"}, 404, ANA),
    ("POST", "/v1/cases/{case}/reassignments", {"attorney": BEN, "reason": ""}, 400, "reason"),
    ("POST", "/v1/cases/{decided}/reassignments", {"attorney": BEN, "reason": "x"}, 409, "reopen it first"),
    ("POST", "/v1/handover-plans", {"attorney": ANA, "first": "2027-08-13", "last": "2027-08-02"}, 422, "before"),
    ("GET", "/v1/assignment-simulations?rule=round_robbin&from=2027-02-01", None, 422, "round_robin"),
    ("GET", f"/v1/reports/cases_assigned?attorney={ANA}", None, 422, "an id is wanted, such as 0197"),
    ("GET", "/v1/reports/cases_assigned?since=2027-03-01", None, 422, "an instant with its offset"),
]  # fmt: skip


def test_what_is_typed_wrong_is_told_with_what_to_do(gateway, ids):
    ended = {line: gateway(*line.format(**ids).split(), "--firm", "northgate") for line, _ in TYPED}
    wrong = [(line, ended[line].output) for line, told in TYPED if told not in ended[line].stderr]
    assert not wrong
    assert {one.exit_code for one in ended.values()} == {1, 2}


def test_what_is_asked_wrong_is_told_with_what_to_do(http, as_staff, ids):
    admin = as_staff("admin")
    for method, path, body, status, told in ASKED:
        more = {} if body is None else {"json": body}
        answer = http.request(method, path.format(**ids), headers=admin, **more)
        assert (answer.status_code, told in answer.json()["message"]) == (status, True), (path, answer.text)


def test_a_case_that_is_closed_is_in_no_plan(gateway, http, as_staff, ids):
    told = gateway("assign", "plan", ANA, "--from", "2027-08-02", "--to", "2027-08-13", "--firm", "northgate")
    assert (told.exit_code, told.stdout.strip()) == (0, "No case has a deadline in these days."), told.output
    absence = {"attorney": ANA, "first": "2027-08-02", "last": "2027-08-13"}
    assert http.post("/v1/handover-plans", headers=as_staff("admin"), json=absence).json()["handovers"] == []
