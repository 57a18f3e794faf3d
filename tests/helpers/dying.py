"""Looks at a partner's place that die at a chosen point: `python dying.py`, told on standard input which, line by line.

Each look is a child of a process that has read the code once, for to read it takes longer than to look.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gateway.db.session import Database
from gateway.domain.partners.homes import find_home
from gateway.settings import load
from gateway.wings import office_of
from helpers.breaking import break_at, die
from helpers.killing import PROGRAMS, ROOT
from ingest.arrivals import drop, memory, polling, s3, sftp, spool

Point = tuple[Any, str, bool]  # whose, what is about to be called, or has just been

_BEGINNING: dict[str, Point] = {"listed": (memory, "remember", False), "remembered": (memory, "remember", True)}
_RECORDING: dict[str, Point] = {
    "stored, not on record": (memory, "note_taken", False),
    "on record, not committed": (memory, "note_taken", True),
}
_FETCHING: dict[str, Point] = {
    "fetched, not stored": (spool._Spool, "fetch", True),
    **_RECORDING,
    "committed, still spooled": (spool._Spool, "forget", False),
}
_END: dict[str, Point] = {"noted": (memory, "note_settled", True)}

POINTS: dict[str, dict[str, Point]] = {
    "drop": {
        **_BEGINNING,
        "nothing read": (drop.HeldFile, "chunks", False),
        **_RECORDING,
        "committed, not settled": (drop.HeldFile, "settle", False),
        "put aside, not compared": (drop.DropPlace, "digest", False),
        "compared, not put away": (drop.DropPlace, "put_away", False),
        "put away, not noted": (drop.DropPlace, "put_away", True),
        **_END,
        "noted, its done-file there": (drop.DropPlace, "drop", False),
        "done-file dropped": (drop.DropPlace, "drop", True),
    },
    "sftp": {
        **_BEGINNING,
        "nothing read": (sftp.FarFile, "chunks", False),
        **_FETCHING,
        "committed, not settled": (sftp.FarFile, "settle", False),
        "put aside, not compared": (sftp.FarFile, "_is_taken", False),
        "compared, not put away": (sftp.FarFile, "_finish", False),
        "its folder made, not put away": (sftp.SftpPlace, "make", True),
        "put away, not noted": (sftp.FarFile, "_finish", True),
        **_END,
        "noted, its done-file there": (sftp.SftpPlace, "drop", False),
        "done-file dropped": (sftp.SftpPlace, "drop", True),
    },
    "s3": {
        **_BEGINNING,
        "nothing read": (s3.FarObject, "chunks", False),
        **_FETCHING,
        "committed, not settled": (s3.FarObject, "settle", False),
        "compared, not copied": (s3.FarObject, "_copied", False),
        "copied, not deleted": (s3.FarObject, "_copied", True),
        "deleted, not noted": (s3.FarObject, "settle", True),
        **_END,
        "noted, its done-file there": (s3.S3Place, "drop", False),
        "done-file dropped": (s3.S3Place, "drop", True),
    },
}


def committed(via: str, point: str) -> bool:
    """Whether the file is on record where it dies."""
    names = list(POINTS[via])
    return names.index(point) > names.index("on record, not committed")


class Killer:
    """The process whose children die."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def look(self, environment: Mapping[str, str], via: str, point: str) -> None:
        """Have acme's place looked at until that point."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([dict(environment), via, point]) + "\n")
        self._process.stdin.flush()
        ended = self._process.stdout.readline().strip()
        assert ended == str(-signal.SIGKILL), f"{point} was not reached: {ended}"


_MODULES = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(PROGRAMS.parent)])}


@contextmanager
def killing() -> Iterator[Killer]:
    """A process whose children die, until the end."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-P", __file__], env=_MODULES | os.environ, text=True, **pipes) as process:
        yield Killer(process)
        assert process.stdin
        process.stdin.close()


def _look(environment: Mapping[str, str], via: str, point: str) -> None:
    owner, name, after = POINTS[via][point]
    break_at(owner, name, after=after, by=die)
    os.environ |= environment
    settings = load()
    office = office_of(Database.open(settings), settings)
    problems = [one.problem for one in polling.poll(office, find_home(office, "acme"))]
    sys.stderr.writelines(f"{one.sentence}\n" for one in problems if one)


def main() -> None:
    for line in sys.stdin:
        if child := os.fork():
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
            sys.stdout.flush()
            continue
        _look(*json.loads(line))  # a line that fails ends this copy, and tells why, as the last thing it does
        sys.exit(1)


if __name__ == "__main__":
    main()
