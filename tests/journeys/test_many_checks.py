"""Many checks by a model that takes its time and fails now and then, while the worker is killed twice.

`CHECKS=1000` has as many checks as a firm of many has in a day, fifty at once, and a model that takes 8 s.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from decimal import Decimal
from statistics import quantiles
from typing import NamedTuple

import msgspec
import pytest
from helpers.checked import Checked
from helpers.killing import kill, killable
from helpers.model_double import modelling
from helpers.servers import until
from helpers.thinking import Thinker

CHECKS = int(os.environ.get("CHECKS", "40"))
IS_WHOLE = CHECKS >= 1_000
AT_ONCE = 50 if IS_WHOLE else 8
SECONDS = 8.0 if IS_WHOLE else 0.4
WITHIN = 10.0  # seconds from the start, 95 of 100
KILLED_AT = (0.2, 0.6)  # of all that are completed
SMALL = CHECKS // 10  # checks of the small firm; the others are the large one's
LEASE = 4
PEOPLE = 5  # of each firm

pytestmark = [pytest.mark.journey, pytest.mark.timeout(1_800 if IS_WHOLE else 300)]
log = logging.getLogger(__name__)


class _Ended(NamedTuple):
    """A check as it ended: seconds since its worker last began with it, and since it first asked a model."""

    firm: object
    state: str
    is_degraded: bool
    attempts: int
    since_begun: float
    since_asked: float


@pytest.fixture
def settings(settings):
    """An installation that may call this machine."""
    return msgspec.structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def lab(addresses, settings, tmp_path):
    more = {
        "GATEWAY_ALLOW_PRIVATE": "127.0.0.0/8",
        "GATEWAY_MODELS_WORKERS": str(AT_ONCE),
        "GATEWAY_JOB_LEASE_SECONDS": str(LEASE),
    }
    with killable(addresses, tmp_path, **more) as made:
        yield made


@pytest.fixture
def thinker():
    return Thinker(SECONDS, faults=0.05, seed=14)


@pytest.fixture
def firms(office, tenants, thinker):
    """A large firm and a small one, which ask one model and then another."""
    with modelling() as double:
        double.otherwise = thinker
        made = [Checked(office, tenants), Checked(office, tenants, "harbor", "initech")]
        for one in made:
            one.has_keys()
            models = {"openai": "gpt-5", "anthropic": "claude-sonnet-5-5"}
            one.wants(steps=[{"provider": who, "model": what, "url": double.at(who)} for who, what in models.items()])
        yield made


def test_every_check_is_done_once_whoever_fails_or_dies(lab, firms, thinker):
    large, small = firms
    _ask(large, CHECKS - SMALL)
    _ask(small, SMALL)
    service = lab.serve("--role", "deliveries")
    for share in KILLED_AT:
        until(lambda share=share: _completed(lab) >= share * CHECKS, seconds=900)
        kill(service)
        service = lab.serve("--role", "deliveries")
    until(lambda: _completed(lab) == CHECKS, seconds=900, told=lambda: _open(lab))
    ended = _ended(lab)
    _tell(ended, thinker, lab)
    assert Counter(one.state for one in ended) == {"completed": CHECKS}
    assert lab.asked("SELECT count(*), count(DISTINCT check_id) FROM recommendations") == [(CHECKS, CHECKS)]
    assert thinker.at_most <= AT_ONCE
    _accounts_agree(lab, thinker)
    _is_fair([one.firm for one in ended], small.firm_id)
    if IS_WHOLE:
        assert _most([one.since_begun for one in ended]) < WITHIN


def _ask(firm, count):
    people = [firm.person() for _ in range(PEOPLE)]
    for number in range(count):
        firm.ask(people[number % PEOPLE], "EB1A")


def _completed(lab):
    [(count,)] = lab.sql("SELECT count(*) FROM eligibility_checks WHERE state <> 'open'") or [(0,)]
    return count


def _open(lab):
    query = "SELECT state, attempts, last_error, count(*) FROM jobs WHERE state <> 'done' GROUP BY 1, 2, 3"
    return str(lab.sql(query)) + lab.said()[-2_000:]


def _ended(lab):
    """All checks in the order in which they ended."""
    query = """
    SELECT c.firm_id, c.state, c.is_degraded, j.attempts, extract(epoch FROM j.finished_at - j.started_at)::float,
           extract(epoch FROM c.ended_at - (SELECT min(l.at) FROM llm_calls l WHERE l.check_id = c.id))::float
    FROM eligibility_checks c JOIN jobs j ON j.about = c.id ORDER BY c.ended_at
    """
    return [_Ended(*row) for row in lab.asked(query)]


def _accounts_agree(lab, thinker):
    """What is on record of each call is what the model has counted under its key, and nothing is on record twice."""
    query = """
    SELECT check_id || '-' || number, tokens_in, tokens_out, coalesce(cost, 0), outcome, sends FROM llm_calls
    WHERE sends > 0
    """
    rows = {key: told for key, *told in lab.asked(query)}
    assert set(thinker.calls) <= set(rows), "a call was made that is not on record"
    assert "lost" not in {outcome for *_, outcome, _ in rows.values()}, "a call was not made again"
    calls = thinker.calls
    for key, (there, back, cost, outcome, sends) in rows.items():
        call = calls.get(key)
        if call is None:  # it died before it left, or its provider was left alone
            assert (there, back, cost) == (0, 0, 0), (key, outcome)
            continue
        assert (there, back, cost) == (*call.tokens, call.cost), (key, outcome, call.fault)
        assert call.asked <= sends, "it left more often than is on record"
        assert call.other_bodies == 0, "under one key two things were asked"
    assert sum((cost for _, _, cost, *_ in rows.values()), Decimal(0)) == sum(one.cost for one in calls.values())
    answered = {key.rpartition("-")[0]: one.text for key, one in calls.items() if one.fault is None}
    assert len(answered) == sum(one.fault is None for one in calls.values()), "a model answered a check twice"
    heard = "SELECT id::text, heard->'answer'->>'text' FROM eligibility_checks WHERE provider <> 'rules'"
    assert dict(lab.asked(heard)) == answered


def _is_fair(firms, small):
    """Firms take turns: the small one's are done in the first part, though the large one asked before it."""
    last = max(place for place, one in enumerate(firms, 1) if one == small)
    assert last <= 2 * SMALL + 2 * AT_ONCE + CHECKS // 10, last


def _most(seconds):
    return quantiles(seconds, n=20)[-1]


def _tell(ended, thinker, lab):
    undisturbed = [one.since_asked for one in ended if one.attempts == 1]
    calls = thinker.calls.values()
    log.warning(
        "%s checks, %s in flight at most; p95 %.2f s since begun, %.2f s since first asked, %.2f s of those undisturbed; "
        "%s begun again, %s by rules; %s calls, %s asked again; faults %s; outcomes %s; load %s",
        len(ended),
        thinker.at_most,
        _most([one.since_begun for one in ended]),
        _most([one.since_asked for one in ended]),
        _most(undisturbed),
        sum(one.attempts > 1 for one in ended),
        sum(one.is_degraded for one in ended),
        len(thinker.calls),
        sum(one.asked > 1 for one in calls),
        dict(Counter(one.fault for one in calls if one.fault)),
        dict(lab.asked("SELECT outcome, count(*) FROM llm_calls GROUP BY 1")),
        os.getloadavg(),
    )
