"""Looks at places, killed between every two steps: each file is imported once, whatever happened to it meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from helpers import dying
from helpers.dying import COMMITTED, POINTS
from helpers.inbox import ROSTER
from helpers.killing import environment_of
from helpers.places import CSV, Places, below, with_arrivals
from helpers.servers import until
from helpers.serving import installed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(480)]

NAME = "roster_20260301.csv"
OTHER = CSV + b"E9,Name9,02/03/1980,1\n"


@pytest.fixture
def environment(settings):
    return environment_of(settings)


@pytest.fixture
def places(inbox) -> Places:
    inbox.apply(with_arrivals("{via: drop}"))
    return Places(inbox)


def look_and_die(environment, point):
    ended = subprocess.run(
        [sys.executable, "-P", dying.__file__, point, "acme"], env=environment, check=False, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def rest(places):
    """What is still to be taken: nothing, after two looks."""
    places.taken()
    places.taken()
    assert places.waiting() == {}
    assert not [name for name in below(places.landing) if not name.startswith(".taken/")]


@pytest.mark.parametrize("point", POINTS)
def test_a_look_that_is_killed_neither_loses_nor_doubles_a_file(places, environment, point):
    (places.landing / NAME).write_bytes(CSV)
    look_and_die(environment, point)
    assert len(places.names()) == (point in COMMITTED)
    rest(places)
    assert places.names() == [NAME]


@pytest.mark.parametrize("point", POINTS)
def test_a_file_that_comes_after_the_kill_is_an_arrival_of_its_own(places, environment, point):
    (places.landing / NAME).write_bytes(CSV)
    look_and_die(environment, point)
    (places.landing / "new").write_bytes(OTHER)
    (places.landing / "new").rename(places.landing / NAME)
    rest(places)
    assert [size for (size,) in places.inbox.sql("SELECT size FROM files ORDER BY size")] == [
        *([len(CSV)] if point in COMMITTED else []),
        len(OTHER),
    ]


def test_a_thousand_files_are_a_thousand_imports_although_the_watcher_is_killed(tmp_path):
    with installed({"GATEWAY_JOB_LEASE_SECONDS": "2"}) as lab:
        dropping = ROSTER.replace("    contents: full", "    arrivals: [{{via: drop}}]\n    contents: full")
        lab.add_partners("northgate", "acme", roster=dropping)
        landing = lab.folder / "data" / "landing" / "acme"
        service = lab.serve("--role", "arrivals")
        until(landing.is_dir)
        for number in range(1_000):
            (landing / f".{number}").write_bytes(CSV + f"E{number + 10},Name,02/03/1980,1\n".encode())
            (landing / f".{number}").rename(landing / f"roster_{number}.csv")
            if number in {250, 500, 750}:
                until(lambda least=number // 3: lab.sql("SELECT count(*) FROM imports")[0][0] > least, seconds=100)
                os.kill(service.pid, signal.SIGKILL)
                service.wait()
                service = lab.serve("--role", "arrivals")
        until(lambda: not list(landing.glob("roster_*")), seconds=120)
        until(lambda: lab.sql("SELECT count(*) FROM place_files WHERE settled_at IS NULL") == [(0,)], seconds=100)
        assert lab.sql("SELECT count(*), count(DISTINCT name) FROM files") == [(1_000, 1_000)]
