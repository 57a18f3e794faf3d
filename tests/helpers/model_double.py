"""A provider of models on loopback: speaks OpenAI's protocol and Anthropic's, and fails in every way that they do.

    with modelling() as double:
        double.next(too_many(retry_after=7), saying({"claims": []}))

What is asked is held to the protocol: a request without its key, its model or the schema of its answer is refused.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

KEY = "sk-fabricated-0123456789"
PATHS = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}


class Asked(NamedTuple):
    """One request, as it came."""

    protocol: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]

    @property
    def system(self) -> str:
        return self.body["messages"][0]["content"] if self.protocol == "openai" else self.body["system"]

    @property
    def user(self) -> str:
        return self.body["messages"][-1]["content"]

    @property
    def schema(self) -> dict[str, Any]:
        if self.protocol == "openai":
            return self.body["response_format"]["json_schema"]["schema"]
        return self.body["output_config"]["format"]["schema"]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Of the profile, as it was shown."""
        block = re.search(r"<profile>\n(.*?)</profile>", self.user, re.DOTALL)
        return [json.loads(line) for line in block[1].splitlines()] if block else []

    @property
    def texts(self) -> dict[str, str]:
        return json.loads(re.search(r"<texts>\n(.*)\n</texts>", self.user, re.DOTALL)[1])


Way = Callable[["Handler", Asked], None]


class Double:
    """The server.

    Attributes:
        asked: all that was asked, in order.
        tokens: in and out, as it counts them: letters.
        otherwise: what it does where nothing is set.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens = [0, 0]
        self.otherwise: Way = saying({"claims": []})
        self._next: list[Way] = []
        self._lock = threading.Lock()
        double = self

        class Handler(_Handler):
            owner = double

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def at(self, provider: str) -> str:
        """Where a provider is reached, as its SDK wants it said."""
        return f"{self.url}/v1" if provider == "openai" else self.url

    def next(self, *ways: Way) -> None:
        """What it does with the next requests, one each."""
        self._next += ways

    def way(self, asked: Asked) -> Way:
        if fault := _fault(asked):
            return lambda handler, _: handler.say(*fault)
        with self._lock:
            self.asked.append(asked)
            return self._next.pop(0) if self._next else self.otherwise


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a provider takes more at the same moment than the five that are usual


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Double

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(PATHS.get(self.path, "neither"), headers, raw, json.loads(raw))
        way = self.owner.way(asked)
        with contextlib.suppress(ConnectionError):  # whoever asked has heard enough
            way(self, asked)

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        if "content-length" not in (headers or {}):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


Handler = _Handler


def _fault(asked: Asked) -> tuple[int, bytes] | None:
    """Why a request is refused before anything else."""
    if asked.protocol == "neither":
        return 404, _error("not_found_error")
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return 401, _error("authentication_error")
    if asked.body["model"] == "no-such-model":
        return 404, _error("not_found_error")
    if asked.protocol == "openai":
        form = asked.body["response_format"]
        good = form["type"] == "json_schema" and form["json_schema"]["strict"] and asked.body["max_completion_tokens"]
    else:
        good = asked.body["output_config"]["format"]["type"] == "json_schema" and asked.headers["anthropic-version"]
        good = good and asked.body["max_tokens"]
    return None if good and asked.schema["type"] == "object" else (400, _error("invalid_request_error"))


def _error(kind: str, message: str = "no") -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "code": kind, "message": message}}).encode()


# ------------------------------------------------------------------------------------------------ what it may do


def saying(said: Any, *, counted: bool = True, model: str | None = None) -> Way:
    """An answer, as JSON, or as it stands; or what a function makes of the request."""

    def answer(handler: _Handler, asked: Asked) -> None:
        told = said(asked) if callable(said) else said
        text = told if isinstance(told, str) else json.dumps(told)
        tokens = (len(asked.system) + len(asked.user), len(text)) if counted else None
        if tokens:
            handler.owner.tokens = [one + more for one, more in zip(handler.owner.tokens, tokens, strict=True)]
        handler.say(200, _wrapped(asked, text, tokens, model))

    return answer


def _wrapped(asked: Asked, text: str, tokens: tuple[int, int] | None, model: str | None) -> bytes:
    named = json.dumps(model or f"{asked.body['model']}-2026-01-01")
    if asked.protocol == "openai":
        usage = (
            {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
            if tokens
            else None
        )
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        rest = json.dumps({"id": "c1", "object": "chat.completion", "choices": [choice], "usage": usage})
    else:
        usage = {"input_tokens": tokens[0], "output_tokens": tokens[1]} if tokens else None
        content = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": text}]
        told = {"id": "m1", "type": "message", "role": "assistant", "stop_reason": "end_turn"}
        rest = json.dumps({**told, "usage": usage, "content": content})
    return f'{{"model":{named},{rest[1:]}'.encode("utf-8", "surrogatepass")


def status(code: int, kind: str = "api_error", **headers: str) -> Way:
    """A refusal, which repeats what was asked, as some do."""

    def answer(handler: _Handler, asked: Asked) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.say(code, _error(kind, asked.user), named)

    return answer


def too_many(retry_after: object = None) -> Way:
    return status(429, "rate_limit_error", **({} if retry_after is None else {"retry_after": str(retry_after)}))


def raw(body: bytes, **headers: str) -> Way:
    """200, and whatever."""
    return lambda handler, _: handler.say(200, body, {name.replace("_", "-"): value for name, value in headers.items()})


def truncated(said: Any) -> Way:
    """The connection ends in the middle of the answer."""

    def answer(handler: _Handler, asked: Asked) -> None:
        body = _wrapped(asked, json.dumps(said), None, None)
        handler.say(200, body[: len(body) // 2], {"content-length": str(len(body))})
        handler.close_connection = True

    return answer


def reset(handler: _Handler, _asked: Asked) -> None:
    """The connection is torn down without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
    handler.wfile = _Nowhere()


class _Nowhere:
    closed = True

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def refusing(handler: _Handler, asked: Asked) -> None:
    """The model would not."""
    if asked.protocol == "openai":
        message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        told = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    else:
        told = {"model": "m", "content": [], "stop_reason": "refusal", "usage": {"input_tokens": 5, "output_tokens": 1}}
    handler.say(200, json.dumps(told).encode())


def late(gate: threading.Event, then: Way) -> Way:
    """Nothing, until a gate opens."""

    def answer(handler: _Handler, asked: Asked) -> None:
        gate.wait(60)
        then(handler, asked)

    return answer


@contextmanager
def modelling() -> Iterator[Double]:
    """A server until the block ends."""
    double = Double()
    thread = threading.Thread(target=double.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.server.shutdown()
        double.server.server_close()
        thread.join()
