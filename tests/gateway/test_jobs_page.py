"""docs/jobs.md names every kind, queue, role and setting, so that a new one cannot stay undocumented."""

import re
from pathlib import Path

import pytest

from gateway.cli.serve import ROLES
from gateway.jobs.queues import QUEUES
from gateway.settings import _NUMBERS
from gateway.wings import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([A-Za-z_.]+)`", TEXT))


@pytest.mark.parametrize(
    "words",
    [KINDS, QUEUES, ROLES, ["GATEWAY_BROKER_URL"], [f"GATEWAY_{name.upper()}" for name in _NUMBERS]],
    ids=["kinds", "queues", "roles", "the broker", "numbers"],
)
def test_the_page_names_every_word(words):
    assert set(words) <= WORDS
