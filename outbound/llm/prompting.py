"""Puts a question into words, from files that are never changed once they were used: what was asked can be explained.

A new wording is a new version beside the old one, and a line here.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec.structs import replace

from gateway.domain.rules.criteria import Criterion, fields_of
from gateway.domain.rules.profile_kinds import profile_kinds
from outbound.llm import reading
from outbound.llm.base import Malformed, Prompt, Question
from outbound.llm.showing import Known, Sight, sight

VERSION = "1"
PARTS = ("system", "user", "repair")

_HERE = Path(__file__).parent / "prompts"
_JINJA = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, autoescape=False
)
_FENCED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})  # in JSON, where it means the same


def prompt(question: Question, known: Known) -> tuple[Prompt, Sight]:
    """What is asked, and what of the profile it shows: its answer is read by that.

    Args:
        question: of visas that have criteria on the profile's day.
        known: what must not leave, besides what the profile itself tells.
    """
    seen = sight(question.profile, known, _kinds(question))
    words: dict[str, Any] = {
        "as_of": seen.as_of.isoformat(),
        "visas": [_visa(one.id, one.name, one.criteria) for one in question.visas],
        "entries": [_data({"ref": ref, "backing": backing, "facts": facts}) for ref, backing, facts in seen.entries()],
        "texts": _data(seen.texts, indent=0),
        "asked": ", ".join(one.id for one in question.visas),
        "most_cites": reading.MOST_CITES,
    }
    system, user = _said("system", {}), _said("user", words)
    return Prompt(version=VERSION, system=system, user=user, schema=reading.schema(question, seen)), seen


def repair(asked: Prompt, problem: Malformed) -> Prompt:
    """The same once more, and what was wrong with the answer."""
    return replace(asked, user=asked.user + _said("repair", {"problem": problem.sentence}))


def _kinds(question: Question) -> Sequence[str]:
    """Of entries at which the criteria of these visas look."""
    return list(dict.fromkeys(kind for visa in question.visas for kind in fields_of(visa)))


def _visa(name: str, called: str, criteria: Sequence[Criterion]) -> Mapping[str, Any]:
    told = [{"id": one.id, "text": one.text, "shown_by": _shown_by(one)} for one in criteria]
    return {"id": name, "name": called, "criteria": told}


def _shown_by(criterion: Criterion) -> str:
    """Each kind of entry that can show it, with what matters of it."""
    told: dict[str, dict[str, None]] = {}
    for way in criterion.ways:
        fields = profile_kinds()[way.kind].fields
        places = [field for kind, field in way.places() if kind == way.kind and fields[field].leaves != "never"]
        told.setdefault(way.kind, {}).update(dict.fromkeys(places))
    return "; ".join(f"{kind} ({', '.join(fields)})" if fields else kind for kind, fields in told.items())


def _data(value: object, indent: int | None = None) -> str:
    """JSON, in which nothing can end the block that it stands in."""
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(_FENCED)


def _said(part: str, words: Mapping[str, Any]) -> str:
    return str(_template(part).render(words))


@functools.cache
def _template(part: str) -> Any:  # noqa: ANN401 - Jinja2 types it so
    return _JINJA.from_string((_HERE / f"{VERSION}.{part}.txt").read_text(encoding="utf-8"))
