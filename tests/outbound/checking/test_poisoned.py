"""A model that lies: whatever it says, a recommendation holds what is in the profile, and no more.

`POISONED=500` has it lie five hundred times.

What is held of each recommendation is worked out here once more, in plain Python, from what the check has on record.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random

import pytest
from helpers.checked import Checked
from helpers.golden_clients import golden, note
from helpers.lying import LIES, MARK, WILD, Liar
from helpers.model_double import modelling, saying

from gateway.domain.eligibility import checks, scoring
from gateway.domain.rules.criteria import VISAS, visa_on
from gateway.errors import Incomplete

SEED = 2026
ANSWERS = int(os.environ.get("POISONED", "120"))

pytestmark = pytest.mark.timeout(900)  # hundreds of checks, each in a dozen transactions


@pytest.fixture
def northgate(office, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T15:00:00+00:00")
    one = Checked(office, tenants)
    one.has_keys()
    return one


def test_of_poisoned_answers_no_invented_fact_reaches_a_recommendation(northgate):
    liar, checked = Liar(SEED), []
    people = [(northgate.person(shown={}), one) for one in golden().values()]
    for client_id, one in people:
        with northgate.acting() as acting:
            note(acting, client_id, one.entries)
    with modelling() as double:
        double.otherwise = saying(liar.answer)
        for number in itertools.count():
            provider = ("openai", "anthropic")[number % 2]
            northgate.wants(steps=[{"provider": provider, "model": "m", "url": double.at(provider)}])
            checked += _ask(northgate, people, random.Random(SEED + number))
            northgate.work()
            if len(double.asked) >= ANSWERS:
                break
    seen = [northgate.seen(one) for one in checked]
    assert {one.check.state for one in seen} == {"completed"}
    found = [problem for one in seen for row in one.recommendations for problem in _problems(one.check, row)]
    assert found == []
    _was_worth_it(seen, liar)


def _ask(northgate, people, chance):
    """Of each person, of a visa that they may hope for and of any other."""
    found = []
    for client_id, one in people:
        with contextlib.suppress(Incomplete):  # there are some of whom nothing is shown
            visas = [chance.choice(one.visas), chance.choice(VISAS)]
            found.append(northgate.ask(client_id, *dict.fromkeys(visas)))
    return found


def _was_worth_it(seen, liar):
    """Each lie was told, most were counted, and what was true was heard."""
    assert set(liar.told) == {*LIES, *WILD}
    codes = {one["code"] for each in seen for one in each.check.dropped}
    assert codes == {
        *("unknown_criterion", "no_citation", "unknown_entry", "unknown_field", "other_value", "beside_the_point")
    }
    models = [one for one in seen if one.check.model]
    rows = [row for one in models for row in one.recommendations]
    assert len(models) > ANSWERS / 2
    assert sum(bool(one["strength"]) for row in rows for one in row.told["findings"]) > ANSWERS / 10
    assert sum(len(one.check.dropped) for one in models) > ANSWERS


# ------------------------------------------------------------------------------------------------ the oracle


def _problems(check, row):
    """What of a recommendation is not so."""
    facts = {one["ref"]: one["facts"] for one in check.profile}
    kinds = {one["ref"]: one["kind"] for one in check.profile}
    visa = visa_on(row.visa, check.as_of)
    profile = checks.profile_in(check.as_of, check.profile)
    alone = scoring.score(visa, profile)
    bound = {one.criterion: one.strength for one in alone.findings}
    if MARK.casefold() in json.dumps([row.told, check.claims]).casefold():
        yield "something invented is told"
    for one in [*row.told["gates"], *row.told["findings"], *[each for each in check.claims if each["visa"] == visa.id]]:
        yield from (f"not in the profile: {cite}" for cite in one["cites"] if not _is_there(cite, facts))
    for one in row.told["findings"]:
        ways = next(each.ways for each in visa.criteria if each.id == one["criterion"])
        fitting = {way.kind for way in ways} | {"letter"}
        if one["strength"] != bound[one["criterion"]]:
            yield f"stronger than the profile bears, or weaker than the rules find: {one}"
        if bool(one["strength"]) != bool(one["cites"]):
            yield f"shown by nothing: {one}"
        if beside := [cite for cite in one["cites"] if kinds.get(cite["ref"]) not in fitting]:
            yield f"beside the point: {beside}"
    if (row.score is None) != (alone.score is None) or float(row.score or 0) != (alone.score or 0):
        yield f"{row.visa} scores {row.score}, and all that is known comes to {alone.score}"
    if row.told["gates"] != json.loads(json.dumps([_gate(one) for one in alone.gates], default=str)):
        yield "a gate was moved"


def _is_there(cite, facts):
    held = facts.get(cite["ref"], {}).get(cite["field"])
    said = cite["value"]
    return held is not None and held == said and isinstance(held, bool) == isinstance(said, bool)


def _gate(one):
    cites = [{"ref": cite.ref, "field": cite.field, "value": cite.value} for cite in one.cites]
    told = {"gate": one.gate, "state": one.state, "sentence": one.sentence, "source": one.source}
    return {**told, "cites": cites, "missing": list(one.missing)}
