"""The errors that people and retries see: a stable code, a sentence, and who must act."""

from __future__ import annotations


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
    """Retrying the same thing cannot help; somebody must change something first."""


class Transient(Problem):
    """Retrying the same thing may well help: a deadlock, a busy database, a dropped connection."""


class NotFound(Permanent):
    """There is no such thing for this caller, which includes everything that belongs to another firm."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__("not_found", f"There is no {what} {name!r}.")
