"""How people are told, as programs of the firm ask and say it."""

from helpers.inbox import person

OWN, FIRM = "/v1/preferences/own", "/v1/preferences/firm"
HOURS = {"begins": "22:00", "ends": "06:00", "working_days": [6, 1]}


def test_everybody_says_how_often_they_are_told_and_admins_for_the_firm(http, as_staff, acme_key):
    viewer, admin = as_staff("viewer"), as_staff("admin")
    assert http.get("/v1/preferences", headers=viewer).json()["own"] == []
    told = http.put(OWN, headers=viewer, json={"channel": "email", "doc_type": "i94", "pace": "daily"}).json()
    assert told["own"] == [{"channel": "email", "type": "i94", "pace": "daily"}]
    assert http.put(FIRM, headers=viewer, json={"channel": "email", "pace": "off"}).status_code == 403
    told = http.put(FIRM, headers=admin, json={"channel": "email", "pace": "weekly"}).json()
    assert (told["own"], told["firm"]) == ([], [{"channel": "email", "type": None, "pace": "weekly"}])
    assert http.put(OWN, headers=viewer, json={"channel": "email", "doc_type": "i94", "pace": None}).json()["own"] == []
    wrong = http.put(OWN, headers=viewer, json={"channel": "emial", "pace": "daily"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "preferences_wrong")
    assert http.get("/v1/preferences", headers=acme_key).status_code == 403


def test_hours_are_by_the_clock_on_the_wall(http, as_staff):
    viewer, admin = as_staff("viewer"), as_staff("admin")
    told = http.put(f"{OWN}/quiet-hours", headers=viewer, json={"quiet_hours": HOURS}).json()
    assert told["quiet_hours"] == {"begins": "22:00", "ends": "06:00", "working_days": [1, 6], "of": "own"}
    assert told["time_zone"] == "America/New_York"
    assert (
        http.put(f"{OWN}/quiet-hours", headers=viewer, json={"quiet_hours": None}).json()["quiet_hours"]["of"]
        == "usual"
    )
    assert http.put(f"{FIRM}/quiet-hours", headers=viewer, json={"quiet_hours": HOURS}).status_code == 403
    assert (
        http.put(f"{FIRM}/quiet-hours", headers=admin, json={"quiet_hours": HOURS}).json()["quiet_hours"]["of"]
        == "firm"
    )
    for wrong in (
        {"begins": "25:00"},
        {"begins": "9:00"},
        {"begins": "20:00\n"},
        {"working_days": []},
        {"working_days": [8]},
    ):
        answer = http.put(f"{OWN}/quiet-hours", headers=viewer, json={"quiet_hours": HOURS | wrong})
        assert answer.status_code == 400, wrong


def test_a_firm_sets_how_much_a_day_one_recipient_is_sent(http, as_staff):
    def of(answer):
        return next(one for one in answer.json()["budgets"] if (one["channel"], one["kind"]) == ("sms", "client"))

    admin, body = as_staff("admin"), {"channel": "sms", "kind": "client"}
    usual = of(http.get("/v1/preferences", headers=admin))
    assert of(http.put(f"{FIRM}/budgets", headers=admin, json=body | {"a_day": 2})) == usual | {"a_day": 2, "own": True}
    assert of(http.put(f"{FIRM}/budgets", headers=admin, json=body))["a_day"] is None
    assert of(http.put(f"{FIRM}/budgets", headers=admin, json=body | {"follow_rule": True})) == usual
    assert http.put(f"{FIRM}/budgets", headers=as_staff("attorney"), json=body).status_code == 403


def test_paralegals_put_on_record_that_a_client_wants_no_more(http, inbox, as_staff, acme_key):
    inbox.drop("roster_20260301.csv", [person(1)])
    paralegal, viewer = as_staff("paralegal"), as_staff("viewer")
    [client] = http.get("/v1/clients", headers=viewer).json()["data"]
    at = f"/v1/clients/{client['id']}/opt-outs"
    assert http.get(at, headers=viewer).json() == []
    [told] = http.put(f"{at}/sms", headers=paralegal).json()
    assert (told["channel"], told["how"], told["by"]) == ("sms", "staff", "paralegal@northgate.example")
    assert len(http.put(f"{at}/sms", headers=paralegal).json()) == 1
    assert http.put(f"{at}/sms", headers=viewer).status_code == 403
    assert http.put(f"{at}/sms", headers=acme_key).status_code == 403
    assert http.delete(f"{at}/sms", headers=paralegal).status_code == 204
    [kept] = http.get(at, headers=viewer).json()
    assert (kept["ended_how"], kept["ended_by"]) == ("staff", "paralegal@northgate.example")
    assert http.put(f"{at}/pigeon", headers=paralegal).json()["error"] == "preferences_wrong"
