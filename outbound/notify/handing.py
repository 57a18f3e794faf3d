"""A worker at one firm and channel for a while: hands over batch after batch, and learns how it goes.

Where much is due it hands over several at once, each on a line of its own. What they came to and which begin next is
one commit, so the disk is waited for once for all of them, and each line leaves one in doubt at most.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from datetime import timedelta
from itertools import islice
from time import perf_counter
from typing import NamedTuple, TypeGuard
from uuid import UUID

from gateway import clock
from gateway.db.session import moment
from gateway.errors import Problem, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import LeaseLost
from gateway.logging import get_logger
from gateway.metrics import NOTICE_DELAYS, NOTICES
from gateway.office import Office
from outbound.notify import bearing
from outbound.notify.attempts import Ended, Ready, put_off, refused, settle_late, taken, turn
from outbound.notify.bearing import Room
from outbound.notify.channels.base import Channel, Line, Never, NotNow, Unsent
from outbound.notify.claiming import Taken, take

FRESH_SECONDS = 5.0  # for which what the gate said is gone by; an opt-out that comes in holds after that at the latest

_TURN_SECONDS = 15.0  # after which a firm lets others to the worker; less than a process that must end is given
_FIRST, _MOST = 50, 500  # dispatches that are taken at once
_WORTH_A_LINE = 25  # dispatches that are due, for each line that is opened beside the first
_SURELY = 10  # times that what is known is tried to be put on record while the database is away
_SURELY_SECONDS = 0.5  # between two of them

log = get_logger(__name__)


class _Batch(NamedTuple):
    """What was done at once: so many were due, so many were handed over; `was_slow` where the rest became stale."""

    found: int
    sent: int
    was_slow: bool


class _Place:
    """Where one is handed over at a time: a line, which is opened when it is first used."""

    def __init__(self, channel: Channel, office: Office) -> None:
        self._channel, self._office = channel, office
        self._stack = ExitStack()
        self._line: Line | None = None

    @property
    def line(self) -> Line:
        """Raises what opening it does."""
        if self._line is None:
            self._line = self._stack.enter_context(self._channel.open(self._office))
        return self._line

    def close(self) -> None:
        """Give the line up."""
        self._line = None
        self._stack.close()


class Hand:
    """Hands over what is due of a firm by a channel; what it cannot hand over waits where it is."""

    def __init__(self, handling: Handling, firm_id: UUID, channel: Channel) -> None:
        self._handling, self._office = handling, handling.office
        self._firm_id, self._channel = firm_id, channel
        self._ended: Sequence[Ended] = ()  # what is known, and not on record yet
        self._is_open = True  # the channel, as far as we know
        self._is_ailing = False  # something is held against it, of which the next success clears it
        self._most_lines = channel.limits(self._office).lines
        self._places: list[_Place] = []

    def run(self) -> None:
        """Go on until nothing is due, the channel must be left alone, or it is others' turn.

        Raises:
            Transient: the database is away.
            LeaseLost: somebody else has taken over.
        """
        begun, most = perf_counter(), _FIRST
        with ExitStack() as ending, ThreadPoolExecutor(max(1, self._most_lines - 1)) as self._others:
            ending.callback(self._leave)
            while self._is_open and perf_counter() - begun < _TURN_SECONDS:
                done = self._batch(most)
                if not done.found:
                    return
                most = max(1, done.sent) if done.was_slow else min(_MOST, 4 * most)

    def _leave(self) -> None:
        while self._places:
            self._places.pop().close()

    # ---------------------------------------------------------------- a batch

    def _batch(self, most: int) -> _Batch:
        room = bearing.room(self._office, self._channel, self._firm_id, most)
        self._is_ailing = room.is_ailing
        sent, asked = 0, perf_counter()
        try:
            due = self._take(room, most)
            waiting = iter(due.ready)
            while wave := list(islice(waiting, self._lines_for(room, len(due.ready)))):
                self._keep_pace(room, sent)
                if not self._is_open or perf_counter() - asked > FRESH_SECONDS:
                    break
                sent += self._hand_over(wave)
        finally:
            bearing.give_back(self._office, self._channel, self._firm_id, max(0, room.most - sent))
        self._settle()
        return _Batch(due.found, sent, perf_counter() - asked > FRESH_SECONDS)

    def _take(self, room: Room, most: int) -> Taken:
        with self._office.db.firm(self._firm_id) as session:
            due = take(self._office, session, self._firm_id, self._channel, room.most or most, room.open_from)
            self._handling.hold(session)
        return due

    def _lines_for(self, room: Room, due: int) -> int:
        """How many are handed over at once: one where they leave one after the other, or are few."""
        return 1 if room.begins is not None else min(self._most_lines, 1 + due // _WORTH_A_LINE)

    def _keep_pace(self, room: Room, place: int) -> None:
        """Wait until it is this one's time, with nothing left unsaid meanwhile."""
        if room.begins is None:
            return
        with self._office.db.firm(self._firm_id) as session:
            early = room.begins + place * room.gap - moment(session)
        if early > timedelta(0):
            self._settle()
            threading.Event().wait(min(early, bearing.AHEAD).total_seconds())

    # ---------------------------------------------------------------- one each

    def _hand_over(self, wave: Sequence[Ready]) -> int:
        """Hand over those that still wait, each on its line; how many the channel was given."""
        going = [(one, number) for one, number in zip(wave, self._turn(wave), strict=True) if number is not None]
        told = self._side_by_side(going)
        self._ended = [ended for ended, _ in told]
        self._learn([problem for _, problem in told])
        return len(going)

    def _side_by_side(self, going: Sequence[tuple[Ready, int]]) -> Sequence[tuple[Ended, Unsent | None]]:
        while len(self._places) < len(going):
            self._places.append(_Place(self._channel, self._office))
        others = [self._aside(place, *one) for place, one in zip(self._places[1:], going[1:], strict=False)]
        own = [self._handed(place, *one) for place, one in zip(self._places[:1], going[:1], strict=False)]
        return [*own, *(one.result() for one in others)]

    def _aside(self, place: _Place, ready: Ready, number: int) -> Future[tuple[Ended, Unsent | None]]:
        context = copy_context()  # by which lines of the log say whose they are
        return self._others.submit(lambda: context.run(self._handed, place, ready, number))

    def _handed(self, place: _Place, ready: Ready, number: int) -> tuple[Ended, Unsent | None]:
        """Hand one over, and count it."""
        begun = perf_counter()
        ended, problem = self._given(place, ready, number)
        NOTICES.observe(perf_counter() - begun, self._channel.name, ended.outcome)
        if ended.is_told:
            late = (clock.now() - ready.due_at).total_seconds()
            NOTICE_DELAYS.observe(max(0.0, late), self._channel.name, ready.envelope.priority)
        return ended, problem

    def _given(self, place: _Place, ready: Ready, number: int) -> tuple[Ended, Unsent | None]:
        """Whatever comes of it is an outcome; after a surprise nobody knows whether it came through."""
        try:
            return taken(ready, number, place.line.send(ready.passed, ready.envelope, ready.words)), None
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

    def _learn(self, problems: Sequence[Unsent | None]) -> None:
        """What the answers say of the channel: where some arrived and some did not, it wants fewer at once."""
        failures = [(place, one) for place, one in zip(self._places, problems, strict=False) if _is_of_all(one)]
        if some_arrived := len(failures) < len(problems):
            self._use_fewer([place for place, _ in failures])
        for _, one in failures:
            if self._is_open and (one.wait or not some_arrived):
                self._is_open = not bearing.fails(self._office, self._channel, self._firm_id, one)
                self._is_ailing = True
        if some_arrived and self._is_ailing and self._is_open:
            bearing.works(self._office, self._channel, self._firm_id)
            self._is_ailing = False

    def _use_fewer(self, failed: Sequence[_Place]) -> None:
        """Relays bear only so many connections of one client; whoever is next tries anew how many."""
        for place in failed:
            self._places.remove(place)
            place.close()
        if failed:
            self._most_lines = max(1, len(self._places))

    # ---------------------------------------------------------------- the account

    def _settle(self) -> None:
        if self._ended:
            self._turn(())

    def _turn(self, wave: Sequence[Ready]) -> Sequence[int | None]:
        """Put on record how the last ones ended, and that these begin."""
        ended, self._ended = self._ended, ()
        try:
            return turn(self._office.db, self._firm_id, self._handling.job, ended, wave)
        except (LeaseLost, Transient):
            for one in ended:
                self._settle_late(one)
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


def _is_of_all(problem: Unsent | None) -> TypeGuard[NotNow]:
    """Whether others would fail as well."""
    return isinstance(problem, NotNow) and not problem.is_alone
