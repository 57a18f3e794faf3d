"""Regular expressions of configs: none is taken that could keep a process busy for long, whatever text it meets.

Python's matcher tries one way through an expression after the other, and nothing stops it. So the ways are counted
before: `([A-Z]+-?)+` has exponentially many over text that almost fits, `[A-Z]+(-[A-Z]+)*` as many as text has
characters. The count is an upper bound; it reads the tree that Python's own parser makes of an expression.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # no stubs; there since Python 3.11
from typing import Any

LONGEST = 1_000  # characters of a text that is held against an expression
MOST_CHARACTERS = 300  # of an expression: counting its ways takes some milliseconds
MOST_WAYS = 5_000_000  # through one text
_TOO_MANY = 2 * MOST_WAYS

_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}
_SETS = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY}
_SAMPLES = frozenset("09azAZ_ -.\n\u00e9\u0661\u4e2d")  # of each kind of character that an expression can name

Node = tuple[Any, Any]


def compiled(expression: str, flags: int = 0) -> re.Pattern[str]:
    """An expression that can be held against any text of up to `LONGEST` characters.

    Raises:
        ValueError: it is none, or could take too long; the sentence tells which.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"A regular expression of {len(expression):,} characters: {MOST_CHARACTERS} is the most.")
    try:
        pattern = re.compile(expression, flags)
        ways = _Ways(_parser.parse(expression, flags), pattern.flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"`{expression}` is not a regular expression: {error}.") from None
    if ways.whole() > MOST_WAYS:
        raise ValueError(
            f"`{expression}` can take forever on text that almost fits: it repeats what can itself be read in several "
            "ways. Repeat single characters, or groups that begin or end with a character of their own."
        )
    return pattern


class _Ways:
    """Counts the ways in which a matcher may read a text of the longest length."""

    def __init__(self, parsed: Any, flags: int) -> None:  # noqa: ANN401 - the parser's own
        self._parsed, self._flags = parsed, flags
        points = {chr(min(code + by, 0x10FFFF)) for code in _codes(parsed) for by in (0, 1)}
        points |= {chr(max(code - 1, 0)) for code in _codes(parsed)}
        self._alphabet = _SAMPLES | points  # two sets that meet do so at a bound of one of their ranges, or in these

    def whole(self) -> int:
        return self._of(self._parsed)

    def _of(self, nodes: Sequence[Node]) -> int:
        ways = 1
        for node, following in zip(nodes, [*nodes[1:], None], strict=False):
            # reached in one way, it is left in one way; else it is gone through once for each
            ways *= 1 if ways == 1 and self._is_ended(node, following) else self._one(node)
        return min(_TOO_MANY, ways)

    def _one(self, node: Node) -> int:
        op, _ = node
        if op in _REPEATS:
            return self._repeat(node)
        parts = [self._of(part) for part in _parts(node)]
        if op is not _constants.BRANCH:
            return sum(parts) if op is _constants.GROUPREF_EXISTS else math.prod(parts)
        return max(parts) if self._are_told_apart([*_parts(node)]) else min(_TOO_MANY, sum(parts))

    def _repeat(self, node: Node) -> int:
        _, (least, most, body) = node
        most = min(int(most), LONGEST)
        width = max(most - int(least), 0) + 1
        ways = self._of(body)
        if ways == 1:
            return width
        if self._is_delimited(body):
            return max(width, LONGEST)
        return min(_TOO_MANY, width * int(ways**most))

    def _is_ended(self, node: Node, following: Node | None) -> bool:
        """Whether it repeats a character until another one comes: then there is one way, whatever its length."""
        if node[0] not in _REPEATS or following is None or following[0] not in _SETS:
            return False
        body = node[1][2]
        return len(body) == 1 and body[0][0] in _SETS and not self._set(body[0]) & self._set(following)

    def _are_told_apart(self, alternatives: list[Sequence[Node]]) -> bool:
        """Whether the first character tells which of them is meant."""
        firsts = [self._set(one[0]) if len(one) and one[0][0] in _SETS else None for one in alternatives]
        seen: set[str] = set()
        for first in firsts:
            if first is None or seen & first:
                return False
            seen |= first
        return True

    def _is_delimited(self, body: Sequence[Node]) -> bool:
        """Whether each round begins, or ends, with a character that nothing else in it takes, and has one way inside.

        Then a text tells where one round ends and the next begins.
        """
        nodes = _flat(body)
        rest = [nodes[1:], nodes[:-1]]
        return any(
            edge[0] in _SETS and self._is_plain(others) and not any(self._set(edge) & self._set(one) for one in others)
            for edge, others in zip((nodes[0], nodes[-1]), rest, strict=True)
        )

    def _is_plain(self, nodes: Sequence[Node]) -> bool:
        """Whether they are characters, and at most one repeat of one that may be longer or shorter."""
        repeats = [node for node in nodes if node[0] in _REPEATS]
        loose = [node for node in repeats if node[1][0] != node[1][1]]
        single = all(len(node[1][2]) == 1 and node[1][2][0][0] in _SETS for node in repeats)
        return len(loose) <= 1 and single and all(node[0] in _SETS | _REPEATS for node in nodes)

    def _set(self, node: Node) -> frozenset[str]:
        """The characters that a node takes, of those by which sets can be told apart."""
        op, argument = node
        one = argument[2][0] if op in _REPEATS else node
        if one[0] is _constants.LITERAL and not self._flags & re.IGNORECASE:
            return frozenset(chr(one[1]))
        matcher = _compiler.compile(_parser.SubPattern(self._parsed.state, [one]), self._flags)
        return frozenset(each for each in self._alphabet if matcher.fullmatch(each))


def _parts(node: Node) -> Iterator[Sequence[Node]]:
    """The sequences of nodes within a node."""
    op, argument = node
    if op is _constants.BRANCH:
        yield from argument[1]
    elif isinstance(argument, _parser.SubPattern):  # (?>...)
        yield argument
    elif op not in _SETS and isinstance(argument, tuple | list):
        yield from (part for part in argument if isinstance(part, _parser.SubPattern))


def _flat(nodes: Sequence[Node]) -> list[Node]:
    """A sequence with the groups in it opened."""
    opened: list[Node] = []
    for node in nodes:
        is_group = node[0] is _constants.SUBPATTERN and not (node[1][1] or node[1][2])
        opened.extend(_flat(node[1][3]) if is_group else [node])
    return opened


def _codes(nodes: Sequence[Node]) -> Iterator[int]:
    """The code points that an expression names."""
    for op, argument in nodes:
        if op in (_constants.LITERAL, _constants.NOT_LITERAL):
            yield argument
        elif op is _constants.IN:
            yield from _codes([one for one in argument if one[0] is not _constants.RANGE])
            yield from (code for one in argument if one[0] is _constants.RANGE for code in one[1])
        else:
            for part in _parts((op, argument)):
                yield from _codes(part)
