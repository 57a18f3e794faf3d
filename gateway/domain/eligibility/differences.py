"""What is known differently at one time than at another, entry by entry, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

from msgspec import Struct

from gateway.domain.eligibility.terms import Backing, Entry, Profile, Value
from gateway.domain.rules.conditions import Plain

_LONGEST: Final = 60  # characters of a text that a sentence repeats
_MANY: Final = 10_000  # from here on digits are grouped, and no year is


class FactMove(Struct, frozen=True, kw_only=True):
    """A fact that is another one, days as ISO 8601; None is not known."""

    field: str
    before: Plain | None
    after: Plain | None


class EntryMove(Struct, frozen=True, kw_only=True):
    """An entry that is there and was not, or the other way round, or says something else.

    Attributes:
        facts: those that differ; of an entry that was added or withdrawn, all.
        before, after: how well it is backed; None while it is not there.
        sentence: all of that in words.
    """

    ref: str
    what: Literal["added", "withdrawn", "changed"]
    before: Backing | None
    after: Backing | None
    facts: Sequence[FactMove]
    sentence: str


def between(before: Profile, after: Profile) -> list[EntryMove]:
    """What is known differently, in the order of the later profile; what was withdrawn stands last."""
    refs = dict.fromkeys([*(one.ref for one in after.entries), *(one.ref for one in before.entries)])
    pairs = ((before.find(ref), after.find(ref)) for ref in refs)
    return [_moved(one, other) for one, other in pairs if one != other]


def briefly(moves: Iterable[EntryMove]) -> str:
    """`judging.2, now documented, and award.3, which is new`."""
    return " and ".join(f"{one.ref}, {_brief(one)}," for one in moves).removesuffix(",")


def shown(value: Value | None, longest: int | None = _LONGEST) -> str:
    """A value as people write it; a text that is longer is cut."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.12g}" if abs(value) >= _MANY else f"{value:.12g}"
    text = value.isoformat() if isinstance(value, date) else value
    return text if longest is None or len(text) <= longest else f"{text[:longest].rstrip()} ..."


def _moved(before: Entry | None, after: Entry | None) -> EntryMove:
    one, other = (each.facts if each else {} for each in (before, after))
    facts = [
        FactMove(field=field, before=_plain(one.get(field)), after=_plain(other.get(field)))
        for field in dict.fromkeys([*other, *one])
        if not _is_same(one.get(field), other.get(field))
    ]
    ref = after.ref if after else before.ref if before else ""
    backings = before.backing if before else None, after.backing if after else None
    return _told(ref, backings, facts)


def _plain(value: Value | None) -> Plain | None:
    return value.isoformat() if isinstance(value, date) else value


def _is_same(one: Value | None, other: Value | None) -> bool:
    return type(one) is type(other) and one == other


def _told(ref: str, backings: tuple[Backing | None, Backing | None], facts: Sequence[FactMove]) -> EntryMove:
    before, after = backings
    if before is None:
        what, sentence = "added", f"{ref} is new, {after}: {_listed(facts, 'after')}."
    elif after is None:
        what, sentence = "withdrawn", f"{ref} was withdrawn; it was {before}: {_listed(facts, 'before')}."
    else:
        what, sentence = "changed", f"{ref}: {'; '.join(_differences(before, after, facts))}."
    return EntryMove(ref=ref, what=what, before=before, after=after, facts=facts, sentence=sentence)  # type: ignore[arg-type] # one of three


def _listed(facts: Sequence[FactMove], side: str) -> str:
    return ", ".join(f"{one.field} {shown(getattr(one, side))}" for one in facts)


def _differences(before: Backing, after: Backing, facts: Sequence[FactMove]) -> list[str]:
    backing = [f"{after}, and was {before}"] if before != after else []
    return backing + [f"{one.field} is {shown(one.after)}, and was {shown(one.before)}" for one in facts]


def _brief(move: EntryMove) -> str:
    if move.what != "changed":
        return _BRIEFLY[move.what]
    told = [f"now {move.after}"] if move.before != move.after else []
    told += [f"{one.field} now {shown(one.after)}" for one in move.facts]
    return ", ".join(told)


_BRIEFLY: Final[Mapping[str, str]] = {"added": "which is new", "withdrawn": "which was withdrawn"}
