"""Where a short link may lead, and how it may be called by people."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from gateway.errors import Invalid
from gateway.settings import Settings

MOST_CHARACTERS = 2_000  # of a target; some browsers and proxies cut longer ones
PATH = "/l/"  # below which all links stand

# paths and words that people would take for something else of ours
RESERVED = frozenset(
    "account acknowledge admin api app auth console docs firm gateway health help link links login logout metrics new"
    " oauth password preferences privacy reports security settings sign-in signin snooze static status stop support"
    " terms unsubscribe webhooks www".split()
)
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48}[a-z0-9])")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_UNFIT = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")  # what RFC 3986 lets stand in no address


def check_target(settings: Settings, target: str) -> None:
    """Refuse what nobody should be led to.

    Raises:
        Invalid: `target_invalid`, with what is wrong.
    """
    if len(target) > MOST_CHARACTERS:
        raise _wrong(f"is longer than {MOST_CHARACTERS:,} characters")
    if _UNFIT.search(target):
        raise _wrong("holds a blank or a character that no address has: write it percent-encoded")
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong("is no address") from None
    if not host or not _is_host(host):
        raise _wrong("names no host: write it whole, such as https://firm.example/page")
    if parts.username is not None or parts.password is not None:
        raise _wrong("holds a login, which everybody would see who follows the link: take it out")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_allowed(settings, host)):
        raise _wrong("must be https; http is only for addresses that GATEWAY_ALLOW_PRIVATE names")
    if _is_ours(settings, parts):
        raise _wrong("is a link of this gateway itself: give the address to which that one leads")


def check_alias(alias: str) -> None:
    """Refuse what is no good name of a link.

    Raises:
        Invalid: `alias_invalid`.
    """
    if not _ALIAS.fullmatch(alias):
        sentence = "An alias is 3 to 50 of a-z, 0-9 and dashes, with none at its ends, such as intake-2026."
        raise Invalid("alias_invalid", sentence)
    if alias in RESERVED:
        raise Invalid("alias_invalid", f"The alias {alias!r} would pass for a page of the gateway; take another one.")


def _is_host(host: str) -> bool:
    """An address, or a name of labels with dots between them, the root's at the end at most."""
    return ":" in host or _NAME.fullmatch(host) is not None


def _is_allowed(settings: Settings, host: str) -> bool:
    """Only for addresses: nobody asks here to which one a name leads today."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in ip_network(one, strict=False) for one in settings.allow_private)


def _is_ours(settings: Settings, parts: SplitResult) -> bool:
    ours = urlsplit(settings.reached_at)
    same = (parts.hostname, _port(parts)) == (ours.hostname, _port(ours))
    return same and f"{parts.path}/".startswith(ours.path + PATH)


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _wrong(what: str) -> Invalid:
    return Invalid("target_invalid", f"The target {what}.")
