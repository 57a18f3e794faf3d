"""What a firm wants of language models, as programs of the firm ask and say it."""

import json

import pytest

MODELS = "/v1/models"
STEPS = [{"provider": "openai", "model": "gpt-5"}, {"provider": "anthropic", "model": "claude-sonnet-5-5"}]
USUAL = {
    "version": 0,
    "steps": [],
    "uses_models": True,
    "without_answer": "rules",
    "most": {"tokens": None, "cost": None},
    "checks_per_hour": 10,
    "by": None,
    "at": None,
}


def test_what_holds_is_changed_by_versions(http, as_staff):
    admin, viewer = as_staff("admin"), as_staff("viewer")
    assert http.get(MODELS, headers=viewer).json() == USUAL
    body = {"steps": STEPS, "most": {"cost": "5.00"}, "without_answer": "fail", "checks_per_hour": 25}
    told = http.put(MODELS, headers=admin, json=body).json()
    assert (told["version"], told["by"], told["most"]) == (
        1,
        "admin@northgate.example",
        {"tokens": None, "cost": "5.00"},
    )
    assert told["steps"] == [{**one, "url": None} for one in STEPS]
    assert (told["without_answer"], told["checks_per_hour"]) == ("fail", 25)
    for same in (body, {}, {"most": {"cost": 5}}):
        assert http.put(MODELS, headers=admin, json=same).json() == told
    last = http.put(MODELS, headers=admin, json={"steps": None, "most": {"tokens": 9, "cost": None}}).json()
    assert (last["version"], last["steps"], last["most"]) == (2, [], {"tokens": 9, "cost": None})
    assert last["checks_per_hour"] == 25
    assert http.get(f"{MODELS}/history", headers=viewer).json() == [last, told]


def test_only_admins_change_it_and_only_staff_of_the_firm_see_it(http, as_staff, acme_key):
    assert http.put(MODELS, headers=as_staff("admin"), json={"steps": STEPS}).status_code == 200
    for role in ("viewer", "paralegal", "attorney"):
        assert http.get(MODELS, headers=as_staff(role)).json()["version"] == 1
        assert http.put(MODELS, headers=as_staff(role), json={"uses_models": False}).status_code == 403
    for path in (MODELS, f"{MODELS}/history", f"{MODELS}/providers"):
        assert http.get(path, headers=acme_key).status_code == 403
    assert http.get(MODELS, headers=as_staff("stranger")).json() == USUAL
    assert http.get(f"{MODELS}/history", headers=as_staff("stranger")).json() == []


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"steps": [{"provider": "opnai", "model": "gpt-5"}]}, 422, 'Did you mean "openai"'),
        ({"steps": [{"provider": "openai"}]}, 422, "steps[0].model"),
        ({"steps": [{"provider": "openai", "model": "m", "url": "http://models.example"}]}, 422, "steps[0].url"),
        ({"most": {"cost": "5.001"}}, 422, "most.cost"),
        ({"most": {"tokens": 0}}, 400, "tokens"),
        ({"checks_per_hour": 1001}, 400, "checks_per_hour"),
        ({"without_answer": "wait"}, 400, "without_answer"),
        ({"stepz": []}, 400, "stepz"),
        ({"steps": STEPS * 3}, 400, "steps"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_meant(http, as_staff, body, status, told):
    answer = http.put(MODELS, headers=as_staff("admin"), json=body)
    assert (answer.status_code, told in answer.json()["message"]) == (status, True), answer.text
    assert answer.json()["error"] == "models_wrong" or status == 400


def test_providers_are_listed_with_the_name_of_the_secret_and_never_its_value(http, as_staff, settings):
    before = http.get(f"{MODELS}/providers", headers=as_staff("viewer")).json()
    assert [(one["name"], one["secret"], one["has_key"]) for one in before] == [
        ("openai", "OPENAI_API_KEY", False),
        ("anthropic", "ANTHROPIC_API_KEY", False),
        ("rules", None, True),
    ]
    assert {"model": "gpt-5", "tokens_in": 1.25, "tokens_out": 10.0} in before[0]["models"]
    assert before[2]["models"] == []
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    folder.joinpath("OPENAI_API_KEY").write_text("sk-fig-tree")
    folder.joinpath("ANTHROPIC_API_KEY").write_bytes(b"\xff")
    after = http.get(f"{MODELS}/providers", headers=as_staff("viewer")).json()
    assert [one["has_key"] for one in after] == [True, False, True]
    assert "fig-tree" not in json.dumps(after)
    others = http.get(f"{MODELS}/providers", headers=as_staff("stranger")).json()
    assert [one["has_key"] for one in others] == [False, False, True]
