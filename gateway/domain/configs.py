"""The versions of a partner's settings, held against each other, and the column names that its feeds learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway.config import ConfigError, KeyPath, PartnerFile, decode, read
from gateway.config.findings import dotted
from gateway.db.models import FeedRow, Firm, HeaderAlias, Partner, PartnerConfig
from gateway.domain.audit import Actor, record
from gateway.errors import NotFound, Permanent

MOST_LINES = 5_000  # of a text that is compared: beyond it, finding out what moved takes minutes
MOST_PATHS = 200  # told of one feed

Change = Literal["added", "removed", "changed"]


class FeedChange(NamedTuple):
    """What became of one feed; `paths` are the keys that differ, such as `client.fields.ssn.type`."""

    feed: str
    change: Change
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
    tables: dict[str, Change]


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


def firm_slug(session: Session, firm_id: UUID) -> str:
    """How settings name a firm."""
    return session.scalars(select(Firm.slug).where(Firm.id == firm_id)).one()


def note_return(session: Session, config: PartnerConfig, back_to: int, reason: str, actor: Actor) -> None:
    """Put on record that a version is an older one again, and why."""
    change: dict[str, object] = {"kind": "partner_config", "id": str(config.id), "action": "activated"}
    told = {"version": config.version, "text_of": back_to, "reason": reason}
    record(session, config.firm_id, actor, "partner.activate", changes=[change | {"new": told}])


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
    """Settings as they were written, whatever the feeds may say today."""
    try:
        plain: dict[str, Any] = to_builtins(decode(read(config.source, f"version {config.version}"), PartnerFile[Any]))
    except ConfigError as error:
        raise Permanent("config_invalid", f"Version {config.version} cannot be read any more: {error}") from error
    return plain


def _text(old: PartnerConfig, new: PartnerConfig) -> str:
    before, after = (one.source.split("\n") for one in (old, new))
    if max(len(before), len(after)) > MOST_LINES:
        raise Permanent("too_long_to_compare", f"Texts of more than {MOST_LINES:,} lines are not compared.")
    names = (f"version {old.version}", f"version {new.version}")
    return "".join(f"{line}\n" for line in unified_diff(before, after, *names, lineterm=""))


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, Change]:
    changes: dict[str, Change] = {name: "removed" for name in before if name not in after}
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


# ---------------------------------------------------------------- learned names


def feed_of(session: Session, partner_id: UUID, name: str) -> FeedRow:
    """A feed that was ever applied.

    Raises:
        NotFound: there is none of this name.
    """
    found = session.scalar(select(FeedRow).where(FeedRow.partner_id == partner_id, FeedRow.name == name))
    if found is None:
        raise NotFound("feed", name)
    return found


def learned(session: Session, feed_id: UUID) -> list[HeaderAlias]:
    """The column names that a feed learned, in the order in which it did."""
    found = select(HeaderAlias).where(HeaderAlias.feed_id == feed_id).order_by(HeaderAlias.created_at, HeaderAlias.id)
    return list(session.scalars(found))


def forget(session: Session, feed_id: UUID, alias_id: UUID, actor: Actor) -> None:
    """Take a learned name back: the next file that has it is held again.

    Raises:
        NotFound: the feed has not learned it.
    """
    alias = session.scalar(select(HeaderAlias).where(HeaderAlias.feed_id == feed_id, HeaderAlias.id == alias_id))
    if alias is None:
        raise NotFound("learned name", str(alias_id))
    session.delete(alias)
    change: dict[str, object] = {"kind": "feed", "id": str(feed_id), "action": "forgot"}
    told = change | {"old": {alias.expected: alias.found}}
    record(session, alias.firm_id, actor, "feed.forget", changes=[told])
