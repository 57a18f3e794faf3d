"""Models of Anthropic: one message, answered by a JSON schema.

A tool that the model has to use would give the same shape, but models since Claude Sonnet 5.5 refuse to be forced.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gateway.late import Late
from outbound.llm.base import Account, Answer, Malformed, Prompt
from outbound.llm.measuring import MOST_TOKENS, tokens

if TYPE_CHECKING:
    import anthropic

    from outbound.llm import calling
else:
    anthropic = Late("anthropic")
    calling = Late("outbound.llm.calling")

_URL = "https://api.anthropic.com"


class _Block(Struct):
    """A part of the message: text, or what the model thought before."""

    type: str
    text: str = ""


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    @property
    def read(self) -> int | None:
        """All that was read, from its cache too."""
        parts = (self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens)
        return None if self.input_tokens is None else sum(one or 0 for one in parts)


class _Said(Struct):
    """What of a message is looked at."""

    content: list[_Block]
    model: str = ""
    stop_reason: str | None = None
    usage: _Usage | None = None


class Anthropic:
    """See `Provider`."""

    name = "anthropic"
    secret = "ANTHROPIC_API_KEY"  # noqa: S105 - its name

    def load(self) -> None:
        """See `Provider`."""
        _ = anthropic.Anthropic, calling.client

    def ask(self, account: Account, prompt: Prompt, model: str, within: timedelta) -> Answer:
        """One message. The SDK makes spans of its own, with all that is said in them, unless it is told not to."""
        key = calling.key_of(account, self.secret)
        with calling.client(account, within) as http:
            sdk = anthropic.Anthropic(
                api_key=key,
                base_url=account.url or _URL,
                max_retries=0,
                timeout=within.total_seconds(),
                http_client=http,
                open_telemetry=False,
                default_headers={"Authorization": f"Bearer {key}"},  # see openai.py
            )
            said = sdk.messages.with_raw_response.create(
                model=model,
                max_tokens=MOST_TOKENS,
                system=prompt.system,
                messages=[{"role": "user", "content": prompt.user}],
                output_config={"format": {"type": "json_schema", "schema": dict(prompt.schema)}},
            )
        return _read(said.read(), prompt, model)


ANTHROPIC = Anthropic()


def _read(body: bytes, prompt: Prompt, model: str) -> Answer:
    try:
        said = msgspec.json.decode(body, type=_Said)
    except (msgspec.MsgspecError, RecursionError):
        raise Malformed("answer_unreadable", "What came is no message as Anthropic's protocol has it.") from None
    text = "".join(one.text for one in said.content if one.type == "text")
    usage = said.usage or _Usage()
    return Answer(
        text=text,
        model=said.model or model,
        tokens_in=tokens(usage.read, prompt.system, prompt.user),
        tokens_out=tokens(usage.output_tokens, text),
        is_refusal=said.stop_reason == "refusal",
    )
