"""What a partner wrote steers no terminal in which somebody looks at it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.cli.output import console, plain, sink

NASTY = ["\x1b[31mred", "\x1b]0;title\x07", "a\x9b31m", "\u202eabc", "back\rwards", "\ud800", "\u2028"]
COMMAND = str(Path(sys.executable).with_name("gateway"))


@contextmanager
def terminal(monkeypatch):
    """Stdout is a terminal, not before the test has begun, for pytest puts its own there; gives what was written."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stdout, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stdout)
        yield lambda: os.read(ours, 10_000).decode().replace("\r\n", "\n")
    os.close(ours)


def is_harmless(told: str) -> bool:
    return all(one.isprintable() or one in "\n\t" for one in told)


@pytest.mark.parametrize("text", NASTY)
def test_a_table_is_shown_and_not_obeyed(monkeypatch, text):
    with terminal(monkeypatch) as said:
        with sink(None) as out:
            out.write(f"Row\tValue\r\n7\t{text}\r\n".encode("utf-8", "replace"))
        told = said()
    assert told.startswith("Row\tValue\n7\t")
    assert is_harmless(told)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_shown_and_not_obeyed(monkeypatch, text):
    with terminal(monkeypatch) as said:
        console().print(plain(text))
        assert is_harmless(said())


def test_a_pipe_gets_every_byte(capfdbinary):
    with sink(None) as out:
        out.write(b"Row\tValue\r\n7\t\x1b[31m\r\n")
    assert capfdbinary.readouterr().out == b"Row\tValue\r\n7\t\x1b[31m\r\n"


def test_a_refusal_names_a_file_harmlessly(tmp_path):
    named = "\x1b[31mroster\u202e.csv"
    command = [COMMAND, "ingest", named, "--partner", "acme"]
    where = os.environ | {"GATEWAY_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(command, env=where, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "roster" in done.stderr
    assert is_harmless(done.stderr)
