"""How a page is made: its template, what frames it, and the policy under which a browser shows it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from markupsafe import Markup

from gateway import clock
from gateway.domain.access import accounts
from gateway.domain.access.permissions import holds
from gateway.errors import Problem
from gateway.office import Acting
from gateway.web.calls import Call
from gateway.web.console import assets
from gateway.web.console.forms import KEY, TOKEN, masked
from gateway.web.console.plots.bar import bar
from gateway.web.console.plots.columns import columns
from gateway.web.console.plots.dots import SHORT, dots, finding
from gateway.web.console.plots.interval import interval
from gateway.web.console.plots.levels import levels
from gateway.web.console.plots.pairs import pairs
from gateway.web.console.plots.spans import spans
from gateway.web.problems import Rejected, on_http_error, on_problem, on_surprise

SIGN_IN = "/sign-in"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
SAID: Final = "gateway_said"


class Entry(NamedTuple):
    """A page as the navigation shows it.

    Attributes:
        is_own: about whoever looks, so it stands behind their name, and not among the pages.
        beneath: the page that leads to it, in whose place it stands there.
    """

    label: str
    path: str
    permission: str
    is_own: bool = False
    beneath: str | None = None


@dataclass(frozen=True)
class Desk:
    """Where a request of somebody signed in is answered with a page.

    Attributes:
        entries: the navigation, of which everybody is shown what they may see.
        token: what forms repeat, so that they come from a page of ours.
        is_visit: somebody without an account opened a link, who has nowhere else to go.
        sentences: what pages say was done, by the word that stands in a cookie, which could be anybody's.
    """

    request: Request[Any, Any, Any]
    call: Call
    entries: Sequence[Entry]
    sentences: Mapping[str, str]
    token: str
    is_visit: bool = False

    def page(self, acting: Acting, template: str, *, status: int = 200, **told: object) -> Response[str]:
        """A page of ours, within its frame; `told` is what its template speaks of."""
        firm, here = accounts.own_firm(acting), self.request.url.path
        first = [one for one in self.entries if self.may(one.permission) and not one.is_own and not one.beneath]
        frame = {
            "firm": firm.name,
            "person": None if self.is_visit else self.call.who.name,
            "entries": first,
            "beneath": next((one.beneath for one in self.entries if one.beneath and here.startswith(one.path)), None),
            "own": next((one for one in self.entries if one.is_own), None),
            "here": here,
            "said": self.sentences.get(self.request.cookies.get(SAID, "")),
            "token": masked(self.token),
            "zone": firm.time_zone,
        }
        return html(template, status, frame=frame, may=self.may, **told)

    def may(self, permission: str) -> bool:
        """Whether whoever asks holds a permission: what they may not do is not drawn."""
        return holds(permission, role=self.call.who.role, scopes=self.call.who.scopes)

    @property
    def is_script(self) -> bool:
        """Whether a page's own script asks, which reads no page."""
        return is_script(self.request)

    def on_to(self, path: str, said: str) -> Response[Any]:
        """What follows a deed: another page, which says that it was done; a script is told which."""
        cookies = [Cookie(SAID, value=said, max_age=60, path="/", httponly=True, samesite="lax")]
        if self.is_script:
            return Response({"page": path}, status_code=200, media_type=MediaType.JSON, cookies=cookies)
        return seen(path, cookies)


def html(template: str, status: int = 200, **told: object) -> Response[str]:
    """A page as an answer; one that says what was done says it once."""
    told = {"frame": None, "errors": {}} | told
    text = _JINJA.get_template(template).render(told)
    gone = [Cookie(SAID, value="", max_age=0, path="/")]
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=_HEADERS, cookies=gone)


def seen(path: str, cookies: Sequence[Cookie] = ()) -> Response[None]:
    """Another page is to be looked at now, whatever was sent (RFC 9110, 15.4.4)."""
    return Response(None, status_code=HTTPStatus.SEE_OTHER, headers={"Location": path}, cookies=list(cookies))


def own_path(wanted: str | None) -> str:
    """Where somebody wanted to go, if that is a page of ours; else the first one."""
    is_ours = wanted and wanted.startswith("/") and wanted[1:2] not in ("/", "\\") and wanted.isprintable()
    return str(wanted) if is_ours else "/"


# ------------------------------------------------------------------------------------------------ what goes wrong


def on_problem_page(request: Request[Any, Any, Any], error: Problem) -> Response[Any]:
    """A problem as a page, with its sentence and what the log calls it; whoever is not signed in is led to do so."""
    is_nobody = isinstance(error, Rejected) and error.status == HTTPStatus.UNAUTHORIZED
    if is_nobody and not is_script(request):
        return seen(_on_the_way(request))
    return _told(request, on_problem(request, error))


def on_http_error_page(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses, as a page."""
    return _told(request, on_http_error(request, error))


def on_surprise_page(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Our fault, as a page without a word of what it was."""
    return _told(request, on_surprise(request, error))


def _on_the_way(request: Request[Any, Any, Any]) -> str:
    """To the sign-in, and from there on to where somebody was going, or back to the page whose form was sent."""
    query = f"?{request.url.query}" if request.url.query else ""
    path = _page_above(request) if request.method != "GET" else request.url.path + query
    return SIGN_IN if path == "/" else f"{SIGN_IN}?next={quote(path, safe='/')}"


def _page_above(request: Request[Any, Any, Any]) -> str:
    """The nearest page at or above an address to which a form was sent."""
    path = request.url.path
    while path and not _is_page(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _is_page(request: Request[Any, Any, Any], path: str) -> bool:
    try:
        request.app.asgi_router.handle_routing(path, "GET")
    except HTTPException:
        return False
    return True


def is_script(request: Request[Any, Any, Any]) -> bool:
    """Whether the script of one of our pages asks: it is answered with what it can read, and led nowhere."""
    return request.headers.get("accept") == MediaType.JSON


def _told(request: Request[Any, Any, Any], answer: Response[Any]) -> Response[Any]:
    if is_script(request):
        return answer
    document, status = answer.content, answer.status_code or 500
    page = html("problem.html", status, problem=document, asked=request.url.path)
    page.headers.update({name: str(value) for name, value in answer.headers.items()})
    return page


# ------------------------------------------------------------------------------------------------ in words


def _instant(at: datetime | str | None, zone: str) -> str:
    """As people at the firm read it, in the firm's own time."""
    if at is None:
        return ""
    there = _read(at).astimezone(ZoneInfo(zone))
    year = "" if there.year == clock.now().year else f" {there.year}"
    return f"{there:%b} {there.day}{year}, {there:%H:%M}"


def _dated(at: datetime | str, zone: str) -> str:
    """With its year always: what a file speaks of may be long ago."""
    there = _read(at).astimezone(ZoneInfo(zone))
    return f"{_day(there.date())}, {there:%H:%M}"


def _moment(at: datetime, zone: str) -> str:
    """To the second: what happened within one minute has an order too."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{_instant(at, zone)}:{there:%S}"


def _day(on: date | str | None) -> str:
    """A day as people read it: its year always, for years are what papers are about."""
    if on is None:
        return ""
    there = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{there:%b} {there.day}, {there.year}"


def _age(at: datetime | str) -> str:
    """How long ago, in the largest unit of which there is one."""
    seconds = max(0, int((clock.now() - _read(at)).total_seconds()))
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if count := seconds // size:
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "just now"


def _read(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


_MANY = {"person": "people"}


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word if number == 1 else _MANY.get(word, f'{word}s')}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _is_id(text: str | None) -> bool:
    """Whether a thing is named by an id, and not by a name that may be anything."""
    try:
        return text is not None and str(UUID(text)) == text
    except ValueError:
        return False


_SEAM = re.compile(r"(?<=[_/@])(?=.)|(?<=\.)(?=\D)")
_LONG = re.compile(r"[^\s-]{13}")


def _is_long_worded(text: str) -> bool:
    """Whether a text has a word that cannot be asked to stand in one piece in a column of many, on paper."""
    return _LONG.search(text) is not None


def _pieced(text: str) -> Markup:
    """A text whose file names, addresses and codes break first where one would break them by hand."""
    return Markup("<wbr>").join(_SEAM.split(text))


_JINJA: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_JINJA.filters.update(
    {
        "instant": _instant,
        "dated": _dated,
        "moment": _moment,
        "day": _day,
        "age": _age,
        "counted": _counted,
        "words": _words,
        "is_id": _is_id,
        "pieced": _pieced,
    }
)
_JINJA.tests.update(
    {
        "instant_like": lambda one: isinstance(one, datetime),
        "day_like": lambda one: isinstance(one, date),
        "long_worded": _is_long_worded,
    }
)
_JINJA.globals.update(
    {
        "asset": assets.address,
        "new_key": lambda: secrets.token_urlsafe(12),
        "bar_of": bar,
        "levels_of": levels,
        "spans_of": spans,
        "columns_of": columns,
        "interval_of": interval,
        "dots_of": dots,
        "finding_of": finding,
        "DOTS": SHORT,
        "pairs_of": pairs,
        "TOKEN": TOKEN,
        "KEY": KEY,
    }
)
