"""How often partners may call, by their tier; a firm's admin sets what differs from what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from gateway.db.models import Partner, RateLimit
from gateway.domain.audit import Change, record
from gateway.errors import Invalid
from gateway.limits import Counter, Standing, Window
from gateway.office import Acting

MINUTE, HOUR, DAY = 60, 3_600, 86_400
CEILING = "firm"  # all partners of a firm together
FILES = "files"  # that one partner sends, whatever its tier: each costs far more than a request
TIERS: Mapping[str, tuple[Window, ...]] = {
    "basic": (Window("minute", 300, MINUTE), Window("day", 50_000, DAY)),
    "standard": (Window("minute", 1_000, MINUTE), Window("day", 250_000, DAY)),
    "enterprise": (Window("minute", 6_000, MINUTE), Window("day", 2_000_000, DAY)),
    FILES: (Window("files", 300, HOUR),),
    CEILING: (Window("minute", 30_000, MINUTE), Window("day", 10_000_000, DAY)),
}


class Rate(NamedTuple):
    """What a partner may, by its tier and of files, and how much of that is used."""

    partner: Partner
    standings: list[Standing]


def caller_of(partner_id: UUID | None) -> str:
    """Whose calls count together: all credentials of a partner."""
    return f"partner/{partner_id}"


def windows_of(tier: str, set_by_firm: Mapping[str, Mapping[str, int]]) -> list[Window]:
    """The windows of a tier, as the firm set them where it did: {tier: {window: most}}."""
    own = set_by_firm.get(tier, {})
    return [window._replace(most=own.get(window.name, window.most)) for window in TIERS[tier]]


def listed(acting: Acting) -> dict[str, list[Window]]:
    """The windows of every tier as they hold for the firm."""
    own = set_by_firm(acting)
    return {tier: windows_of(tier, own) for tier in TIERS}


def rates(acting: Acting, counter: Counter, partners: Sequence[Partner]) -> list[Rate]:
    """How partners stand to their limits, without counting; in the order of the windows, as far as `counter` knows."""
    own = set_by_firm(acting)
    found = []
    for one in partners:
        windows = [window for tier in (one.rate_tier, FILES) for window in windows_of(tier, own)]
        told = counter.look(caller_of(one.id), windows).standings
        found.append(Rate(one, sorted(told, key=lambda each: windows.index(each.window))))
    return found


def change(acting: Acting, tier: str, most: Mapping[str, int | None]) -> list[Window]:
    """Set windows of a tier for the firm; None gives one back to what is usual. Returns all of the tier's.

    Raises:
        Invalid: `tier_unknown`, `window_unknown`.
    """
    _check(tier, list(most))
    before = set_by_firm(acting).get(tier, {})
    acting.session.execute(delete(RateLimit).where(RateLimit.tier == tier, RateLimit.window.in_(list(most))))
    acting.session.add_all(
        RateLimit(firm_id=acting.firm_id, tier=tier, window=window, most=value)
        for window, value in most.items()
        if value is not None
    )
    record(acting, "limits.set", changes=[Change("tier", tier, "set", before, most)])
    return windows_of(tier, set_by_firm(acting))


def set_by_firm(acting: Acting) -> dict[str, dict[str, int]]:
    """What the firm set: {tier: {window: most}}."""
    found: dict[str, dict[str, int]] = {}
    for row in acting.session.scalars(select(RateLimit)):
        found.setdefault(row.tier, {})[row.window] = row.most
    return found


def _check(tier: str, windows: Sequence[str]) -> None:
    if tier not in TIERS:
        raise Invalid("tier_unknown", f"{tier!r} is not a tier; there are {', '.join(TIERS)}.")
    known = [window.name for window in TIERS[tier]]
    for window in windows:
        if window not in known:
            raise Invalid("window_unknown", f"{window!r} is not a window of a tier; there are {', '.join(known)}.")
