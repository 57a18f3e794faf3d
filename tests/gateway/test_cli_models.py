"""`gateway models`, as somebody at the machine types it."""

import json

import pytest

GPT = {"provider": "openai", "model": "gpt-5", "url": None}


@pytest.fixture
def models(gateway, db, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T15:00:00+00:00")
    monkeypatch.setenv("COLUMNS", "200")  # of the terminal, so that no cell is folded

    def call(*words, code=0, firm="northgate"):
        result = gateway("models", *words, "--firm", firm)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    return call


def test_what_is_wanted_is_shown_changed_and_remembered(models):
    assert "Version 0: rules alone, no model is named (the usual: the firm has said nothing)" in models("show")
    assert "the usual holds" in models("history")
    told = models(
        "set", "--step", "openai gpt-5", "--step", "anthropic claude-sonnet-5-5", "--set", "most.cost=5.10", "--json"
    )
    assert (told["version"], told["steps"][0], told["most"]) == (1, GPT, {"tokens": None, "cost": "5.10"})
    assert models("show", "--json") == told
    shown = models("show")
    assert "Version 1: openai gpt-5, then anthropic claude-sonnet-5-5, then rules (by " in shown
    assert 'most = {"tokens":null,"cost":"5.10"}' in shown
    told = models("set", "--set", "without_answer=fail", "--set", "most.tokens=500000")
    assert "then anthropic claude-sonnet-5-5, else the check fails (by" in told
    assert [one["version"] for one in models("history", "--json")] == [2, 1]
    listed = models("history")
    assert 'without_answer="fail"' in listed
    assert "openai gpt-5, then anthropic claude-sonnet-5-5" in listed
    assert "rules alone, no model is named" in models("set", "--set", "steps=null", "--set", "most=null")


def test_a_step_may_be_reached_elsewhere(models):
    step = "openai house-model https://models.example/v1"
    assert f"Version 1: {step}, then rules" in models("set", "--step", step, "--step", "rules")
    assert models("show", "--json")["steps"] == [
        {"provider": "openai", "model": "house-model", "url": "https://models.example/v1"},
        {"provider": "rules", "model": "", "url": None},
    ]


def test_no_model_sees_anything_any_more_and_what_else_was_set_stays(models):
    models("set", "--step", "openai gpt-5")
    assert "Version 2: rules alone, no model sees anything" in models("off")
    told = models("off", "--json")
    assert (told["version"], told["uses_models"], told["steps"]) == (2, False, [GPT])
    assert "openai gpt-5, then rules" in models("set", "--set", "uses_models=true")


def test_who_can_be_asked_is_listed(models, settings):
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    folder.joinpath("OPENAI_API_KEY").write_text("sk-fig-tree")
    lines = [line.split() for line in models("providers").splitlines()]
    assert ["openai", "OPENAI_API_KEY", "is", "there"] in lines
    assert ["anthropic", "ANTHROPIC_API_KEY", "is", "missing"] in lines
    assert ["rules", "needs", "none"] in lines
    assert ["gpt-5", "1.25", "10.00"] in lines
    told = models("providers", "--json")
    assert [one["has_key"] for one in told] == [True, False, True]
    assert "fig-tree" not in json.dumps(told)
    assert [one["has_key"] for one in models("providers", "--json", firm="harbor")] == [False, False, True]


def test_a_key_or_a_price_that_is_missing_is_told_and_the_version_added(models, settings):
    told = models(
        "set", "--step", "openai gpt-5", "--step", "openai house-model", "--step", "anthropic claude-sonnet-5-5"
    )
    assert "Warning: openai has no key, so it is passed over: set the firm's secret OPENAI_API_KEY." in told
    assert "Warning: anthropic has no key" in told
    assert "Warning: Nobody knows the price of house-model (openai): what it costs is counted nowhere." in told
    assert told.count("Warning: ") == 3
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    folder.joinpath("OPENAI_API_KEY").write_text("sk-fig-tree")
    told = models("set", "--step", "openai house-model", "--set", "most.cost=5.00")
    assert "has no key" not in told
    assert "so it is not asked while most.cost is set: limit most.tokens instead." in told
    assert models("set", "--step", "openai gpt-5").count("Warning: ") == 0
    assert models("set", "--step", "anthropic house-model", "--json")["version"] == 4  # stdout is one document
    assert models("off").count("Warning: ") == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "--step 'PROVIDER MODEL'"),
        (("--step", ""), 2, "is no step, such as 'openai gpt-5'"),
        (("--step", "openai a b c"), 2, "is no step"),
        (("--set", "checks_per_hour"), 2, "lacks its value, such as checks_per_hour=20"),
        (("--step", "opnai gpt-5"), 1, 'steps[0].provider: there is no "opnai". Did you mean "openai"?'),
        (("--step", "openai"), 1, "steps[0].model:"),
        (("--step", "openai m http://models.example"), 1, "steps[0].url: it must start with https://"),
        (("--set", "check_per_hour=20"), 1, 'Did you mean "checks_per_hour"?'),
        (("--set", "most.cost=5.001"), 1, "most.cost: dollars are wanted"),
        (("--set", "most.token=5"), 1, 'most: there is no "token". Did you mean "tokens"?'),
        (("--set", "most=5"), 1, "most: limits of a day are wanted"),
        (("--set", "uses_models=no"), 1, "uses_models: true or false"),
    ],
)
def test_what_is_typed_wrong_is_told_with_what_to_do(models, words, code, told):
    assert told in models("set", *words, code=code)
    assert models("show", "--json")["version"] == 0


def test_one_firms_wishes_are_no_other_firms(models):
    models("off")
    assert models("show", "--json", firm="harbor")["version"] == 0
