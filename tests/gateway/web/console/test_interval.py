"""A share with its interval: in order, on the line, whatever it is."""

import pytest

from gateway.web.console.plots import WIDTH
from gateway.web.console.plots.interval import interval


@pytest.mark.parametrize("shares", [(0.7, 0.9, 0.81, 0.72), (0.0, 1.0, 0.5, 0.5), (0.999, 1.0, 1.0, 0.0)])
def test_its_places_lie_on_the_line_in_their_order(shares):
    low, high, at, beside = shares
    drawn = interval(low, high, at, beside)
    left, right = drawn.ticks[0][1], drawn.ticks[-1][1]
    assert 0 < left <= drawn.low <= drawn.at <= drawn.high <= right < WIDTH
    assert left <= drawn.beside <= right
    assert [percent for percent, _ in drawn.ticks] == [0, 25, 50, 75, 100]
    assert drawn.at == pytest.approx(left + at * (right - left), abs=0.1)
