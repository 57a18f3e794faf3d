"""Looks a template through: every value is found in the shape that it will be given, and nothing else stands in it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from jinja2 import nodes
from msgspec import Meta, Struct

from gateway.config import nearest
from outbound.notify.templates.forms import DEEPEST, TOO_DEEP, Fault, capital
from outbound.notify.templates.shapes import Shape


def faults(tree: nodes.Template, shape: type[Shape], *, discreet: bool) -> list[Fault]:
    """What is wrong with a template.

    Args:
        tree: as it was read.
        shape: of the data that it will be given.
        discreet: others may read what it says over a shoulder.
    """
    walk = _Walk(discreet=discreet)
    walk.body(tree.body, _fields(shape), 0)
    return walk.found


def values(shape: type[Shape]) -> Iterator[tuple[str, str]]:
    """What a template of this shape may say, each with its kind, for people; lists as `many[].field`."""
    yield from _told("", _fields(shape))


def _told(before: str, known: Mapping[str, _Known]) -> Iterator[tuple[str, str]]:
    for name, one in known.items():
        kind, path = one.kind, f"{before}{name}"
        if item := _item(kind):
            kind, path = item.kind, f"{path}[]"
        if _is_table(kind):
            yield from _told(f"{path}.", _fields(kind))
        else:
            yield path, f"{_KINDS.get(kind, 'text')}{', within the message only' if one.within else ''}"


class _Loop(Struct, frozen=True, kw_only=True):
    """What a loop says of itself."""

    first: bool
    last: bool
    index: int


LOOP = frozenset(_Loop.__struct_fields__)


class _Known(NamedTuple):
    """What is known of a value: its type, and whether it must stay within a message."""

    kind: Any
    within: bool = False


_Scope = Mapping[str, _Known]


class _Walk:
    """Goes through a template once and notes what is wrong."""

    def __init__(self, *, discreet: bool) -> None:
        self.found: list[Fault] = []
        self._discreet = discreet

    def body(self, body: Iterable[nodes.Node], scope: _Scope, depth: int) -> None:
        """Statements and texts, one after the other."""
        for node in body:
            if depth > DEEPEST:
                self._fault(node, TOO_DEEP)
                return
            self._statement(node, scope, depth)

    def _statement(self, node: nodes.Node, scope: _Scope, depth: int) -> None:
        if isinstance(node, nodes.Output):
            for one in node.nodes:
                if not isinstance(one, nodes.TemplateData):
                    self._written(one, scope)
        elif isinstance(node, nodes.If):
            self._value(node.test, scope, 0)
            for branch in (node.body, node.elif_, node.else_):
                self.body(branch, scope, depth + 1)
        elif isinstance(node, nodes.For):
            self._loop(node, scope, depth)
        else:
            self._foreign(node)

    def _loop(self, node: nodes.For, scope: _Scope, depth: int) -> None:
        known = self._value(node.iter, scope, 0)
        item = _item(known.kind) if known else None
        if known and item is None:
            self._fault(node, "A loop runs over a list of the data.")
        if node.test or node.recursive or not isinstance(node.target, nodes.Name):
            self._fault(node, 'A loop is written {% for one in many %}, with nothing before "%}".')
            return
        own = {node.target.name: item or _Known(Any, within=bool(known and known.within)), "loop": _Known(_Loop)}
        self.body(node.body, {**scope, **own}, depth + 1)
        self.body(node.else_, scope, depth + 1)

    def _written(self, node: nodes.Node, scope: _Scope) -> None:
        known = self._value(node, scope, 0)
        if known is None or known.kind is Any:
            return
        if _is_table(known.kind) or _item(known.kind):
            self._fault(node, "This is no single value: write one of its fields, or loop over it.")
        if known.within and self._discreet:
            self._fault(node, "This may be read by others on a locked telephone; say it in the text and the html.")

    def _value(self, node: nodes.Node, scope: _Scope, depth: int) -> _Known | None:
        if depth > DEEPEST:
            self._fault(node, TOO_DEEP)
            return None
        for kind, ask in _ASK.items():
            if isinstance(node, kind):
                found: _Known | None = ask(self, node, scope, depth + 1)
                return found
        self._foreign(node)
        return None

    def _name(self, node: nodes.Name, scope: _Scope, _depth: int) -> _Known | None:
        return self._among(node, node.name, scope, "a value that it is given")

    def _field(self, node: nodes.Getattr, scope: _Scope, depth: int) -> _Known | None:
        of = self._value(node.node, scope, depth)
        if of is None or of.kind is Any:
            return of
        return self._among(node, node.attr, _fields(of.kind), "a field that this has")

    def _among(self, node: nodes.Node, word: str, scope: _Scope, what: str) -> _Known | None:
        if word in scope:
            return scope[word]
        meant = nearest(word, list(scope))
        hint = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(sorted(scope)) or 'none'}."
        self._fault(node, f'"{word}" is not {what}.{hint}')
        return None

    def _filter(self, node: nodes.Filter, scope: _Scope, depth: int) -> _Known | None:
        known = self._value(node.node, scope, depth) if node.node else None
        if node.name not in FILTERS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            names = ", ".join(sorted(FILTERS))
            self._fault(node, f'There is no filter "{node.name}" with these words in brackets; there are {names}.')
            return None
        takes, gives = FILTERS[node.name]
        item = _item(known.kind) if known else None
        is_tables = node.name == "listed" and item is not None and _is_table(item.kind)
        if known and known.kind is not Any and (is_tables or not _fits(known.kind, takes)):
            self._fault(node, f'The filter "{node.name}" is not for this kind of value.')
        return _Known(gives, within=bool(known and known.within and gives is str))

    def _choice(self, node: nodes.CondExpr, scope: _Scope, depth: int) -> _Known | None:
        self._value(node.test, scope, depth)
        sides = [self._value(one, scope, depth) for one in (node.expr1, node.expr2) if one is not None]
        return _Known(str, within=any(one.within for one in sides if one))

    def _compared(self, node: nodes.Compare, scope: _Scope, depth: int) -> _Known:
        self._value(node.expr, scope, depth)
        for one in node.ops:
            self._value(one.expr, scope, depth)
        return _Known(bool)

    def _both(self, node: nodes.BinExpr, scope: _Scope, depth: int) -> _Known:
        sides = [self._value(node.left, scope, depth), self._value(node.right, scope, depth)]
        return _Known(str, within=any(one.within for one in sides if one))

    def _not(self, node: nodes.Not, scope: _Scope, depth: int) -> _Known:
        self._value(node.node, scope, depth)
        return _Known(bool)

    def _constant(self, node: nodes.Const, _scope: _Scope, _depth: int) -> _Known:
        return _Known(type(node.value))

    def _foreign(self, node: nodes.Node) -> None:
        told = _FOREIGN.get(type(node), f"{type(node).__name__.lower()} is")
        self._fault(node, f"{capital(told)} not part of this language: it has text, values, conditions and loops.")

    def _fault(self, node: nodes.Node, sentence: str) -> None:
        self.found.append(Fault(node.lineno, sentence))


# name -> what it takes, what comes of it
FILTERS: Mapping[str, tuple[type, type]] = {
    "day": (date, str),
    "left": (int, str),
    "capital": (str, str),
    "listed": (list, str),
    "length": (list, int),
}

_ASK: Mapping[type[nodes.Node], Any] = {
    nodes.Name: _Walk._name,  # noqa: SLF001 - its own
    nodes.Getattr: _Walk._field,  # noqa: SLF001
    nodes.Filter: _Walk._filter,  # noqa: SLF001
    nodes.CondExpr: _Walk._choice,  # noqa: SLF001
    nodes.Compare: _Walk._compared,  # noqa: SLF001
    nodes.And: _Walk._both,  # noqa: SLF001
    nodes.Or: _Walk._both,  # noqa: SLF001
    nodes.Not: _Walk._not,  # noqa: SLF001
    nodes.Const: _Walk._constant,  # noqa: SLF001
}
_FOREIGN: Mapping[type[nodes.Node], str] = {
    nodes.Call: "a call, such as range(9), is",
    nodes.Getitem: "a value in brackets, such as x[0], is",
    nodes.Include: "{% include %} is",
    nodes.Import: "{% import %} is",
    nodes.Extends: "{% extends %} is",
    nodes.Assign: "{% set %} is",
    nodes.AssignBlock: "{% set %} is",
    nodes.Macro: "{% macro %} is",
    nodes.Block: "{% block %} is",
    nodes.With: "{% with %} is",
    nodes.Test: "a test, such as x is defined, is",
    nodes.List: "a list is",
    nodes.Dict: "a table is",
    nodes.Concat: "joining by ~ is",
    nodes.Add: "reckoning is",
    nodes.Sub: "reckoning is",
    nodes.Mul: "reckoning is",
    nodes.Pow: "reckoning is",
    nodes.Mod: "reckoning is",
}


def _fields(kind: Any) -> dict[str, _Known]:  # noqa: ANN401 - a type
    """What a table has, by name; a single value has none."""
    if not _is_table(kind):
        return {}
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: _known(hints[name]) for name in kind.__struct_fields__}


def _known(hint: Any) -> _Known:  # noqa: ANN401 - a type
    """Without what it may also be: unknown, or unset."""
    kind, extra = _unwrapped(hint)
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        inner = _known(typing.get_args(kind)[0])
        return inner._replace(within=inner.within or extra)
    item = _item(kind)
    return _Known(kind, within=extra or bool(item and item.within))


def _unwrapped(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401 - a type
    """A type without what is said of it, and whether that says that it must stay within."""
    if typing.get_origin(hint) is not typing.Annotated:
        return hint, False
    kind, *told = typing.get_args(hint)
    return kind, any(isinstance(one, Meta) and bool((one.extra or {}).get("within")) for one in told)


def _item(kind: Any) -> _Known | None:  # noqa: ANN401 - a type
    """What a list holds; None of what is no list."""
    origin = typing.get_origin(kind)
    if not (isinstance(origin, type) and issubclass(origin, Sequence)):
        return None
    return _known(typing.get_args(kind)[0])


def _is_table(kind: Any) -> bool:  # noqa: ANN401 - a type
    return isinstance(kind, type) and issubclass(kind, Struct)


def _fits(kind: Any, takes: type) -> bool:  # noqa: ANN401 - a type
    if takes is list:
        return _item(kind) is not None
    return isinstance(kind, type) and issubclass(kind, takes)


_KINDS: Mapping[Any, str] = {str: "text", int: "number", bool: "yes or no", date: "day"}
