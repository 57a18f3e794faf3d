"""What follows a link: a person as far as anybody can tell, or a program that says what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_AHEAD_FIELDS = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def visitor_of(method: str, headers: Mapping[str, str]) -> Visitor:
    """Who follows, by the request; whoever names nothing is a program."""
    agent = headers.get("user-agent", "")
    if method == "HEAD":
        return "head"
    if any(_AHEAD.search(headers.get(name, "")) for name in _AHEAD_FIELDS):
        return "prefetch"
    if _SCANNERS.search(agent):
        return "scanner"
    return "bot" if not agent or _BOTS.search(agent) else "person"
