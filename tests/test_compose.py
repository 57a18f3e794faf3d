"""docker-compose.yml and the alerts say everything once: a key that stands twice is refused, or silently lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def doubled(node: yaml.Node) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        yield from (f"{key} at line {node.start_mark.line + 1}" for key in set(keys) if keys.count(key) > 1)
        for _, value in node.value:
            yield from doubled(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from doubled(value)


@pytest.mark.parametrize("name", ["docker-compose.yml", "docs/monitoring/alerts.yml"])
def test_no_key_stands_twice(name):
    assert list(doubled(yaml.compose((ROOT / name).read_text()))) == []


def test_every_role_that_works_apart_is_a_service():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    served = {one["command"][-1] for one in services.values() if (one.get("command") or [""])[0] == "serve"}
    assert served >= {"api", "worker", "ingest", "arrivals", "deliveries", "scheduler", "sftp"}
