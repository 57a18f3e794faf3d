"""However large or hostile the file: little memory, and time in proportion to its bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MIB = 1 << 20

# Reads what an expression generates and prints peak memory in MiB, rows read and rows broken. VmHWM belongs to the
# process alone; ru_maxrss would count what its parent, the test run, held when it started it.
PROGRAM = """
import itertools, re, sys
from pathlib import Path
from ingest.formats.csv import CsvFormat, open_table

class Generated:
    name, size = "huge.csv", 0
    def chunks(self):
        yield b"a,b\\n" + b"1,x\\n" * 1_000  # as many as tell how wide rows are
        yield from eval(sys.argv[1])
        yield b"\\n2,y\\n"

read = broken = 0
for batch in open_table(Generated(), CsvFormat()).batches():
    read += len(batch.rows)
    broken += len(batch.broken)
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
print(peak, read, broken)
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def peak_of(chunks):
    done = subprocess.run([sys.executable, "-c", PROGRAM, chunks], cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(figure) for figure in done.stdout.split()]


def test_a_cell_of_a_hundred_megabytes_is_passed_over_in_little_memory():
    peak, read, broken = peak_of("itertools.repeat(b'x' * 2**20, 100)")
    assert peak < 90
    assert (read, broken) == (1_001, 1)


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param(b'a","x\n', id="quotes that reopen on every line"),
        pytest.param(b'"x\n', id="a quote that opens on every line"),
        pytest.param(b"\xff,\xfe\n", id="no byte that is text"),
        pytest.param(("李," * 1_000 + "\n").encode(), id="a thousand cells too many"),
        pytest.param(("李" * 900 + ",x\n").encode(), id="long rows"),
    ],
)
def test_hostile_megabytes_take_little_memory(unit):
    peak, _, _ = peak_of(f"itertools.repeat({unit!r} * {MIB // len(unit)}, 2)")
    assert peak < 200


def test_a_quote_every_megabyte_takes_little_memory():
    peak, _, _ = peak_of("""itertools.repeat(b'"a' + b'x' * 90 + b'\\n' + (b'y' * 99 + b'\\n') * 10_485, 10)""")
    assert peak < 200
