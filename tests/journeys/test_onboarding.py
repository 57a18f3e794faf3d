"""The commands of docs/onboarding.md, run in order as they stand there, print what it says."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "onboarding.md"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DONE = "@@@ block {} ended with"
MOST_LINES = 200
SECONDS = 300
WIDE = "200"  # columns of the terminal, so that no sentence is wrapped


@dataclass
class Block:
    """Commands, the lines that they print, and the exit code of the last one."""

    commands: str
    told: list[str]
    printed: str = ""
    code: int | None = None


def blocks() -> list[Block]:
    found = []
    for kind, body in FENCED.findall(GUIDE.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append(Block(body, []))
        else:
            assert kind == "text", f"a block of the guide is neither commands nor output, but {kind}"
            found[-1].told = body.splitlines()
    return found


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """All blocks after one run of them in one shell, in an empty folder, without any setting of ours."""
    folder, found = tmp_path_factory.mktemp("newcomer"), blocks()
    marks = [f'code=$?; echo; echo "{DONE.format(number)} $code"' for number in range(len(found))]
    script = "\n".join(line for block, mark in zip(found, marks, strict=True) for line in (block.commands, mark))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\ntrap 'gateway db stop' EXIT\n{script}"],
        cwd=folder,
        env=kept | {"PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": WIDE},
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    rest = done.stdout
    for number, block in enumerate(found):
        block.printed, _, rest = rest.partition(DONE.format(number))
        code, _, rest = rest.partition("\n")
        block.code = int(code) if code.strip() else None
    return found


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_step_of_the_guide_prints_what_it_says(walked, number):
    block = walked[number]
    agreed = 1 if "difference" in "".join(block.told[:1]) else 0
    assert block.code == agreed, f"{block.commands}\n{block.printed}"
    printed = iter([line.rstrip() for line in block.printed.splitlines()])
    for line in block.told:
        assert line in printed, f"{line!r} is not printed by, or not in this order:\n{block.commands}\n{block.printed}"


def test_each_command_of_the_guide_is_followed_by_what_it_prints():
    silent = [block for block in blocks() if not block.told and "gateway" in block.commands]
    assert [block.commands.split()[0] for block in silent if "export" not in block.commands] == ["ID=$(gateway"], (
        "only fetching a workbook prints nothing"
    )


def test_what_is_pasted_into_expected_yaml_is_what_was_printed():
    *_, shown, pasted = blocks()
    agreed = [line for line in pasted.commands.splitlines() if line.startswith("  ")]
    assert shown.told[3:] == agreed[: len(shown.told) - 3]


def test_the_guide_is_short_and_found_from_where_one_starts():
    assert len(GUIDE.read_text(encoding="utf-8").splitlines()) < MOST_LINES
    assert "onboarding.md" in (ROOT / "docs" / "infer.md").read_text(encoding="utf-8")
    assert "onboarding.md" in (ROOT / "partner_configs" / "README.md").read_text(encoding="utf-8")
