"""The immutable versions of a partner's settings: applied, found, held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from gateway.config import ConfigError, Document, KeyPath, PartnerHead, PartnerSettings, decode, fingerprint, read
from gateway.config.findings import dotted
from gateway.db.models import FeedRow, Partner, PartnerConfig
from gateway.domain.audit import Change, write
from gateway.errors import Invalid, NotFound
from gateway.office import Actor

MOST_LINES = 5_000  # of a text that is compared: beyond it, finding out what moved takes minutes
MOST_PATHS = 200  # told of one feed

Fate = Literal["added", "removed", "changed"]


class FeedChange(NamedTuple):
    """What became of one feed; `paths` are the keys that differ, such as `client.fields.ssn.type`."""

    feed: str
    change: Fate
    paths: list[str]


class Difference(NamedTuple):
    """How one version differs from another.

    Attributes:
        text: a unified diff of the sources; empty where they are the same.
        settings: keys of the top level that differ, the feeds aside.
        feeds: those that differ.
        tables: names of those that differ.
    """

    text: str
    settings: list[str]
    feeds: list[FeedChange]
    tables: dict[str, Fate]


class Applied(NamedTuple):
    """What `apply` did: the version in force, and whether it is a new one."""

    config: PartnerConfig
    is_new: bool


def apply(session: Session, firm_id: UUID, settings: PartnerSettings, actor: Actor) -> Applied:
    """Make a checked partner.yaml the version in force, its tables with it; the same again changes nothing.

    See `check_free` first.
    """
    partner = _ensure_partner(session, firm_id, settings.head)
    session.flush()
    for name in settings.names("feeds"):
        _ensure_feed(session, firm_id, partner.id, name)
    document = settings.document
    digest = fingerprint(document.text, document.tables)
    current = session.scalar(
        select(PartnerConfig).where(PartnerConfig.partner_id == partner.id, PartnerConfig.active.is_(True))
    )
    if current is not None and current.sha256 == digest:
        return Applied(current, is_new=False)
    config = _add_version(session, partner, digest, document, actor)
    change = Change("partner_config", config.id, "applied", new={"version": config.version})
    write(session, firm_id, actor, "partner.apply", changes=[change])
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


def _ensure_partner(session: Session, firm_id: UUID, head: PartnerHead) -> Partner:
    partner = session.scalar(select(Partner).where(Partner.slug == head.partner).with_for_update())
    if partner is None:
        partner = Partner(firm_id=firm_id, slug=head.partner)
        session.add(partner)
    partner.name, partner.time_zone, partner.rate_tier = (
        head.name,
        head.time_zone,
        head.rate_tier,
    )
    partner.contacts = {"errors": head.contacts.errors, "late": head.contacts.late}
    return partner


def _ensure_feed(session: Session, firm_id: UUID, partner_id: UUID, name: str) -> None:
    if not session.scalar(select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)):
        session.add(FeedRow(firm_id=firm_id, partner_id=partner_id, name=name))


# ---------------------------------------------------------------- finding


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


def versions_of(partner_id: UUID) -> Select[PartnerConfig]:
    """Every version of a partner's settings."""
    return select(PartnerConfig).where(PartnerConfig.partner_id == partner_id)


def version(session: Session, partner_id: UUID, number: int) -> PartnerConfig:
    """One version.

    Raises:
        NotFound: there is none of this number.
    """
    found = session.scalar(versions_of(partner_id).where(PartnerConfig.version == number))
    if found is None:
        raise NotFound("version", str(number))
    return found


def in_force(session: Session, partner_id: UUID, *, for_change: bool = False) -> PartnerConfig | None:
    """The version in force, if any; `for_change` makes others who would change it wait for this transaction."""
    if for_change:
        session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update())
    return session.scalar(versions_of(partner_id).where(PartnerConfig.active))


def note_return(session: Session, config: PartnerConfig, back_to: int, reason: str, actor: Actor) -> None:
    """Put on record that a version is an older one again, and why."""
    told = {"version": config.version, "text_of": back_to, "reason": reason}
    change = Change("partner_config", config.id, "activated", new=told)
    write(session, config.firm_id, actor, "partner.activate", changes=[change])


# ---------------------------------------------------------------- comparing


def compare(old: PartnerConfig, new: PartnerConfig) -> Difference:
    """How a version differs from an older one.

    Raises:
        Permanent: `too_long_to_compare`; `config_invalid`, one of them was applied when other things were allowed.
    """
    before, after = _plain(old), _plain(new)
    feeds_before, feeds_after = before.pop("feeds"), after.pop("feeds")
    feeds = [
        FeedChange(name, change, _paths(feeds_before.get(name), feeds_after.get(name)))
        for name, change in _changes(feeds_before, feeds_after).items()
    ]
    return Difference(_text(old, new), _paths(before, after), feeds, _changes(old.tables, new.tables))


def _plain(config: PartnerConfig) -> dict[str, Any]:
    """Settings as they were written, whatever the sections may say today."""
    try:
        document = read(config.source, f"version {config.version}")
        plain: dict[str, Any] = decode(document, dict[str, Any])
        head: dict[str, Any] = to_builtins(decode(document, PartnerHead))
    except ConfigError as error:
        raise Invalid("config_invalid", f"Version {config.version} cannot be read any more: {error}") from error
    return {"feeds": {}} | plain | head


def _text(old: PartnerConfig, new: PartnerConfig) -> str:
    before, after = (one.source.split("\n") for one in (old, new))
    if max(len(before), len(after)) > MOST_LINES:
        raise Invalid("too_long_to_compare", f"Texts of more than {MOST_LINES:,} lines are not compared.")
    names = (f"version {old.version}", f"version {new.version}")
    return "".join(f"{line}\n" for line in unified_diff(before, after, *names, lineterm=""))


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, Fate]:
    changes: dict[str, Fate] = {name: "removed" for name in before if name not in after}
    changes |= {name: "added" for name in after if name not in before}
    return changes | {name: "changed" for name in before if name in after and before[name] != after[name]}


def _paths(before: object, after: object) -> list[str]:
    """The keys that differ; none where one of the two is not there at all."""
    if before is None or after is None:
        return []
    return [dotted(path) for path in islice(_differing(before, after, ()), MOST_PATHS)]


def _differing(before: object, after: object, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if name not in before or name not in after:
                yield (*path, name)
            else:
                yield from _differing(before[name], after[name], (*path, name))
    elif before != after:
        yield path
