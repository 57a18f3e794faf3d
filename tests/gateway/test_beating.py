"""How long a child may be silent before it is taken to hang."""

import os

import pytest

from gateway.cli.beating import Listener


@pytest.fixture
def listener():
    return Listener()


def started(listener, *, heard):
    """How long a new child may be silent at first."""
    with listener.lent() as pipe:
        allowed = -listener.silent
        if heard:
            os.write(pipe, b".")
    listener.listen(0.1)
    listener.close()
    return allowed


def test_a_child_that_never_got_to_its_first_beat_has_twice_as_long_the_next_time(listener):
    assert [started(listener, heard=False) for _ in range(8)] == [30, 60, 120, 240, 480, 960, 960, 960]


def test_a_child_that_was_heard_has_no_more_time_to_start_than_the_first(listener):
    assert [started(listener, heard=heard) for heard in (False, False, True, False)] == [30, 60, 120, 30]
