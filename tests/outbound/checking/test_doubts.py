"""Where a model finds less than the rules: told to the attorney beside the score, and to nobody outside of the firm."""

import pytest
from helpers.model_double import saying
from rich.console import Console

from gateway.cli import checking
from gateway.domain.eligibility import memos, reviewing
from gateway.domain.eligibility.reviewing import Said
from gateway.office import Actor
from gateway.web import memo

ADA = Actor("staff", "ada@northgate.example")
DOUBT = "JUDGE: The model points at nothing; documented by the rules, which count. (8 CFR 204.5(h)(3)(iv))"


@pytest.fixture
def doubted(northgate, double):
    """A check by a model that points at nothing."""
    northgate.wants(steps=[{"provider": "openai", "model": "gpt-5", "url": double.at("openai")}])
    double.otherwise = saying({"claims": []})
    return northgate.done(northgate.person(), "EB1A")


def test_a_doubt_is_told_at_the_command_line_and_in_the_memo(northgate, doubted):
    [said] = doubted.recommendations
    assert DOUBT in said.told["doubts"]
    out = Console(record=True, width=300)
    checking.tell(out, doubted)
    assert f"EB1A {DOUBT}" in out.export_text()
    with northgate.acting() as acting:
        page = memo.page(memos.of_check(acting, doubted.check.id))
    assert "Where the model finds less than the rules" in page.html
    assert DOUBT in page.html


def test_a_doubt_does_not_leave_with_what_an_attorney_accepts(northgate, doubted):
    with northgate.acting(ADA) as acting:
        reviewing.review(acting, doubted.recommendations[0].id, Said(verdict="accepted"))
        [cleared] = reviewing.cleared(acting, doubted.check.id)
    assert cleared.recommendation.score == float(doubted.recommendations[0].score)
    assert cleared.recommendation.doubts == ()


def test_of_rules_alone_there_is_no_doubt(northgate):
    [said] = northgate.done(northgate.person(), "EB1A").recommendations
    assert said.told["doubts"] == []
