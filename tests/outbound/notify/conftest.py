"""A firm whose people are told things, a mail server of its own, and workers that a test sets to work."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from click.testing import CliRunner
from helpers import dispatches
from helpers.doing import do_jobs
from helpers.killing import environment_of
from helpers.post_office import PostOffice
from sqlalchemy import select

from gateway import clock
from gateway.cli import cli
from gateway.db.models import ActionLink
from gateway.db.session import driver
from gateway.office import Actor
from outbound.notify.channels import CHANNELS

ADMIN = Actor("staff", "admin@northgate.example", origin="test")


@pytest.fixture
def post_office():
    one = PostOffice()
    yield one
    one.close()


@pytest.fixture
def settings(settings, post_office):
    """An installation with a relay on this machine."""
    return msgspec.structs.replace(
        settings, smtp_url=f"smtp+plain://127.0.0.1:{post_office.port}", mail_from="gateway@northgate.example"
    )


@pytest.fixture
def stood_in(monkeypatch):
    dispatches.stand_in(monkeypatch)
    return dispatches


@pytest.fixture
def make(stood_in, office, tenants):
    """Dispatches to Northgate's admin."""
    return lambda number=1, **told: stood_in.make(office, tenants.northgate, tenants.staff["admin"], number, **told)


@pytest.fixture
def work(office):
    """Do all jobs of the queue that may run now, as a worker does."""
    return lambda: do_jobs(office, ["notices"])


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
    return lambda **span: at(clock.now() + timedelta(**span))


@pytest.fixture
def rows(inbox):
    """What is known of dispatches, in order of their ids."""
    return lambda columns="state, attempts": inbox.sql(f"SELECT {columns} FROM dispatches ORDER BY id")


@pytest.fixture
def attempts(inbox):
    """Outcomes of all attempts, in order."""
    return lambda columns="outcome": [
        one if len(one) > 1 else one[0]
        for one in inbox.sql(f"SELECT {columns} FROM dispatch_attempts ORDER BY dispatch_id, number")
    ]


@pytest.fixture
def states(db):
    """What is held against channels."""

    def look(columns):
        with db.system() as session:
            return driver(session).execute(f"SELECT {columns} FROM channel_states").fetchall()

    return look


@pytest.fixture
def gateway(settings, monkeypatch):
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def admin(office, tenants):
    """Somebody at work: a context for each transaction."""
    actor = ADMIN._replace(id=tenants.staff["admin"])
    return lambda: office.acting(tenants.northgate, actor)


@pytest.fixture
def channels(monkeypatch):
    """E-mail and the bell are in the registry; whoever makes a dispatch asks for no more than their names."""
    for name in ("email", "in_app"):
        if name not in CHANNELS:
            monkeypatch.setitem(CHANNELS, name, object())


@pytest.fixture
def offered(office):
    """The acts that were offered by links so far."""

    def look():
        with office.db.system() as session:
            return sorted(session.scalars(select(ActionLink.act)))

    return look
