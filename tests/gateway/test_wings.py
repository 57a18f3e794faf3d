"""What a room declares is known to the installation: nothing that was written is forgotten where all is put together."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import gateway.domain
import gateway.reports
import ingest
import outbound
from gateway.config import Section
from gateway.erasing import Eraser
from gateway.events import EVENTS, Event
from gateway.jobs.kinds import Kind
from gateway.jobs.subscriptions import Subscription
from gateway.reports import REPORTS
from gateway.reports.report import Report
from gateway.wings import ERASERS, KINDS, SUBSCRIPTIONS, WINGS


def modules() -> Iterator[object]:
    for package in (gateway.domain, gateway.reports, ingest, outbound):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def declared(kind: type) -> set[object]:
    """Values of a type that stand at the top level of a module, alone or in a tuple."""
    values = [value for module in modules() for value in vars(module).values()]
    singles = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    return {each for each in singles if isinstance(each, kind)}


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (Kind, set(KINDS.values())),
        (Section, {one for wing in WINGS for one in wing.sections}),
        (Subscription, {one for wing in WINGS for one in wing.subscriptions}),
        (Eraser, set(ERASERS)),
    ],
    ids=["kinds of jobs", "sections of partner.yaml", "subscriptions", "erasers"],
)
def test_whatever_a_room_declares_its_wing_brings(kind, known):
    assert declared(kind) <= known


def test_the_jobs_of_subscribers_are_known_to_workers():
    assert set(SUBSCRIPTIONS.kinds) <= set(KINDS.values())


def test_every_event_can_be_read_again():
    assert set(Event.__subclasses__()) == set(EVENTS)


def test_every_report_is_offered():
    assert declared(Report) <= set(REPORTS.values())
