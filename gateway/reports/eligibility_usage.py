"""What eligibility checks asked of which models in each month: how many, how it ended, what it took."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta
from sqlalchemy import ColumnElement, Date, Float, Select, and_, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.db.models import Client, EligibilityCheck, Firm, ModelCall, Partner
from gateway.reports.filters import Filters, Until, Word
from gateway.reports.filters import Since as At
from gateway.reports.plot import Columns
from gateway.reports.report import Report, Rows, streamed

OUTCOMES = tuple(
    "answered refused malformed too_many_requests away declined rests over_limit begun lost".split()
)  # of calls, as they stand in the table

_KEYS = ("month", "provider", "model")
_OF_CHECKS = ("checks", "cached", "degraded", "failed")
_COUNTS = ("calls", "tokens_in", "tokens_out")
_NOT_COUNTED = ("cost", "median_ms", "p95_ms")  # empty where nothing is known


class UsageFilters(Filters, frozen=True, kw_only=True):
    """Of which checks and calls."""

    since: Annotated[At, Meta(description="What was asked at this instant or later.")] | None = None
    until: Annotated[Until, Meta(description="What was asked before this instant.")] | None = None
    provider: Annotated[Word, Meta(description="Of this provider only.")] | None = None


def _rows(session: Session, filters: UsageFilters) -> Rows:
    checks, calls = _checks(filters).subquery("checks"), _calls(filters).subquery("calls")
    month, provider, model = (func.coalesce(checks.c[name], calls.c[name]) for name in _KEYS)
    asked = [func.coalesce(checks.c[name], 0) for name in _OF_CHECKS]
    made = [func.coalesce(calls.c[name], 0) for name in _COUNTS]
    ended = [func.coalesce(calls.c[name], 0) for name in OUTCOMES]
    same = and_(*(checks.c[name] == calls.c[name] for name in _KEYS))
    found = (
        select(
            month,
            func.nullif(provider, ""),
            func.nullif(model, ""),
            *asked,
            *made,
            *(calls.c[name] for name in _NOT_COUNTED),
            *ended,
        )
        .select_from(checks.join(calls, same, full=True))
        .order_by(month.desc(), provider, model)
    )
    yield from streamed(session, found)


def _checks(filters: UsageFilters) -> Select[*tuple[Any, ...]]:
    """A check that has no answer yet, or never got one, is of no provider."""
    one = EligibilityCheck
    counted = {
        "checks": func.count(),
        "cached": func.count().filter(one.cached_from.is_not(None)),
        "degraded": func.count().filter(one.is_degraded),
        "failed": func.count().filter(one.state == "failed"),
    }
    return _by_month(one.asked_at, one.provider, one.model, counted, filters)


def _calls(filters: UsageFilters) -> Select[*tuple[Any, ...]]:
    """Only what took time was a call that left."""
    one, took = ModelCall, cast(func.nullif(ModelCall.took_ms, 0), Float)
    counted: dict[str, ColumnElement[Any]] = {
        "calls": func.count(),
        "tokens_in": func.sum(one.tokens_in),
        "tokens_out": func.sum(one.tokens_out),
        "cost": func.sum(one.cost),
        "median_ms": func.percentile_cont(0.5).within_group(took),
        "p95_ms": func.percentile_cont(0.95).within_group(took),
        **{outcome: func.count().filter(one.outcome == outcome) for outcome in OUTCOMES},
    }
    return _by_month(one.at, one.provider, one.model, counted, filters).join(one, one.check_id == EligibilityCheck.id)


def _by_month(
    at: InstrumentedAttribute[datetime],
    provider: InstrumentedAttribute[Any],
    model: InstrumentedAttribute[Any],
    counted: dict[str, ColumnElement[Any]],
    filters: UsageFilters,
) -> Select[*tuple[Any, ...]]:
    """Always by way of the checks, for walls stand around those."""
    zone = select(Firm.time_zone).scalar_subquery()
    month = cast(func.date_trunc("month", func.timezone(zone, at)), Date)
    keys = (month, func.coalesce(provider, ""), func.coalesce(model, ""))
    labelled = [one.label(name) for name, one in zip(_KEYS, keys, strict=True)]
    numbers = [one.label(name) for name, one in counted.items()]
    found = (
        select(*labelled, *numbers)
        .select_from(EligibilityCheck)
        .join(Client, Client.id == EligibilityCheck.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .group_by(*labelled)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(at >= filters.since) if filters.since else found
    found = found.where(at < filters.until) if filters.until else found
    return found.where(provider == filters.provider) if filters.provider else found


REPORT = Report(
    title="What eligibility checks asked of which models, by month",
    purpose="What checks and their models took in each month: calls, tokens, dollars.",
    columns=(*_KEYS, *_OF_CHECKS, *_COUNTS, *_NOT_COUNTED, *OUTCOMES),
    filters=UsageFilters,
    query=_rows,
    permission="models.read",
    plot=Columns(
        title="Calls of models, by month",
        of="call",
        x=("month",),
        step="month",
        y=("calls",),
        series="model",
        called=str,
    ),
)
