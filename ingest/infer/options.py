"""Which type and cleaners let a column be read into a field of ours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.people.fields import CHOICES, DURATION_OF_STATUS, FIELDS, Kind
from gateway.values.base import alternatives
from ingest.infer.counting import counted
from ingest.infer.dates import formats_of
from ingest.infer.profile import LEAST_SHARE, TESTED, ColumnProfile
from ingest.infer.words import STAYS, candidates, mapped

_LEAST_DATES = 0.9  # of the distinct values, with what is left to be dropped
_LEAST_DOUBTFUL = 0.6  # of the distinct values that a type must read to be proposed at all
_MOST_WORDS = 60
_ESTIMATED = 0.02  # of the rows: how far an estimate of different values may be off
_CODED = {"enrollment_status", "sex", "case_type", "stage", "status"}

# fields whose values have a type of their own, and the tests that show it, the preferred one first
_TYPED: dict[str, list[str]] = {
    "email": ["email"],
    "manager_email": ["email"],
    "phone": ["phone", "phone US", "phone DE", "phone GB", "phone IN"],
    "citizenship": ["country"],
    "country_of_birth": ["country"],
    "country": ["country"],
    "work_state": ["us_state"],
    "worksite_state": ["us_state"],
    "soc_code": ["soc"],
    "ssn": ["ssn"],
    "a_number": ["a_number"],
    "receipt_number": ["receipt_number"],
    "lca_number": ["lca_number"],
    "perm_number": ["perm_number"],
}
_SPOKEN = {
    "email": "e-mail addresses",
    "manager_email": "e-mail addresses",
    "phone": "telephone numbers",
    "citizenship": "countries",
    "country_of_birth": "countries",
    "country": "countries",
    "work_state": "US states",
    "worksite_state": "US states",
    "soc_code": "SOC codes",
    "ssn": "social security numbers",
    "a_number": "A-numbers",
    "receipt_number": "USCIS receipt numbers",
    "lca_number": "LCA case numbers",
    "perm_number": "PERM case numbers",
}
_TEXT_INSTEAD = frozenset({"work_state", "worksite_state", "soc_code"})  # kept as text where the type does not fit
_TIDY = frozenset({"family_name", "given_name", "middle_name", "employer_name"})
_DROPPED = frozenset({"phone", "email", "manager_email"})  # a bad one is no reason to lose the person


@dataclass(frozen=True)
class Terrain:
    """What the whole file says about how its values are written.

    Attributes:
        order: day or month first, where some column proves it.
        hint: the likelier one where none does.
        decimal: the mark that other columns prove.
    """

    order: str | None
    hint: str
    decimal: str | None


@dataclass
class Read:
    """How a column is read: the options besides `from`, why, and what remains in doubt."""

    options: dict[str, Any]
    because: str
    unsure: list[str] = field(default_factory=list)


def reading(kind: Kind, name: str, column: ColumnProfile, terrain: Terrain) -> Read | str:
    """How a column becomes a field; a sentence where it cannot."""
    if not column.filled:
        return _blank(kind, name)
    holds = FIELDS[kind][name].holds
    if holds == "date":
        return _date(name, column, terrain)
    if holds in {"number", "integer"}:
        return _number(holds, name, column, terrain)
    if holds == "boolean":
        return _boolean(name, column)
    return _text(kind, name, column)


def cleaners_of(column: ColumnProfile) -> list[Any]:
    """What must be taken off the values of a column before anything reads them."""
    if column.underscored and column.underscored >= 0.9 * column.seen:
        return ["strip", {"strip_prefix": "_"}]
    return []


def words_of(column: ColumnProfile) -> list[str]:
    """The distinct values, the commonest first."""
    return sorted(column.counts, key=lambda value: (-column.counts[value], value))


def repeating(column: ColumnProfile, what: str) -> list[str]:
    """A doubt about a key that rows share, with their share; a few among values that were only estimated are none."""
    again = column.filled - column.distinct
    if again <= (_ESTIMATED * column.filled if column.is_estimated else 0):
        return []
    share = f"{max(100 * again / column.filled, 0.1):.1f}".removesuffix(".0")
    about = "about " if column.is_estimated else ""
    told = (
        f"not unique: {about}{again:,} of {column.filled:,} rows ({share} %) repeat the value of an earlier one, and "
        f"rows that share it become one {what}; is it really what tells them apart?"
    )
    return [told]


def _blank(kind: Kind, name: str) -> Read | str:
    """A column without a value: text can be taken all the same, anything else has a form that nobody can know."""
    if FIELDS[kind][name].holds in {"text", "words"} and name not in _TYPED and name not in _CODED:
        return Read({}, "blank in the whole sample")
    if name in _TYPED and len(_TYPED[name]) == 1:
        return Read(dict(TESTED[_TYPED[name][0]]) | {"if_bad": "drop"}, "blank in the whole sample")
    if FIELDS[kind][name].holds == "boolean":
        return Read({"type": "boolean", "if_bad": "drop"}, "blank in the whole sample")
    return f"would be {name}, but it is blank in the whole sample, so its form is not known"


def _boolean(name: str, column: ColumnProfile) -> Read | str:
    share = column.share("boolean")
    if share < _LEAST_DOUBTFUL:
        return f"would be {name}, but its values are not yes and no"
    return Read({"type": "boolean"}, f"{_most(share, column)} are yes or no")


def _date(name: str, column: ColumnProfile, terrain: Terrain) -> Read | str:
    tally = column.dates
    stays = sum(count for word, count in column.counts.items() if word in STAYS)
    distinct = tally.read.total()
    others = tally.bad - sum(word in STAYS for word in column.counts)
    if not distinct or (distinct < _LEAST_DATES * (distinct + others) and others > 3):  # noqa: PLR2004 - a few bad ones
        return f"would be {name}, but its values are not dates"
    if others >= distinct and others > 1:
        return f"would be {name}, but its values are not dates"
    found = formats_of(tally, terrain.order, terrain.hint)
    options: dict[str, Any] = {"type": "date"}
    if found.formats != ["%Y-%m-%d"]:
        options["formats"] = found.formats
    if found.pivot is not None:
        options["pivot"] = found.pivot
    because = found.because
    if stays and name == "expires_on":
        options["tokens"] = {word: DURATION_OF_STATUS for word in words_of(column) if word in STAYS}
        because += f", D/S in {stays:,}"
    return Read(options, because, [found.unsure] if found.unsure else [])


def _number(holds: str, name: str, column: ColumnProfile, terrain: Terrain) -> Read | str:
    kind = "integer" if holds == "integer" else "money" if name in {"annual_salary", "wage"} else "decimal"
    point, comma = column.share(kind), column.share(f"{kind} ,")
    best = max(point, comma)
    if best < _LEAST_DOUBTFUL:
        return f"would be {name}, but its values are not numbers"
    uses_comma = comma > point or (comma == point and terrain.decimal == ",")
    options: dict[str, Any] = {"type": kind} | ({"decimal": ","} if uses_comma else {})
    because = f"{_most(best, column)} are numbers"
    unsure = []
    if point != comma:
        mark, other = ("comma", "point") if uses_comma else ("point", "comma")
        because += f"; with a decimal {mark}, for with a {other} fewer could be read" if holds == "number" else ""
    elif any("," in value or "." in value for value in column.counts):
        taken = "comma" if uses_comma else "point"
        unsure.append(f"is the decimal mark a point or a comma? Both would read every value; the {taken} is taken")
    return Read(options, because, unsure)


def _text(kind: Kind, name: str, column: ColumnProfile) -> Read | str:
    if name in _CODED:
        return _code(kind, name, column)
    if tests := _TYPED.get(name):
        return _typed(name, tests, column)
    clean = cleaners_of(column)
    options: dict[str, Any] = {"clean": clean} if clean else {"clean": ["strip", "collapse"]} if name in _TIDY else {}
    return Read(options, f"{column.filled:,} of {column.rows:,} rows filled")


def _typed(name: str, tests: list[str], column: ColumnProfile) -> Read | str:
    best = max(tests, key=lambda test: (round(column.share(test), 2), -tests.index(test)))
    share = column.share(best)
    said = f"{_most(share, column)} are {_SPOKEN[name]}"
    options: dict[str, Any] = dict(TESTED[best])
    unsure = []
    if column.several and any(";" in value or "|" in value for value in column.counts):
        options["clean"] = ["strip", {"first_of": [";", "|"]}]
        unsure.append(f"{column.several:,} values name several; the first counts")
    if share >= LEAST_SHARE:
        return Read(options | ({"if_bad": "drop"} if name in _DROPPED else {}), said, unsure)
    if share >= _LEAST_DOUBTFUL:
        doubt = f"the values that are not {_SPOKEN[name]} are dropped with a warning"
        return Read(options | {"if_bad": "drop"}, said, [*unsure, doubt])
    if name in _TEXT_INSTEAD:
        return Read({}, f"taken as text, for only {share:.0%} of the different values are {_SPOKEN[name]}")
    why = (
        ", and some are masked"
        if name == "ssn" and any("*" in value or "X" in value for value in column.counts)
        else ""
    )
    return f"would be {name}, but its values are not {_SPOKEN[name]}{why}"


def _most(share: float, column: ColumnProfile) -> str:
    """How many of the different values: all of them, or a share that is never rounded up to all."""
    if share == 1:
        return f"all {column.distinct_told} different values"
    return f"{min(share, 0.99):.0%} of {column.distinct_told} different values"


def _code(kind: Kind, name: str, column: ColumnProfile) -> Read | str:
    words = words_of(column)
    if len(words) > _MOST_WORDS or column.distinct > len(words):
        return f"would be {name}, but it has {column.distinct:,} different words"
    known, unknown = mapped(name, words)
    if not known:
        return f"would be {name}, but none of its words is known: {_listed(words)}"
    choices = CHOICES.get((kind, name))
    rows = sum(column.counts[word] for word in known)
    because = f"{len(known)} of {len(words)} words known, in {rows:,} of {column.filled:,} rows"
    if not unknown:
        return Read({"type": "code", "map": _once(known)}, because, vague(name, column))
    doubt = f"not known, so dropped with a warning until they stand in the map: {_listed(unknown)}"
    if choices:
        doubt += f" (docs/config.md lists our words of {name})"
    return Read({"type": "code", "map": _once(known), "if_bad": "drop"}, because, [doubt, *vague(name, column)])


def vague(name: str, column: ColumnProfile) -> list[str]:
    """A doubt for each word of a column that may mean several of ours, with how often it stands there."""
    several = {word: meant for word in words_of(column) if len(meant := candidates(name, word)) > 1}
    return [
        f"“{word}” (in {counted(column.counts[word], 'row')}) does not say whether {alternatives(meant)} is meant; "
        f"{meant[0]} is taken"
        for word, meant in several.items()
    ]


def _once(known: dict[str, str]) -> dict[str, str]:
    """One entry for words that differ in case and spaces only, which the map does not tell apart."""
    seen: Counter[str] = Counter()
    kept = {}
    for word, ours in known.items():
        key = "".join(word.casefold().split())
        if not seen[key]:
            kept[word] = ours
        seen[key] += 1
    return kept


def _listed(words: list[str]) -> str:
    told = ", ".join(words[:8])
    return told if len(words) <= 8 else f"{told} and {len(words) - 8} more"  # noqa: PLR2004 - as many as a line holds
