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

from gateway.config import (
    ConfigError,
    Document,
    Finding,
    KeyPath,
    PartnerHead,
    PartnerSettings,
    Reader,
    decode,
    fingerprint,
    read,
)
from gateway.config.findings import dotted
from gateway.db.models import ConfigDraft, FeedRow, Partner, PartnerConfig
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access.accounts import ensure_firm, own_firm
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import Home, check_free
from gateway.errors import Invalid, NotFound
from gateway.office import Acting, Actor, Office

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


class Side(NamedTuple):
    """Settings that are held against others: what they are called, `version 7`, their text and their tables."""

    name: str
    source: str
    tables: Mapping[str, str]

    @classmethod
    def of(cls, config: PartnerConfig) -> Side:
        """A version's."""
        return cls(f"version {config.version}", config.source, config.tables)


class Checked(NamedTuple):
    """Settings that can be put in force, or all that is wrong with them."""

    findings: list[Finding]
    settings: PartnerSettings | None = None


class Applied(NamedTuple):
    """What `apply` did: the version in force, and whether it is a new one."""

    config: PartnerConfig
    is_new: bool


class Settled(NamedTuple):
    """What `settle` did: the firm's id, whether it was missing before, and the version in force."""

    firm_id: UUID
    firm_added: bool
    applied: Applied


def apply(
    acting: Acting, settings: PartnerSettings, *, reason: str | None = None, text_of: int | None = None
) -> Applied:
    """Make a checked partner.yaml the version in force, its tables with it; the same again changes nothing.

    Args:
        acting: who does it.
        settings: what is to be in force.
        reason: why, in a person's words.
        text_of: the number of the older version that this is again.

    Raises:
        Conflict: `partner_elsewhere`, its slug is another firm's.
    """
    partner = _ensure_partner(acting, settings.head)
    for name in settings.names("feeds"):
        ensure_feed(acting, partner.id, name)
    document = settings.document
    digest = fingerprint(document.text, document.tables)
    current = in_force(acting, partner.id)
    if current is not None and current.sha256 == digest:
        return Applied(current, is_new=False)
    new = PartnerConfig(firm_id=acting.firm_id, partner_id=partner.id, reason=reason, text_of=text_of)
    config = _add_version(acting, new, digest, document)
    told: dict[str, object] = {"version": config.version}
    if reason and text_of is None:  # who goes back has an entry of its own
        told["reason"] = reason
    change = Change("partner_config", config.id, "applied", new=told)
    record(acting, "partner.apply", changes=[change])
    return Applied(config, is_new=True)


def settle(office: Office, settings: PartnerSettings, actor: Actor) -> Settled:
    """Apply a checked partner.yaml for the firm that it names, which is added where it is missing.

    Raises:
        Conflict: `partner_elsewhere`, before anything is added.
    """
    head = settings.head
    with office.db.system() as session:
        check_free(session, head.partner, head.firm)
    name = head.firm.replace("-", " ").title()
    firm = ensure_firm(office, head.firm, name, time_zone=head.time_zone, actor=actor)
    with office.acting(firm.id, actor) as acting:
        return Settled(firm.id, firm.is_new, apply(acting, settings))


def go_back(acting: Acting, number: int, reason: str, settings: PartnerSettings) -> Applied:
    """Apply an older version again, and put on record which one it is, and why.

    Args:
        acting: who does it.
        number: of the older version.
        reason: in a person's words.
        settings: the older version as it is read today.

    Raises:
        Conflict: `partner_elsewhere`.
    """
    applied = apply(acting, settings, reason=reason, text_of=number)
    if applied.is_new:
        told = {"version": applied.config.version, "text_of": number, "reason": reason}
        change = Change("partner_config", applied.config.id, "activated", new=told)
        record(acting, "partner.activate", changes=[change])
    return applied


def _add_version(acting: Acting, config: PartnerConfig, digest: str, document: Document) -> PartnerConfig:
    session, partner_id = acting.session, config.partner_id
    session.execute(update(PartnerConfig).where(PartnerConfig.partner_id == partner_id).values(active=False))
    latest = session.scalar(select(func.max(PartnerConfig.version)).where(PartnerConfig.partner_id == partner_id))
    config.version, config.sha256 = (latest or 0) + 1, digest
    config.source, config.tables = document.text, dict(document.tables)
    config.applied_by, config.active = acting.actor.name, True
    session.add(config)
    session.flush()
    return config


def _ensure_partner(acting: Acting, head: PartnerHead) -> Partner:
    session = acting.session
    partner = session.scalar(select(Partner).where(Partner.slug == head.partner).with_for_update())
    if partner is None:
        with acting.office.db.system() as everybodys:  # to a firm's own session, others' partners do not exist
            check_free(everybodys, head.partner, head.firm)
        partner = Partner(firm_id=acting.firm_id, slug=head.partner)
        session.add(partner)
    partner.name, partner.time_zone, partner.rate_tier = (
        head.name,
        head.time_zone,
        head.rate_tier,
    )
    partner.contacts = {"errors": head.contacts.errors, "late": head.contacts.late}
    session.flush()
    # a draft that was begun before there was the partner is the partner's from now on, and behind its walls
    session.execute(update(ConfigDraft).where(ConfigDraft.slug == head.partner).values(partner_id=partner.id))
    return partner


def ensure_feed(acting: Acting, partner_id: UUID, name: str) -> None:
    """Have a feed on record, which outlives the settings that name it."""
    known = select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)
    if not acting.session.scalar(known):
        acting.session.add(FeedRow(firm_id=acting.firm_id, partner_id=partner_id, name=name))


# ---------------------------------------------------------------- finding


def active_config(session: Session, partner_id: UUID) -> PartnerConfig:
    """The version in force.

    Raises:
        NotFound: the partner has none yet.
    """
    config = session.scalar(_of(partner_id).where(PartnerConfig.active))
    if config is None:
        raise NotFound("active config of partner", str(partner_id))
    return config


def listed(acting: Acting, home: Home, paging: Paging) -> Found[PartnerConfig]:
    """The versions of a partner's settings, the newest first."""
    return newest(acting.session, _of(home.partner_id), (PartnerConfig.created_at, PartnerConfig.id), paging)


def version(acting: Acting, home: Home, number: int) -> PartnerConfig:
    """One version.

    Raises:
        NotFound: there is none of this number.
    """
    found = acting.session.scalar(_of(home.partner_id).where(PartnerConfig.version == number))
    if found is None:
        raise NotFound("version", str(number))
    return found


def in_force(acting: Acting, partner_id: UUID, *, for_change: bool = False) -> PartnerConfig | None:
    """The version in force, if any; `for_change` makes others who would change it wait for this transaction."""
    if for_change:
        acting.session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update())
    return acting.session.scalar(_of(partner_id).where(PartnerConfig.active))


def checked(acting: Acting, slug: str, source: str, tables: Mapping[str, str] | None, reader: Reader) -> Checked:
    """Settings of one of the firm's partners as they would be put in force; without tables, with those that are.

    Args:
        acting: who asks.
        slug: of the partner, of which there may be none yet.
        source: the text of a partner.yaml.
        tables: texts by name.
        reader: of all sections.
    """
    if tables is None:
        tables = tables_in_force(acting, slug)
    try:
        settings = reader.read(source, beside=tables)
    except ConfigError as error:
        return Checked(error.findings)
    named = (("partner", settings.head.partner, slug), ("firm", settings.head.firm, own_firm(acting).slug))
    findings = [
        settings.document.finding((key,), f"These are the settings of the {key} {wanted!r}.", wanted)
        for key, found, wanted in named
        if found != wanted
    ]
    return Checked(findings, settings)


def tables_in_force(acting: Acting, slug: str) -> dict[str, str]:
    """The texts of the tables that belong to a partner's settings in force, by name; none where there are none yet."""
    active = select(PartnerConfig).join(Partner, Partner.id == PartnerConfig.partner_id)
    current = acting.session.scalar(active.where(Partner.slug == slug, PartnerConfig.active))
    return current.tables if current else {}


def _of(partner_id: UUID) -> Select[PartnerConfig]:
    return select(PartnerConfig).where(PartnerConfig.partner_id == partner_id)


# ---------------------------------------------------------------- comparing


def compare(old: Side, new: Side) -> Difference:
    """How settings differ from older ones.

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


def _plain(side: Side) -> dict[str, Any]:
    """Settings as they were written, whatever the sections may say today."""
    try:
        document = read(side.source, side.name)
        plain: dict[str, Any] = decode(document, dict[str, Any])
        head: dict[str, Any] = to_builtins(decode(document, PartnerHead))
    except ConfigError as error:
        name = f"{side.name[:1].upper()}{side.name[1:]}"
        raise Invalid("config_invalid", f"{name} cannot be read any more: {error}") from error
    return {"feeds": {}} | plain | head


def _text(old: Side, new: Side) -> str:
    before, after = (one.source.split("\n") for one in (old, new))
    if max(len(before), len(after)) > MOST_LINES:
        raise Invalid("too_long_to_compare", f"Texts of more than {MOST_LINES:,} lines are not compared.")
    return "".join(f"{line}\n" for line in unified_diff(before, after, old.name, new.name, lineterm=""))


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
