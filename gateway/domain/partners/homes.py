"""Where partners belong, and who may see them: found by their slugs, which are unique per installation."""

from __future__ import annotations

import re
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.config import nearest
from gateway.db.models import Firm, Partner
from gateway.db.paging import Found, Paging, newest
from gateway.errors import Conflict, Invalid, Missing, NotFound
from gateway.office import Acting, Office

Row = TypeVar("Row")

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


def in_sight(acting: Acting, query: Select[Row], partner_id: InstrumentedAttribute[UUID]) -> Select[Row]:
    """A query narrowed to what the actor may see: partners their own alone, everybody else all of the firm's."""
    actor = acting.actor
    return query.where(partner_id == actor.partner_id) if actor.kind == "partner" else query


def home_of(acting: Acting, slug: str | None) -> Home:
    """The partner that something is about: the named one, or the one that acts.

    Raises:
        Invalid: `partner_needed`, whoever is no partner must say which.
        NotFound: there is no such partner in the actor's sight.
    """
    if slug is None and acting.actor.kind != "partner":
        raise Invalid("partner_needed", "Say which partner it is about: `partner`, its short name.")
    wanted = in_sight(acting, select(Partner), Partner.id)
    found = acting.session.scalar(wanted.where(Partner.slug == slug) if slug else wanted)
    if found is None:
        raise NotFound("partner", slug or acting.actor.name)
    return Home.of(found)


def narrowed_to(acting: Acting, slug: str | None) -> str | None:
    """The slug of the partner that something is about; None where it is about all of the firm's.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    if slug is None and acting.actor.kind != "partner":
        return None
    return home_of(acting, slug).slug


def listed(acting: Acting, paging: Paging) -> Found[Partner]:
    """The partners in the actor's sight, the newest first."""
    query = in_sight(acting, select(Partner), Partner.id)
    return newest(acting.session, query, (Partner.created_at, Partner.id), paging)


def slugs(acting: Acting) -> list[str]:
    """How the partners in the actor's sight are called."""
    return list(acting.session.scalars(in_sight(acting, select(Partner.slug), Partner.id)))


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
