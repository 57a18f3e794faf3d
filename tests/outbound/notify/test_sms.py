"""Texts over an API as Twilio's: what is asked, how its refusals are told, and STOP held at the last door."""

from datetime import timedelta

import pytest
from helpers.by_channel import WORDS, envelope
from helpers.passing import passed
from helpers.texting import SENDER, over, providing, refusal
from msgspec.structs import replace

from gateway.wings import office_of
from outbound import mail
from outbound.notify import opting
from outbound.notify.channels.base import Never, NotNow, Recipient
from outbound.notify.channels.sms import SMS

NUMBER = "+13125550100"


@pytest.fixture
def provider():
    with providing() as one:
        yield one


@pytest.fixture
def texting(db, settings, provider):
    return office_of(db, over(settings, provider))


def send(office, tenants, words=WORDS, number=NUMBER, **more):
    one = envelope(office, tenants.northgate, Recipient(tenants.staff["viewer"]), [number], "sms", **more)
    with SMS.open(office) as line:
        return one, line.send(passed(one.id), one, words)


def test_a_text_is_asked_for_with_sender_words_and_where_to_tell_of_it(texting, tenants, provider):
    one, taken = send(texting, tenants)
    assert provider.texts[taken.ref] == {
        "To": NUMBER,
        "From": SENDER,
        "Body": WORDS.short,
        "StatusCallback": "https://gateway.example/v1/callbacks/sms/status"
        f"?firm_id={tenants.northgate}&dispatch_id={one.id}",
        "status": "queued",
    }
    assert taken.fate == "sent"


def test_a_messaging_service_sends_in_place_of_a_number(db, settings, tenants, provider):
    service = "MG" + "0" * 32
    office = office_of(db, replace(over(settings, provider), sms_from=service, public_url=None))
    _, taken = send(office, tenants)
    form = provider.texts[taken.ref]
    assert (form["MessagingServiceSid"], "From" in form, "StatusCallback" in form) == (service, False, False)


def test_a_long_text_is_cut_to_its_link_and_a_repeat_says_so(texting, tenants, provider):
    words = replace(WORDS, short="word " * 200 + str(WORDS.link))
    _, taken = send(texting, tenants, words, is_repeat=True)
    body = provider.texts[taken.ref]["Body"]
    assert body.startswith("(Maybe once more) word ")
    assert (body.endswith(f"... {WORDS.link}"), "3 segments" in taken.answer) == (True, True)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (21211, "sms_number_invalid"),
        (21614, "sms_number_invalid"),
        (21610, "sms_opted_out"),
        (21408, "sms_refused"),
    ],
)
def test_a_refused_number_is_never_and_its_sentence_names_no_number(texting, tenants, provider, code, told):
    provider.refuses[NUMBER] = code
    with pytest.raises(Never) as refused:
        send(texting, tenants)
    assert refused.value.code == told
    assert NUMBER not in refused.value.sentence


@pytest.mark.parametrize(
    ("answer", "told", "wait"),
    [
        (refusal(429, 20429, headers={"Retry-After": "600"}), "sms_too_often", timedelta(minutes=10)),
        (refusal(503, 20500, headers={"Retry-After": "30"}), "sms_away", timedelta(seconds=30)),
        (refusal(401, 20003), "sms_login_refused", None),
        (refusal(400, 21606), "sms_away", None),
        (refusal(400, 30002), "sms_away", None),
        ((502, {}, {}), "sms_away", None),
    ],
)
def test_what_others_would_meet_as_well_is_not_now(texting, tenants, provider, answer, told, wait):
    provider.answer = lambda: answer
    with pytest.raises(NotNow) as refused:
        send(texting, tenants)
    assert (refused.value.code, refused.value.wait, refused.value.is_doubtful) == (told, wait, False)


def test_ten_minutes_of_429_drop_nothing(texting, tenants, provider, monkeypatch):
    provider.answer = lambda: refusal(429, 20429, headers={"Retry-After": "120"})
    one = envelope(texting, tenants.northgate, Recipient(tenants.staff["viewer"]), [NUMBER], "sms")
    with SMS.open(texting) as line:
        for minute in range(0, 10, 2):
            monkeypatch.setenv("GATEWAY_NOW", f"2026-03-02T12:{minute:02}:00Z")
            with pytest.raises(NotNow) as refused:
                line.send(passed(one.id), one, WORDS)
            assert refused.value.wait == timedelta(minutes=2)
        monkeypatch.setenv("GATEWAY_NOW", "2026-03-02T12:10:00Z")
        provider.answer = None
        assert line.send(passed(one.id), one, WORDS).ref in provider.texts
    assert provider.tries == 6


def test_an_opt_out_that_the_provider_knows_is_recorded_and_no_second_text_leaves(texting, tenants, provider):
    provider.refuses[NUMBER] = 21610
    for _ in range(2):
        with pytest.raises(Never) as refused:
            send(texting, tenants)
        assert refused.value.code == "sms_opted_out"
    assert provider.tries == 1


def test_a_stop_at_one_firm_leaves_the_other_alone(texting, tenants):
    opting.out(texting, tenants.harbor, NUMBER)
    send(texting, tenants)


def test_who_has_no_readable_number_cannot_be_reached(texting, tenants, inbox):
    inbox.sql("UPDATE staff SET phone = '+1 (312) 555-0100' WHERE role = 'viewer'")
    inbox.sql("UPDATE staff SET phone = '555-0100' WHERE role = 'admin'")
    everybody = [Recipient(one) for one in tenants.staff.values()]
    everybody.append(Recipient(partner_id=tenants.acme, contact="errors"))
    with texting.db.firm(tenants.northgate) as session:
        assert SMS.addresses(texting, session, everybody) == {Recipient(tenants.staff["viewer"]): [NUMBER]}
    with texting.db.firm(tenants.harbor) as session:
        assert SMS.addresses(texting, session, everybody) == {}


def test_without_a_provider_a_text_lies_in_a_folder_and_says_that_nobody_got_it(office, tenants, settings):
    one, taken = send(office, tenants)
    path = settings.data_dir / "sent" / f"{one.id}.txt"
    assert path.read_text() == f"To: {NUMBER}\nSegments: 1\n\n{WORDS.short}\n"
    assert ("nobody got it" in taken.answer, path.stat().st_mode & 0o077) == (True, 0)
    mail.forget(settings, [str(one.id)])
    assert not path.exists()


def test_the_provider_is_asked_for_a_text_by_its_id_alone(texting, tenants, provider):
    one, taken = send(texting, tenants)
    provider.texts[taken.ref]["status"] = "undelivered"
    assert SMS.ask(texting, taken.ref, one) == "failed"
    assert SMS.ask(texting, None, one) is None
