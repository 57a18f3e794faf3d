"""What follows a link: a person as far as anybody can tell, or a program that says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from gateway.domain.links.clicks import Visitor

# gateways of mail that open each link before the message is delivered, and what unfolds them later
_SCANNERS = re.compile(
    r"proofpoint|urldefense|mimecast|barracuda|safelinks|ms-?office|microsoft office|bingpreview|ironport|fireeye"
    r"|trellix|trend ?micro|symantec|messagelabs|forcepoint|sophos|zscaler|check ?point|fortinet|fortiguard|cloudmark"
    r"|vadesecure|spamassassin|avanan|abnormal|virustotal|urlscan|clamav|headlesschrome|phantomjs|googleimageproxy",
    re.IGNORECASE,
)
_BOTS = re.compile(
    r"bot\b|bot[/ ;_-]|crawl|spider|slurp|preview|fetch|monitor|scan|archiver|facebookexternalhit|whatsapp|imgproxy"
    r"|^(?:curl|wget|python|java|go-http|okhttp|axios|node|ruby|perl|php|libwww|httpx?|aiohttp|apache|lynx)\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE)
_AHEAD_FIELDS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_MOST_AGENTS = 4_096  # kept with what they are


def visitor_of(method: str, headers: Iterable[tuple[bytes, bytes]]) -> Visitor:
    """Who follows, by a request's method and its headers as ASGI has them; whoever names nothing is a program."""
    if method == "HEAD":
        return "head"
    given = dict(headers)
    if any(name in given and _AHEAD.search(given[name]) for name in _AHEAD_FIELDS):
        return "prefetch"
    return _by_agent(given.get(b"user-agent", b""))


@lru_cache(_MOST_AGENTS)
def _by_agent(agent: bytes) -> Visitor:
    words = agent.decode("latin-1")
    if _SCANNERS.search(words):
        return "scanner"
    return "bot" if not words or _BOTS.search(words) else "person"
