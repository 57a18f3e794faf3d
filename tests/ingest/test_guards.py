"""When so many people are missing from a full file that a person must look."""

from __future__ import annotations

import msgspec
import pytest
from helpers.inbox import people
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML
from ingest.feed import Guards
from ingest.feeds import FEEDS
from ingest.load.guards import Figures, tripped


def holds(guards: dict, missing: int, open_: int) -> bool:
    """Whether these settings hold a file that so many people of so many are missing from."""
    found = tripped(msgspec.convert(guards, Guards), Figures(open_ - missing, 0, missing, open_))
    return [one.code for one in found] == ["vanish_guard"]


@pytest.mark.parametrize(
    ("missing", "open_", "held"),
    [
        (250, 48_000, False),  # a month's leavers of a large employer
        (960, 48_000, True),
        (959, 48_000, False),
        (100, 5_000, True),
        (100, 5_001, False),
        (5, 50, True),
        (4, 8, False),
        (5, 51, False),
        (0, 0, False),
        (99, 990, True),
    ],
)
def test_a_large_share_of_few_or_a_small_share_of_many_holds_a_file(missing, open_, held):
    assert holds({}, missing, open_) is held


@pytest.mark.parametrize(("missing", "held"), [(99, False), (100, True), (250, True)])
def test_settings_that_name_a_number_whatever_the_share_keep_their_meaning(missing, held):
    assert holds({"vanish": {"percent": 10, "at_least": 5, "or": 100}}, missing, 48_000) is held
    assert holds({"vanish": {"percent": 10}}, missing, 48_000) is held


tiers = st.lists(st.tuples(st.sampled_from([0, 0.5, 2, 10, 50, 100]), st.integers(0, 200)), max_size=3)


@given(tiers, st.integers(0, 300), st.integers(0, 3_000))
def test_any_tier_of_which_both_are_reached_holds_a_file(agreed, missing, more):
    guards = {"vanish": [{"percent": percent, "at_least": least} for percent, least in agreed]}
    reached = [
        missing > 0 and missing >= least and missing * 100 >= percent * (missing + more) for percent, least in agreed
    ]
    assert holds(guards, missing, missing + more) is any(reached)


@given(
    st.sampled_from([0, 2, 10, 100]), st.integers(0, 50), st.integers(0, 200), st.integers(0, 300), st.integers(0, 900)
)
def test_the_earlier_form_is_two_tiers(percent, at_least, whatever, missing, more):
    earlier = {"vanish": {"percent": percent, "at_least": at_least, "or": whatever}}
    now = {"vanish": [{"percent": percent, "at_least": at_least}, {"percent": 0, "at_least": whatever}]}
    assert holds(earlier, missing, missing + more) is holds(now, missing, missing + more)


def test_tiers_are_written_in_partner_yaml(inbox, roster):
    tiers = "    guards: {vanish: [{percent: 50, at_least: 1}, {percent: 0, at_least: 3}]}\n"
    inbox.apply(roster.replace("    client:\n", tiers + "    client:\n", 1))
    inbox.drop("roster_20260301.csv", people(20))

    assert inbox.drop("roster_20260302.csv", people(18))["state"] == "loaded"
    held = inbox.drop("roster_20260303.csv", people(15))
    assert (held["state"], held["reason"][:7]) == ("held", "3 of 18")


def test_no_tier_at_all_holds_nothing():
    assert not holds({"vanish": []}, 48_000, 48_000)


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ("[{percent: 10}]", "feeds.roster.guards.vanish[0]", "at_least"),
        ("[{percent: 10, at_least: 5, or: 100}]", "feeds.roster.guards.vanish[0].or", "at_least"),
        ("{percent: 10, atleast: 5}", "feeds.roster.guards.vanish.atleast", "at_least"),
        ("10", "feeds.roster.guards.vanish", "list"),
    ],
)
def test_a_tier_that_cannot_be_understood_is_told_with_its_place(roster, written, place, says):
    guards = f"    guards: {{vanish: {written}}}\n"
    with pytest.raises(ConfigError) as error:
        FEEDS.of(PARTNER_YAML.read(roster.replace("    client:\n", guards + "    client:\n", 1)))
    [finding] = error.value.findings
    assert (finding.path, says in str(finding)) == (place, True), str(finding)
