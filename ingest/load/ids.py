"""Makes ids for many rows at once."""

from __future__ import annotations

import secrets

from gateway import clock


def fresh_id(counter: str) -> str:
    """SQL of a UUIDv7 (RFC 9562, 5.7): the time in ms, 46 random bits drawn once per statement, and a counter.

    The server's `uuidv7()` asks the kernel for randomness id by id, which takes longer than to store a record.

    Args:
        counter: SQL of a number that no two rows of the statement share, below 2^28.
    """
    moment, noise = int(clock.now().timestamp() * 1000), secrets.token_hex(6)
    variant = "89ab"[int(noise[3], 16) % 4]
    return f"('{moment:012x}7{noise[:3]}{variant}{noise[4:]}' || lpad(to_hex({counter}), 7, '0'))::uuid"
