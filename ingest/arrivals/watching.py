"""Hears of files in drop folders, and has them looked at; what it misses, it finds some seconds later.

It asks for looks and takes nothing itself: whatever becomes of this process, a look is a job that others find.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from uuid import UUID

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from gateway.domain.partners.homes import Home
from gateway.errors import Problem
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrivals import polling, seeking
from ingest.arrivals.drop import TAKING, DropArrival, is_draft

RESCAN_SECONDS = 10.0

_HEARD = {"created", "moved", "closed"}  # what we do ourselves is to open and to close unwritten
_PAUSE_SECONDS = 0.2  # for what else comes with what was heard

log = get_logger(__name__)


@contextmanager
def watching(office: Office) -> Iterator[Callable[[], bool]]:
    """Watch the drop folders of all partners meanwhile; gives what tells whether it still does."""
    watcher = Watcher(office)
    watcher.start()
    try:
        yield watcher.is_whole
    finally:
        watcher.stop()


class Watcher:
    """Watches the drop folders of all partners, from `start` to `stop`."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._observer = Observer()
        self._watches: dict[Path, ObservedWatch] = {}
        self._folders: dict[Path, tuple[Home, UUID]] = {}
        self._lock = threading.Lock()
        self._dirty: set[Path] = set()
        self._heard, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self._observer.start()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        self._heard.set()
        self._thread.join()
        self._observer.stop()
        self._observer.join()

    def is_whole(self) -> bool:
        """Whether its threads are there."""
        return self._thread.is_alive() and self._observer.is_alive()

    def hear(self, path: Path) -> None:
        """Something has happened to a file."""
        with self._lock:
            self._dirty.add(path.parent)
        self._heard.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._rescan()
                self._listen()
            except Problem as problem:  # the database is away: the next round finds what is missed now
                log.warning("cannot have drop folders looked at", why=problem.sentence)
                self._stopping.wait(RESCAN_SECONDS)
            except Exception:
                log.exception("cannot watch drop folders")
                self._stopping.wait(RESCAN_SECONDS)

    def _rescan(self) -> None:
        """Know the folders that settings name today, watch them, and have those looked at in which something lies."""
        self._folders = self._known()
        for path in self._watches.keys() - self._folders.keys():
            self._observer.unschedule(self._watches.pop(path))
        for path in self._folders.keys() - self._watches.keys():
            self._watch(path)
        self._ask(path for path in self._folders if _holds_something(path))

    def _listen(self) -> None:
        """Have folders looked at as they are heard of, until it is time to look at all of them."""
        deadline = perf_counter() + RESCAN_SECONDS
        while (left := deadline - perf_counter()) > 0 and not self._stopping.is_set():
            if not self._heard.wait(left):
                return
            self._stopping.wait(_PAUSE_SECONDS)
            self._heard.clear()
            with self._lock:
                dirty, self._dirty = self._dirty, set()
            self._ask(dirty)

    def _ask(self, folders: Iterable[Path]) -> None:
        for path in folders:
            if found := self._folders.get(path):
                home, place_id = found
                with self._office.db.firm(home.firm_id) as session:
                    polling.ask(session, self._office, home, place_id)

    def _known(self) -> dict[Path, tuple[Home, UUID]]:
        found = {}
        with self._office.db.system() as session:
            homes = seeking.partners(session)
        for home in homes:
            for place_id, one in polling.known(self._office, home):
                if isinstance(one.spec, DropArrival):
                    found[one.spec.prepared(one.whose)] = (home, place_id)
        return found

    def _watch(self, path: Path) -> None:
        try:
            self._watches[path] = self._observer.schedule(_Ear(self), str(path))
        except OSError as error:  # not there yet, or the system watches no more: it is looked at all the same
            log.warning("a folder is not watched, and looked at now and then", folder=str(path), why=str(error))


class _Ear(FileSystemEventHandler):
    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _HEARD:
            return
        for path in filter(None, (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))):
            if not is_draft(Path(path).name):
                self._watcher.hear(Path(path))


def _holds_something(path: Path) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(not is_draft(entry.name) or entry.name == TAKING for entry in entries)
    except OSError:  # the look says what is wrong
        return True
