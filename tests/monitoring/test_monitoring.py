"""docs/monitoring asks for figures that there are, and its files are what Prometheus, Grafana and Docker can read."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.domain.upkeep.monitoring import MEASURES
from gateway.domain.upkeep.queues import PATIENCE
from gateway.metrics import LIST

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "monitoring"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "board.json").read_text())
ASKED = [rule["expr"] for rule in RULES] + [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]

WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool"}
SCRAPED = {"up": {"job", "instance"}, "process_resident_memory_bytes": set()}  # of Prometheus, and of its client


def labels_of_figures():
    counted = {
        f"{name}{suffix}": {*one.labels, "le"}
        for name, one in LIST.items()
        for suffix in ("", "_bucket", "_count", "_sum")
    }
    return counted | {one.name: set(one.labels) for one in MEASURES} | {name: set() for name in BARE} | SCRAPED


BARE = ["gateway_disk_bytes", "gateway_disk_free_bytes", "gateway_limits_breaker_open"]


def figures_in(expression):
    """Names of figures: what is left of an expression without labels, functions, words and numbers."""
    plain = re.sub(r"\{[^}]*\}|\b(by|without|on|ignoring)\s*\([^)]*\)|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    return {*re.findall(r"\b[a-zA-Z_]\w*\b(?!\s*\()", plain)} - WORDS


@pytest.mark.parametrize("expression", ASKED)
def test_an_expression_asks_for_labels_that_its_figures_have(expression):
    figures = figures_in(expression)
    assert figures
    known = set().union(*(labels_of_figures()[name] for name in figures))
    matched = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    grouped = [name for inside in re.findall(r"\bby\s*\(([^)]*)\)", expression) for name in re.split(r"[,\s]+", inside)]
    assert {*matched, *grouped} <= known


def test_names_are_told_from_words_functions_and_labels():
    expression = 'topk(10, sum by (a) (rate(x_total{b="y"}[5m]))) / on (c) z > 5 and vector(0) or w'
    assert figures_in(expression) == {"x_total", "z", "w"}


def test_jobs_may_wait_for_as_long_as_doctor_says():
    [rule] = [one for one in RULES if one["alert"] == "JobsWait"]
    told = re.findall(r'queue="(\w+)"\} > (\d+)', rule["expr"])
    assert {queue: int(seconds) for queue, seconds in told} == {
        queue: patience.total_seconds() for queue, patience in PATIENCE.items()
    }


def test_every_alert_says_how_urgent_it_is_and_what_it_saw_and_the_manual_explains_it():
    manual = (ROOT / "docs" / "operations.md").read_text()
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert re.search(rf"^### {rule['alert']}$", manual, re.MULTILINE), rule["alert"]
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_every_alert_is_shown_something_that_rings_it():
    shown = yaml.safe_load((Path(__file__).parent / "alerts_test.yml").read_text())
    rung = {one["alertname"] for test in shown["tests"] for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
    assert rung == {rule["alert"] for rule in RULES}


def test_the_board_has_panels_that_do_not_overlap_and_ask_one_source():
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "prometheus"
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_every_figure_is_in_the_manual():
    manual = (ROOT / "docs" / "operations.md").read_text()
    assert all(name in manual for name in [*LIST, *(one.name for one in MEASURES), *BARE])


def test_compose_mounts_these_files_pins_its_versions_and_listens_on_loopback():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for name in ("prometheus", "grafana"):
        service = compose["services"][name]
        assert service["profiles"] == ["monitoring"]
        assert re.fullmatch(r".+:v?\d+\.\d+\.\d+", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for mounted in service["volumes"]:
            source = mounted.split(":")[0]
            assert (ROOT / source).is_file() or source in compose["volumes"]
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"] == [{"targets": ["api:8000"]}]
    assert scraped["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert "metrics_token" in compose["services"]["api"]["secrets"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine (apt-get install prometheus)")
@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", str(FOLDER / "alerts.yml")],
        ["check", "config", "--syntax-only", str(FOLDER / "prometheus.yml")],
        ["test", "rules", str(Path(__file__).parent / "alerts_test.yml")],
    ],
    ids=["rules", "settings", "alerts"],
)
def test_promtool_is_content(words):
    found = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
