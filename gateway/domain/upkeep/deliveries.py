"""Whether what must leave does: what doctor sees of deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from gateway.db.models import DeliveryLine, Parcel, Partner
from gateway.domain.upkeep.checks import Check

_SHOWN = 5


def checks(session: Session) -> Iterator[Check]:
    """Lines that are disabled or fail, and what is dead, in a system session."""
    named = select(Partner.slug, DeliveryLine.name).join(Partner, Partner.id == DeliveryLine.partner_id)
    ordered = named.order_by(Partner.slug, DeliveryLine.name).limit(_SHOWN + 1)
    disabled = session.execute(ordered.where(DeliveryLine.disabled_at.is_not(None))).all()
    failing = session.execute(
        ordered.where(DeliveryLine.failing_since.is_not(None), DeliveryLine.disabled_at.is_(None))
    ).all()
    dead = session.scalars(select(func.count()).where(Parcel.state == "dead", Parcel.destroyed_at.is_(None))).one()
    if disabled:
        advice = "gateway deliveries lines says why; gateway deliveries resume PARTNER DELIVERY sends what waits."
        yield Check("deliveries", "problem", f"Nothing is sent any more for {_told(disabled)}.", advice)
    elif failing:
        advice = "gateway deliveries ping PARTNER DELIVERY says where it fails."
        yield Check("deliveries", "warning", f"Not reached at the moment: {_told(failing)}.", advice)
    elif dead:
        advice = "gateway deliveries list --state dead shows them; gateway deliveries replay ID sends one again."
        yield Check("deliveries", "warning", f"{dead} were refused to the end.", advice)
    else:
        yield Check("deliveries", "ok", "All places are reached.")


def _told(found: Sequence[Row[str, str]]) -> str:
    names = [f"{slug}/{name}" for slug, name in found]
    return ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")
