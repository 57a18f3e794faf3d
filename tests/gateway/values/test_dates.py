"""Formats of dates: whatever a config writes between the parts, reading takes no longer for it."""

from time import process_time

import pytest

from gateway.values import dates
from gateway.values.base import BadValue

NARROW = "\u202f"


@pytest.mark.parametrize("between", [" " * 30, " \u00a0" * 15, f" {NARROW}\u00a0" * 10])
def test_many_blanks_in_a_format_keep_nobody_busy(between):
    read = dates.day([f"%Y{between}%m %d"])
    begun = process_time()
    with pytest.raises(BadValue):
        read("2020" + " " * 1_000 + "!")
    assert process_time() - begun < 1


@pytest.mark.parametrize("text", ["1 May 2026", f"1{NARROW}May\u00a02026", "1   May  2026"])
def test_a_blank_of_a_format_stands_for_any_blanks(text):
    assert dates.day(["%d %b %Y"])(text).isoformat() == "2026-05-01"


def test_several_blanks_of_a_format_stand_for_so_many_or_more():
    read = dates.day(["%d  %b %Y"])
    assert read("1   May 2026").isoformat() == "2026-05-01"
    with pytest.raises(BadValue):
        read("1 May 2026")


def test_a_format_is_described_with_all_that_stands_between_its_parts():
    assert dates.describe("%d  %b%% %Y") == "DD  MON% YYYY"
