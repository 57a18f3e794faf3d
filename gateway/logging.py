"""Log lines on stderr, as text for people or as JSON, with sensitive values blanked; stdout stays the command's own.

Every line of JSON says which process wrote it, as what. The ids of the request, the job or the import at hand are bound
where those begin (`about`), so whatever is logged meanwhile names them.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, ExcInfo, FilteringBoundLogger, Processor

from gateway import clock
from gateway.settings import LogFormat, Settings

HIDDEN = "(hidden)"
COMMAND = "command"  # the role of a process that does one thing and ends

# Code must not log these at all; this is the second line of defence. Whole words: `turkey` is no `key`.
_SENSITIVE = re.compile(
    r"(?:^|[^a-z])"
    r"(?:ssn|fein|itin|mrz|passport|number|dob|birth|password|passwd|passphrase|pwd|key|token|authorization|cookie|secret"
    r"|credentials?|dsn|values?)s?"
    r"(?:$|[^a-z])"
)
# what a terminal obeys, or a reader of lines takes for the next line: a partner's file name may hold it
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_process = {"role": COMMAND}


def configure(settings: Settings, role: str = COMMAND) -> None:
    """Send our own lines, and those of libraries from WARNING up, to stderr; may be called again.

    Args:
        settings: of this installation.
        role: what this process is. A command tells people itself what it does, so its text begins with warnings,
            unless the settings ask for debug.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    if role == COMMAND and settings.log_format == "text" and level == logging.INFO:
        level = logging.WARNING
    _process["role"] = role
    _configure(settings.log_format, level)


def log_surprises() -> None:
    """Log what ends a thread, or the process, and what Python warns of: whoever reads JSON gets no other line."""

    def surprise(error: BaseException | None) -> None:
        get_logger(__name__).error("unexpected end", exc_info=error)

    sys.excepthook = lambda _kind, error, _trace: surprise(error)
    threading.excepthook = lambda told: surprise(told.exc_value)
    logging.captureWarnings(capture=True)


def about(**ids: object) -> AbstractContextManager[None]:
    """Name these ids in every line that is logged meanwhile, in this thread: `job_id`, `import_id`."""
    return structlog.contextvars.bound_contextvars(**{name: str(value) for name, value in ids.items() if value})


def get_logger(name: str) -> FilteringBoundLogger:
    """A module's logger, safe to make at import: before `configure` it writes text to stderr."""
    if not structlog.is_configured():
        _configure("text", logging.INFO)
    return cast("FilteringBoundLogger", structlog.get_logger(name))


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Blank what stands under a telling key, at any depth."""
    return cast("EventDict", _redacted(event))


def _redacted(value: Any) -> Any:  # noqa: ANN401 - whatever somebody logs
    if isinstance(value, Mapping):
        return {str(key): HIDDEN if _is_sensitive(str(key)) else _redacted(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(each) for each in value]
    return value


def _is_sensitive(key: str) -> bool:
    return _SENSITIVE.search(_CAMEL.sub("_", key).lower()) is not None


def _timestamp(_logger: object, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = clock.now().isoformat(timespec="milliseconds")
    return event


def _origin(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What every line of JSON begins with."""
    first = {"time": event.pop("timestamp"), "level": event.pop("level"), "event": event.pop("event")}
    return {**first, **event, "role": _process["role"], "pid": os.getpid()}


def _configure(form: LogFormat, level: int) -> None:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _timestamp,
    ]
    structlog.configure(
        processors=[*shared, redact, *_rendering(form)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Printer,
        cache_logger_on_first_use=False,  # loggers made at import must follow a later `configure`
    )
    foreign = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, *_rendering(form)],
    )
    _replace_root_handler(foreign)


def _rendering(form: LogFormat) -> list[Processor]:
    if form == "json":
        as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
        return [_origin, structlog.processors.format_exc_info, as_json, _escaped_line]
    return [_escaped_texts, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]


def _escaped(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped_line(_logger: object, _method: str, line: Any) -> str:  # noqa: ANN401 - what comes before is rendered
    """Such characters stand in strings of JSON only, where this is how they are escaped."""
    return _escaped(str(line))


def _escaped_texts(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Texts that are printed as they are; what is printed by its `repr` is escaped by that."""
    return {key: _escaped(value) if isinstance(value, str) else value for key, value in event.items()}


def _traceback(out: TextIO, error: ExcInfo) -> None:
    """Indented, so that no message of an error looks like a line of the log.

    The default one prints local variables, and with them whatever a row held.
    """
    told = io.StringIO()
    structlog.dev.plain_traceback(told, error)
    out.write("\n".join(line and f"  {_escaped(line)}" for line in told.getvalue().split("\n")))


class _Printer(structlog.WriteLogger):
    """Writes our own lines, each whole, for libraries write theirs in between; made at each call, so that it follows
    whoever swaps `sys.stderr`.
    """

    def __init__(self, name: str = "gateway") -> None:
        super().__init__(sys.stderr)
        self.name = name


class _Stderr(logging.StreamHandler[Any]):
    """Our handler on the root logger, known by its class so that a second `configure` replaces it."""


def _replace_root_handler(formatter: logging.Formatter) -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Stderr)]:
        root.removeHandler(handler)
    handler = _Stderr(sys.stderr)
    handler.setFormatter(formatter)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
