"""For how long others ask to be left alone: `Retry-After`, as RFC 9110 has it."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

from gateway import clock
from gateway.outward import Answer

_SAYS_WHEN = frozenset({429, 503})  # with `Retry-After`
_LONGEST_WAIT = timedelta(days=1)  # whatever is asked for: a slip there shall not silence a line for years


def asked_wait(answer: Answer) -> timedelta | None:
    """For how long we are asked to wait: seconds, or until a date (RFC 9110, 10.2.3); None where that is not said."""
    text = answer.headers.get("retry-after", "").strip()
    if answer.status not in _SAYS_WHEN or not text:
        return None
    try:
        wait = timedelta(seconds=int(text)) if _is_number(text) else parsedate_to_datetime(text) - clock.now()
    except OverflowError:  # more seconds than there are
        return _LONGEST_WAIT
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
