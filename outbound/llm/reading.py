"""How an answer has to look, and what is made of one: claims, of which nothing is believed yet.

There is no place for words in it: each value is one of those that were shown. What keeps to the form and cites what is
not there becomes a claim all the same, for whoever checks claims counts those that do not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from gateway.domain.eligibility.terms import BACKINGS, Backing, Cite, Claim
from outbound.llm.base import Malformed, Question
from outbound.llm.showing import Shown, Sight

MOST_CLAIMS, MOST_CITES = 300, 12

_MOST_LETTERS = 400_000
_MOST_WORDS = 250  # that a schema may name; providers refuse more
_ANY_REF, _ANY_WORD = "^[a-z_]{1,40}[.]r?[0-9]{1,6}$", "^[A-Za-z0-9_-]{1,40}$"
_FAR = 1e15  # beyond which no figure of a profile lies

_Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
_Word = Annotated[str, Meta(pattern=_ANY_WORD)]
_QUOTED = re.compile(r"'[^']*'|`[^`]*…|\"[^\"]*\"")


class _Cite(Struct, forbid_unknown_fields=True):
    ref: Annotated[str, Meta(pattern=_ANY_REF)]
    field: _Name
    value: _Word | bool | int | float


class _Claim(Struct, forbid_unknown_fields=True):
    visa: _Name
    criterion: _Name
    strength: Backing
    cites: Annotated[list[_Cite], Meta(max_length=MOST_CITES)]


class _Claims(Struct, forbid_unknown_fields=True):
    claims: Annotated[list[_Claim], Meta(max_length=MOST_CLAIMS)]


def schema(question: Question, sight: Sight) -> dict[str, Any]:
    """JSON schema of an answer, in the part of the language that all providers know."""
    cite = {
        "ref": _one_of([*sight.backings], _ANY_REF),
        "field": _one_of([one.field for one in sight.facts], _ANY_WORD),
        "value": {"anyOf": _values([one.shown for one in sight.facts])},
    }
    claim = {
        "visa": _one_of([one.id for one in question.visas], _ANY_WORD),
        "criterion": _one_of([each.id for one in question.visas for each in one.criteria], _ANY_WORD),
        "strength": _one_of(BACKINGS, _ANY_WORD),
        "cites": {"type": "array", "items": _object(cite)},
    }
    return _object({"claims": {"type": "array", "items": _object(claim)}})


def read(text: str, sight: Sight) -> list[Claim]:
    """The claims of an answer, citing what the stand-ins stand for.

    Raises:
        Malformed: `answer_malformed`; it is not by the schema. Where and why, in words that the model may be told.
    """
    if len(text) > _MOST_LETTERS:
        raise _malformed(f"it has {len(text):,} letters, and {_MOST_LETTERS:,} are enough for anybody")
    try:
        said = msgspec.json.decode(text, type=_Claims)
    except (msgspec.MsgspecError, UnicodeError) as failure:
        raise _malformed(_QUOTED.sub("...", str(failure))[:200]) from None
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    return [_claim(one, sight) for one in said.claims]


def _claim(said: _Claim, sight: Sight) -> Claim:
    cites = [
        Cite(ref=one.ref, field=one.field, value=sight.meant(one.ref, one.field, _near(one.value)))
        for one in said.cites
    ]
    return Claim(visa=said.visa, criterion=said.criterion, strength=said.strength, cites=cites)


def _near(value: Shown) -> Shown:
    """Figures that are out of all bounds are said to be none, lest somebody reckon with them.

    Raises:
        Malformed: there is one.
    """
    if isinstance(value, int | float) and not -_FAR <= value <= _FAR:
        raise _malformed("a figure is out of all bounds")
    return value


def _malformed(why: str) -> Malformed:
    return Malformed("answer_malformed", f"The answer is not by the schema: {why}.")


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [*properties],
        "additionalProperties": False,
    }


def _one_of(words: Sequence[str], otherwise: str) -> dict[str, Any]:
    known = [*dict.fromkeys(words)]
    fits = 0 < len(known) <= _MOST_WORDS
    return {"type": "string", "enum": known} if fits else {"type": "string", "pattern": otherwise}


def _values(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """Words and figures that were shown; True is no 1 here."""
    figures = [*dict.fromkeys(one for one in shown if isinstance(one, int | float) and not isinstance(one, bool))]
    known = {"enum": figures} if 0 < len(figures) <= _MOST_WORDS else {}
    words = _one_of([one for one in shown if isinstance(one, str)], _ANY_WORD)
    return [words, {"type": "number", **known}, {"type": "boolean"}]
