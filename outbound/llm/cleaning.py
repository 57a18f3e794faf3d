"""Takes out of free text what says who somebody is: names and employers that are known, and what looks like a number,
an address, a link or a birthday.

It would rather take a word too many than leave one: what is left has to make sense to a model, and no more.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

PERSON, TITLE, NUMBER, EMAIL, LINK = "PERSON", "TITLE", "NUMBER", "EMAIL", "LINK"

_MOST_READ, _MOST_LEFT = 20_000, 4_000  # letters of one text
_SHORT, _LONG = 3, 5  # letters of a name: up to here only as it is; from here on whatever word it stands in
_LEAST_NUMBER, _LEAST_TITLE = 5, 12  # letters by which something can be found

# what names of companies and schools are made of, so that it gives none away by itself
_FORMS = frozenset(
    "ag bv co corp corporation gmbh inc incorporated kg limited llc llp lp ltd nv oy plc pte pvt pty".split()
)
_COMMON = _FORMS | frozenset(
    """and association at bank center centre college company consulting del der des die electric energy engineering for
    foundation global group health hospital in industries institute international labor laboratories laboratory labs law
    management manufacturing medical national new of office partners pharma research school sciences services software
    solutions state states studio studios systems tech technologies technology the trust und united universidad
    universita universitat universite university""".split()
)
_PARTICLES = frozenset("al bin da de del den der di dos du el ibn la le ten ter van von".split())

_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "’": "'", "‐": "-"}
)
_WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}

_GAP = r"[\W_]{0,3}"  # between two letters of a name: it was spaced, or broken over lines
_EMAILS = re.compile(
    r"(?<![\w.+%'-])[\w.+%'-]+\s?(?:@|[(\[{]\s?at\s?[)\]}])\s?[\w-]+(?:\s?(?:\.|[(\[{]\s?dot\s?[)\]}])\s?[\w-]+)*",
    re.IGNORECASE,
)
_TOP = "com|org|net|edu|gov|mil|info|biz|io|ai|dev|app|us|uk|ca|de|fr|eu|ch|cn|jp|kr|mx|br|au|ac|example"
_LINKS = re.compile(
    rf"(?<![\w.+-])(?:(?:[a-z][a-z0-9+.-]*://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:[a-z]{{2,}}/\S*|(?:{_TOP})\b))",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"(?<!\w)\+?\(?(?:[a-z]{1,4}[-#:.\s]{1,2}|[a-z]*)\d(?:[-./()\s]{0,2}[a-z]?\d){5,}\w*", re.IGNORECASE
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".replace(" ", "|")
_DAYS = re.compile(
    rf"\b(?:(?:{_MONTHS})[a-z]*\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s|\d{{1,2}}\.?\s(?:{_MONTHS})[a-z]*\.?,?\s)(?=\d{{4}}\b)",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:19|20)\d\d\s?[-/]\s?(?:19|20)\d\d")


class _Mask(NamedTuple):
    """What is looked for in a text without accents and capitals; `is_initials` stand in capitals only."""

    pattern: re.Pattern[str]
    word: str
    is_initials: bool = False


Masks = Sequence[_Mask]


def masks(
    names: Iterable[str], companies: Mapping[str, str], titles: Iterable[str] = (), numbers: Iterable[str] = ()
) -> Masks:
    """What must not stay, compiled once for all texts of a person; the longest first.

    Args:
        names: of the person and of those near to them, whole or in parts.
        companies: employers and schools, by name: the word that stands in.
        titles: of what they published or was published about them: whoever searches for one finds them.
        numbers: as they stand in the records.
    """
    found = {(_phrase(one), False): TITLE for one in titles}
    found |= {(_number(one), False): NUMBER for one in numbers}
    for name, word in companies.items():
        found |= {(one, False): word for one in _of_company(name)} | {(_initials(name), True): word}
    for name in names:
        found |= {(one, False): PERSON for one in _of_person(name)}
    ordered = sorted(((*key, word) for key, word in found.items() if key[0]), key=lambda one: (-len(one[0]), one))
    return [_Mask(re.compile(rf"(?<![^\W_])(?:{one})(?![^\W_])"), word, initials) for one, initials, word in ordered]


def clean(text: str, taken_out: Masks) -> str:
    """The text without any of it, and not endlessly long."""
    told = _LINKS.sub(LINK, _EMAILS.sub(EMAIL, _tidy(text)))
    told = _NUMBERS.sub(_judged, _DAYS.sub("", told))
    told = _without(told, taken_out)
    return told if len(told) <= _MOST_LEFT else f"{told[:_MOST_LEFT]} ..."


def plain(text: str) -> str:
    """In small letters, without accents."""
    return "".join(map(_bare, text))


def same_company(name: str) -> str:
    """What two ways of writing one company's name have in common."""
    words = _words(name)
    return " ".join(plain(one) for one in words if one not in _FORMS) or " ".join(words)


@functools.lru_cache(maxsize=4_096)
def _bare(letter: str) -> str:
    """One letter may become two, or none."""
    folded = unicodedata.normalize("NFKD", letter.casefold().translate(_PLAIN))
    return "".join(one for one in folded if not unicodedata.combining(one)).translate(_PLAIN)


def _tidy(text: str) -> str:
    """One way of writing each letter, nothing unseen, no run of blanks; a word that is cut off is left out."""
    read = text if len(text) <= _MOST_READ else text[:_MOST_READ].rpartition(" ")[0]
    seen = "".join(_seen(one) for one in unicodedata.normalize("NFKC", read))
    return re.sub(r"\s+", lambda run: "\n" if "\n" in run[0] else " ", seen).strip()


def _seen(letter: str) -> str:
    if letter in "\n\t\r\u2028\u2029":
        return "\t" if letter == "\t" else "\n"
    category = unicodedata.category(letter)
    return "" if category in {"Cf", "Cs", "Co"} else " " if category == "Cc" else letter


def _judged(found: re.Match[str]) -> str:
    """Sums and spans of years may stay."""
    figures = found[0][next(at for at, one in enumerate(found[0]) if one.isdigit()) :]
    return found[0] if _FIGURE.fullmatch(figures) else NUMBER


def _without(text: str, taken_out: Masks) -> str:
    bare = [_bare(one) for one in text]
    for mask in taken_out:
        if (left := _replaced(text, bare, mask)) != text:
            text, bare = left, [_bare(one) for one in left]
    return text


def _replaced(text: str, bare: Sequence[str], mask: _Mask) -> str:
    """Look at the text without its accents, and replace in the text as it is."""
    if not mask.pattern.search("".join(bare)):
        return text
    places = [at for at, one in enumerate(bare) for _ in one]
    pieces, last = [], 0
    for found in mask.pattern.finditer("".join(bare)):
        begin, end = places[found.start()], places[found.end() - 1] + 1
        if begin >= last and (not mask.is_initials or text[begin:end].isupper()):
            pieces += [text[last:begin], mask.word]
            last = end
    return "".join([*pieces, text[last:]])


# ------------------------------------------------------------------------------------------------ what is looked for


def _of_person(name: str) -> list[str]:
    """Each part of a name by itself: whoever writes of somebody often uses one of them."""
    words = _words(name)
    return [_inflected(one) for one in [one for one in words if one not in _PARTICLES] or words]


def _of_company(name: str) -> list[str]:
    """The whole name, and each word of it that is no common one."""
    words = [one for one in _words(name) if one not in _FORMS]
    whole = rf"{_GAP}(?:and|of|the)?{_GAP}".join(_GAP.join(_ways(one)) for one in words)
    return [whole, *(_inflected(one) for one in words if plain(one) not in _COMMON)]


def _initials(name: str) -> str:
    letters = [plain(one)[:1] for one in _words(name) if one not in _FORMS and one not in {"of", "the", "and", "for"}]
    return "".join(letters) if len(letters) >= _SHORT else ""


def _words(name: str) -> list[str]:
    """In small letters, with their accents: how those are written out depends on them."""
    return [one for one in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name).casefold()) if len(one) > 1]


def _ways(word: str) -> list[str]:
    """Each letter, without its accent or with it written out."""
    spelled = [{plain(one): None, _WRITTEN_OUT.get(one, plain(one)): None} for one in word]
    return [next(iter(one)) if len(one) == 1 else f"(?:{'|'.join(one)})" for one in spelled]


def _inflected(word: str) -> str:
    """Of a long name the last letter may be another: Kowalska, Kowalskiej."""
    ways = _ways(word)
    if len(ways) <= _SHORT:
        return r"(?:-?\n)?".join(ways) + "(?:'?s)?"
    if len(ways) < _LONG:
        return rf"{_GAP.join(ways)}'?[^\W_]{{0,3}}"
    stem = ways if len(ways) == _LONG else ways[:-1]
    return rf"[^\W_]*{_GAP.join(stem)}'?[^\W_]*"


def _number(text: str) -> str:
    letters = [one for one in plain(unicodedata.normalize("NFKC", text)) if one.isalnum()]
    return _GAP.join(letters) if len(letters) >= _LEAST_NUMBER else ""


def _phrase(title: str) -> str:
    words = [plain(one) for one in _words(title)]
    return r"[\W_]+(?:\w[\W_]+)?".join(words) if sum(map(len, words)) >= _LEAST_TITLE else ""
