"""What a provider of texts calls us about; signed by Twilio's own library, whose validator reads our signatures too."""

import random
from urllib.parse import urlencode

import pytest
from helpers.by_channel import dispatch, state_of
from helpers.doing import do_jobs
from helpers.inbox import people
from helpers.texting import ACCOUNT, SENDER, TOKEN
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from gateway.db.models import SmsSender
from outbound.notify import opting
from outbound.notify.callbacks import prove, sign
from outbound.notify.channels.base import Recipient

PUBLIC = "https://gateway.example"
STATUS, INBOUND = "/v1/callbacks/sms/status", "/v1/callbacks/sms/inbound"
NUMBER, SID = "+13125550100", "SM" + "0" * 32
TWILIO = RequestValidator(TOKEN)


@pytest.fixture
def settings(settings):
    return replace(
        settings,
        sms_url="https://texts.example",
        sms_account=ACCOUNT,
        sms_token=TOKEN,
        sms_from=SENDER,
        public_url=PUBLIC,
    )


@pytest.fixture
def call(http):
    def call(path, form, *, signature=None, signed=None):
        signature = signature or TWILIO.compute_signature(PUBLIC + path, signed or form)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        return http.post(path, content=urlencode(form), headers=headers)

    return call


@pytest.fixture
def sent(office, tenants):
    """A dispatch that the provider took, and how to hear of it."""

    def make(state="sent", ref=SID, **more):
        who = Recipient(tenants.staff["viewer"])
        one = dispatch(office, tenants.northgate, "sms", who, state=state, ref=ref, **more)
        return one, f"{STATUS}?firm_id={tenants.northgate}&dispatch_id={one}"

    return make


def told(status, sid=SID, **more):
    return {"AccountSid": ACCOUNT, "MessageSid": sid, "MessageStatus": status, "To": NUMBER} | more


def ended_code(office, dispatch_id):
    with office.db.system() as session:
        return session.scalar(text("SELECT ended_code FROM dispatches WHERE id = :id"), {"id": dispatch_id})


# ---------------------------------------------------------------- proof


def test_a_delivered_text_is_delivered(call, sent, office):
    one, path = sent()
    assert call(path, told("delivered")).status_code == 204
    assert state_of(office, one) == "delivered"


def test_a_call_about_a_text_changes_nothing_of_another_channel(call, office, tenants):
    one = dispatch(office, tenants.northgate, "email", Recipient(tenants.staff["viewer"]), state="sent", ref=None)
    path = f"{STATUS}?firm_id={tenants.northgate}&dispatch_id={one}"
    assert call(path, told("failed", ErrorCode="21610")).status_code == 204
    assert state_of(office, one) == "sent"
    with office.db.system() as session:
        assert session.scalar(text("SELECT count(*) FROM opt_outs")) == 0


def test_whoever_cannot_sign_changes_nothing(call, http, sent, office):
    one, path = sent()
    other = RequestValidator("another token").compute_signature(PUBLIC + path, told("delivered"))
    forged = [
        call(path, told("delivered"), signature=other),
        call(path, told("delivered"), signed=told("sent")),
        call(path, told("delivered", AccountSid="AC-another")),
        call(path, told("delivered"), signature=b"\xff" * 28),
        http.post(path, content=urlencode(told("delivered"))),
        http.post(path, content=b"\xff\xfe"),
    ]
    assert {(answer.status_code, answer.json()["error"]) for answer in forged} == {(401, "unproven")}
    assert state_of(office, one) == "sent"


def test_a_good_call_cannot_be_turned_to_another_dispatch(call, sent, office):
    (_, path), (other, elsewhere) = sent(), sent()
    signature = TWILIO.compute_signature(PUBLIC + path, told("delivered"))
    assert call(elsewhere, told("delivered"), signature=signature).status_code == 401
    assert state_of(office, other) == "sent"


FORMS = st.dictionaries(
    st.text("abcXYZ09_", min_size=1, max_size=8),
    st.text(max_size=20).filter(lambda t: "\0" not in t and t.isprintable()),
    max_size=6,
)


@given(form=FORMS, base=st.sampled_from([PUBLIC, f"{PUBLIC}:8443", "http://[::1]:8000"]))
def test_twilios_library_and_we_take_each_others_signatures(form, base):
    from pathlib import Path

    from gateway.settings import Settings

    url = f"{base}{STATUS}?firm_id=1&dispatch_id=2"
    ours = Settings(
        data_dir=Path(), config_dir=Path(), secrets_dir=Path(), sms_url="x", sms_account=ACCOUNT, sms_token=TOKEN, public_url=base
    )  # fmt: skip
    if "[" not in base:  # its own reading of addresses knows no IPv6
        assert TWILIO.validate(url, form, sign(url, form.items(), TOKEN))
    signature = TWILIO.compute_signature(url, form)
    assert prove(ours, STATUS, "firm_id=1&dispatch_id=2", urlencode(form).encode(), signature) is not None
    assert prove(ours, STATUS, "firm_id=1&dispatch_id=3", urlencode(form).encode(), signature) is None


def test_a_port_that_the_provider_leaves_out_or_adds_does_not_matter(settings):
    for signed_for in (PUBLIC, f"{PUBLIC}:443"):
        signature = TWILIO.compute_signature(f"{signed_for}{STATUS}", {"Body": "a"})
        assert prove(settings, STATUS, "", b"Body=a", signature)


# ---------------------------------------------------------------- states


def test_states_only_move_forward_however_calls_are_doubled_and_shuffled(call, sent, office):
    statuses = ["queued", "sending", "sent", "sent", "delivered", "delivered", "read"]
    for seed in range(5):
        one, path = sent()
        shuffled, rank = random.Random(seed).sample(statuses, len(statuses)), 0
        for status in shuffled:
            assert call(path, told(status)).status_code == 204
            now = ["sent", "delivered", "opened"].index(state_of(office, one))
            assert now >= rank
            rank = now
        assert state_of(office, one) == "opened"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("30003", "sms_unreachable"),
        ("30005", "sms_number_unknown"),
        ("30006", "sms_landline"),
        ("30999", "sms_30999"),
        ("", "sms_undelivered"),
    ],
)
def test_a_text_that_does_not_arrive_has_failed_and_says_why(call, sent, office, number, code):
    one, path = sent()
    call(path, told("undelivered", ErrorCode=number))
    call(path, told("sent"))
    assert (state_of(office, one), ended_code(office, one)) == ("failed", code)


def test_a_failure_of_an_earlier_text_says_nothing_about_the_later_one(call, sent, office):
    one, path = sent()
    call(path, told("failed", sid="SM-earlier"))
    assert state_of(office, one) == "sent"


@pytest.mark.parametrize(("state", "attempts", "after"), [("unknown", 1, "delivered"), ("held", 1, "delivered"), ("waiting", 1, "delivered"), ("waiting", 0, "waiting"), ("cancelled", 0, "cancelled")])  # fmt: skip
def test_what_nobody_knew_is_known_by_a_call_and_is_not_sent_again(call, sent, office, state, attempts, after):
    one, path = sent(state=state, ref=None, attempts=attempts)
    call(path, told("delivered"))
    assert state_of(office, one) == after


def test_news_that_overtake_our_own_commit_wait_for_it(call, sent, office, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-02T12:00:00Z")
    one, path = sent(state="attempting", ref=None)
    for _ in range(2):
        call(path, told("delivered"))
    assert state_of(office, one) == "attempting"
    with office.db.system() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs WHERE kind = 'notices.news'")) == 1
        session.execute(
            text("UPDATE dispatches SET state = 'sent', ref = :sid WHERE id = :id"), {"sid": SID, "id": one}
        )
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-02T12:00:06Z")
    do_jobs(office, ["normal"])
    assert state_of(office, one) == "delivered"


def test_words_and_ids_that_are_none_of_ours_change_nothing(call, sent, office, tenants):
    one, path = sent()
    assert call(path, told("vanished")).status_code == 204
    assert call(f"{STATUS}?firm_id=x&dispatch_id={one}", told("delivered")).status_code == 204
    assert call(f"{STATUS}?firm_id={tenants.harbor}&dispatch_id={one}", told("delivered")).status_code == 204
    assert state_of(office, one) == "sent"


# ---------------------------------------------------------------- answers


@pytest.fixture
def answer(call, office, tenants):
    """Northgate and Harbor have written from the sender."""
    with office.db.system() as session:
        session.add_all([SmsSender(firm_id=one, sender=SENDER) for one in (tenants.northgate, tenants.harbor)])

    def answer(body, sid, **more):
        form = {"AccountSid": ACCOUNT, "MessageSid": sid, "From": NUMBER, "To": SENDER, "Body": body} | more
        told = call(INBOUND, form)
        assert (told.status_code, told.headers["content-type"].partition(";")[0]) == (200, "text/xml")
        return told.text

    return answer


def stopped(office, tenants):
    found = []
    for firm_id in (tenants.northgate, tenants.harbor):
        with office.acting(firm_id, opting.ACTOR) as acting:
            found.append(opting.is_out(acting, NUMBER))
    return found


@pytest.mark.parametrize(
    "word", ["STOP", "stopall", " Unsubscribe ", "CANCEL", "End", "quit", "OptOut", "opt out", "REVOKE", "Stop!"]
)
def test_stop_in_any_spelling_holds_at_every_firm_that_used_the_sender(answer, office, tenants, word):
    twiml = answer(word, "SM1")
    assert ("<Message>" in twiml, "START" in twiml) == (True, True)
    assert stopped(office, tenants) == [True, True]


def test_stop_opts_out_everybody_with_the_number_and_start_ends_that(answer, office, tenants, inbox):
    inbox.drop("roster_20260301.csv", people(1))
    inbox.sql("UPDATE clients SET phone = '(312) 555-0100'")
    with office.db.system() as session:
        session.execute(text("UPDATE staff SET phone = '+1 312 555 0100' WHERE role IN ('viewer', 'admin')"))
    answer("stop", "SM1")
    standing = "SELECT channel, how, staff_id IS NULL FROM opt_outs WHERE ended_at IS NULL ORDER BY 3"
    assert inbox.sql(standing) == [("sms", "stop_word", False)] * 2 + [("sms", "stop_word", True)]
    answer("stop", "SM2")
    answer("start", "SM3")
    assert inbox.sql(standing) == []
    assert inbox.sql("SELECT count(*), count(ended_how) FROM opt_outs") == [(3, 3)]


@pytest.mark.parametrize("word", ["START", "unstop", " Yes\n"])
def test_start_ends_it(answer, office, tenants, word):
    answer("STOP", "SM1")
    assert "STOP" in answer(word, "SM2")
    assert stopped(office, tenants) == [False, False]


@pytest.mark.parametrize("word", ["HELP", " info "])
def test_help_explains_and_changes_nothing(answer, office, tenants, word):
    assert "Reply STOP" in answer(word, "SM1")
    assert stopped(office, tenants) == [False, False]


@pytest.mark.parametrize("word", ["", "thank you", "please do not stop", "stopping by tomorrow", "x" * 5_000])
def test_other_words_are_answered_with_nothing(answer, office, tenants, word):
    assert answer(word, "SM1").endswith("<Response></Response>")
    assert stopped(office, tenants) == [False, False]


def test_a_stop_that_comes_again_after_a_start_does_not_count_again(answer, office, tenants):
    answer("STOP", "SM1")
    answer("START", "SM2")
    answer("STOP", "SM1")
    assert stopped(office, tenants) == [False, False]


def test_what_the_provider_has_answered_itself_is_not_answered_twice(answer, office, tenants):
    assert "<Message>" not in answer("STOP", "SM1", OptOutType="STOP")
    assert stopped(office, tenants) == [True, True]


def test_a_stop_to_a_sender_that_a_firm_never_used_is_not_its_affair(answer, office, tenants):
    with office.db.system() as session:
        other = text("UPDATE sms_senders SET sender = '+13125550888' WHERE firm_id = :firm")
        session.execute(other, {"firm": tenants.harbor})
    answer("STOP", "SM1")
    assert stopped(office, tenants) == [True, False]


def test_a_messaging_service_is_known_by_its_id(answer, office, tenants):
    service = "MG" + "1" * 32
    with office.db.system() as session:
        session.execute(text("UPDATE sms_senders SET sender = :service"), {"service": service})
    answer("STOP", "SM1", To="+13125550777", MessagingServiceSid=service)
    assert stopped(office, tenants) == [True, True]


def test_what_no_database_keeps_is_left_out_of_a_call(answer, call, sent, office, tenants):
    answer("STOP", "SM1", To=f"{SENDER}\0")
    assert stopped(office, tenants) == [True, True]
    one, path = sent()
    assert call(path, {"MessageStatus": "delivered", "MessageSid": f"{SID}\0"}).status_code == 204
    assert state_of(office, one) == "delivered"


def test_without_a_provider_no_call_is_proven(db, settings, tenants):
    bare = replace(settings, sms_url=None)
    signature = TWILIO.compute_signature(PUBLIC + STATUS, told("delivered"))
    assert prove(bare, STATUS, "", urlencode(told("delivered")).encode(), signature) is None
