"""The errors that people and retries see: a stable code, a sentence, and by their class who must act, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Problem(Exception):  # noqa: N818 - the word that RFC 9457 and our API use
    """Something a person can act on; shown as its sentence, never as a traceback.

    Args:
        code: stable, snake_case, safe to compare in a client.
        sentence: what was wrong, where, and what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Permanent(Problem):
    """Retrying the same thing cannot help; whoever runs this installation must change something first.

    What whoever asked can change is one of the classes below: by them a caller is told whose turn it is.
    """


class Transient(Problem):
    """Retrying the same thing may well help: a database that restarts, a dropped connection."""


class Busy(Transient):
    """Somebody else is at the same thing right now."""


class Full(Transient):
    """There is no room left; once whoever runs this installation has made some, the same thing goes through."""


class Invalid(Permanent):
    """What was asked for cannot be, whatever the state of things."""


class Faulty(Invalid):
    """What was asked for has faults, each of which can be pointed at.

    Args:
        code: see `Problem`.
        sentence: see `Problem`.
        faults: place -> what is wrong there, as a sentence.
    """

    def __init__(self, code: str, sentence: str, faults: Mapping[str, str]) -> None:
        super().__init__(code, sentence)
        self.faults = dict(faults)


class Incomplete(Invalid):
    """So little is known that nothing can be said.

    Args:
        code: see `Problem`.
        sentence: see `Problem`.
        missing: what would help: visa -> kind of entry -> fields.
    """

    def __init__(self, code: str, sentence: str, missing: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        super().__init__(code, sentence)
        self.missing = missing


class TooOften(Transient):
    """Somebody may do this so often in a span of time, and has.

    Args:
        code: see `Problem`.
        sentence: see `Problem`.
        seconds: after which it is worth trying again.
    """

    def __init__(self, code: str, sentence: str, seconds: int) -> None:
        super().__init__(code, sentence)
        self.seconds = seconds


class Conflict(Permanent):
    """What was asked for cannot be as things stand."""


class Outdated(Conflict):
    """What was to be changed is no longer as whoever asked had seen it.

    Args:
        version: what it is at now.
    """

    def __init__(self, version: int) -> None:
        super().__init__("changed_meanwhile", "Somebody changed it since you looked; look again.")
        self.version = version


class Forbidden(Permanent):
    """This is for somebody else to do."""


class Missing(Permanent):
    """There is no such thing for this caller, which includes everything that belongs to another firm."""


class Gone(Permanent):
    """There was such a thing; it was destroyed."""


class NotFound(Missing):
    """The plain case of what is missing.

    Args:
        what: it should have been.
        name: by which it was asked for.
        hint: a sentence with the nearest name, or where names are found.
    """

    def __init__(self, what: str, name: str, hint: str = "") -> None:
        super().__init__("not_found", f"There is no {what} {name!r}. {hint}".rstrip())
