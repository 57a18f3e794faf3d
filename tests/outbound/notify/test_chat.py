"""A firm's chat: what is told is never markup there, nobody is called by it, and its address stays a secret."""

import json

import pytest
from helpers.by_channel import WORDS, envelope
from helpers.passing import passed
from helpers.receiving import receiving
from msgspec.structs import replace

from gateway.wings import office_of
from outbound.notify.channels.base import Never, Recipient, Unsent
from outbound.notify.channels.chat import CHAT

HOSTILE = "*bold* _it_ `code` ~no~ <!channel> <@U123> @here @everyone <https://evil.example|click> & # [a](b)"


@pytest.fixture
def hook():
    with receiving() as one:
        yield one


@pytest.fixture
def chatting(db, settings):
    return office_of(db, replace(settings, allow_private=("127.0.0.1/32",)))


@pytest.fixture
def secrets(settings):
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def send(office, tenants, to, words=WORDS, recipient=None, **more):
    who = recipient or Recipient(tenants.staff["viewer"])
    one = envelope(office, tenants.northgate, who, to, "chat", **more)
    with CHAT.open(office) as line:
        return line.send(passed(one.id), one, words)


def slack_text(hook):
    return json.loads(hook.taken[-1].body)["text"]


def test_slack_is_told_to_read_no_markup_and_gets_none(chatting, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    send(chatting, tenants, ["SLACK_WEBHOOK"], replace(WORDS, short=HOSTILE))
    told = json.loads(hook.taken[-1].body)
    assert (told["mrkdwn"], told["parse"], told["link_names"], told["unfurl_links"]) == (False, "none", False, False)
    shown, _, link = told["text"].rpartition("\n")
    assert "<" not in shown.replace("&lt;", "")
    assert ("&lt;!channel&gt;" in shown, "@here" in shown, "@everyone" in shown, "&amp;" in shown) == (
        True,
        False,
        False,
        True,
    )
    assert (shown.startswith("For viewer: "), link) == (True, f"<{WORDS.link}>")


def test_teams_gets_runs_of_text_which_know_no_markup(chatting, tenants, hook, secrets):
    (secrets / "TEAMS_WEBHOOK").write_text(hook.url)
    send(chatting, tenants, ["TEAMS_WEBHOOK"], replace(WORDS, short=HOSTILE))
    [attached] = json.loads(hook.taken[-1].body)["attachments"]
    card = attached["content"]
    [block] = card["body"]
    assert {one["type"] for one in block["inlines"]} == {"TextRun"}
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Read on", "url": WORDS.link}]
    assert "@here" not in json.dumps(card)


def test_a_long_message_is_cut_and_a_repeat_says_so(chatting, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    send(chatting, tenants, ["SLACK_WEBHOOK"], replace(WORDS, short="a" * 9_000), is_repeat=True)
    assert slack_text(hook).startswith("(Maybe once more) For viewer: aaa")
    assert len(slack_text(hook)) < 3_100


def test_both_chats_are_told_and_one_of_them_is_enough(chatting, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    (secrets / "TEAMS_WEBHOOK").write_text(hook.url)
    hook.answer = lambda one: 500 if b"AdaptiveCard" in one.body else 200
    taken = send(chatting, tenants, ["SLACK_WEBHOOK", "TEAMS_WEBHOOK"])
    assert (len(hook.received), taken.fate) == (2, "delivered")


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_webhook_that_is_no_more_is_this_firms_affair_alone(chatting, tenants, hook, secrets, status):
    (secrets / "SLACK_WEBHOOK").write_text(f"{hook.url}/capability")
    hook.answer = lambda _: status
    with pytest.raises(Never) as refused:
        send(chatting, tenants, ["SLACK_WEBHOOK"])
    assert ("capability" in refused.value.sentence, "SLACK_WEBHOOK" in refused.value.sentence) == (False, True)


def test_a_webhook_that_leads_inside_is_not_called(db, settings, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    with pytest.raises(Never) as refused:
        send(office_of(db, replace(settings, allow_private=())), tenants, ["SLACK_WEBHOOK"])
    assert (refused.value.code, hook.received) == ("private_address", [])


def test_clients_and_contacts_read_no_chat(chatting, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    contact = Recipient(partner_id=tenants.acme, contact="errors")
    with chatting.db.firm(tenants.northgate) as session:
        assert CHAT.addresses(chatting, session, [contact]) == {}
    with pytest.raises(Never):
        send(chatting, tenants, ["SLACK_WEBHOOK"], recipient=contact)


def test_a_secret_is_its_firms_alone(chatting, tenants, hook, secrets):
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    with chatting.db.firm(tenants.harbor) as session:
        assert CHAT.addresses(chatting, session, [Recipient(tenants.staff["viewer"])]) == {}


def test_a_ping_tells_a_good_webhook_from_one_that_is_no_more(chatting, hook, secrets):
    assert CHAT.ping(chatting) == [
        "No firm has a webhook: the secret SLACK_WEBHOOK or TEAMS_WEBHOOK of a firm holds its address."
    ]
    (secrets / "SLACK_WEBHOOK").write_text(hook.url)
    hook.answer = lambda one: (400, b"no_text", {}) if one.body == b"{}" else 200
    [step] = CHAT.ping(chatting)
    assert step.endswith("knows the webhook of northgate (SLACK_WEBHOOK).")
    hook.answer = lambda _: 404
    with pytest.raises(Unsent):
        CHAT.ping(chatting)
