"""YAML text to nodes that know their line, by the core schema of YAML 1.2 and within limits.

PyYAML implements YAML 1.1, where `NO` is a boolean, `12:30` a number and `0123` octal. Here only `true`, `false`,
`null`, `~`, decimal integers and decimal fractions are anything else than text (YAML 1.2.2, section 10.3.2), so what
a person wrote stays what they wrote: dates, country codes and times of day stay text.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator

import yaml

from gateway.config.findings import ConfigError, Finding

MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000  # values and keys, aliases expanded: a second's work; the largest real config has 600
MAX_DEPTH = 50  # nesting, aliases expanded

STR, NULL, BOOL, INT, FLOAT, SEQ, MAP = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float", "seq", "map")
)
SPELLED = {
    NULL: re.compile(r"(?:~|null|Null|NULL|)\Z"),
    BOOL: re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    INT: re.compile(r"[-+]?[0-9]+\Z"),
    FLOAT: re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
}
_TOO_MANY = f"there are more than {MAX_NODES:,} values, aliases counted in full"
_FIRST = {NULL: ["~", "n", "N", ""], BOOL: list("tTfF"), INT: list("-+0123456789"), FLOAT: list("-+.0123456789")}


def content(source: pathlib.Path | str | bytes, name: str) -> bytes:
    """The bytes of a config.

    Raises:
        ConfigError: it cannot be read, or is larger than any config that a person wrote.
    """
    if isinstance(source, pathlib.Path):
        try:
            with source.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError([Finding(name, 1, 1, "", None, f"Cannot be read: {error.strerror}.")]) from error
    else:
        data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > MAX_BYTES:
        raise ConfigError([Finding(name, 1, 1, "", None, f"The file is larger than {MAX_BYTES:,} bytes.")])
    return data


def decoded(data: bytes, name: str) -> str:
    """The text of a config.

    Raises:
        ConfigError: at the first byte that is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        found = f"byte 0x{data[error.start]:02X}"
        message = f"The file is not UTF-8 text here ({found}); save it as UTF-8."
        raise ConfigError([Finding(name, *_position(before), "", found, message)]) from None


def composed(text: str, name: str) -> yaml.Node | None:
    """The root node of the one document in a text; None where there is none.

    Raises:
        ConfigError: at the first thing that is not YAML, or is more of it than we take.
    """
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        message = f"The character U+{ord(text[error.position]):04X} is not allowed in YAML."
        line, column = _position(text[: error.position])
    except yaml.MarkedYAMLError as error:
        message = _sentence(error)
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    except (ValueError, OverflowError) as error:  # PyYAML on an escape beyond Unicode, or on %YAML 99999...
        message = f"This is not YAML: {error}."
        mark = loader.get_mark() if loader else None
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    raise ConfigError([Finding(name, line, column, "", None, message)])


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _sentence(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    hint = " Use spaces: YAML does not allow tabs here." if "\\t" in said else ""
    return f"{said[:1].upper()}{said[1:]}.{hint}"


# ---------------------------------------------------------------- text to nodes


class _Loader(yaml.SafeLoader):
    """Composes nodes by the core schema, and stops before nesting or aliases grow beyond the limits."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - replaces PyYAML's own class attribute

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = self.begun = 0
        self.extent: dict[int, tuple[int, int]] = {}  # id of a finished node -> nodes in it, levels below it

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # bare in the stubs
        self.depth += 1
        self.begun += 1
        _limit(self.begun <= MAX_NODES, _TOO_MANY, mark)  # before the rest is read
        _limit(self.depth <= MAX_DEPTH, f"values are nested deeper than {MAX_DEPTH} levels", mark)
        alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None:
            _limit(not alias or id(node) in self.extent, "an alias stands inside the section that it repeats", mark)
            self._measure(node, mark)
        return node

    def _measure(self, node: yaml.Node, mark: yaml.Mark) -> None:
        if id(node) not in self.extent:
            parts = [self.extent[id(part)] for part in _parts(node)]
            self.extent[id(node)] = (
                1 + sum(size for size, _ in parts),
                1 + max((deep for _, deep in parts), default=0),
            )
        size, deep = self.extent[id(node)]
        _limit(size <= MAX_NODES, _TOO_MANY, mark)
        _limit(self.depth + deep <= MAX_DEPTH, f"values are nested deeper than {MAX_DEPTH} levels", mark)


for _tag, _spelling in SPELLED.items():
    _Loader.add_implicit_resolver(_tag, _spelling, _FIRST[_tag])


def _limit(kept: bool, message: str, mark: yaml.Mark) -> None:
    if not kept:
        raise yaml.MarkedYAMLError(problem=message, problem_mark=mark)


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
