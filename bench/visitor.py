"""Somebody of the firm's staff at the console: signed in as a browser is, with its cookies and the token of forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from time import perf_counter

import httpx
from laboratory import Laboratory

from gateway.domain.access import accounts
from gateway.office import Acting

EMAIL = "bench@bench.example"
_PASSWORD = "fig-tree-lamp-owl"  # noqa: S105 - of a firm that lasts as long as the bench
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_NEXT = re.compile(r'href="([^"]+)" rel="next"')


def hire(acting: Acting) -> None:
    """Have an admin who can sign in."""
    staff = accounts.add_staff(acting, EMAIL, name="Bench", role="admin")
    accounts.set_password(acting, staff, _PASSWORD)


def serving(lab: Laboratory, port: int) -> Mapping[str, str]:
    """The environment of a server whose cookies a browser keeps without https."""
    return {
        "GATEWAY_DATA_DIR": str(lab.server.data_dir),
        "GATEWAY_HTTP_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
        "GATEWAY_COOKIES": "plain",
    }


class Visitor:
    """One browser, on one connection."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.token = ""

    def get(self, path: str) -> httpx.Response:
        """A page; the token of its forms is kept."""
        page = _checked(self._http.get(path), 200)
        if found := _TOKEN.search(page.text):
            self.token = found[1]
        return page

    def post(self, path: str, code: int, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: str) -> None:
        """Send a form, which is answered with this code."""
        _checked(self._http.post(path, data={"csrf": self.token} | fields, files=files), code)

    def timed(self, path: str) -> float:
        """Seconds until a page was there, whole."""
        begun = perf_counter()
        page = self._http.get(path)
        taken = perf_counter() - begun
        _checked(page, 200)
        return taken

    def timed_post(self, path: str, **fields: str) -> float:
        """Seconds until a form was answered, whole, with 200."""
        begun = perf_counter()
        answer = self._http.post(path, data={"csrf": self.token} | fields)
        taken = perf_counter() - begun
        _checked(answer, 200)
        return taken


@contextmanager
def visiting(port: int) -> Iterator[Visitor]:
    """Somebody who has signed in."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        one = Visitor(http)
        one.post("/sign-in", 303, email=EMAIL, password=_PASSWORD)
        one.get("/me")
        yield one


def following(page: httpx.Response) -> str:
    """Where a list goes on."""
    found = _NEXT.search(page.text)
    if found is None:
        raise SystemExit(f"The bench is broken: {page.request.url} has no next page.")
    return unescape(found[1])


def _checked(answer: httpx.Response, code: int) -> httpx.Response:
    if answer.status_code != code:
        raise SystemExit(f"The bench is broken: {answer.request.url}: {answer.status_code} {answer.text[:2_000]}")
    return answer
