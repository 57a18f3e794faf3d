"""Requests to Amazon S3, and to what speaks like it, through the gateway's one door.

A library with an HTTP client of its own would go around that (`gateway.outward`), and the endpoint is a partner's
setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple
from urllib.parse import quote, unquote_plus, urlsplit
from xml.parsers import expat

from gateway import clock, sigv4
from gateway.outward import Answer, Limits, Outward, Streamed

LOGIN = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}  # words for a wrong login
REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"}  # for another region's bucket

_SLOWEST = 100_000  # bytes a second that what is large is given time for
_SECONDS = 60
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,60})</Code>")
_ANSWER = Limits(most=65_536, whole=False)
_PAGE = Limits(most=8 << 20)  # a thousand keys of a thousand bytes, each of them quoted
_MOST_PAGES = 1_000


class Listed(NamedTuple):
    """An object as a listing has it."""

    key: str
    size: int
    etag: str


class UnreadableError(Exception):
    """A listing is no listing."""


class RefusedError(Exception):
    """A listing was refused; its one argument is the answer."""


class Bucket(NamedTuple):
    """A bucket, and who we are there.

    Attributes:
        endpoint: such as `https://minio.acme.example`; without, Amazon's own of the region.
    """

    name: str
    endpoint: str | None
    keys: sigv4.Keys
    door: Outward

    def ask(
        self,
        method: str,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        sha256: str = sigv4.NOTHING,
        size: int = 0,
    ) -> Answer:
        """One request for an object, whatever its status; of the answer, the beginning.

        Raises:
            Refused, Failed: those of `Outward.send`.
        """
        url, signed = self._signed(method, key, headers or {}, sha256)
        return self.door.send(method, url, signed, body, limits=_ANSWER._replace(total=_SECONDS + size / _SLOWEST))

    def read(self, key: str, headers: Mapping[str, str], size: int) -> AbstractContextManager[Streamed]:
        """An object's bytes as they come, of which there are about so many; errors as of `ask`."""
        url, signed = self._signed("GET", key, headers, sigv4.NOTHING)
        return self.door.stream("GET", url, signed, limits=Limits(total=_SECONDS + size / _SLOWEST))

    def list(self, prefix: str, *, deep: bool) -> Iterator[Listed]:
        """The objects whose keys begin so; without `deep`, those with no slash behind it.

        Raises:
            RefusedError: it was refused.
            UnreadableError: what came is no listing, or the listing has no end.
            Refused, Failed: those of `Outward.send`.
        """
        token: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._page(prefix, token, deep=deep)
            yield from page.objects()
            token = page.token
            if token is None:
                return
        raise UnreadableError(f"its listing has more than {_MOST_PAGES:,} pages")

    def _page(self, prefix: str, token: str | None, *, deep: bool) -> _Page:
        asked = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        asked |= ({} if deep else {"delimiter": "/"}) | ({"continuation-token": token} if token else {})
        query = "&".join(f"{name}={quote(asked[name], safe='-._~')}" for name in sorted(asked))
        url, signed = self._signed("GET", "", {}, sigv4.NOTHING, query)
        answer = self.door.send("GET", url, signed, limits=_PAGE)
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            raise RefusedError(answer)
        return _Page(answer.body)

    def _signed(
        self, method: str, key: str, headers: Mapping[str, str], sha256: str, query: str = ""
    ) -> tuple[str, dict[str, str]]:
        base, host = address(self.name, self.keys.region, self.endpoint)
        path = urlsplit(base).path.rstrip("/") + sigv4.quoted(f"/{key}" if key else "")
        path = path or "/"
        signed = sigv4.signed(self.keys, method, host, path, headers, sha256, clock.now(), query)
        return f"{base.split('/')[0]}//{host}{path}{'?' if query else ''}{query}", signed


def address(bucket: str, region: str, endpoint: str | None) -> tuple[str, str]:
    """The address up to the bucket, and its host. Amazon's has the bucket in it, unless its dots would spoil TLS."""
    if endpoint:
        base = f"{endpoint.rstrip('/')}/{bucket}"
    elif "." in bucket:
        base = f"https://s3.{region}.amazonaws.com/{bucket}"
    else:
        base = f"https://{bucket}.s3.{region}.amazonaws.com"
    parts = urlsplit(base)
    return base, parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")


def code(answer: Answer) -> str:
    """S3's own word for what is wrong; none in answers to HEAD."""
    found = _CODE.search(answer.body)
    return found.group(1).decode() if found else ""


class _Page:
    """One page of a listing.

    Attributes:
        token: what to ask for the next one with; None where this is the last.
    """

    def __init__(self, body: bytes) -> None:
        self._at: list[str] = []
        self._text = ""
        self._found: list[dict[str, str]] = []
        self._top: dict[str, str] = {}
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self._add, _refuse
        try:
            parser.Parse(body, True)  # noqa: FBT003 - expat's
            is_quoted = self._top.get("EncodingType") == "url"
            self._objects = [_listed(one, is_quoted=is_quoted) for one in self._found]
        except (expat.ExpatError, KeyError, ValueError) as failure:
            raise UnreadableError("what came is no listing") from failure
        if self._root != "ListBucketResult":
            raise UnreadableError("what came is no listing")
        more = self._top.get("IsTruncated") == "true"
        self.token = self._top.get("NextContinuationToken") or None if more else None

    def objects(self) -> Iterator[Listed]:
        """In the order of their keys."""
        yield from self._objects

    _root = ""

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        self._root = self._root or name
        self._at.append(name)
        self._text = ""
        if self._at[1:] == ["Contents"]:
            self._found.append({})

    def _add(self, text: str) -> None:
        self._text += text

    def _end(self, name: str) -> None:
        match self._at[1:]:
            case ["Contents", _]:
                self._found[-1][name] = self._text
            case [_]:
                self._top[name] = self._text
        self._at.pop()


def _refuse(*_args: object) -> None:
    """Entities, which could unpack to gigabytes, are declared in a document type; listings have none."""
    raise ValueError


def _listed(told: Mapping[str, str], *, is_quoted: bool) -> Listed:
    key = unquote_plus(told["Key"]) if is_quoted else told["Key"]
    return Listed(key, int(told["Size"]), told["ETag"])
