"""Plain pages for whoever follows a link: they run no script, load nothing, and no search engine keeps them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from gateway.errors import Problem
from gateway.web.problems import ProblemDocument, on_http_error, on_problem, on_surprise

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:1.125rem/1.5 system-ui,sans-serif}
main{max-width:36rem;margin:0 auto;padding:2rem 1.25rem}
h1{font-size:1.5rem;line-height:1.25}
fieldset{border:1px solid;border-radius:.5rem;margin:1.5rem 0;padding:.75rem 1rem}
label{display:block;padding:.375rem 0}
button{font:inherit;font-weight:600;padding:.75rem 1.5rem;color:#fff;background:#0b57d0;border:2px solid #0b57d0}
:focus-visible{outline:3px solid #f9ab00;outline-offset:3px}
footer{margin-top:2rem;font-size:1rem}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


class Form(Struct, frozen=True, kw_only=True):
    """What is pressed.

    Attributes:
        action: where the press goes, as a path of ours.
        button: what the press does, in words.
        asks: over the choices, where there are any.
        choices: value -> words of the field `name`; the first is chosen already.
    """

    action: str
    button: str
    asks: str = ""
    name: str = ""
    choices: Mapping[str, str] = {}


class Page(Struct, frozen=True, kw_only=True):
    """What a page says, all of it as plain text.

    Attributes:
        title: its heading, and what the browser calls it.
        lines: a paragraph each.
        items: a list below them.
        after: a paragraph below the form.
    """

    title: str
    lines: Sequence[str] = ()
    items: Sequence[str] = ()
    form: Form | None = None
    after: str = ""


def answer(page: Page, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[str]:
    """A page as an answer."""
    told = {**_HEADERS, **(headers or {})}
    return Response(_html(page), status_code=status, media_type=MediaType.HTML, headers=told)


def on_problem_page(request: Request[Any, Any, Any], error: Problem) -> Response[Any]:
    """A problem of ours as a page; what is our fault is logged whole, and told without a word of what it was."""
    return _told(on_problem(request, error))


def on_http_error_page(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses, as a page."""
    return _told(on_http_error(request, error))


def on_surprise_page(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Our fault, as a page without a word of what it was."""
    return _told(on_surprise(request, error))


def _told(told: Response[ProblemDocument]) -> Response[Any]:
    page = Page(title=_TITLES.get(told.status_code or 500, "This is not possible"), lines=[told.content.message])
    return answer(page, told.status_code or 500, {name: str(value) for name, value in told.headers.items()})


_TITLES = {429: "Too many tries", 500: "Something went wrong", 503: "Please try again in a minute"}


def _html(page: Page) -> str:
    body = [f"<h1>{escape(page.title)}</h1>", *(f"<p>{escape(one)}</p>" for one in page.lines)]
    if page.items:
        body.append(f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in page.items)}</ul>")
    if page.form:
        body.append(_form(page.form))
    if page.after:
        body.append(f"<footer><p>{escape(page.after)}</p></footer>")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(page.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _form(form: Form) -> str:
    return (
        f'<form method="post" action="{escape(form.action)}">{_choices(form)}'
        f'<button type="submit">{escape(form.button)}</button></form>'
    )


def _choices(form: Form) -> str:
    if not form.choices:
        return ""
    options = [
        f'<label><input type="radio" name="{escape(form.name)}" value="{escape(value)}"{" checked" if first else ""}>'
        f" {escape(words)}</label>"
        for first, (value, words) in zip([True] + [False] * len(form.choices), form.choices.items(), strict=False)
    ]
    return f"<fieldset><legend>{escape(form.asks)}</legend>{''.join(options)}</fieldset>"
