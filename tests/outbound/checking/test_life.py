"""The life of a check: asked, answered or refused at once, done once whatever dies, and told how far it is."""

from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.callers import ME
from helpers.model_double import raw, saying, status, too_many
from sqlalchemy import text

from gateway import clock
from gateway.db.models import HistoricalCase
from gateway.domain.eligibility import checks, entries
from gateway.domain.eligibility.entries import Said
from gateway.domain.people import erasure
from gateway.errors import Conflict, Incomplete, NotFound, TooOften
from gateway.office import Actor
from gateway.wings import ERASERS
from outbound.checking import asking
from outbound.llm import prompting
from outbound.llm.calling import _Door

AWARD = {"ref": "award.1", "field": "scope", "value": "international"}
CLAIM = {"visa": "EB1A", "criterion": "AWARD", "strength": "documented", "cites": [AWARD]}
GOOD = {"claims": [CLAIM]}
INVENTED = {"claims": [CLAIM, {**CLAIM, "cites": [{"ref": "award.9", "field": "scope", "value": "international"}]}]}


@pytest.fixture
def asks(northgate, double):
    """A firm that asks a model."""
    step = {"provider": "openai", "model": "gpt-5", "url": double.at("openai")}
    northgate.wants(steps=[step])
    double.otherwise = saying(GOOD)
    return northgate


def calls(office, *columns):
    with office.db.system() as session:
        return session.execute(text(f"SELECT {', '.join(columns)} FROM llm_calls ORDER BY number")).all()


def test_rules_alone_answer_where_the_firm_has_said_nothing(northgate, office):
    seen = northgate.done(northgate.person(), "EB1A", "NIW")
    assert (seen.check.state, seen.check.provider, seen.check.is_degraded) == ("completed", "rules", False)
    assert [one.visa for one in seen.recommendations] == ["EB1A", "NIW"]
    assert all(one.review == "proposed" for one in seen.recommendations)
    assert calls(office, "provider", "outcome", "tokens_in + tokens_out") == [("rules", "answered", 0)]


def test_how_likely_an_approval_is_stands_beside_the_score_where_a_rate_is_published(northgate, office):
    with office.db.firm(northgate.firm_id) as session:
        common = {
            "source": "firm",
            "stage": "petition",
            "visa": "EB1A",
            "decided_on": clock.now().date() - timedelta(days=30),
        }
        for number in range(20):
            outcome = "approved" if number < 18 else "denied"
            row = {"case_number": f"P{number}", "outcome": outcome, **common}
            session.add(HistoricalCase(firm_id=northgate.firm_id, **row))
    likely, unsaid = (one.told["chance"] for one in northgate.done(northgate.person(), "EB1A", "O1A").recommendations)
    assert (likely["n"], likely["approved"]) == (20, 18)
    assert likely["low"] < likely["probability"] < likely["high"]
    assert unsaid is None


def test_a_check_speaks_of_all_visas_where_none_is_named(northgate):
    seen = northgate.done(northgate.person())
    assert len(seen.recommendations) == len(seen.check.visas) == 15


def test_how_far_it_is_is_told(northgate):
    check_id = northgate.ask(northgate.person(), "EB1A")
    assert northgate.seen(check_id).progress.state == "pending"
    northgate.work()
    assert northgate.seen(check_id).progress.state == "completed"


def test_of_whom_nothing_is_known_nothing_is_asked(northgate):
    nobody = northgate.person(shown={})
    with pytest.raises(Incomplete) as refused:
        northgate.ask(nobody, "EB1A")
    assert refused.value.code == "incomplete_profile"
    assert {"award", "judging", "article"} <= set(refused.value.missing["EB1A"])
    assert "scope" in refused.value.missing["EB1A"]["award"]


def test_a_model_that_answers_adds_to_what_the_rules_find_and_its_doubts_are_told(asks, double, office):
    seen = asks.done(asks.person(), "EB1A")
    assert (seen.check.provider, seen.check.model, seen.check.prompt) == ("openai", "gpt-5", "1")
    [said] = seen.recommendations
    shown = {one["criterion"]: one["strength"] for one in said.told["findings"] if one["strength"]}
    assert {name: shown[name] for name in ("AWARD", "JUDGE")} == {"AWARD": 0.6, "JUDGE": 0.6}
    assert [one.partition(":")[0] for one in said.told["doubts"]] == [name for name in shown if name != "AWARD"]
    assert [one["criterion"] for one in seen.check.claims] == ["AWARD"]
    [(outcome, there, back, sends)] = calls(office, "outcome", "tokens_in", "tokens_out", "sends")
    assert (outcome, [there, back], sends) == ("answered", double.tokens, 1)


def test_what_a_model_invents_is_dropped_and_counted(asks, double):
    double.otherwise = saying(INVENTED)
    seen = asks.done(asks.person(), "EB1A")
    assert [one["code"] for one in seen.check.dropped] == ["unknown_entry"]
    assert len(seen.check.claims) == 1


def test_the_same_question_within_thirty_days_is_answered_at_once(asks, double):
    whom = asks.person()
    first = asks.done(whom, "EB1A")
    with asks.acting() as acting:
        again = asking.ask(acting, whom, ["EB1A"])
        assert (again.seconds, again.check.state) == (0, "completed")
        found = checks.view(acting, again.check.id)
        assert (found.check.cached_from, found.check.model) == (first.check.id, "gpt-5")
        [told], [before] = found.recommendations, first.recommendations
        assert told.told == before.told
    assert len(double.asked) == 1


def test_another_profile_another_visa_or_another_wish_is_another_question(asks, double):
    whom = asks.person()
    asks.done(whom, "EB1A")
    asks.done(whom, "EB1A", "O1A")
    asks.done(asks.person(), "EB1A")
    asks.wants(without_answer="fail")
    asks.done(whom, "EB1A")
    asks.wants(steps=[{"provider": "openai", "model": "gpt-5-mini", "url": double.at("openai")}])
    asks.done(whom, "EB1A")
    assert len(double.asked) == 5


def test_what_is_known_since_then_is_another_question(asks, double):
    whom = asks.person()
    asks.done(whom, "EB1A")
    with asks.acting() as acting:
        entries.add(acting, whom, "award", Said(facts={"name": "Silver Gear", "scope": "national"}))
    asks.done(whom, "EB1A")
    assert len(double.asked) == 2


def test_after_thirty_days_it_is_asked_again(asks, double, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    whom = asks.person()
    asks.done(whom, "EB1A")
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-31T14:59:00+00:00")
    asks.done(whom, "EB1A")
    assert len(double.asked) == 1
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-31T15:00:01+00:00")
    asks.done(whom, "EB1A")
    assert len(double.asked) == 2


def test_rules_in_place_of_a_model_are_marked_and_no_answer_to_the_next_question(asks, double):
    whom = asks.person()
    double.next(status(500))
    seen = asks.done(whom, "EB1A")
    assert (seen.check.provider, seen.check.is_degraded, seen.check.state) == ("rules", True, "completed")
    assert "error of its own (500)" in seen.check.problems[0]
    assert asks.done(whom, "EB1A").check.provider == "openai"


def test_where_the_firm_wants_no_rules_it_is_tried_again_and_says_so(asks, double):
    asks.wants(without_answer="fail")
    double.next(status(500))
    seen = asks.done(asks.person(), "EB1A")
    assert (seen.check.state, seen.progress.state, seen.progress.retry_allowed) == ("open", "retrying", True)
    assert "error of its own (500)" in seen.progress.error
    with asks.acting() as acting:
        asking.retry(acting, seen.check.id)
    asks.work()
    assert asks.seen(seen.check.id).progress.state == "completed"


def test_what_would_fail_again_fails_with_a_sentence(asks, double):
    step = {"provider": "openai", "model": "no-such-model", "url": double.at("openai")}
    asks.wants(steps=[step], without_answer="fail")
    seen = asks.done(asks.person(), "EB1A")
    assert (seen.progress.state, seen.progress.error_code) == ("failed", "models_decline")
    assert "knows no such model" in seen.progress.error
    with asks.acting() as acting, pytest.raises(Conflict, match="cannot be tried again"):
        asking.retry(acting, seen.check.id)


def test_a_check_that_is_done_is_not_done_again_when_its_job_comes_back(asks, double, office):
    seen = asks.done(asks.person(), "EB1A")
    with office.db.system() as session:
        session.execute(
            text("UPDATE jobs SET state = 'waiting', finished_at = NULL WHERE about = :id"), {"id": seen.check.id}
        )
    asks.work()
    assert len(double.asked) == 1
    assert len(asks.seen(seen.check.id).recommendations) == 1


def test_an_answer_that_was_heard_is_read_by_whoever_takes_over(asks, double, office, monkeypatch):
    """The worker dies between hearing and scoring."""
    check_id = asks.ask(asks.person(), "EB1A")
    with monkeypatch.context() as patch:
        patch.setattr("outbound.checking.working.settle", _dies)
        asks.work()
    assert asks.seen(check_id).progress.state == "retrying"
    with asks.acting() as acting:
        asking.retry(acting, check_id)
    asks.work()
    seen = asks.seen(check_id)
    assert (seen.progress.state, seen.check.model, len(double.asked)) == ("completed", "gpt-5", 1)
    assert calls(office, "outcome") == [("answered",)]


def _dies(*_arguments):
    raise MemoryError


def test_a_call_of_which_nobody_knows_what_became_is_made_again_under_its_name(asks, double, office, monkeypatch):
    """The worker dies while the model thinks."""
    check_id = asks.ask(asks.person(), "EB1A")
    with monkeypatch.context() as patch:
        patch.setattr("outbound.llm.openai.OpenAI.ask", _dies)
        asks.work()
    [(outcome, there)] = calls(office, "outcome", "tokens_in")
    assert (outcome, there > 0) == ("begun", True)
    with asks.acting() as acting:
        asking.retry(acting, check_id)
    asks.work()
    assert calls(office, "outcome", "sends") == [("answered", 2)]
    assert double.asked[0].headers["idempotency-key"] == f"{check_id}-1"


@pytest.mark.parametrize(
    "way",
    [
        status(500),
        raw(b'{"choices": [{"message": {"content": "Well, ..."}}]}'),
        raw(b'{"choices": ['),  # of which nothing can be kept, for no protocol has it
    ],
)
def test_a_call_that_is_lost_after_another_is_made_again_and_nothing_else_is(asks, double, office, monkeypatch, way):
    """The worker dies while the second model thinks, or while the first one mends its answer."""
    steps = {"openai": "gpt-5", "anthropic": "claude-sonnet-5-5"}
    asks.wants(steps=[{"provider": who, "model": what, "url": double.at(who)} for who, what in steps.items()])
    check_id = asks.ask(asks.person(), "EB1A")
    double.next(way)
    with monkeypatch.context() as patch:
        patch.setattr("outbound.llm.calling._Door._called", _dying_at(2))
        asks.work()
    before = calls(office, "provider", "outcome", "is_repair")
    assert before[1:] == [(before[1].provider, "begun", before[1].provider == "openai")]
    with asks.acting() as acting:
        asking.retry(acting, check_id)
    asks.work()
    assert asks.seen(check_id).progress.state == "completed"
    told = calls(office, "provider", "outcome", "is_repair", "sends")
    assert [tuple(one) for one in told] == [(*before[0], 1), (before[1].provider, "answered", before[1].is_repair, 2)]
    assert [one.headers["idempotency-key"] for one in double.asked] == [f"{check_id}-1", f"{check_id}-2"]
    [(_, first), (mends, second)] = zip([one.mends for one in calls(office, "mends")], double.asked, strict=True)
    assert second.user == first.user + (prompting._said("repair", {"problem": mends}) if mends else "")


def _dying_at(number):
    """Calls, of which one is never made."""
    real, count = _Door._called, [0]

    def called(self, request):
        count[0] += 1
        if count[0] == number:
            raise MemoryError
        return real(self, request)

    return called


def test_what_is_on_its_way_counts_against_the_limit_of_the_day(asks, double, office):
    asks.done(asks.person(), "EB1A")
    [(there, back)] = calls(office, "tokens_in", "tokens_out")
    asks.wants(most={"tokens": there + back + 1})
    seen = asks.done(asks.person(), "EB1A")
    assert (seen.check.provider, seen.check.is_degraded) == ("rules", True)
    assert "tokens of today are spent" in seen.check.problems[0]
    assert len(double.asked) == 1


def test_a_call_that_is_made_again_counts_once_against_the_limit_of_the_day(asks, double, monkeypatch):
    asks.wants(most={"tokens": 20_000})  # one call may take 13,000 and more
    check_id = asks.ask(asks.person(), "EB1A")
    with monkeypatch.context() as patch:
        patch.setattr("outbound.llm.openai.OpenAI.ask", _dies)
        asks.work()
    with asks.acting() as acting:
        asking.retry(acting, check_id)
    asks.work()
    assert asks.seen(check_id).check.provider == "openai"


def test_a_member_of_staff_asks_ten_times_an_hour(northgate, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    ada = Actor("staff", "ada@northgate.example", uuid4())
    whom = northgate.person()
    for _ in range(10):
        northgate.ask(whom, "EB1A", actor=ada)
    with pytest.raises(TooOften) as refused:
        northgate.ask(whom, "EB1A", actor=ada)
    assert (refused.value.code, refused.value.seconds) == ("too_many_checks", 3600)
    northgate.ask(whom, "EB1A", actor=Actor("staff", "ben@northgate.example", uuid4()))
    northgate.ask(whom, "EB1A", actor=ME)
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:59:59+00:00")
    with pytest.raises(TooOften):
        northgate.ask(whom, "EB1A", actor=ada)
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T16:00:00+00:00")  # as was said: 3,600 s later
    northgate.ask(whom, "EB1A", actor=ada)


def test_whoever_waits_goes_before_the_batch(asks, double, office):
    batch = [asks.ask(asks.person(), "EB1A", tier="batch") for _ in range(12)]
    waits = asks.ask(asks.person(), "EB1A")
    with office.db.system() as session:
        lanes = session.scalars(text("SELECT DISTINCT lane FROM jobs WHERE lane LIKE 'eligibility/%'")).all()
        assert 1 <= len(lanes) <= 4
        found = session.execute(text("SELECT about, lane FROM jobs WHERE kind = 'eligibility.check'")).all()
    assert dict(found)[waits] is None
    assert all(dict(found)[one] is not None for one in batch)


def test_a_person_who_is_erased_meanwhile_is_not_checked(asks, double, office):
    whom = asks.person()
    check_id = asks.ask(whom, "EB1A")
    with asks.acting() as acting:
        erasure.erase(acting, whom, "Asked for", ERASERS)
    asks.work()
    seen = asks.seen(check_id)
    assert (seen.progress.state, seen.progress.error_code, double.asked) == ("failed", "client_erased", [])
    assert (seen.check.profile, calls(office, "outcome")) == ([], [])


def test_what_leaves_names_nobody(asks, double):
    shown = {
        "employment": {
            "employer": "Zorvex Robotics, Inc.",
            "title": "Lead engineer",
            "duties": "Ngozi Okafor led Zorvex Robotics; call +1 555 010 2030 or write to ngozi@zorvex.example.",
            "is_critical": True,
        }
    }
    asks.done(asks.person(shown), "EB1A")
    [asked] = double.asked
    sent = asked.raw.decode().casefold()
    for word in ("ngozi", "okafor", "zorvex", "555", "2030", "@"):
        assert word not in sent


def test_nobody_else_s_firm_finds_a_check(asks, office, tenants):
    check_id = asks.ask(asks.person(), "EB1A")
    with office.acting(tenants.harbor, ME) as acting, pytest.raises(NotFound):
        checks.find(acting, check_id)


def test_too_many_requests_are_waited_out_and_told(asks, double, office):
    double.next(too_many(0), raw(b"{}"))
    seen = asks.done(asks.person(), "EB1A")
    assert seen.check.model == "gpt-5"
    assert calls(office, "outcome", "is_repair") == [
        ("too_many_requests", False),
        ("malformed", False),
        ("answered", True),
    ]


def test_how_long_it_takes_is_told_by_how_long_it_took(asks):
    whom = asks.person()
    with asks.acting() as acting:
        assert asking.ask(acting, whom, ["EB1A"]).seconds == 10


def test_what_was_spent_on_another_day_of_the_firms_does_not_count(asks, office, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-02T04:59:00+00:00")  # a minute before midnight in New York
    asks.done(asks.person(), "EB1A")
    [(there, back)] = calls(office, "tokens_in", "tokens_out")
    asks.wants(most={"tokens": there + back + 20_000})
    assert asks.done(asks.person(), "EB1A").check.provider == "openai"
    asks.wants(most={"tokens": there + back + 1})
    assert asks.done(asks.person(), "EB1A").check.provider == "rules"
    asks.wants(most={"tokens": 20_000})
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-02T05:01:00+00:00")
    assert asks.done(asks.person(), "EB1A").check.provider == "openai"
