"""How often partners may call, by their tier; a firm's admin sets what differs from what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.db.models import RateLimit
from gateway.domain.audit import Change, write
from gateway.errors import Invalid
from gateway.limits import Window
from gateway.office import Actor

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


def windows_of(tier: str, set_by_firm: Mapping[str, Mapping[str, int]]) -> list[Window]:
    """The windows of a tier, as the firm set them where it did: {tier: {window: most}}."""
    own = set_by_firm.get(tier, {})
    return [window._replace(most=own.get(window.name, window.most)) for window in TIERS[tier]]


def set_by(session: Session) -> dict[str, dict[str, int]]:
    """What the session's firm set: {tier: {window: most}}."""
    found: dict[str, dict[str, int]] = {}
    for row in session.scalars(select(RateLimit)):
        found.setdefault(row.tier, {})[row.window] = row.most
    return found


def change(session: Session, firm_id: UUID, tier: str, most: Mapping[str, int | None], actor: Actor) -> None:
    """Set windows of a tier for a firm; None gives one back to what is usual.

    Raises:
        Permanent: `tier_unknown`, `window_unknown`.
    """
    _check(tier, list(most))
    before = set_by(session).get(tier, {})
    session.execute(delete(RateLimit).where(RateLimit.tier == tier, RateLimit.window.in_(list(most))))
    session.add_all(
        RateLimit(firm_id=firm_id, tier=tier, window=window, most=value)
        for window, value in most.items()
        if value is not None
    )
    write(session, firm_id, actor, "limits.set", changes=[Change("tier", tier, "set", before, most)])


def _check(tier: str, windows: Sequence[str]) -> None:
    if tier not in TIERS:
        raise Invalid("tier_unknown", f"{tier!r} is not a tier; there are {', '.join(TIERS)}.")
    known = [window.name for window in TIERS[tier]]
    for window in windows:
        if window not in known:
            raise Invalid("window_unknown", f"{window!r} is not a window of a tier; there are {', '.join(known)}.")
