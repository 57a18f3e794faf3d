"""The sections of partner.yaml: each decoded and checked by the room whose it is, all of them read together.

A room declares its `Section`; one `Reader` over all sections collects everything that is wrong with a file in one go.
"""

from __future__ import annotations

import inspect
import json
import pathlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec

from gateway.config.decoder import decode
from gateway.config.document import Document, read
from gateway.config.findings import ConfigError, Finding
from gateway.config.partner import PartnerHead

S = TypeVar("S")

# where the files lie that a partner.yaml names: its folder, or their texts by name; None where none can come with it
Beside = pathlib.Path | Mapping[str, str] | None


class Checked(NamedTuple):
    """What a room says of its section beyond the shape.

    Attributes:
        findings: everything that is wrong.
        tables: the text of the files beside it that belong to these settings, by name.
    """

    findings: list[Finding]
    tables: Mapping[str, str]


@dataclass(frozen=True)
class Section(Generic[S]):
    """One key of the top level, a mapping from names to structs of the room that declares it.

    Attributes:
        name: the key.
        kind: of its value, as msgspec can describe it.
        check: whether a value of the right shape makes sense.
    """

    name: str
    kind: type[S]
    check: Callable[[S, Document, Beside], Checked]

    def of(self, settings: PartnerSettings) -> S:
        """What settings say here."""
        return cast("S", settings.sections[self.name])

    def decoded(self, document: Document) -> S:
        """What a document says here, whatever stands in its other sections; nothing where the key is missing.

        Raises:
            ConfigError: with all that is wrong with its shape.
        """
        return decode(document, self.kind, (self.name,)) if document.node((self.name,)) else self.kind()


@dataclass(frozen=True)
class PartnerSettings:
    """A partner.yaml in which nothing is wrong.

    Attributes:
        head: who the partner is.
        document: the text, with the tables that belong to it.
        sections: what each room understood, by the section's name; ask the section.
    """

    head: PartnerHead
    document: Document
    sections: Mapping[str, Any] = field(default_factory=dict)

    def names(self, section: str) -> list[str]:
        """The names that stand in a section, in the order of the file; none where no room knows it."""
        return list(self.sections.get(section, {}))


class Reader:
    """Reads whole files of which the sections are known."""

    def __init__(self, sections: Iterable[Section[Any]]) -> None:
        self._sections = tuple(sections)
        fields: list[Any] = [(one.name, one.kind, {}) for one in self._sections]
        named = " and ".join(one.name for one in self._sections)
        made = msgspec.defstruct(
            "PartnerFile",
            fields,
            bases=(PartnerHead,),
            namespace={"__doc__": f"One partner: who it is, whose records its files become, and its {named}."},
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
        )
        self.kind = cast("type[PartnerHead]", made)

    def read(self, source: pathlib.Path | str, name: str | None = None, *, beside: Beside = None) -> PartnerSettings:
        """Decode a partner.yaml, or its text, and check it to the last field.

        Args:
            source: the file, or a text.
            name: what findings call a text.
            beside: where the files lie that it names; those of a file lie in its folder.

        Raises:
            ConfigError: with everything that is wrong.
        """
        document = read(source, name)
        whole = decode(document, self.kind)
        there = source.parent if isinstance(source, pathlib.Path) else beside
        sections = {one.name: getattr(whole, one.name) for one in self._sections}
        checked = [one.check(sections[one.name], document, there) for one in self._sections]
        if findings := [each for one in checked for each in one.findings]:
            raise ConfigError(findings)
        tables = {name: text for one in checked for name, text in one.tables.items()}
        return PartnerSettings(_head_of(whole), replace(document, tables=tables), sections)

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of a whole partner.yaml, for editors."""
        schema = json.loads(json.dumps(msgspec.json.schema(self.kind)))  # defaults that are tuples become lists
        for part in schema["$defs"].values():  # Python 3.13 takes the indentation out of docstrings, older ones do not
            part["description"] = inspect.cleandoc(part["description"])
        root = schema["$defs"].pop(schema["$ref"].rpartition("/")[2])
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **root,
            "title": "partner.yaml",
            "$defs": dict(sorted(schema["$defs"].items())),
        }

    def write_schema(self, path: pathlib.Path) -> None:
        """Write the schema that editors read, the same bytes for the same structs."""
        text = json.dumps(self.json_schema(), indent=2, ensure_ascii=False)
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def _head_of(whole: PartnerHead) -> PartnerHead:
    return PartnerHead(**{name: getattr(whole, name) for name in PartnerHead.__struct_fields__})
