"""Models of OpenAI, and of all that speak its protocol: chat completions, answered by a JSON schema."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gateway.late import Late
from outbound.llm.base import Account, Answer, Malformed, Prompt
from outbound.llm.measuring import MOST_TOKENS, tokens

if TYPE_CHECKING:
    import httpx2
    import openai

    from outbound.llm import calling
else:
    httpx2, openai = Late("httpx2"), Late("openai")
    calling = Late("outbound.llm.calling")

_URL = "https://api.openai.com/v1"


class _Message(Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct):
    message: _Message


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Said(Struct):
    """What of a completion is looked at."""

    choices: list[_Choice]
    model: str = ""
    usage: _Usage | None = None


class OpenAI:
    """See `Provider`."""

    name = "openai"
    secret = "OPENAI_API_KEY"  # noqa: S105 - its name

    def load(self) -> None:
        """See `Provider`."""
        _ = openai.OpenAI, calling.client

    def ask(self, account: Account, prompt: Prompt, model: str, within: timedelta) -> Answer:
        """One completion. OpenAI is told to keep none of it; others may refuse to be told."""
        key = calling.key_of(account, self.secret)
        with calling.client(account, within) as http:
            sdk = openai.OpenAI(
                api_key=key,
                base_url=account.url or _URL,
                max_retries=0,
                timeout=within.total_seconds(),
                http_client=http,
                default_headers={"Authorization": f"Bearer {key}"},  # else one of the environment's would do
            )
            said = sdk.post("/chat/completions", cast_to=httpx2.Response, body=_body(account, prompt, model))
        return _read(said.content, prompt, model)


OPENAI = OpenAI()


def _body(account: Account, prompt: Prompt, model: str) -> dict[str, object]:
    """As the protocol has it. The SDK's own method would look through each message and word of the schema first."""
    schema = {"name": "claims", "schema": dict(prompt.schema), "strict": True}
    return {
        "model": model,
        "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": MOST_TOKENS,
        **({} if account.url else {"store": False}),
    }


def _read(body: bytes, prompt: Prompt, model: str) -> Answer:
    try:
        said = msgspec.json.decode(body, type=_Said)
        message = said.choices[0].message
    except (msgspec.MsgspecError, RecursionError, IndexError):
        raise Malformed("answer_unreadable", "What came is no completion as OpenAI's protocol has it.") from None
    text = message.content or ""
    usage = said.usage or _Usage()
    return Answer(
        text=text,
        model=said.model or model,
        tokens_in=tokens(usage.prompt_tokens, prompt.system, prompt.user),
        tokens_out=tokens(usage.completion_tokens, text),
        is_refusal=message.refusal is not None,
    )
