"""`gateway attorney` and `gateway assign policy`, as somebody at the machine types them."""

import json

import pytest

ANA = "attorney@northgate.example"


@pytest.fixture(autouse=True)
def _on_a_monday(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    monkeypatch.setenv("COLUMNS", "160")  # of the terminal, so that no cell is folded


@pytest.fixture
def attorney(gateway, db):
    def call(*words, code=0):
        result = gateway("attorney", *words, "--firm", "northgate")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    return call


@pytest.fixture
def policy(gateway, db):
    def call(*words, code=0):
        result = gateway("assign", "policy", *words, "--firm", "northgate")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    return call


def test_an_attorney_is_added_changed_and_shown(attorney):
    assert "There are no attorneys" in attorney("list")
    attorney("add", ANA, "--licence", "NY 4821093")
    told = attorney("set", ANA, "--hours", "mon=8,tue=7.5", "--languages", "es,chinese", "--senior", "--json")
    assert (told["availability"], told["languages"], told["senior"]) == ({"mon": 8, "tue": 7.5}, ["es", "zh"], True)
    told = attorney("set", ANA, "--hours", "full", "--languages", "", "--capacity", "40")
    assert "Holds 0 of 40, 40 free" in told
    assert "Hours: full time" in told
    assert "A capacity of 40 is unusual" in told
    told = attorney("expertise", ANA, "H1B_EXT=4", "PERM=2")
    assert "Knows: H1B_EXT 4, PERM 2." in told
    assert attorney("expertise", ANA, "--none", "--json")["expertise"] == {}
    [listed] = attorney("list", "--json")
    assert listed == attorney("show", listed["id"], "--json")
    assert ANA in attorney("list")
    assert "takes none" not in attorney("list")
    attorney("set", ANA, "--licence", "")
    assert "takes none" in attorney("list")


def test_an_attorney_goes_away_and_comes_back(attorney):
    attorney("add", ANA)
    assert "No time off" in attorney("away", ANA)
    attorney("away", ANA, "--from", "2027-03-01", "--to", "2027-03-05")
    assert "It touched 1 other" in attorney("away", ANA, "--from", "2027-03-06")
    [stretch] = attorney("away", ANA, "--json")
    assert (stretch["first"], stretch["last"]) == ("2027-03-01", "2027-03-06")
    assert "until 2027-03-06" in attorney("list")
    assert "Away until 2027-03-06." in attorney("show", ANA)
    assert attorney("back", ANA, "--json") == []
    assert "is not away on 2027-03-01" in attorney("back", ANA, code=1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", ANA], "such as --capacity"),
        (["set", ANA, "--hours", "mon"], "mon=8"),
        (["set", ANA, "--hours", "mon=eight"], "mon=8"),
        (["expertise", ANA], "H1B_EXT=4"),
        (["expertise", ANA, "PERM=3", "--none"], "H1B_EXT=4"),
        (["expertise", ANA, "PERM=x"], "H1B_EXT=4"),
        (["away", ANA, "--to", "2027-03-05"], "--from"),
        (["away", ANA, "--from", "soon"], "2027-08-02"),
    ],
)
def test_what_is_not_understood_says_how_it_is_written(attorney, words, told):
    attorney("add", ANA)
    assert told in attorney(*words, code=2)


def test_what_cannot_be_is_refused_in_a_sentence(attorney):
    attorney("add", ANA)
    assert 'Did you mean "H1B_EXT"' in attorney("expertise", ANA, "H1BEXT=4", code=1)
    assert "cases go to attorneys and admins" in attorney("add", "viewer@northgate.example", code=1)


def test_a_policy_is_shown_changed_and_remembered(policy):
    assert "the usual: the firm has said nothing" in policy("show")
    assert "the usual holds" in policy("history")
    told = policy(
        "set", "--rule", "workload_based", "--set", "senior_from=9", "--set", "weights.expertise=0.4", "--json"
    )
    assert (told["version"], told["rule"], told["settings"]["senior_from"]) == (1, "workload_based", 9)
    assert told["settings"]["weights"] == {"expertise": 0.4, "capacity": 0.3, "deadline": 0.2}
    assert policy("show", "--json") == told
    assert "Version 2: workload_based" in policy("set", "--set", "senior_from=null")
    assert [one["version"] for one in policy("history", "--json")] == [2, 1]
    assert "workload_based" in policy("history")
    assert 'certifications = {"I526":["eb5"]}' in policy("set", "--set", 'certifications={"I526": ["eb5"]}')


def test_a_policy_that_cannot_be_is_refused(policy):
    assert 'Did you mean "senior_from"' in policy("set", "--set", "senior_form=9", code=1)
    assert 'Did you mean "round_robin"' in policy("set", "--rule", "roundrobin", code=1)
    assert "--rule RULE" in policy("set", code=2)
    assert "lacks its value" in policy("set", "--set", "senior_from", code=2)
