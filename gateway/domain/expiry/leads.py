"""A firm's own lead times: how many days before the end of a paper its people are told, in place of the rule's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from gateway import clock
from gateway.config import nearest
from gateway.db.models import Firm, LeadPolicy
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import lead_times, on
from gateway.errors import Invalid
from gateway.office import Acting

LONGEST = 1825  # days; five years


def of_firm(acting: Acting) -> Mapping[str, tuple[Sequence[int], bool]]:
    """For each type of document its lead times as of today, the longest first, and whether they are the firm's own."""
    own = {one.doc_type: one.days for one in acting.session.scalars(select(LeadPolicy))}
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    return {word: (own.get(word) or _rule(word, zone), word in own) for word in vocabulary("document_types").words}


def _rule(word: str, zone: str) -> Sequence[int]:
    found = on(lead_times().get(word, lead_times()["other"]), clock.day_in(zone, clock.now()))
    return found.days if found else []


def change(acting: Acting, doc_type: str, days: Sequence[int] | None) -> None:
    """Give a type of document lead times of the firm's own, or None to follow the rule again.

    Raises:
        Invalid: `lead_times_wrong`, with what is wrong.
    """
    if doc_type not in vocabulary("document_types").words:
        meant = nearest(doc_type, list(vocabulary("document_types").words))
        sentence = f'There is no type of document "{doc_type}".' + (f' Did you mean "{meant}"?' if meant else "")
        raise Invalid("lead_times_wrong", sentence)
    if days is not None and not (days and all(1 <= one <= LONGEST for one in days)):
        raise Invalid("lead_times_wrong", f"Give at least one lead time, of 1 to {LONGEST} days.")
    before = acting.session.get(LeadPolicy, (acting.firm_id, doc_type))
    old = {"days": before.days} if before else None
    if days is None:
        acting.session.execute(delete(LeadPolicy).where(LeadPolicy.doc_type == doc_type))
    else:
        kept = sorted(set(days), reverse=True)
        row = insert(LeadPolicy).values(firm_id=acting.firm_id, doc_type=doc_type, days=kept)
        acting.session.execute(row.on_conflict_do_update(index_elements=["firm_id", "doc_type"], set_={"days": kept}))
    new = {"days": sorted(set(days), reverse=True)} if days else None
    audit.record(acting, "leads.set", changes=[Change("lead_policy", doc_type, "updated", old=old, new=new)])
