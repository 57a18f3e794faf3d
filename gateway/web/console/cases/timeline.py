"""The stages of a case as spans of days, and what there is to see in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from gateway import clock
from gateway.db.models import Case
from gateway.domain.access import accounts
from gateway.domain.people import cases, stages
from gateway.domain.people.stages import Stay
from gateway.office import Acting
from gateway.web.console.plots.spans import Span

_TONES = {"rfe_received": "warn", "rfe_response": "third", "decided": "good", "closed": "over"}


def timeline(acting: Acting, case: Case) -> dict[str, Any]:
    """What the template tells of it: `spans`, days in the `stage` of now, the longest stage before it, and `today`."""
    zone = accounts.own_firm(acting).time_zone
    today = clock.day_in(zone, clock.now())
    stays = stages.stays(acting, case)
    spans = [_span(one, zone, today) for one in stays]
    return {
        "today": today,
        "spans": [*spans, *_deadline(case)],
        "here_for": _days(spans[-1]),
        "longest": max(spans[:-1], key=_days, default=None),
        "days_of": _days,
    }


def _span(one: Stay, zone: str, today: date) -> Span:
    begins, ends = clock.day_in(zone, one.since), clock.day_in(zone, one.until) if one.until else today
    told = "" if one.until else "now"
    return Span(in_words(one.stage), _TONES.get(one.stage, "second"), begins, max(begins, ends), told)


def _deadline(case: Case) -> Sequence[Span]:
    if case.deadline_on is None or cases.is_closed(case) or case.status != "open":
        return ()
    return (Span("Deadline", "bad", case.deadline_on, case.deadline_on),)


def _days(span: Span) -> int:
    return (span.ends - span.begins).days if span.begins and span.ends else 0


def in_words(stage: str) -> str:
    """A stage as people read it."""
    return stage.replace("_", " ").replace("rfe", "RFE")
