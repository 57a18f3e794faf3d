"""`gateway webhook`: tries out a partner's webhook by a call as the partner's system would sign it."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import rich_click as click

from gateway import clock
from gateway.cli.office import opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.partners.homes import find_home
from gateway.errors import Permanent, Transient
from gateway.settings import Settings
from ingest.arrivals.webhook_calls import way_of

_SECONDS = 30
_SUCCESS = 200


@click.group("webhook", epilog=examples("gateway webhook send changes.json --partner acme --feed changes"))
def group() -> None:
    """Try out the webhooks by which partners' systems send files."""


@group.command(
    "send",
    epilog=examples(
        "gateway webhook send changes.json --partner acme --feed changes",
        "gateway webhook send changes.json --partner acme --feed changes --id test-1 --json",
        "gateway webhook send changes.json --partner acme --feed changes --url https://gateway.example",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")
@click.option("--feed", required=True, metavar="FEED", help="Which of its feeds.")
@click.option("--id", "call_id", metavar="ID", help="What the call is called; the same one again is the same call.")
@click.option("--url", metavar="URL", help="Where the gateway is reached; this machine, unless given.")
@json_option
def send(file: Path, partner: str, feed: str, call_id: str | None, url: str | None, as_json: bool) -> None:
    """Send a file to ourselves as a call of the partner: signed as agreed, with the newest secret.

    It is taken like any call: the file becomes an import of the partner, and its rows become records.
    """
    with opened() as office:
        arrival, secret = way_of(office, find_home(office, partner), feed)
        where = url or _here(office.settings)
    body = _content(file)
    headers = arrival.proof.sign(call_id or f"test_{uuid4().hex}", body, secret, clock.now(), arrival.id)
    answer = _asked(f"{where.rstrip('/')}/v1/webhooks/{partner}/{feed}", body, headers)
    if answer.status != _SUCCESS:
        raise Permanent(
            answer.told.get("error", "refused"), f"{answer.status}: {answer.told.get('message', 'refused')}"
        )
    if as_json:
        print_json(answer.told | {"repeated": answer.is_repeated})
    else:
        became = "is the call that became" if answer.is_repeated else "became"
        what = f"the import {answer.told['import_id']}" if "import_id" in answer.told else "a notice"
        console().print(plain(f"{file.name} {became} {what}."), soft_wrap=True)


class _Answer(NamedTuple):
    status: int
    told: dict[str, Any]
    is_repeated: bool


def _here(settings: Settings) -> str:
    host = settings.http_host if settings.http_host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - every address is none to call
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Permanent("unreadable_file", f"{file} cannot be read: {error.strerror}.") from error


def _asked(url: str, body: bytes, headers: dict[str, str]) -> _Answer:
    """What the gateway answers.

    Raises:
        Permanent: `bad_url`.
        Transient: `gateway_away`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Permanent("bad_url", f"{url} is no address such as https://gateway.example.")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/octet-stream"} | headers)
        answer = connection.getresponse()
        told = msgspec.json.decode(answer.read(), type=dict[str, Any])
    except (OSError, HTTPException, msgspec.DecodeError) as error:
        sentence = f"No gateway answers at {parts.scheme}://{parts.netloc} ({type(error).__name__}): gateway serve"
        raise Transient("gateway_away", f"{sentence} starts one.") from error
    finally:
        connection.close()
    return _Answer(answer.status, told, answer.headers.get("Idempotency-Replayed") == "true")
