"""A worker at one firm and channel for a while: hands over batch after batch, one at a time, and learns how it goes."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from gateway import clock
from gateway.db.session import moment
from gateway.errors import Problem, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import LeaseLost
from gateway.logging import get_logger
from gateway.metrics import NOTICE_DELAYS, NOTICES
from outbound.notify import bearing
from outbound.notify.attempts import Ended, Ready, put_off, refused, settle_late, taken, turn
from outbound.notify.bearing import Room
from outbound.notify.channels.base import Channel, Line, Never, NotNow, Unsent
from outbound.notify.claiming import Taken, take

FRESH_SECONDS = 5.0  # for which what the gate said is gone by; an opt-out that comes in holds after that at the latest

_TURN_SECONDS = 15.0  # after which a firm lets others to the worker; less than a process that must end is given
_FIRST, _MOST = 50, 500  # dispatches that are taken at once
_SURELY = 10  # times that what is known is tried to be put on record while the database is away
_SURELY_SECONDS = 0.5  # between two of them

log = get_logger(__name__)


class _Batch(NamedTuple):
    """What was done at once: so many were due, so many were handed over; `was_slow` where the rest became stale."""

    found: int
    sent: int
    was_slow: bool


class Hand:
    """Hands over what is due of a firm by a channel; what it cannot hand over waits where it is."""

    def __init__(self, handling: Handling, firm_id: UUID, channel: Channel) -> None:
        self._handling, self._office = handling, handling.office
        self._firm_id, self._channel = firm_id, channel
        self._ended: Ended | None = None  # what is known, and not on record yet
        self._is_open = True  # the channel, as far as we know
        self._is_ailing = False  # something is held against it, of which the next success clears it
        self._lines = ExitStack()
        self._line: Line | None = None

    def run(self) -> None:
        """Go on until nothing is due, the channel must be left alone, or it is others' turn.

        Raises:
            Transient: the database is away.
            LeaseLost: somebody else has taken over.
        """
        begun, most = perf_counter(), _FIRST
        with self._lines:
            while self._is_open and perf_counter() - begun < _TURN_SECONDS:
                done = self._batch(most)
                if not done.found:
                    return
                most = max(1, done.sent) if done.was_slow else min(_MOST, 4 * most)

    # ---------------------------------------------------------------- a batch

    def _batch(self, most: int) -> _Batch:
        room = bearing.room(self._office, self._channel, self._firm_id, most)
        self._is_ailing = room.is_ailing
        sent, asked = 0, perf_counter()
        try:
            due = self._take(room, most)
            for ready in due.ready:
                self._keep_pace(room, sent)
                if not self._is_open or perf_counter() - asked > FRESH_SECONDS:
                    break
                sent += self._hand_over(ready)
        finally:
            bearing.give_back(self._office, self._channel, self._firm_id, max(0, room.most - sent))
        self._settle()
        return _Batch(due.found, sent, perf_counter() - asked > FRESH_SECONDS)

    def _take(self, room: Room, most: int) -> Taken:
        with self._office.db.firm(self._firm_id) as session:
            due = take(self._office, session, self._firm_id, self._channel, room.most or most, room.open_from)
            self._handling.hold(session)
        return due

    def _keep_pace(self, room: Room, place: int) -> None:
        """Wait until it is this one's time, with nothing left unsaid meanwhile."""
        if room.begins is None:
            return
        with self._office.db.firm(self._firm_id) as session:
            early = room.begins + place * room.gap - moment(session)
        if early > timedelta(0):
            self._settle()
            threading.Event().wait(min(early, bearing.AHEAD).total_seconds())

    # ---------------------------------------------------------------- one

    def _hand_over(self, ready: Ready) -> bool:
        """Hand one over, if it still waits; whether the channel was given it."""
        number = self._turn(ready)
        if number is None:
            return False
        begun = perf_counter()
        self._ended, problem = self._handed(ready, number)
        NOTICES.observe(perf_counter() - begun, self._channel.name, self._ended.outcome)
        if self._ended.is_told:
            late = (clock.now() - ready.due_at).total_seconds()
            NOTICE_DELAYS.observe(max(0.0, late), self._channel.name, ready.envelope.priority)
        self._learn(problem)
        return True

    def _handed(self, ready: Ready, number: int) -> tuple[Ended, Unsent | None]:
        """Whatever comes of it is an outcome; after a surprise nobody knows whether it came through."""
        try:
            if self._line is None:
                self._line = self._lines.enter_context(self._channel.open(self._office))
            return taken(ready, number, self._line.send(ready.passed, ready.envelope, ready.words)), None
        except Never as problem:
            return refused(ready, number, problem), problem
        except NotNow as problem:
            return put_off(ready, number, problem), problem
        except Problem as problem:  # such as a secret that is missing: it would meet everybody
            told = NotNow(problem.code, problem.sentence)
            return put_off(ready, number, told), told
        except Exception:
            log.exception("a channel failed", channel=self._channel.name)
            doubt = NotNow("internal_error", "Internal error", is_doubtful=True, is_alone=True)
            return put_off(ready, number, doubt), doubt

    def _learn(self, problem: Unsent | None) -> None:
        """What the answer says of the channel."""
        if isinstance(problem, NotNow) and not problem.is_alone:
            self._is_open = not bearing.fails(self._office, self._channel, self._firm_id, problem)
            self._is_ailing = True
        elif self._is_ailing:
            bearing.works(self._office, self._channel, self._firm_id)
            self._is_ailing = False

    # ---------------------------------------------------------------- the account

    def _settle(self) -> None:
        if self._ended is not None:
            self._turn(None)

    def _turn(self, ready: Ready | None) -> int | None:
        """Put on record how the last one ended, and that this one begins."""
        ended, self._ended = self._ended, None
        try:
            return turn(self._office.db, self._firm_id, self._handling.job, ended, ready)
        except (LeaseLost, Transient):
            if ended is not None:
                self._settle_late(ended)
            raise

    def _settle_late(self, ended: Ended) -> None:
        """What is known is worth some patience: without it somebody would be told twice, or asked to decide."""
        for tries_left in reversed(range(_SURELY)):
            try:
                settle_late(self._office.db, self._firm_id, ended)
            except Transient:
                if not tries_left:
                    raise
                threading.Event().wait(_SURELY_SECONDS)
            else:
                return
