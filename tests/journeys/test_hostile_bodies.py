"""Whatever comes as a body, each route that takes one answers with a problem document, and the process stays small."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.serving import Furnished, furnished

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

JSON = "application/json"
BIG = 20 << 20
GROWTH = 200 << 20  # bytes by which the process may grow: a few bodies of the largest kind, decoded
OPEN_FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


@dataclass
class Route:
    """An operation that may come with a body; `example` is of that body, None where none is declared."""

    method: str
    path: str
    url: str
    headers: dict[str, str]
    example: dict[str, Any] | None


@pytest.fixture(scope="module")
def one(modules_addresses, tenants, tmp_path_factory):
    with furnished(modules_addresses, tenants, tmp_path_factory.mktemp("furnished")) as found:
        yield found


@pytest.fixture(scope="module")
def http(one) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=one.url, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def routes(one, http) -> list[Route]:
    document = http.get("/v1/openapi.json").json()
    found = [
        route(one, http, method, path, told)
        for path, item in document["paths"].items()
        for method, told in item.items()
        if method in ("post", "put", "patch") and not path.startswith("/v1/webhooks/")  # proven before it is read
    ]
    assert len(found) > 20
    return found


def route(one: Furnished, http: httpx.Client, method: str, path: str, told: dict[str, Any]) -> Route:
    """With ids of what there is, and a caller who may."""
    url = re.sub(r"{(\w+)}", lambda name: str(one.ids[name[1]][0]), path)
    headers = one.leaving if path.endswith("logout") else one.admin
    declared = told.get("requestBody", {}).get("content", {})
    example = next(iter(declared.values()))["example"] if declared else None
    if declared and http.request(method, url, headers=headers, content=b"{").status_code == 403:
        headers = one.acme
    return Route(method, path, url, headers, example)


def with_each_text(example: Any, text: str) -> Any:
    """The same body with another text for each of its own."""
    if isinstance(example, dict):
        return {name: with_each_text(value, text) for name, value in example.items()}
    if isinstance(example, list):
        return [with_each_text(value, text) for value in example]
    return text if isinstance(example, str) else example


def written(text: str) -> Callable[[dict[str, Any]], bytes]:
    """The body with a text that stands in JSON as it is here."""
    return lambda example: json.dumps(with_each_text(example, "MARK")).replace("MARK", text).encode("latin-1")


def with_huge_numbers(example: dict[str, Any]) -> bytes:
    return json.dumps(dict.fromkeys(example, 10**30)).encode()


BODIES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "broken": lambda example: json.dumps(example).encode()[:-1],
    "cut off in a text": lambda _: b'{"notes": "a',
    "NUL in texts": written("a\\u0000b"),
    "NUL as a byte": written("a\x00b"),
    "lone surrogates as escapes": written("\\ud800"),
    "lone surrogates as bytes": written("\xed\xa0\x80"),
    "no UTF-8": written("\xff\xfe"),
    "UTF-16": lambda example: json.dumps(example).encode("utf-16"),
    "huge numbers": with_huge_numbers,
    "huge exponents": lambda example: re.sub(rb"1" + b"0" * 30, b"1e999999999", with_huge_numbers(example)),
    "deep lists": lambda _: b"[" * 200_000,
    "deep objects": lambda _: b'{"a":' * 200_000,
    "deep in a field": lambda example: b'{"%s": %s}' % (next(iter(example)).encode(), b"[" * 500_000),
    "a list": lambda _: b"[]",
    "a text": lambda _: b'"text"',
    "null": lambda _: b"null",
}
TYPES = [
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/x-msgpack",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "*/*",
    "",
]
FORMS = {
    "cut off": OPEN_FORM + b"EMP_ID\r\nE1",
    "without a file": b'--x\r\nContent-Disposition: form-data; name="feed"\r\n\r\nroster\r\n--x--\r\n',
    "NUL in a field": OPEN_FORM + b'a\r\n--x\r\nContent-Disposition: form-data; name="feed"\r\n\r\na\x00b\r\n--x--\r\n',
    "no UTF-8 in a field": OPEN_FORM
    + b'a\r\n--x\r\nContent-Disposition: form-data; name="feed"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    "an encoding that there is not": OPEN_FORM
    + b'a\r\n--x\r\nContent-Disposition: form-data; name="feed"\r\n'
    + b"Content-Type: text/plain; charset=nonsense\r\n\r\na\r\n--x--\r\n",
    "an encoding that fails in its own way": OPEN_FORM
    + b'a\r\n--x\r\nContent-Disposition: form-data; name="feed"\r\n'
    + b"Content-Type: text/plain; charset=idna\r\n\r\nxn--"
    + b"9" * 80
    + b"\r\n--x--\r\n",
    "an encoding that takes minutes": b'--x\r\nContent-Disposition: form-data; name="feed"\r\n'
    b"Content-Type: text/plain; charset=punycode\r\n\r\na-" + b"9" * (1 << 20) + b"\r\n--x--\r\n",
    "a part without a name": b"--x\r\n\r\na\r\n--x--\r\n",
    "headers without an end": b"--x\r\n" + b"A" * (1 << 20),
    "20,000 parts": b'--x\r\nContent-Disposition: form-data; name="feed"\r\n\r\n\r\n' * 20_000 + b"--x--\r\n",
}


def ask(http: httpx.Client, to: Route, content: Any, media_type: str = JSON, **more: str) -> httpx.Response:
    return http.request(to.method, to.url, content=content, headers=to.headers | {"Content-Type": media_type} | more)


def is_told(answer: httpx.Response, to: Route, *, may_do: bool = False) -> None:
    """It is a refusal with its reasons; or, where nothing is wrong with what was asked, the thing is done."""
    where = (to.method, to.path, answer.status_code, answer.text[:300])
    if may_do and answer.is_success:
        return
    assert 400 <= answer.status_code < 500, where
    told = answer.json()
    if to.path == "/oauth/token" and answer.status_code in (400, 401):
        assert {"error", "error_description"} == set(told), where
        return
    assert answer.headers["content-type"].startswith("application/problem+json"), where
    assert told["error"], where
    assert told["message"], where
    assert isinstance(told["details"], list), where


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_cannot_be_read_is_refused(http, routes, body):
    for to in routes:
        if to.example is None:
            continue
        hostile = BODIES[body](to.example)
        if hostile != json.dumps(to.example).encode():  # there is a text in it, that could be made hostile
            is_told(ask(http, to, hostile), to, may_do=to.path.endswith("/configs/check"))  # 200 with findings


@pytest.mark.parametrize("media_type", TYPES)
def test_a_body_of_another_type_is_refused(http, routes, media_type):
    for to in routes:
        if to.example is not None:
            is_told(ask(http, to, b"\xff\x00<x/>", media_type), to)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_cannot_be_read_is_refused(http, routes, form):
    for to in routes:
        if to.example is not None:
            is_told(ask(http, to, FORMS[form], "multipart/form-data; boundary=x"), to)


def test_a_packed_body_is_refused(http, routes):
    for to in routes:
        if to.example is not None:
            packed = gzip.compress(json.dumps(to.example).encode())
            is_told(ask(http, to, packed, **{"Content-Encoding": "gzip"}), to)


def test_no_body_and_a_key_that_stands_twice_are_answered(http, routes):
    for to in routes:
        is_told(ask(http, to, b""), to, may_do=True)
        if to.example:
            name, value = next(iter(to.example.items()))
            twice = f'{{"{name}": null, {json.dumps({name: value})[1:-1]}}}'
            is_told(ask(http, to, twice.encode()), to, may_do=True)


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    [line] = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) << 10


def test_bodies_of_20_mb_are_answered_and_not_all_held_in_memory(one, http, routes):
    text = b'{"notes": "' + b"x" * BIG + b'"}'
    before = peak(one.pid)
    for to in routes:
        bodyless = to.example is None
        is_told(ask(http, to, text), to, may_do=bodyless)
        is_told(ask(http, to, (text[at : at + 65_536] for at in range(0, BIG, 65_536))), to, may_do=bodyless)
        if not bodyless:
            is_told(ask(http, to, OPEN_FORM[:-4] + text, "multipart/form-data; boundary=x"), to)
    assert peak(one.pid) - before < GROWTH
    assert http.get("/health/ready").status_code == 200
