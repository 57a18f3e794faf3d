"""Turns the nodes of a config into structs and collects everything that does not fit.

`msgspec.convert` stops at the first error and does not know lines; so a walk over `msgspec.inspect` goes down to the
leaves, and only these are converted by msgspec.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec
import yaml
from msgspec import inspect

from gateway.config import leaves
from gateway.config.document import Document, described, scalar
from gateway.config.findings import ConfigError, Finding, KeyPath, nearest, quoted

T = TypeVar("T")

_KINDS: Final = 64  # whose description is kept: the sections of settings, and rules
_STRUCTURED: Final = (inspect.StructType, inspect.DictType, inspect.CollectionType, inspect.TupleType)


class FieldError(ValueError):
    """Raised in a struct's `__post_init__` to put the finding at one of its keys instead of at the whole mapping.

    A rule about one value alone stands better in `Annotated[str, Meta(extra={"check": function})]`: `__post_init__`
    waits until every value of the struct is sound, a check does not. The check returns the value, or raises as here;
    it counts for a whole value, not for one alternative of a union.

    Args:
        message: a whole sentence.
        at: keys below the struct, as written in YAML.
        suggestion: the nearest valid word.
    """

    def __init__(self, message: str, *, at: KeyPath = (), suggestion: str | None = None) -> None:
        super().__init__(message)
        self.at = at
        self.suggestion = suggestion


def decode(document: Document, kind: type[T], at: KeyPath = ()) -> T:
    """What stands at a path, as a struct (or anything else that msgspec can describe).

    Raises:
        ConfigError: with every finding below that path.
    """
    node = document.node(at)
    if node is None:
        raise ConfigError([document.finding(at, "This is missing.")])
    walk = _Walk(document)
    value = walk.value(node, _described(cast("Hashable", kind)), at)
    if walk.findings:
        raise ConfigError(walk.findings)
    return cast("T", value)


@functools.lru_cache(maxsize=_KINDS)
def _described(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)


class _Walk:
    """One pass over one document; a method that has reported a finding returns None, and nobody looks at it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def report(self, node: yaml.Node, path: KeyPath, message: str, suggestion: str | None = None) -> None:
        self.findings.append(self.document.finding(path, message, suggestion, node=node))

    def value(self, node: yaml.Node, kind: inspect.Type, path: KeyPath) -> object:
        if isinstance(kind, inspect.Metadata):
            return self.checked(node, kind, path)
        options = leaves.options(kind)
        if any(isinstance(option, inspect.AnyType) for option in options):
            return self.anything(node, path)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, options, path)
        if isinstance(node, yaml.SequenceNode):
            return self.sequence(node, options, path)
        return self.leaf(cast("yaml.ScalarNode", node), options, path)

    def checked(self, node: yaml.Node, kind: inspect.Metadata, path: KeyPath) -> object:
        before = len(self.findings)
        value = self.value(node, kind.type, path)
        check = (kind.extra or {}).get("check")
        return value if check is None or len(self.findings) > before else self.made(check, node, path, value)

    def made(self, make: Callable[..., object], node: yaml.Node, path: KeyPath, *args: object) -> object:
        """What `make` returns; a ValueError of it is a finding."""
        try:
            return make(*args)
        except FieldError as error:
            self.findings.append(self.document.finding((*path, *error.at), str(error), error.suggestion))
        except ValueError as error:
            self.report(node, path, str(error))
        return None

    # ------------------------------------------------------------ mappings

    def mapping(self, node: yaml.MappingNode, options: Sequence[inspect.Type], path: KeyPath) -> object:
        structs = [option for option in options if isinstance(option, inspect.StructType)]
        if any(struct.tag_field for struct in structs):
            chosen = self.tagged(node, structs, path)
            return self.struct(node, chosen, path) if chosen else None
        if structs:
            return self.struct(node, structs[0], path)
        for option in options:
            if isinstance(option, inspect.DictType):
                return self.dictionary(node, option, path)
        self.report(node, path, f"This is a mapping, not {leaves.describe(options)}.")
        return None

    def tagged(
        self, node: yaml.MappingNode, structs: Sequence[inspect.StructType], path: KeyPath
    ) -> inspect.StructType | None:
        tag_field = str(structs[0].tag_field)
        tags = {str(struct.tag): struct for struct in structs}
        written = next((value for key, value in node.value if key.value == tag_field), None)
        if written is None:
            self.report(node, path, f"{_missing(tag_field, node)} It says which of {', '.join(tags)} is meant.")
        elif not isinstance(written, yaml.ScalarNode) or written.value not in tags:
            word = described(written)
            self.report(
                written, (*path, tag_field), f"{quoted(word)} is not one of {', '.join(tags)}.", nearest(word, tags)
            )
        else:
            return tags[written.value]
        return None

    def struct(self, node: yaml.MappingNode, kind: inspect.StructType, path: KeyPath) -> object:
        before = len(self.findings)
        fields = {field.encode_name: field for field in kind.fields}
        written = {key.value: (key, value) for key, value in node.value if key.value != kind.tag_field}
        absent = [name for name in fields if name not in written]
        unknown = [key for name, (key, _) in written.items() if name not in fields and kind.forbid_unknown_fields]
        meant = {self.unknown_key(key, absent or fields, path) for key in unknown}
        for name in absent:
            if fields[name].required and name not in meant:
                self.report(node, path, _missing(name, node))
        given = {
            field.name: self.value(written[name][1], field.type, (*path, name))
            for name, field in fields.items()
            if name in written
        }
        return None if len(self.findings) > before else self.made(functools.partial(kind.cls, **given), node, path)

    def unknown_key(self, key: yaml.ScalarNode, words: Sequence[str] | dict[str, Any], path: KeyPath) -> str | None:
        meant = nearest(key.value, words)
        hint = "" if meant else f" Keys that may stand here: {', '.join(words)}."
        self.report(key, (*path, key.value), f"{quoted(key.value)} is not a known key.{hint}", meant)
        return meant

    def dictionary(self, node: yaml.MappingNode, kind: inspect.DictType, path: KeyPath) -> dict[object, object]:
        return {
            self.value(key, kind.key_type, (*path, key.value)): self.value(value, kind.value_type, (*path, key.value))
            for key, value in node.value
        }

    # ------------------------------------------------------------ lists

    def sequence(self, node: yaml.SequenceNode, options: Sequence[inspect.Type], path: KeyPath) -> object:
        for option in options:
            if isinstance(option, inspect.ListType | inspect.VarTupleType):
                return self.items(node, option, path)
            if isinstance(option, inspect.TupleType):
                return self.fixed(node, option, path)
        self.report(node, path, f"This is a list, not {leaves.describe(options)}.")
        return None

    def items(
        self, node: yaml.SequenceNode, kind: inspect.ListType | inspect.VarTupleType, path: KeyPath
    ) -> list[object] | tuple[object, ...]:
        least, most = kind.min_length or 0, kind.max_length
        if len(node.value) < least or (most is not None and len(node.value) > most):
            self.report(node, path, f"The list has {len(node.value)} items, not {leaves.describe([kind])}.")
        values = [self.value(item, kind.item_type, (*path, place)) for place, item in enumerate(node.value)]
        return values if isinstance(kind, inspect.ListType) else tuple(values)

    def fixed(self, node: yaml.SequenceNode, kind: inspect.TupleType, path: KeyPath) -> tuple[object, ...]:
        if len(node.value) != len(kind.item_types):
            self.report(node, path, f"The list has {len(node.value)} items, not {len(kind.item_types)}.")
        pairs = zip(node.value, kind.item_types, strict=False)  # a wrong length is reported above
        return tuple(self.value(item, each, (*path, place)) for place, (item, each) in enumerate(pairs))

    # ------------------------------------------------------------ leaves

    def anything(self, node: yaml.Node, path: KeyPath) -> object:
        """Plain data, for a section that somebody else decodes later; its keys are text as everywhere."""
        if isinstance(node, yaml.MappingNode):
            return self.dictionary(node, inspect.DictType(inspect.StrType(), inspect.AnyType()), path)
        if isinstance(node, yaml.SequenceNode):
            return self.items(node, inspect.ListType(inspect.AnyType()), path)
        node = cast("yaml.ScalarNode", node)
        if problem := leaves.leading_zero(node):
            self.report(node, path, *problem)
        return scalar(node)

    def leaf(self, node: yaml.ScalarNode, options: Sequence[inspect.Type], path: KeyPath) -> object:
        plain = [option for option in options if not isinstance(option, _STRUCTURED)]
        problem = leaves.misread(node, plain) if plain else leaves.refusal(node, options)
        if problem is None:
            try:
                return leaves.convert(node, plain)
            except msgspec.ValidationError:
                problem = leaves.refusal(node, options)
        self.report(node, path, *problem)
        return None


def _missing(name: str, node: yaml.Node) -> str:
    return f"The key {quoted(name)} is missing from the mapping that starts on line {node.start_mark.line + 1}."
