"""A partner whose HRIS is asked, and the day on which that happens."""

from datetime import datetime
from types import SimpleNamespace

import pytest
from helpers.hris import CLIENT_SECRET, KEY, Hris, serving
from helpers.inbox import Inbox
from helpers.moving import Day
from helpers.webhooks import NEW
from msgspec.structs import replace

from gateway.wings import office_of
from ingest.arrivals.rest.pulling import LOOK, POLL
from ingest.arrivals.rest.sources import all_sources, ensure

MORNING = datetime.fromisoformat("2026-05-04T08:00:00+00:00")
SETTINGS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  workers:
    file: "workers_*.json"
    format: {type: json, records: data.employees}
    contents: changes
    as_of: {file_name: "workers_%Y-%m-%dT%H%M%S%z.json"}
    arrivals:
      - via: rest
        url: URL
        name: "workers_{time}.json"
        auth: {type: key, secret: HRIS_KEY}
        list: {path: /v1/employees, paging: {by: cursor, parameter: cursor, next: meta.next}}
        since: {parameter: updatedSince, until: updatedBefore, field: updatedAt}
        person: {path: "/v1/employees/{id}", record: data.employee}
        budget: {hour: 150}
        history: {days: 60, window: 20}
        target: 15
      - {via: webhook, secret: HOOK, pull: {ids: data.employeeId}}
    client:
      key: employee_id
      fields:
        employee_id:   {from: employeeId, required: true}
        family_name:   {from: last, required: true}
        annual_salary: {from: salary, type: money}
"""


@pytest.fixture
def agreed():
    """The settings, of an HRIS that is nowhere."""
    return SETTINGS.replace("URL", "https://hris.example")


@pytest.fixture
def hris():
    with serving(Hris()) as one:
        yield one


@pytest.fixture
def opened(settings):
    """Settings by which the HRIS on this machine may be asked."""
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    for name, value in {"HRIS_KEY": KEY, "HRIS_CLIENT": CLIENT_SECRET, "HOOK": NEW}.items():
        (folder / name).write_text(value)
    return replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def office(db, opened):
    return office_of(db, opened)


@pytest.fixture
def day(office, monkeypatch):
    return Day(office, monkeypatch, MORNING)


@pytest.fixture
def connect(office, tenants, hris, day):
    """Applies acme's settings, some words of them changed; the HRIS is asked from the next minute on."""

    def apply(*changes):
        text = SETTINGS.replace("URL", hris.url)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        inbox = Inbox(office, tenants.northgate, "acme")
        inbox.apply(text)
        return inbox

    return apply


@pytest.fixture
def minutes(day):
    """Lets so many minutes pass, with all that is due in each."""

    def pass_by(count=1):
        for _ in range(count):
            day.minute(LOOK)

    return pass_by


@pytest.fixture
def rounds(day, office):
    """Lets so many minutes pass in which each HRIS is asked, and nothing of what it answers is imported."""

    def pass_by(count, *kinds):
        with office.db.system() as session:
            sources = [*all_sources(session)]
        for source in sources:
            with office.db.firm(source.home.firm_id) as session:
                ensure(session, source)
        for _ in range(count):
            day.move(minutes=1)
            for source in sources:
                errand = SimpleNamespace(office=office, job=SimpleNamespace(payload={"feed_id": str(source.feed_id)}))
                for kind in kinds or (POLL,):
                    kind.handler(errand)

    return pass_by
