"""Documents: which columns belong to a passport, a visa, an I-94 ..., and which column says what a document is."""

from __future__ import annotations

from typing import NamedTuple

from ingest.infer.profile import ColumnProfile
from ingest.infer.vocabulary import targets, tokens
from ingest.infer.words import mapped

# the words by which a column's name says which document it is about; several words must all be there
_TYPES: list[tuple[str, str]] = [
    ("h1b_maxout", "h 1 b max;h1b max;h1 b max;max out;maxout;six year limit"),
    ("stem_opt", "stem opt"),
    ("advance_parole", "advance parole"),
    ("ead", "ead;work permit;employment authorization card;employment authorization document"),
    ("i797", "i797;i 797"),
    ("i94", "i94;i 94"),
    ("i20", "i20;i 20"),
    ("ds2019", "ds2019;ds 2019"),
    ("i140", "i140;i 140"),
    ("passport", "passport;reisepass;pass;passeport"),
    ("green_card", "green card;permanent resident card;i551;i 551"),
    ("driver_licence", "driver license;driver licence;drivers license;drivers licence;fuehrerschein"),
    ("opt", "opt"),
    ("visa_foil", "visa;visum;visa stamp;visa foil"),
]
_GENERIC = [
    "visa id",
    "visa or id",
    "document",
    "doc",
    "identifier",
    "identification",
    "permit",
    "id document",
    "dokument",
    "ausweis",
]
_PARTS: list[tuple[str, str]] = [
    (
        "expires_on",
        "expiry expiration expires exp valid_to valid_until valid_through end ablaufdatum gueltig_bis until",
    ),
    ("issued_on", "issued issue issuedate valid_from ausgestellt ausstellungsdatum issuance start begda from"),
    ("country", "country issuing land authority_country ausstellungsland"),
    ("number", "number no nr num id nummer # identifier passportnummer reisepassnummer identification"),
]
_KINDS = frozenset("type kind art".split())  # of documents where all words are such, else of visas or cases
_OTHER = frozenset(
    "type kind status class classification category dependent spouse processing fee required needed holder".split()
)
_SINGULAR = {"visas": "visa", "passports": "passport", "documents": "document", "permits": "permit"}
_CASES = frozenset("receipt petition case".split())  # what a visa is asked for with, not its foil
_LEAST_TYPED = 0.5  # of the words of a type column that must be known


class Paper(NamedTuple):
    """What a column says about a document: of which type (None where another column tells), and which part of it."""

    type: str | None
    part: str


def paper_of(name: str) -> Paper | None:
    """Which part of which document a column is by its name."""
    words = _words(name)
    if not words or set(words) & _OTHER:
        return None
    kind = _kind(words)
    if kind == "visa_foil" and _CASES & set(words):
        return None
    generic = kind in (None, "visa_foil") and any(_has(words, one.split()) for one in _GENERIC)
    part = _part(words, name)
    if kind and not generic:
        alone = part is None and len(words) <= 2  # noqa: PLR2004 - "Passport", "I-94"
        return Paper(kind, part or "number") if part or alone else None
    return Paper(None, part) if generic and part else None


def is_known(name: str) -> bool:
    """Whether a name is one that columns of people, cases or documents have."""
    return bool(targets(name)) or paper_of(name) is not None or _tells_type(_words(name))


def type_column(columns: list[ColumnProfile]) -> tuple[ColumnProfile, dict[str, str], list[str]] | None:
    """The column that tells the type of a row's document, its words by ours, and the words that we do not know."""
    for column in columns:
        named = _tells_type(_words(column.name))
        if not (named or _KINDS & set(_words(column.name))) or not column.counts or column.distinct > 40:  # noqa: PLR2004 - more are no types
            continue
        known, unknown = mapped("document", list(column.counts))
        rows = sum(column.counts[word] for word in known)
        if known and rows >= (_LEAST_TYPED if named else 1) * column.filled:
            return column, known, unknown
    return None


def bare_part(name: str) -> str | None:
    """Which part a column is that names no document: `Issue Date`, `Expiration Date`, `Number`."""
    words = _words(name)
    return _part(words, name) if words and not set(words) & _OTHER and _kind(words) is None else None


def _tells_type(words: list[str]) -> bool:
    named = "type" in words and any(_has(words, one.split()) for one in _GENERIC)
    return named or words in (["document"], ["dokumentart"], ["doc"])


def _words(name: str) -> list[str]:
    """The words of a name; a list of documents is about the document."""
    return [_SINGULAR.get(word, word) for word in tokens(name)]


def _kind(words: list[str]) -> str | None:
    for kind, listed in _TYPES:
        if any(_has(words, one.split()) for one in listed.split(";")):
            return kind
    joined = "".join(words)
    starts = (
        ("reisepass", "passport"),
        ("passport", "passport"),
        ("i94", "i94"),
        ("i797", "i797"),
        ("visum", "visa_foil"),
    )
    return next((kind for start, kind in starts if joined.startswith(start)), None)


def _part(words: list[str], name: str) -> str | None:
    joined = "_".join(words)
    for part, listed in _PARTS:
        for one in listed.split():
            if one in words or ("_" in one and one in joined) or (one == "#" and "#" in name):
                return part
            if len(one) > 5 and joined.endswith(one):  # noqa: PLR2004 - reisepassablaufdatum
                return part
    return "expires_on" if words[-1:] == ["date"] and "exp" in joined else None


def _has(words: list[str], wanted: list[str]) -> bool:
    """Whether the words stand there one after the other."""
    size = len(wanted)
    return any(words[start : start + size] == wanted for start in range(len(words) - size + 1))
