"""What a single value may be, in msgspec's terms and in words for the person who has to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Union

import msgspec
import yaml
from msgspec import Meta, inspect

from gateway.config.document import scalar
from gateway.config.findings import nearest, quoted
from gateway.config.loader import BOOL, FLOAT, INT, NULL, STR

Problem = tuple[str, str | None]  # a sentence and a suggestion

_NUMBERS = (inspect.IntType, inspect.FloatType)
_PYTHON: dict[type[inspect.Type], Any] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.BoolType: bool,
    inspect.DateType: date,
    inspect.NoneType: None,
}
_CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")
_NATURE = {INT: "a number", FLOAT: "a number", BOOL: "true or false", NULL: "nothing"}
_SPOKEN = dict.fromkeys(("true", "yes", "y", "on", "1"), "true") | dict.fromkeys(
    ("false", "no", "n", "off", "0"), "false"
)
_PADDED = re.compile(r"[-+]?0[0-9]")
_LAST_DOLLAR = re.compile(r"(?<!\\)\$$")


def options(kind: inspect.Type) -> list[inspect.Type]:
    """The alternatives of a type, without wrappers; a type that is no union is its only one."""
    if isinstance(kind, inspect.Metadata):
        return options(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [option for part in kind.types for option in options(part)]
    return [kind]


def convert(node: yaml.ScalarNode, kinds: Sequence[inspect.Type]) -> object:
    """The value of a leaf.

    Raises:
        msgspec.ValidationError: it is none of the alternatives.
    """
    annotation: Any = Union[tuple(map(_annotation, kinds))]  # noqa: UP007 - the members are known at run time only
    value: object = msgspec.convert(scalar(node), annotation)
    return value


def _annotation(kind: inspect.Type) -> Any:  # noqa: ANN401 - an annotation made at run time has no type
    if isinstance(kind, inspect.LiteralType):
        return Literal[kind.values]
    if type(kind) not in _PYTHON:
        raise TypeError(f"a config cannot hold {kind}")
    python = _PYTHON[type(kind)]
    limits = {name: getattr(kind, name) for name in _CONSTRAINTS if getattr(kind, name, None) is not None}
    if "pattern" in limits:  # in Python `$` lets a final line break pass; in the JSON Schema it does not
        limits["pattern"] = _LAST_DOLLAR.sub(r"\\Z", limits["pattern"])
    return Annotated[python, Meta(**limits)] if limits else python


def misread(node: yaml.ScalarNode, kinds: Sequence[inspect.Type]) -> Problem | None:
    """A value that YAML takes for something else than the text that is wanted; it is never turned back silently."""
    wants_text = any(isinstance(kind, inspect.StrType) or _words(kind) for kind in kinds)
    if any(isinstance(kind, _NUMBERS) for kind in kinds):
        return leading_zero(node)
    if not wants_text or node.tag == STR or _fits(node, kinds):
        return None
    if not node.value:
        return refusal(node, kinds)
    return f"{node.value} means {_NATURE[node.tag]} in YAML; write it in quotes where text is meant.", node.value


def leading_zero(node: yaml.ScalarNode) -> Problem | None:
    """`0123` is 83 to some readers of YAML, 123 to others, and an identifier to the person who wrote it."""
    if node.tag not in {INT, FLOAT} or not _PADDED.match(node.value):
        return None
    return f"{node.value} has a leading zero; write it in quotes if it is text, or without the zero if it is not.", None


def _fits(node: yaml.ScalarNode, kinds: Sequence[inspect.Type]) -> bool:
    if node.tag == NULL:
        return any(isinstance(kind, inspect.NoneType) for kind in kinds)
    return node.tag == BOOL and any(isinstance(kind, inspect.BoolType) for kind in kinds)


def refusal(node: yaml.ScalarNode, kinds: Sequence[inspect.Type]) -> Problem:
    """Why a value does not fit, and the nearest one that would."""
    if node.tag == NULL and not node.value:
        return f"This is empty, not {describe(kinds)}.", None
    shown = node.value if node.tag in _NATURE else quoted(node.value)
    bare = _unquoted(node, kinds)
    hint = f"; write {bare}, without quotes" if bare else ""
    return f"{shown} is not {describe(kinds)}{hint}.", nearest(
        node.value, (word for kind in kinds for word in _words(kind))
    )


def _unquoted(node: yaml.ScalarNode, kinds: Sequence[inspect.Type]) -> str | None:
    """The number or boolean that somebody wrote as text, such as `"10"`, `1_000` or `yes`."""
    if node.tag == STR and any(isinstance(kind, inspect.BoolType) for kind in kinds):
        return _SPOKEN.get(node.value.lower())
    digits = node.value.replace("_", "")
    if node.tag == STR and any(isinstance(kind, _NUMBERS) for kind in kinds):
        return digits if re.fullmatch(r"-?(?:0|[1-9][0-9]*)", digits) else None
    return None


# ---------------------------------------------------------------- types in words


def describe(kinds: Sequence[inspect.Type]) -> str:
    """What is wanted, in words."""
    wanted = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)] or kinds
    return " or ".join(dict.fromkeys(map(_describe, wanted)))


def _describe(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType():
            form = f" of the form {kind.pattern}" if kind.pattern else ""
            words = f"text{form}{_span(kind.min_length, kind.max_length, ' characters')}"
        case inspect.IntType() | inspect.FloatType():
            words = ("a whole number" if isinstance(kind, inspect.IntType) else "a number") + _range(kind)
        case inspect.BoolType():
            words = "true or false"
        case inspect.DateType():
            words = "a date such as 2026-05-01"
        case inspect.LiteralType():
            words = f"one of {', '.join(map(str, kind.values))}"
        case inspect.CollectionType():
            words = f"a list{_span(kind.min_length, kind.max_length, ' items')}"
        case inspect.TupleType():
            words = f"a list of {len(kind.item_types)} items"
        case inspect.NoneType():
            words = "nothing"
        case _:
            words = "a mapping"
    return words


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    said = {"above": kind.gt, "of at least": kind.ge, "below": kind.lt, "of at most": kind.le}
    return "".join(f" {words} {limit:g}" for words, limit in said.items() if limit is not None)


def _span(least: int | None, most: int | None, unit: str) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f" of at least {least}{unit}"
    return f" of at most {most}{unit}" if not least else f" of {least} to {most}{unit}"


def _words(kind: inspect.Type) -> list[str]:
    return [value for value in kind.values if isinstance(value, str)] if isinstance(kind, inspect.LiteralType) else []
