"""Describes constrained values in the OpenAPI document as they are read.

The framework forgets what holds for the items of lists and the values of objects, and that an amount may be a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Meta

_NAMES = {  # of JSON Schema, as the framework writes them; it sees to descriptions and examples itself
    "format": "format",
    "pattern": "pattern",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "maximum": "maximum",
}
_TYPES: Mapping[Any, OpenAPIType | Sequence[OpenAPIType]] = {
    str: OpenAPIType.STRING,
    int: OpenAPIType.INTEGER,
    Decimal: [OpenAPIType.STRING, OpenAPIType.NUMBER],
}


class Constrained(OpenAPISchemaPlugin):
    """Texts, whole numbers and amounts of which `msgspec.Meta` says more than their type."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether this is one of them."""
        return field_definition.annotation in _TYPES and any(isinstance(one, Meta) for one in field_definition.metadata)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ANN401, ARG002 - the protocol's
        """What it may be."""
        told = msgspec.json.schema(field_definition.raw)
        limits = {_NAMES[name]: value for name, value in told.items() if name in _NAMES}
        return Schema(type=_TYPES[field_definition.annotation], **limits)
