"""The JSON Schema that editors complete and check partner.yaml with."""

from pathlib import Path

import msgspec
import pytest

from gateway.config import Checked, Reader, Section
from gateway.wings import PARTNER_YAML

COMMITTED = Path(__file__).parents[2] / "partner_configs" / "partner.schema.json"


def test_the_committed_schema_is_what_the_structs_say_today(tmp_path):
    current = tmp_path / "partner.schema.json"
    PARTNER_YAML.write_schema(current)
    assert COMMITTED.read_text(encoding="utf-8") == current.read_text(encoding="utf-8"), "run `gateway partner schema`"


def test_the_schema_describes_the_whole_file_and_refuses_unknown_keys():
    schema = PARTNER_YAML.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["partner", "firm", "name", "time_zone"]
    assert schema["properties"]["feeds"]["additionalProperties"] == {"$ref": "#/$defs/Feed"}
    for name, section in {"": schema, **schema["$defs"]}.items():
        assert section["additionalProperties"] is False, name
        assert section["description"], name


def test_every_reference_of_the_schema_leads_somewhere():
    def references(part):
        if isinstance(part, dict):
            yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            yield from (each for value in part.values() for each in references(value))
        elif isinstance(part, list):
            yield from (each for value in part for each in references(value))

    schema = PARTNER_YAML.json_schema()
    assert {each.removeprefix("#/$defs/") for each in references(schema)} == set(schema["$defs"])


def test_a_feed_type_that_msgspec_cannot_describe_is_refused():
    with pytest.raises(TypeError):
        Reader([Section("feeds", dict[str, object()], lambda *_: Checked([], {}))]).json_schema()


def test_the_schema_is_plain_json():
    assert msgspec.json.decode(msgspec.json.encode(PARTNER_YAML.json_schema())) == PARTNER_YAML.json_schema()
