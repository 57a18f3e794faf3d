"""Files on a partner's SFTP server, a real one: whom we believe, what is whole, what becomes of it."""

from __future__ import annotations

import os

import pytest
from helpers.inbox import SENDER
from helpers.moments import Moment
from helpers.places import CSV, Places, below, keep_secrets, on_sshd, with_arrivals
from helpers.sshd import pair
from msgspec import structs

from gateway.domain.partners.homes import find_home
from gateway.sftp import fingerprint, pins
from ingest.arrivals import memory, polling
from ingest.arrivals.sftp import FarFile

OTHER = CSV + b"E9,Name9,02/03/1980,1\n"


@pytest.fixture
def moment(monkeypatch) -> Moment:
    return Moment(monkeypatch)


@pytest.fixture
def fetched(inbox, sshd, moment, settings):
    """Settings that fetch from the server, with what a test wants otherwise."""
    keep_secrets(settings, ACME_KEY=sshd.key)

    def apply(more: str = "", **words: object) -> Places:
        inbox.apply(with_arrivals(on_sshd(sshd, more, **words)))
        return Places(inbox)

    return apply


@pytest.fixture
def settings(settings):
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


def put(sshd, name, content=CSV, mtime=None):
    path = sshd.home / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    if mtime:
        os.utime(path, (mtime, mtime))


def test_a_file_is_taken_once_two_looks_saw_the_same_size(fetched, sshd, moment):
    places = fetched()
    put(sshd, "roster.csv", CSV[:40])
    assert list(places.waiting()) == ["roster.csv"]
    moment.pass_by(seconds=30)
    put(sshd, "roster.csv")
    assert list(places.waiting()) == ["roster.csv"], "it has grown"
    moment.pass_by(seconds=30)
    assert places.taken() == ["roster.csv"]
    moment.pass_by(seconds=30)
    assert places.taken() == []
    assert list(below(sshd.home)) == ["roster.csv"]


def test_a_file_that_is_left_is_not_taken_again_when_only_its_mtime_changes(fetched, sshd):
    places = fetched(ready="rename")
    put(sshd, "roster.csv", mtime=1_000_000)
    assert places.taken() == ["roster.csv"]
    put(sshd, "roster.csv", mtime=2_000_000)
    assert places.taken() == []
    put(sshd, "roster.csv", OTHER, mtime=2_000_000)
    assert places.taken() == ["roster.csv"]


def test_a_file_that_is_moved_comes_again_as_another_arrival(fetched, sshd):
    places = fetched(ready="rename", after=f"move:{sshd.home}/done")
    for _ in range(2):
        put(sshd, "roster.csv", mtime=1_000_000)
        assert places.taken() == ["roster.csv"]
    last = places.inbox.sql("SELECT id FROM imports ORDER BY id")[-1][0]
    assert sorted(below(sshd.home)) == [f"done/{last}-roster.csv", "done/roster.csv"]


def test_a_file_is_deleted_with_its_done_file(fetched, sshd):
    places = fetched(done="*.done", after="delete")
    put(sshd, "roster.csv")
    assert places.waiting() == {"roster.csv": "its done-file roster.csv.done or roster.done is not there"}
    put(sshd, "roster.done", b"")
    assert places.taken() == ["roster.csv"]
    assert list(below(sshd.home)) == []


def test_a_done_file_speaks_of_one_version_only(fetched, sshd):
    places = fetched(done="*.done")
    put(sshd, "roster.csv", mtime=1_000_000)
    put(sshd, "roster.csv.done", b"", mtime=1_000_000)
    assert places.taken() == ["roster.csv"]
    put(sshd, "roster.csv", OTHER[:30], mtime=1_000_001)
    assert list(places.waiting()) == ["roster.csv"]
    put(sshd, "roster.csv", OTHER, mtime=1_000_002)
    put(sshd, "roster.csv.done", b"", mtime=1_000_002)
    assert places.taken() == ["roster.csv"]


def test_folders_below_are_looked_into_where_that_is_agreed(fetched, sshd):
    for name in ["roster1.csv", "march/roster2.csv", "march/other.txt", ".hidden/roster3.csv"]:
        put(sshd, name)
    assert fetched(ready="rename").taken() == ["roster1.csv"]
    assert fetched(ready="rename", recursive=True).taken() == ["roster2.csv"]


def test_links_are_not_followed(fetched, sshd, tmp_path):
    (tmp_path / "secret").write_bytes(CSV)
    (sshd.home / "roster.csv").symlink_to(tmp_path / "secret")
    assert fetched(ready="rename").waiting() == {"roster.csv": "It is a link or a device; only files are taken."}


def test_a_host_key_that_is_not_pinned_is_refused_and_never_learned(fetched, sshd):
    put(sshd, "roster.csv")
    stranger = pair()[1]
    places = fetched(host_keys=[stranger], ready="rename")
    for _ in range(2):
        problem = places.poll().problem
        assert problem.code == "host_key_unknown"
        for _, key in pins([stranger, sshd.host_keys[0]]):
            assert fingerprint(key) in problem.sentence
    assert places.names() == []
    assert fetched(host_keys=[stranger, sshd.host_keys[0]], ready="rename").taken() == ["roster.csv"]


def test_a_download_that_broke_off_goes_on_where_it_was(fetched, sshd, monkeypatch):
    places = fetched(ready="rename")
    content = CSV + b"".join(b"E%d,Name,02/03/1980,1\n" % number for number in range(100, 200_000))
    put(sshd, "roster.csv", content)
    chunks, offsets = FarFile.chunks, []

    def breaking(self, offset):
        offsets.append(offset)
        for number, chunk in enumerate(chunks(self, offset)):
            yield chunk
            if number == 1 and len(offsets) == 1:
                raise EOFError

    monkeypatch.setattr(FarFile, "chunks", breaking)
    assert places.poll().problem.code == "sftp_failed"
    [spooled] = [file for file in (places.office.settings.data_dir / "fetching").rglob("*") if file.is_file()]
    assert spooled.stat().st_size > 2 << 20
    assert b"E100," not in spooled.read_bytes(), "it is encrypted"
    assert places.taken() == ["roster.csv"]
    assert offsets == [0, 1 << 20, 2 << 20], "the last piece is held against what lies there"
    assert places.inbox.sql("SELECT size FROM files") == [(len(content),)]
    assert list(below(places.office.settings.data_dir / "fetching")) == []


def test_a_file_that_is_replaced_while_it_is_taken_is_not_deleted(fetched, sshd, monkeypatch):
    places = fetched(ready="rename", after="delete")
    put(sshd, "roster.csv", mtime=1_000_000)
    note = memory.note_taken

    def replacing(*args, **more):
        note(*args, **more)
        if not places.arrived():
            put(sshd, "new", OTHER, mtime=1_000_001)
            (sshd.home / "new").rename(sshd.home / "roster.csv")

    monkeypatch.setattr(memory, "note_taken", replacing)
    assert places.taken() == ["roster.csv"]
    assert (sshd.home / "roster.csv").read_bytes() == OTHER
    assert places.taken() == ["roster.csv"]
    assert list(below(sshd.home)) == []
    assert [size for (size,) in places.inbox.sql("SELECT size FROM files ORDER BY id")] == [len(CSV), len(OTHER)]


def test_what_is_wrong_is_told_step_by_step(fetched, sshd):
    def told(**words):
        places = fetched(**words)
        [pinged] = polling.ping(places.office, find_home(places.office, "acme").firm_id, SENDER, "acme")
        return len(pinged.steps), pinged.problem and pinged.problem.code

    assert told(port=1) == (0, "connection_refused")
    assert told(user="nobody-of-that-name") == (0, "login_refused")
    assert told(key="OTHER_KEY") == (0, "secret_missing")
    assert told(folder="/no/such/folder") == (3, "folder_missing")
    assert told() == (4, None)
    assert told(after=f"move:{sshd.home}/done") == (6, None)


def test_the_end_that_the_format_wants_is_waited_for(inbox, fetched, sshd, roster):
    places = fetched(ready="trailer")
    put(sshd, "roster.csv", b"")
    assert places.waiting() == {"roster.csv": "its trailer, or the end that its format wants, is not there"}
