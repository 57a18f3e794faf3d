"""Log lines go to stderr and hold no sensitive value."""

import io
import json
import logging
import os
import sys
from typing import ClassVar

import pytest
import structlog

from gateway.logging import configure, get_logger
from gateway.settings import load

SSN = "078-05-1120"


@pytest.fixture(autouse=True)
def untouched_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys) -> list[dict]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def as_json(level: str = "info") -> None:
    configure(load({"GATEWAY_LOG_FORMAT": "json", "GATEWAY_LOG_LEVEL": level}))


def test_a_line_of_json_holds_time_level_event_facts_and_which_process_wrote_it(capsys, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-05-01T10:00:00-05:00")
    as_json()
    get_logger("gateway.test").info("file received", file="röster.csv", rows=3)
    assert lines(capsys) == [
        {
            "event": "file received",
            "file": "röster.csv",
            "level": "info",
            "logger": "gateway.test",
            "rows": 3,
            "time": "2026-05-01T15:00:00.000+00:00",
            "role": "command",
            "pid": os.getpid(),
        }
    ]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "key",
    ["ssn", "SSN", "client_ssn", "a_number", "number", "password", "key", "api_key", "apiKey", "token", "access-token",
     "Authorization", "secret", "value", "values", "date_of_birth", "cookie"],
)  # fmt: skip
def test_a_telling_key_hides_its_value_at_any_depth(key, form, capsys):
    configure(load({"GATEWAY_LOG_FORMAT": form}))
    structlog.contextvars.bind_contextvars(**{key: SSN})
    get_logger("test").warning("row", **{key: SSN}, row={"cells": [{key: SSN}], 7: "kept"})
    logging.getLogger("library").error("row")
    captured = capsys.readouterr()
    assert SSN not in captured.out + captured.err
    assert captured.err.count("(hidden)") >= 3
    assert "kept" in captured.err


@pytest.mark.parametrize("key", ["rows", "turkey", "monkeys", "numbering", "file", "tokenizer"])
def test_other_keys_keep_their_values(key, capsys):
    as_json()
    get_logger("test").info("row", **{key: "kept"})
    assert lines(capsys)[0][key] == "kept"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_logged_whole_but_without_local_variables(form, capsys):
    configure(load({"GATEWAY_LOG_FORMAT": form}))

    def fail():
        held = "078-05-" + "1120"
        raise RuntimeError(f"boom {len(held)}")

    try:
        fail()
    except RuntimeError:
        get_logger("test").exception("failed")
        logging.getLogger("library").exception("failed")
    captured = capsys.readouterr()
    assert captured.err.count("RuntimeError: boom 11") == 2
    assert captured.out == ""
    assert SSN not in captured.err


def test_libraries_are_heard_from_warning_up_and_once(capsys):
    as_json("debug")
    as_json("debug")
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("disk %s", "full")
    get_logger("test").debug("ours")
    assert [(each["event"], each["logger"]) for each in lines(capsys)] == [("disk full", "library"), ("ours", "test")]


def test_a_logger_used_before_configuration_leaves_stdout_alone_and_follows_it_later(capsys):
    structlog.reset_defaults()
    log = get_logger("early")
    log.info("first")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "first" in captured.err
    as_json("warning")
    log.info("quiet")
    log.warning("second")
    assert [each["event"] for each in lines(capsys)] == ["second"]


NASTY = ["a\nb", "\x1b[31mred", "\x1b]0;title\x07", "a\x9b31m", "\u2028x", "\u202eabc", "\r\x1b[2K", "a\x85b"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_partner_ends_a_line_or_steers_a_terminal(capsys, form, text):
    configure(load({"GATEWAY_LOG_FORMAT": form}), role="api")
    get_logger("gateway.test").warning("file refused", file=text, names=[text])
    logging.getLogger("somebody.else").warning("foreign %s", text)
    get_logger("gateway.test").error("it failed", exc_info=ValueError(text))
    told = capsys.readouterr().err
    assert all(one.isprintable() for one in told.split("\n"))
    if form == "json":
        first, *_ = map(json.loads, told.split("\n")[:-1])
        assert first["file"] == text


def test_half_a_character_is_written_as_its_number(capsys):
    """Through our own logger alone: a report of pytest's that holds what others logged could not be sent on."""
    configure(load({"GATEWAY_LOG_FORMAT": "text"}), role="api")
    get_logger("gateway.test").warning("file refused", file="\ud800")
    told = capsys.readouterr().err
    assert told.rstrip("\n").isprintable()
    assert "ud800" in told


def test_the_message_of_an_error_does_not_look_like_a_line_of_the_log(capsys):
    configure(load({"GATEWAY_LOG_FORMAT": "text"}), role="api")
    error = ValueError("bad\n2026-05-01T15:00:00.000+00:00 [info     ] signed in")
    get_logger("gateway.test").error("it failed", exc_info=error)
    first, *more = capsys.readouterr().err.rstrip().split("\n")
    assert "it failed" in first
    assert all(line.startswith("  ") for line in more)


def test_a_line_is_written_at_once_for_other_processes_write_to_the_same_file(monkeypatch):
    class Stderr(io.StringIO):
        written: ClassVar[list[str]] = []

        def write(self, text):
            self.written.append(text)
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", Stderr())
    as_json()
    get_logger("gateway.test").info("ours")
    logging.getLogger("somebody.else").warning("theirs")
    assert [json.loads(text)["event"] for text in Stderr.written] == ["ours", "theirs"]
    assert all(text.endswith("\n") for text in Stderr.written)
