"""What a worker loads before its first check: the clients of the providers whom firms ask, and of nobody else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers.checked import Checked

from outbound.checking.working import prepare
from outbound.llm import PROVIDERS

GPT, CLAUDE = {"provider": "openai", "model": "gpt-5"}, {"provider": "anthropic", "model": "claude-sonnet-5-5"}
LOADS = """
import sys
from outbound.llm import PROVIDERS
needed = {name, "outbound.llm.calling"}
assert not needed & set(sys.modules)
PROVIDERS[name].load()
assert needed <= set(sys.modules)
"""


@pytest.fixture
def loaded(monkeypatch):
    found = []
    for name, one in PROVIDERS.items():
        monkeypatch.setattr(type(one), "load", lambda _self, name=name: found.append(name))
    return found


def test_nothing_is_loaded_where_no_firm_asks_a_model(northgate, office, loaded):
    prepare(office)
    northgate.wants(steps=[GPT], uses_models=False)
    prepare(office)
    assert loaded == []


def test_of_all_firms_the_newest_words_count(northgate, office, tenants, loaded):
    northgate.wants(steps=[CLAUDE])
    northgate.wants(steps=[GPT])
    prepare(office)
    assert loaded == ["openai"]
    loaded.clear()
    Checked(office, tenants, "harbor", "initech").wants(steps=[GPT, CLAUDE])
    prepare(office)
    assert sorted(loaded) == ["anthropic", "openai"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_is_loaded_is_what_asking_needs(name):
    subprocess.run([sys.executable, "-c", f"name = {name!r}\n{LOADS}"], check=True)
