"""What of a profile a model is shown: fields that may leave, with stand-ins for whoever could be known by them.

A stand-in is shown in place of each text too: what a person wrote stands apart, fenced as data, and nothing of it can
be cited but by its stand-in. So an answer has no place for words, neither the model's nor the person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from gateway.domain.eligibility.terms import Backing, Entry, Profile, Value
from gateway.domain.rules.profile_kinds import Field, profile_kinds
from outbound.llm import cleaning

Shown = str | int | float | bool

_STAND_INS = {"institution": "INSTITUTION"}  # by field; all others name an employer
_COUNTRY = re.compile(r"[A-Z]{2,3}")


class Known(Struct, frozen=True, kw_only=True):
    """What says who a person is, beyond their profile: it must not leave, wherever it stands.

    Attributes:
        names: of the person and of those near to them, each as written.
        employers, institutions: others that are known, besides those of the profile.
        numbers: of papers, accounts, telephones.
    """

    names: Sequence[str] = ()
    employers: Sequence[str] = ()
    institutions: Sequence[str] = ()
    numbers: Sequence[str] = ()


class Fact(Struct, frozen=True, kw_only=True):
    """A field that is shown: as what, and what it holds."""

    ref: str
    field: str
    shown: Shown
    held: Value


class Sight(Struct, frozen=True, kw_only=True):
    """A profile as a model sees it.

    Attributes:
        as_of: its day.
        backings: of the entries that are shown, by ref.
        facts: in the order of the entries.
        texts: by their stand-ins, cleaned.
    """

    as_of: date
    backings: Mapping[str, Backing]
    facts: Sequence[Fact]
    texts: Mapping[str, str]

    def entries(self) -> list[tuple[str, Backing, dict[str, Shown]]]:
        """Each that is shown, with its facts."""
        told: dict[str, dict[str, Shown]] = {ref: {} for ref in self.backings}
        for one in self.facts:
            told[one.ref][one.field] = one.shown
        return [(ref, self.backings[ref], facts) for ref, facts in told.items()]

    def meant(self, ref: str, field: str, said: Shown) -> Value:
        """What is meant by a value that a model cites; one that it was not shown stays as it says it."""
        fact = next((one for one in self.facts if (one.ref, one.field) == (ref, field)), None)
        if fact is not None and type(fact.shown) is type(said) and fact.shown == said:
            return fact.held
        return said


def sight(profile: Profile, known: Known, kinds: Sequence[str]) -> Sight:
    """What may be seen of a profile.

    Args:
        profile: whose texts may name anybody.
        known: what else must not be seen.
        kinds: of entries, that matter to what is asked.
    """
    entries = [one for one in profile.entries if one.kind in kinds and one.kind in profile_kinds()]
    stand_ins = _stand_ins(profile, known)
    masks = cleaning.masks(known.names, stand_ins, _titles(profile), known.numbers)
    texts: dict[str, str] = {}
    facts = [fact for one in entries for fact in _facts(one, stand_ins, masks, texts)]
    seen = {one.ref for one in facts}
    backings = {one.ref: one.backing for one in entries if one.ref in seen}
    return Sight(as_of=profile.as_of, backings=backings, facts=facts, texts=texts)


def _stand_ins(profile: Profile, known: Known) -> dict[str, str]:
    """By name as written; names that differ in case, accents or form of company are one."""
    given: dict[str, str] = {}
    numbers: dict[str, int] = {}
    words: dict[str, str] = {}
    for prefix, name in _named(profile, known):
        key = cleaning.same_company(name)
        if key not in words:
            numbers[prefix] = numbers.get(prefix, 0) + 1
            words[key] = f"{prefix}_{numbers[prefix]}"
        given[name] = words[key]
    return given


def _named(profile: Profile, known: Known) -> Iterator[tuple[str, str]]:
    for _, name, value in _of(profile, "masked"):
        yield _STAND_INS.get(name, "EMPLOYER"), value
    yield from (("EMPLOYER", one) for one in known.employers)
    yield from (("INSTITUTION", one) for one in known.institutions)


def _titles(profile: Profile) -> list[str]:
    return [value for _, _, value in _of(profile, "never")]


def _of(profile: Profile, leaves: str) -> Iterator[tuple[Entry, str, str]]:
    """All texts of fields that leave so, of whichever kind."""
    for entry in profile.entries:
        fields = profile_kinds()[entry.kind].fields if entry.kind in profile_kinds() else {}
        for name, value in entry.facts.items():
            if name in fields and fields[name].leaves == leaves and isinstance(value, str) and value.strip():
                yield entry, name, value


def _facts(entry: Entry, stand_ins: Mapping[str, str], masks: cleaning.Masks, texts: dict[str, str]) -> Iterator[Fact]:
    fields = profile_kinds()[entry.kind].fields
    for name, field in fields.items():
        held = entry.facts.get(name)
        if held is None or field.leaves == "never":
            continue
        shown = stand_ins.get(str(held)) if field.leaves == "masked" else _shown(field, held, masks, texts)
        if shown is not None:
            yield Fact(ref=entry.ref, field=name, shown=shown, held=held)


def _shown(field: Field, held: Value, masks: cleaning.Masks, texts: dict[str, str]) -> Shown | None:
    """None for what is not as its field says: it could be anything."""
    if field.holds == "text":
        return _text(str(held), masks, texts)
    if isinstance(held, date):
        return held.isoformat() if field.holds == "date" else None
    if isinstance(held, str):
        fits = (
            held in (field.of or ())
            if field.holds == "choice"
            else field.holds == "country" and _COUNTRY.fullmatch(held)
        )
        return held if fits else None
    wanted = {"yes_no": bool, "whole": int, "number": int | float}.get(field.holds)
    is_yes_no = isinstance(held, bool) == (field.holds == "yes_no")
    return held if wanted is not None and isinstance(held, wanted) and is_yes_no else None


def _text(held: str, masks: cleaning.Masks, texts: dict[str, str]) -> str | None:
    cleaned = cleaning.clean(held, masks)
    if not cleaned:
        return None
    word = f"TEXT_{len(texts) + 1}"
    texts[word] = cleaned
    return word
