"""Looks at places, killed between every two steps: each file is imported once, whatever happened to it meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers.bucket import bucket  # noqa: F401 - a fixture
from helpers.dying import POINTS, committed, killing
from helpers.inbox import ROSTER
from helpers.killing import environment_of
from helpers.places import CSV, Places, below, in_bucket, keep_secrets, on_sshd, with_arrivals
from helpers.servers import until
from helpers.serving import installed
from msgspec import structs

pytestmark = [pytest.mark.journey, pytest.mark.timeout(480)]

NAME, DONE = "roster_20260301.csv", "roster_20260301.done"
OTHER = CSV.replace(b"1980", b"1981")
EVERY = [(via, point) for via in POINTS for point in POINTS[via]]
MTIME = 1_000_000


class Scene(NamedTuple):
    """A place of acme's that is told by done-files what is whole.

    Attributes:
        put: lays a file there.
        left: what lies there and is not where files go that were taken.
        kept: where those are.
    """

    via: str
    places: Places
    put: Callable[[str, bytes], None]
    left: Callable[[], list[str]]
    kept: Callable[[], list[str]]


@pytest.fixture
def settings(settings):
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def environment(settings):
    return environment_of(settings)


@pytest.fixture(scope="module")
def killer():
    with killing() as one:
        yield one


def of_folder(via: str, places: Places, folder: Path, kept: str) -> Scene:
    def put(name: str, content: bytes) -> None:
        (folder / ".new").write_bytes(content)
        os.utime(folder / ".new", (MTIME, MTIME))
        (folder / ".new").rename(folder / name)

    def below_it(*, is_kept: bool) -> list[str]:
        return [name for name in below(folder) if name.startswith(kept) is is_kept]

    return Scene(via, places, put, lambda: below_it(is_kept=False), lambda: below_it(is_kept=True))


@pytest.fixture
def drop(inbox) -> Scene:
    inbox.apply(with_arrivals("{via: drop, done: '*.done'}"))
    return of_folder("drop", Places(inbox), Places(inbox).landing, ".taken/")


@pytest.fixture
def sftp(inbox, sshd, settings) -> Scene:
    keep_secrets(settings, ACME_KEY=sshd.key)
    inbox.apply(with_arrivals(on_sshd(sshd, done="*.done", after=f"move:{sshd.home}/done")))
    return of_folder("sftp", Places(inbox), sshd.home, "done/")


@pytest.fixture
def s3(inbox, bucket, settings) -> Scene:  # noqa: F811 - the fixture
    keep_secrets(settings, ACME_ID=bucket.access_key, ACME_SECRET=bucket.secret_key)
    inbox.apply(with_arrivals(in_bucket(bucket.name, bucket.url, done="*.done", after="move:done")))

    def below_it(*, is_kept: bool) -> list[str]:
        return [key for key in bucket.files() if key.startswith("done/") is is_kept]

    left, kept = (lambda: below_it(is_kept=False)), (lambda: below_it(is_kept=True))
    return Scene("s3", Places(inbox), lambda name, content: bucket.put(f"out/{name}", content), left, kept)


@pytest.fixture
def scene(request, via) -> Scene:
    return request.getfixturevalue(via)


def rest(scene):
    """What is still to be taken: nothing, after two looks."""
    scene.places.taken()
    scene.places.taken()
    assert scene.places.waiting() == {}
    assert scene.left() == []


@pytest.mark.parametrize(("via", "point"), EVERY)
def test_a_look_that_is_killed_neither_loses_nor_doubles_a_file(scene, environment, killer, via, point):
    scene.put(NAME, CSV)
    scene.put(DONE, b"")
    killer.look(environment, via, point)
    assert len(scene.places.names()) == committed(via, point)
    rest(scene)
    assert scene.places.names() == [NAME]
    assert len(scene.kept()) == 1


@pytest.mark.parametrize(("via", "point"), EVERY)
def test_a_file_that_comes_after_the_kill_is_an_arrival_of_its_own(scene, environment, killer, via, point):
    """It has the size and the mtime of the one before, so that nothing but its bytes tells it from that."""
    scene.put(NAME, CSV)
    scene.put(DONE, b"")
    killer.look(environment, via, point)
    scene.put(NAME, OTHER)
    scene.put(DONE, b"again")
    rest(scene)
    wanted = [sha256(one).hexdigest() for one in ([CSV] if committed(via, point) else []) + [OTHER]]
    assert [digest for _, digest in scene.places.arrived()] == wanted


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
