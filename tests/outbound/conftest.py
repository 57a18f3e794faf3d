"""A partner that gets deliveries, its own server, and workers that a test sets to work."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec
import pytest
from click.testing import CliRunner
from helpers.doing import do_jobs
from helpers.killing import environment_of
from helpers.receiving import receiving

from gateway import clock
from gateway.cli import cli

SECRET = "whsec_" + base64.b64encode(b"fabricated secret of 32 bytes ok").decode()


@pytest.fixture
def settings(settings):
    """An installation that may call this machine."""
    settings.secrets_dir.joinpath("northgate").mkdir(parents=True)
    settings.secrets_dir.joinpath("northgate", "ACME_HOOK").write_text(SECRET)
    return msgspec.structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


@pytest.fixture
def work(office):
    """Do all jobs that may run now, as a worker does."""

    return lambda queues=("normal", "deliveries", "bulk"): do_jobs(office, queues)


@pytest.fixture
def at(monkeypatch):
    """Move the clock of everything that runs."""

    def move(instant):
        monkeypatch.setenv("GATEWAY_NOW", instant.isoformat())
        return instant

    return move


@pytest.fixture
def passing(at):
    """Let time pass."""

    def by(**span):
        return at(clock.now() + timedelta(**span))

    return by


@pytest.fixture
def partner(inbox, roster, receiver):
    """Acme, to which changes of people are told over HTTP."""

    def apply(deliveries=None):
        usual = f"  changes: {{trigger: on_change, events: [client.updated], carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}}}\n"
        inbox.apply(f"{roster}\ndeliveries:\n{deliveries or usual}")
        return inbox

    return apply


@pytest.fixture
def parcels(inbox):
    """What is known of parcels, in order of their ids."""
    return lambda columns="state, attempts": inbox.sql(f"SELECT {columns} FROM parcels ORDER BY id")


@pytest.fixture
def line(inbox):
    def look(columns):
        [found] = inbox.sql(f"SELECT {columns} FROM delivery_lines")
        return found

    return look


@pytest.fixture
def gateway(settings, monkeypatch):
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(cli, [str(word) for word in words])
