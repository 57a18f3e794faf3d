"""When places are looked at: by the clock, later each time where they fail, told once; by jobs that wait for no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.doing import do_jobs
from helpers.inbox import SENDER
from helpers.moments import Moment
from helpers.places import CSV, Places, in_bucket, with_arrivals
from helpers.sshd import pair

from gateway.domain.partners.homes import find_home
from gateway.jobs.handling import Handling
from gateway.office import Actor
from ingest.arrivals import polling
from ingest.arrivals.standing import status_anywhere


class Job:
    payload: dict[str, object] | None = None
    firm_id = None


@pytest.fixture
def moment(monkeypatch) -> Moment:
    return Moment(monkeypatch)


@pytest.fixture
def asked(office, inbox):
    """The looks that the clock asks for now."""

    def tick():
        inbox.sql("UPDATE jobs SET state = 'done', finished_at = now() WHERE kind = 'arrivals.look'")
        polling.due(Handling(office, Job()))
        return inbox.sql("SELECT count(*) FROM jobs WHERE kind = 'arrivals.look' AND state = 'waiting'")[0][0]

    return tick


def test_a_place_is_looked_at_once_an_interval(inbox, moment, asked):
    inbox.apply(with_arrivals("{via: drop, every: 15m}"))
    assert asked() == 1
    moment.pass_by(minutes=14)
    assert asked() == 0
    moment.pass_by(minutes=2)
    assert asked() == 1


def test_a_look_that_finds_another_process_at_the_place_comes_again_in_a_moment(inbox, office, moment, asked):
    inbox.apply(with_arrivals("{via: drop, every: 15m}"))
    places = Places(inbox)
    asked()
    [(_, one)] = polling.known(office, find_home(office, "acme"))
    (places.landing / "roster.csv").write_bytes(CSV)
    with one.spec.open(one.whose):
        do_jobs(office, ["arrivals"])
        moment.pass_by(seconds=10)
        do_jobs(office, ["arrivals"])
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]
    moment.pass_by(seconds=10)
    do_jobs(office, ["arrivals"])
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]


@pytest.mark.parametrize(
    "entry",
    [
        f'{{via: sftp, host: sftp.acme.example, user: us, key: K, host_keys: ["{pair()[1]}"]}}',
        in_bucket("acme-out", "https://s3.acme.example"),
    ],
)
def test_no_clock_looks_at_a_name_for_examples_and_a_person_may(inbox, office, moment, asked, entry):
    inbox.apply(with_arrivals(entry))
    assert asked() == 0
    moment.pass_by(hours=7)
    assert asked() == 0
    assert inbox.sql("SELECT due_at, failures FROM places") == [(None, 0)]
    [standing] = status_anywhere(office, SENDER)
    assert standing.due_at is None
    assert Places(inbox).poll().problem is not None


def test_a_look_that_waits_for_later_keeps_no_other_away(inbox, office, moment, asked):
    inbox.apply(with_arrivals("{via: drop, every: 15m}"))
    asked()
    inbox.sql("UPDATE jobs SET not_before = %s WHERE kind = 'arrivals.look'", moment.now + timedelta(hours=2))
    with office.acting(inbox.firm_id, SENDER) as acting:
        assert len(polling.look_soon(acting, "acme")) == 1
        assert polling.look_soon(acting, "acme") == []


def test_a_place_that_settings_no_longer_name_is_not_looked_at(inbox, moment, asked, roster):
    inbox.apply(with_arrivals("{via: drop}"))
    assert asked() == 1
    inbox.apply(roster)
    moment.pass_by(hours=1)
    assert asked() == 0


def test_a_place_that_fails_is_asked_less_and_told_once(inbox, moment, asked):
    inbox.apply(with_arrivals("{via: drop, folder: in, every: 15m}"))
    places, waits = Places(inbox), []
    for _ in range(7):
        assert places.poll().problem.code == "drop_root_unset"
        [(due,)] = inbox.sql("SELECT due_at FROM places")
        waits.append((due - moment.now).total_seconds() / 60)
        moment.set(due)
    assert waits == [15, 30, 60, 120, 240, 360, 360]
    assert inbox.sql("SELECT kind, cleared_at FROM feed_alarms") == [("unreachable", None)]


@pytest.mark.parametrize(
    ("failures", "seconds", "lane"),
    [(0, None, "place/%"), (0, 4.9, "place/%"), (0, 5.0, "places/slow/%"), (1, 90.0, "places/failing")],
)
def test_a_place_that_was_slow_or_failed_waits_with_its_like(inbox, asked, failures, seconds, lane):
    inbox.apply(with_arrivals("{via: drop, every: 15m}"))
    Places(inbox).poll()
    assert inbox.sql("SELECT failures, seconds BETWEEN 0 AND 4 FROM places") == [(0, True)]
    inbox.sql("UPDATE places SET due_at = now(), failures = %s, seconds = %s", failures, seconds)
    asked()
    assert inbox.sql("SELECT lane LIKE %s FROM jobs WHERE kind = 'arrivals.look' AND state = 'waiting'", lane) == [
        (True,)
    ]


def test_how_long_a_look_took_is_noted_whether_it_failed_or_not(inbox, monkeypatch):
    inbox.apply(with_arrivals("{via: drop, folder: in, every: 15m}"))
    ticks = iter(range(0, 1000, 7))
    monkeypatch.setattr(polling, "perf_counter", lambda: float(next(ticks)))
    Places(inbox).poll()
    assert inbox.sql("SELECT failures, seconds FROM places") == [(1, 7.0)]


def test_what_was_told_clears_itself(inbox, office, moment):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    folder = places.landing
    folder.rmdir()
    folder.symlink_to("/")
    for _ in range(3):
        assert places.poll().problem
    folder.unlink()
    assert places.poll().looked
    assert inbox.sql("SELECT count(*) FROM feed_alarms WHERE cleared_at IS NULL") == [(0,)]
    assert inbox.sql("SELECT failures, error FROM places") == [(0, None)]


def test_what_is_heard_of_a_feed_has_its_places_looked_at_once(inbox, office, moment):
    inbox.apply(with_arrivals("{via: drop}"))
    for asked in (1, 0):
        with office.acting(inbox.firm_id, Actor("system", "test")) as acting:
            assert len(polling.look_soon(acting, "acme", "roster")) == asked
            assert polling.look_soon(acting, "acme", "other") == []


def test_a_job_takes_what_is_there(inbox, office, moment, asked):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    (places.landing / "roster.csv").write_bytes(CSV)
    asked()
    job = Job()
    job.firm_id = inbox.firm_id
    [(place_id,)] = inbox.sql("SELECT id FROM places")
    job.payload = {"place_id": str(place_id)}
    polling.look(Handling(office, job))
    assert places.names() == ["roster.csv"]
