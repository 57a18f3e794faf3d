"""Every provider keeps the same promises: claims that hold, failures by their class, nothing told that is secret."""

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from helpers.model_double import (
    KEY,
    late,
    modelling,
    raw,
    refusing,
    reset,
    saying,
    status,
    too_many,
    truncated,
)
from helpers.questions import EB1A, GOOD, KNOWN, PROFILE, QUESTION, Noted, account
from helpers.servers import free_port
from msgspec.structs import replace

from gateway.domain.eligibility import citing
from gateway.domain.eligibility.policies import Policy, Step
from outbound.llm import PROVIDERS, RULES, asking, prompting
from outbound.llm.base import Malformed, Never, NotNow, Unanswered

PATIENCE = timedelta(seconds=20)


@pytest.fixture(scope="module")
def server():
    with modelling() as double:
        yield double


@pytest.fixture
def double(server):
    server.asked.clear()
    server._next.clear()
    server.tokens, server.otherwise = [0, 0], saying({"claims": []})
    return server


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return PROVIDERS[request.param]


@pytest.fixture
def prompt():
    return prompting.prompt(QUESTION, KNOWN)[0]


@pytest.fixture
def ask(provider, double, prompt, tmp_path):
    def ask(within=PATIENCE, model="m-1", **more):
        whose = account(tmp_path, double.at(provider.name))
        return provider.ask(replace(whose, **more), prompt, model, within)

    return ask


@pytest.mark.parametrize("name", [*PROVIDERS, RULES.name])
def test_what_a_provider_claims_holds(name, double, tmp_path):
    double.otherwise = saying(GOOD)
    policy = Policy(steps=[Step(provider=name, model="m-1", url=double.at(name))])
    noted = Noted()
    found = asking.ask(account(tmp_path), QUESTION, KNOWN, policy, noted.hands())
    held, dropped = citing.checked(EB1A, PROFILE, found.claims)
    assert (len(held), dropped) == (2, [])
    assert {(one.criterion, one.strength) for one in held} == {("AWARD", "documented"), ("CRITICAL", "corroborated")}
    assert (found.provider, found.is_degraded, noted.outcomes) == (name, False, [(name, "answered")])


def test_every_provider_is_here_under_its_name():
    assert {name: one.name for name, one in PROVIDERS.items()} == {name: name for name in PROVIDERS}
    assert RULES.name not in PROVIDERS


def test_an_answer_comes_back_as_it_was_said(ask, double):
    double.next(saying(GOOD))
    answer = ask()
    assert json.loads(answer.text) == GOOD
    assert (answer.model, answer.is_refusal) == ("m-1-2026-01-01", False)
    assert [answer.tokens_in, answer.tokens_out] == double.tokens
    assert double.tokens[1] > 0


def test_what_is_asked_is_the_prompt_and_nothing_else(ask, double, prompt):
    ask()
    [asked] = double.asked
    assert (asked.system, asked.user, asked.schema) == (prompt.system, prompt.user, prompt.schema)
    assert asked.body["model"] == "m-1"


def test_tokens_that_nobody_counts_are_estimated(ask, double, prompt):
    double.next(saying(GOOD, counted=False))
    answer = ask()
    assert len(prompt.system + prompt.user) / 4 < answer.tokens_in < len(prompt.system + prompt.user) / 2
    assert answer.tokens_out > 100


def test_counts_that_cannot_be_are_estimated(ask, double, provider):
    names = ("prompt_tokens", "completion_tokens") if provider.name == "openai" else ("input_tokens", "output_tokens")
    usage = dict.fromkeys(names, -5)
    told = {"model": "m", "usage": usage, "content": [], "choices": [{"message": {"content": "{}"}}]}
    double.next(raw(json.dumps(told).encode()))
    answer = ask()
    assert answer.tokens_in > 0
    assert answer.tokens_out >= 0


def test_nothing_of_this_machine_or_of_the_environment_leaves(ask, double, monkeypatch):
    """Not an organisation, no key and no address of the environment, no proxy; nor what we run on."""
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-of-the-environment")
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv(
            f"{name}_CUSTOM_HEADERS", "Authorization: Bearer sk-custom\nX-Spy: spy-custom\nX-Api-Key: k2"
        )
    monkeypatch.setenv("OPENAI_ORG_ID", "org-spy")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-spy")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-spy")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    ask()
    [asked] = double.asked
    ours = {"host", "user-agent", "accept-encoding", "connection", "content-length"}
    assert set(asked.headers) - ours <= {"accept", "anthropic-version", "authorization", "content-type"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["user-agent"] == "partner-integration-gateway"
    assert b"spy" not in asked.raw


def test_too_many_requests_say_how_long_to_wait(ask, double):
    double.next(too_many(7), too_many(), too_many("soon"))
    waits = []
    for _ in range(3):
        with pytest.raises(NotNow) as failed:
            ask()
        assert failed.value.code == "too_many_requests"
        waits.append(failed.value.wait)
    assert waits == [timedelta(seconds=7), None, None]
    assert len(double.asked) == 3  # no SDK has asked again by itself


def test_an_account_without_money_is_never(ask, double):
    double.next(status(429, "insufficient_quota"))
    with pytest.raises(Never, match="paid"):
        ask()


@pytest.mark.parametrize("code", [500, 502, 503, 529, 408])
def test_errors_of_the_provider_are_not_now(ask, double, code):
    double.next(status(code))
    with pytest.raises(NotNow, match=str(code)):
        ask()
    assert len(double.asked) == 1


@pytest.mark.parametrize("code", [400, 403, 413, 422, 302])
def test_refusals_are_never_and_are_not_repeated_to_people(ask, double, code, prompt):
    """Providers repeat what they were asked."""
    double.next(status(code, location="http://127.0.0.1:9/elsewhere"))
    with pytest.raises(Never, match=str(code)) as failed:
        ask()
    assert len(failed.value.sentence) < 200
    assert failed.value.sentence.endswith(".")
    assert KEY not in failed.value.sentence
    assert len(double.asked) == 1


def test_a_model_that_is_not_there_is_never(ask):
    with pytest.raises(Never) as failed:
        ask(model="no-such-model")
    assert failed.value.code == "model_unknown"


def test_a_key_that_is_wrong_or_missing_is_never(ask, provider, double, tmp_path):
    whose = account(tmp_path)
    file = tmp_path / "secrets" / "northgate" / provider.secret
    for text, code in [
        ("sk-another", "login_refused"),
        ("sk two words", "key_invalid"),
        ("schlüssel", "key_invalid"),
        ("", "secret_missing"),
    ]:
        file.write_text(text)
        with pytest.raises(Never) as failed:
            provider.ask(
                replace(whose, url=double.at(provider.name)), prompting.prompt(QUESTION, KNOWN)[0], "m-1", PATIENCE
            )
        assert failed.value.code == code
        assert not text or text not in failed.value.sentence
    assert double.asked == []


def test_another_firms_key_is_not_used(ask):
    with pytest.raises(Never) as failed:
        ask(firm="harbor")
    assert failed.value.code == "secret_missing"


def test_nobody_in_a_private_network_is_asked(ask, double, tmp_path):
    closed = account(tmp_path, allow=()).settings
    with pytest.raises(Never) as failed:
        ask(settings=closed)
    assert failed.value.code == "private_address"
    assert double.asked == []


@pytest.mark.parametrize(
    "url", ["no address", "ftp://models.example", "https://user:word@models.example/v1", "https://[::1", ""]
)
def test_an_address_that_is_none_is_never(ask, double, url):
    with pytest.raises(Unanswered):
        ask(url=url or "://")
    assert double.asked == []


def test_a_provider_that_is_gone_is_not_now(ask):
    with pytest.raises(NotNow) as failed:
        ask(url=f"http://127.0.0.1:{free_port()}")
    assert failed.value.code == "connection_refused"


def test_a_reset_and_a_truncated_answer_are_not_now(ask, double):
    double.next(reset, truncated(GOOD))
    for _ in range(2):
        with pytest.raises(NotNow) as failed:
            ask()
        assert failed.value.code == "connection_broken"
    assert len(double.asked) == 2


def test_a_call_ends_in_its_time(ask, double):
    gate = threading.Event()
    double.next(late(gate, saying(GOOD)))
    try:
        with pytest.raises(NotNow) as failed:
            ask(within=timedelta(seconds=0.3))
    finally:
        gate.set()
    assert failed.value.code == "answer_timed_out"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"choices": [], "content": 7}',
        b'{"choices": {"message": 1}, "content": [1]}',
        b"[" * 100_000,
        b'{"choices": [{"message": {"content": 7}}], "content": [{"type": 7}]}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_answer_of_the_protocol_is_malformed(ask, double, body):
    double.next(raw(body))
    with pytest.raises(Malformed):
        ask()


def test_an_endless_answer_is_not_taken(ask, double):
    double.next(raw(b'{"x": "' + b"a" * 10_000_000 + b'"}'))
    with pytest.raises(NotNow) as failed:
        ask()
    assert failed.value.code == "answer_too_large"


def test_a_model_that_refuses_is_told_apart(ask, double):
    double.next(refusing)
    answer = ask()
    assert (answer.is_refusal, answer.text) == (True, "")


def test_no_key_and_nothing_that_was_asked_is_logged(ask, double, caplog, capfd, prompt):
    caplog.set_level("WARNING")
    double.next(saying(GOOD), status(500), status(400))
    ask()
    for _ in range(2):
        with pytest.raises(Unanswered):
            ask()
    everything = "".join([caplog.text, *capfd.readouterr()])
    assert KEY not in everything
    assert "EB1A" not in everything


def test_openai_is_told_to_keep_nothing_and_others_are_not_asked(double, tmp_path, prompt, monkeypatch):
    """Some that speak its protocol refuse words that they do not know."""
    from outbound.llm import openai

    monkeypatch.setattr(openai, "_URL", double.at("openai"))
    PROVIDERS["openai"].ask(account(tmp_path), prompt, "m-1", PATIENCE)
    PROVIDERS["openai"].ask(account(tmp_path, double.at("openai")), prompt, "m-1", PATIENCE)
    assert [one.body.get("store") for one in double.asked] == [False, None]


def test_the_sdks_are_loaded_when_somebody_asks_and_not_before():
    code = "import sys, outbound.llm.asking; print([one for one in ('openai', 'anthropic', 'httpx2', 'pydantic') if one in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
