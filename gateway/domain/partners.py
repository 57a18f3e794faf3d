"""Partners and the immutable versions of their settings."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from gateway.config import Document, PartnerFile, fingerprint, nearest
from gateway.db.models import FeedRow, Firm, HeaderAlias, Partner, PartnerConfig
from gateway.domain.audit import Actor, record
from gateway.errors import NotFound, Permanent

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Home(NamedTuple):
    """Where a partner belongs; enough to open the right firm's session."""

    firm_id: UUID
    partner_id: UUID
    slug: str
    time_zone: str


def find_home(session: Session, slug: str) -> Home:
    """A partner by its slug, in a system session: slugs are unique per installation.

    Raises:
        NotFound: there is none; the sentence offers the nearest slug.
    """
    partner = session.scalar(select(Partner).where(Partner.slug == slug))
    if partner is None:
        hint = nearest(slug, session.scalars(select(Partner.slug)))
        asked = f" Did you mean {hint!r}?" if hint else " Apply its partner.yaml first: gateway partner apply PATH."
        raise Permanent("not_found", f"There is no partner {slug!r}.{asked}")
    return Home(partner.firm_id, partner.id, partner.slug, partner.time_zone)


def active_config(session: Session, partner_id: UUID) -> PartnerConfig:
    """The version in force.

    Raises:
        NotFound: the partner has none yet.
    """
    config = session.scalar(
        select(PartnerConfig).where(PartnerConfig.partner_id == partner_id, PartnerConfig.active.is_(True))
    )
    if config is None:
        raise NotFound("active config of partner", str(partner_id))
    return config


def check_free(session: Session, slug: str, firm_slug: str) -> None:
    """See that a slug is not another firm's, in a system session: to a firm's own, others' partners do not exist.

    Raises:
        Permanent: `partner_elsewhere`.
    """
    owner = session.scalar(select(Firm.slug).join(Partner, Partner.firm_id == Firm.id).where(Partner.slug == slug))
    if owner not in {None, firm_slug}:
        raise Permanent(
            "partner_elsewhere",
            f"The partner {slug!r} belongs to another firm ({owner}). An employer of two firms is two partners:"
            " give this one a slug of its own.",
        )


class Applied(NamedTuple):
    """What `apply` did: the version in force, and whether it is a new one."""

    config: PartnerConfig
    is_new: bool


def apply(session: Session, firm_id: UUID, partner_file: PartnerFile[Any], document: Document, actor: Actor) -> Applied:
    """Make a checked partner.yaml the version in force, its tables with it; the same again changes nothing.

    See `check_free` first.
    """
    partner = _ensure_partner(session, firm_id, partner_file)
    session.flush()
    for name in partner_file.feeds:
        _ensure_feed(session, firm_id, partner.id, name)
    digest = fingerprint(document.text, document.tables)
    current = session.scalar(
        select(PartnerConfig).where(PartnerConfig.partner_id == partner.id, PartnerConfig.active.is_(True))
    )
    if current is not None and current.sha256 == digest:
        return Applied(current, is_new=False)
    config = _add_version(session, partner, digest, document, actor)
    change: dict[str, object] = {"kind": "partner_config", "id": str(config.id), "action": "applied"}
    record(session, firm_id, actor, "partner.apply", changes=[change | {"new": {"version": config.version}}])
    return Applied(config, is_new=True)


def _add_version(session: Session, partner: Partner, digest: str, document: Document, actor: Actor) -> PartnerConfig:
    session.execute(update(PartnerConfig).where(PartnerConfig.partner_id == partner.id).values(active=False))
    latest = session.scalar(select(func.max(PartnerConfig.version)).where(PartnerConfig.partner_id == partner.id))
    config = PartnerConfig(
        firm_id=partner.firm_id,
        partner_id=partner.id,
        version=(latest or 0) + 1,
        sha256=digest,
        source=document.text,
        tables=dict(document.tables),
        applied_by=actor.name,
        active=True,
    )
    session.add(config)
    session.flush()
    return config


def _ensure_partner(session: Session, firm_id: UUID, partner_file: PartnerFile[Any]) -> Partner:
    partner = session.scalar(select(Partner).where(Partner.slug == partner_file.partner).with_for_update())
    if partner is None:
        partner = Partner(firm_id=firm_id, slug=partner_file.partner)
        session.add(partner)
    partner.name, partner.time_zone, partner.rate_tier = (
        partner_file.name,
        partner_file.time_zone,
        partner_file.rate_tier,
    )
    partner.contacts = {"errors": partner_file.contacts.errors, "late": partner_file.contacts.late}
    return partner


def _ensure_feed(session: Session, firm_id: UUID, partner_id: UUID, name: str) -> None:
    if not session.scalar(select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)):
        session.add(FeedRow(firm_id=firm_id, partner_id=partner_id, name=name))


def feed_id(session: Session, partner_id: UUID, name: str) -> UUID:
    """The lasting id of a feed that was applied."""
    return session.scalars(select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)).one()


def learned_names(session: Session, feed: UUID) -> dict[str, list[str]]:
    """Column names accepted since: expected name -> names found."""
    learned: dict[str, list[str]] = {}
    aliases = select(HeaderAlias).where(HeaderAlias.feed_id == feed).order_by(HeaderAlias.created_at, HeaderAlias.id)
    for alias in session.scalars(aliases):
        learned.setdefault(alias.expected, []).append(alias.found)
    return learned


def learn_name(session: Session, firm_id: UUID, feed: UUID, expected: str, found: str, actor: Actor) -> None:
    """Accept a new name of a column for good; it survives the next apply."""
    if found not in learned_names(session, feed).get(expected, []):
        session.add(HeaderAlias(firm_id=firm_id, feed_id=feed, expected=expected, found=found, accepted_by=actor.name))
        change: dict[str, object] = {"kind": "feed", "id": str(feed), "action": "learned", "new": {expected: found}}
        record(session, firm_id, actor, "feed.learn", changes=[change])


def named(name: str) -> Select[UUID]:
    """The ids of the partner with this slug or id; at most one."""
    by_id = [Partner.id == UUID(name)] if _UUID.fullmatch(name) else []
    return select(Partner.id).where(or_(Partner.slug == name, *by_id))
