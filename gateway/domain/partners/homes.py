"""Where partners belong: found by their slugs, which are unique per installation."""

from __future__ import annotations

import re
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.models import Firm, Partner
from gateway.errors import Conflict, Missing
from gateway.office import Office

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Home(NamedTuple):
    """Where a partner belongs; enough to open the right firm's session."""

    firm_id: UUID
    partner_id: UUID
    slug: str
    time_zone: str

    @classmethod
    def of(cls, partner: Partner) -> Self:
        """A partner's."""
        return cls(partner.firm_id, partner.id, partner.slug, partner.time_zone)


def find_home(office: Office, slug: str) -> Home:
    """Where a partner belongs, by its slug.

    Raises:
        NotFound: there is none; the sentence offers the nearest slug.
    """
    with office.db.system() as session:
        partner = session.scalar(select(Partner).where(Partner.slug == slug))
        if partner is None:
            hint = nearest(slug, session.scalars(select(Partner.slug)))
            asked = f" Did you mean {hint!r}?" if hint else " Apply its partner.yaml first: gateway partner apply PATH."
            raise Missing("not_found", f"There is no partner {slug!r}.{asked}")
        return Home.of(partner)


def check_free(session: Session, slug: str, firm_slug: str) -> None:
    """See that a slug is not another firm's, in a system session: to a firm's own, others' partners do not exist.

    Raises:
        Permanent: `partner_elsewhere`.
    """
    owner = session.scalar(select(Firm.slug).join(Partner, Partner.firm_id == Firm.id).where(Partner.slug == slug))
    if owner not in {None, firm_slug}:
        raise Conflict(
            "partner_elsewhere",
            f"The partner {slug!r} belongs to another firm ({owner}). An employer of two firms is two partners:"
            " give this one a slug of its own.",
        )


def named(name: str) -> Select[UUID]:
    """The ids of the partner with this slug or id; at most one."""
    by_id = [Partner.id == UUID(name)] if _UUID.fullmatch(name) else []
    return select(Partner.id).where(or_(Partner.slug == name, *by_id))


def firm_slug(session: Session, firm_id: UUID) -> str:
    """How settings name a firm."""
    return session.scalars(select(Firm.slug).where(Firm.id == firm_id)).one()
