"""A drop folder: what is whole is taken once, what is not waits, what is no file is told and never followed."""

from __future__ import annotations

import errno
import fcntl
import os
import socket

import pytest
from helpers.moments import Moment
from helpers.places import CSV, Places, below, with_arrivals

from gateway.config import ConfigError
from ingest.arrival import MOST_BYTES
from ingest.arrivals import memory


@pytest.fixture
def places(inbox) -> Places:
    inbox.apply(with_arrivals("{via: drop}"))
    return Places(inbox)


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("..", "`..`"),
        ("in/../../harbor", "`..`"),
        (".", "`..`"),
        ("in//more", "empty"),
        ("in/", "empty"),
        (".hidden/in", "dot"),
        ("/srv/drop/northgate/in", "without a slash"),
    ],
)
def test_a_folder_to_which_no_look_would_go_is_refused_with_the_settings(inbox, folder, told):
    with pytest.raises(ConfigError) as refused:
        inbox.apply(with_arrivals(f"{{via: drop, folder: '{folder}'}}"))
    assert told in refused.value.sentence
    assert "folder" in refused.value.sentence


def test_a_file_is_taken_and_moved_away(places):
    (places.landing / "roster_20260301.csv").write_bytes(CSV)

    assert places.taken() == ["roster_20260301.csv"]

    assert places.names() == ["roster_20260301.csv"]
    [(import_id,)] = places.inbox.sql("SELECT id FROM imports")
    assert list(below(places.landing)) == [f".taken/{import_id}/roster_20260301.csv"]
    assert (places.landing / f".taken/{import_id}/roster_20260301.csv").read_bytes() == b"", "its name alone stays"
    assert places.inbox.sql("SELECT via FROM files") == [("drop",)]
    assert places.inbox.sql("SELECT kind, about FROM jobs") == [("ingest.run", import_id)]
    assert places.taken() == []


def test_a_file_that_somebody_writes_waits_until_it_is_closed(places):
    file = places.landing / "roster.csv"
    with file.open("wb") as writer:
        writer.write(CSV[:50])
        writer.flush()
        assert places.waiting() == {"roster.csv": "somebody has it open for writing"}
        writer.write(CSV[50:])
    assert places.taken() == ["roster.csv"]


def test_old_mtimes_do_not_make_a_file_whole(places):
    file = places.landing / "roster.csv"
    with file.open("wb") as writer:
        writer.write(CSV[:50])
        writer.flush()
        os.utime(file, (1, 1))
        assert places.waiting()
        writer.write(CSV[50:])
    os.utime(file, (1, 1))
    assert places.taken() == ["roster.csv"]


def test_drafts_are_not_looked_at(places):
    for name in ["roster.csv.part", "roster.csv.TMP", "roster.csv.filepart", ".roster.csv"]:
        (places.landing / name).write_bytes(CSV)
    assert places.waiting() == {}
    (places.landing / "roster.csv.part").rename(places.landing / "roster.csv")
    assert places.taken() == ["roster.csv"]


def test_the_same_name_again_is_another_arrival(places):
    for content in (CSV, CSV + b"E9,Name9,02/03/1980,1\n", CSV):
        (places.landing / "roster.csv").write_bytes(content)
        assert places.taken() == ["roster.csv"]
    assert places.names() == ["roster.csv"] * 3


def test_what_no_feed_wants_is_told_and_left(places):
    (places.landing / "photo.jpg").write_bytes(b"?")
    assert places.waiting() == {"photo.jpg": "no feed takes a file of this name here; those taken are roster*.csv"}
    assert list(below(places.landing)) == ["photo.jpg"]


def test_what_is_no_file_is_told_and_never_followed(places, tmp_path):
    (tmp_path / "secret.csv").write_bytes(CSV)
    (places.landing / "roster1.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(places.landing / "roster2.csv")
    (places.landing / "roster3.csv").mkdir()
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(places.landing, os.O_RDONLY)
        unix.bind(f"/proc/self/fd/{here}/roster4.csv")
        os.close(here)
        told = places.waiting()
    assert [told[f"roster{number}.csv"] for number in range(1, 5)] == [
        f"It is a {kind}; only files are taken." for kind in ("link", "pipe", "folder", "socket")
    ]


def test_a_file_that_is_larger_than_any_may_be_is_told_and_not_read(places):
    (places.landing / "roster1.csv").write_bytes(b"")
    os.truncate(places.landing / "roster1.csv", MOST_BYTES + 1)
    (places.landing / "roster2.csv").write_bytes(CSV)
    polled = places.poll()
    assert [one.name for one in polled.looked.taken] == ["roster2.csv"]
    assert [(one.name, one.why) for one in polled.looked.waiting] == [
        ("roster1.csv", "It is larger than 256 MiB; send it in parts, or packed.")
    ]
    assert places.names() == ["roster2.csv"]


def test_a_landing_folder_that_is_a_link_is_not_entered(places, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "roster.csv").write_bytes(CSV)
    folder = places.landing
    folder.rmdir()
    folder.symlink_to(tmp_path / "elsewhere")
    polled = places.poll()
    assert polled.problem.code == "folder_missing"
    assert "is reached by a link" in polled.problem.sentence


def test_names_that_are_no_text_are_taken(places):
    with open(os.path.join(os.fsencode(places.landing), b"roster_\xff.csv"), "wb") as file:  # noqa: PTH118, PTH123 - bytes
        file.write(CSV)
    assert len(places.taken()) == 1
    assert places.names() == ["roster_\ufffd.csv"]
    assert places.taken() == []


def test_a_file_that_is_replaced_while_it_is_taken_is_put_back_and_is_an_arrival(places, monkeypatch):
    note, other = memory.note_taken, CSV + b"E9,Name9,02/03/1980,1\n"

    def replacing(*args, **more):
        note(*args, **more)
        if not places.arrived():
            (places.landing / ".new").write_bytes(other)
            (places.landing / ".new").rename(places.landing / "roster.csv")

    (places.landing / "roster.csv").write_bytes(CSV)
    monkeypatch.setattr(memory, "note_taken", replacing)
    assert places.taken() == ["roster.csv"]
    assert (places.landing / "roster.csv").read_bytes() == other
    assert places.taken() == ["roster.csv"]
    assert [size for (size,) in places.inbox.sql("SELECT size FROM files ORDER BY id")] == [len(CSV), len(other)]


def test_what_earlier_versions_kept_plain_goes_at_the_next_look_and_names_after_a_week(places, monkeypatch):
    moment, taken = Moment(monkeypatch), places.landing / ".taken"
    for name, content in (("1", CSV), ("2", b"")):
        (taken / name).mkdir(parents=True)
        (taken / name / "roster.csv").write_bytes(content)
    places.taken()
    assert list(below(taken)) == ["2/roster.csv"]
    moment.pass_by(days=8)
    places.taken()
    assert list(below(taken)) == []


def test_where_no_lease_tells_who_writes_a_file_must_stand_still_over_two_looks(places, monkeypatch):
    """As on network shares, which know no leases."""
    moment = Moment(monkeypatch)

    def unknown(*_args):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(fcntl, "fcntl", unknown)
    (places.landing / "roster.csv").write_bytes(CSV[:40])
    assert list(places.waiting()) == ["roster.csv"]
    moment.pass_by(seconds=30)
    (places.landing / "roster.csv").write_bytes(CSV)
    assert list(places.waiting()) == ["roster.csv"], "it has grown"
    moment.pass_by(seconds=30)
    assert places.taken() == ["roster.csv"]
