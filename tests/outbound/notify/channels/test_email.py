"""Notices by e-mail, over a real mail server: one connection for many, every refusal told, and no doubt left unsaid."""

import asyncio
import threading
from uuid import UUID

import msgspec
import pytest
from helpers import passing
from helpers.post_office import PostOffice
from helpers.servers import free_port

from gateway.db.models import Client, Partner, Staff
from outbound import mail
from outbound.notify.channels.base import Envelope, Limits, Never, NotNow, Recipient, Words
from outbound.notify.channels.email import EMAIL, written

ANA = UUID("01900000-0000-7000-8000-00000000c001")
WORDS = Words(subject="A paper ends in 30 days", text="Good day,\n.a line with a dot\nGrüße\n", html="<p>Good day</p>")


def dispatch(number=1):
    return UUID(int=number)


def envelope(number=1, **more):
    told = {
        "id": dispatch(number),
        "firm_id": UUID(int=7),
        "firm": "Northgate Law",
        "recipient": Recipient(staff_id=ANA),
    }
    return Envelope(**told | {"to": ["ana@northgate.example"]} | more)


def passed(number=1):
    return passing.passed(dispatch(number))


@pytest.fixture
def post_office():
    one = PostOffice()
    yield one
    one.close()


@pytest.fixture
def ours(office, post_office):
    url = f"smtp+plain://127.0.0.1:{post_office.port}"
    return _with(office, smtp_url=url, mail_from="gateway@northgate.example")


def _with(office, **more):
    return office.__class__(office.db, office.store, msgspec.structs.replace(office.settings, **more), office.heard)


def send(ours, number=1, words=WORDS, **more):
    with EMAIL.open(ours) as line:
        return line.send(passed(number), envelope(number, **more), words)


def test_a_notice_arrives_as_text_and_html_and_is_known_by_its_message_id(ours, post_office):
    taken = send(ours)
    (message,) = post_office.taken
    assert taken.ref == message["Message-ID"] == f"<{dispatch()}@northgate.example>"
    assert message["From"] == "Northgate Law <gateway@northgate.example>"
    assert (message["To"], message["Auto-Submitted"]) == ("ana@northgate.example", "auto-generated")
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content() == "Good day,\r\n.a line with a dot\r\nGrüße\r\n"
    assert message.get_body(("html",)).get_content().strip() == "<p>Good day</p>"
    assert message["List-Unsubscribe"] is None


def test_many_leave_on_one_connection(ours, post_office, monkeypatch):
    dialed = []
    monkeypatch.setattr(mail, "_dialed", lambda relay, real=mail._dialed: dialed.append(1) or real(relay))
    with EMAIL.open(ours) as line:
        for number in range(5):
            line.send(passed(number), envelope(number), WORDS)
    assert (len(post_office.messages()), len(dialed)) == (5, 1)


def test_a_connection_that_the_relay_closed_meanwhile_is_opened_anew(ours, post_office):
    with EMAIL.open(ours) as line:
        line.send(passed(1), envelope(1), WORDS)
        line._way._smtp.sock.shutdown(2)
        line.send(passed(2), envelope(2), WORDS)
    assert len(post_office.messages()) == 2


def test_a_press_ends_them_where_the_channel_is_given_one(ours, post_office):
    send(ours, one_click="https://gateway.example/l/u/abc")
    (message,) = post_office.taken
    assert message["List-Unsubscribe"] == "<https://gateway.example/l/u/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_possible_repetition_has_the_same_message_id(ours, post_office):
    send(ours)
    send(ours, is_repeat=True)
    first, second = post_office.taken
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("evil", ["x\r\nBcc: evil@x.example", "x\nBcc: evil@x.example\n\nhello", "x\x00\u2028y"])
@pytest.mark.parametrize("where", ["firm", "subject", "one_click"])
def test_nothing_gets_into_the_headers(ours, post_office, evil, where):
    words = msgspec.structs.replace(WORDS, subject=evil) if where == "subject" else WORDS
    send(ours, words=words, **({} if where == "subject" else {where: evil}))
    (message,) = post_office.taken
    assert message["Bcc"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert message["To"] == "ana@northgate.example"


@pytest.mark.parametrize("where", ["subject", "firm"])
def test_what_only_decodes_to_a_header_gets_into_none(ours, post_office, where):
    """Python decodes such words where a header is set, and line ends come out of them."""
    evil = "=?utf-8?q?Fees=0D=0ABcc:_thief@example.com=0D=0A=0D=0APay_here?="
    more = {"firm": evil} if where == "firm" else {}
    send(ours, words=msgspec.structs.replace(WORDS, subject=evil if where == "subject" else "News"), **more)
    [message] = post_office.taken
    assert message["Bcc"] is None
    assert message.get_body(("plain",)).get_content().startswith("Good day,")


def test_names_and_subjects_beyond_ascii_travel_encoded(ours, post_office):
    send(ours, firm="Kanzlei Müller", words=msgspec.structs.replace(WORDS, subject="Ärger – 日本"))
    (message,) = post_office.taken
    assert (message["Subject"], message["From"].addresses[0].display_name) == ("Ärger – 日本", "Kanzlei Müller")
    raw = written(ours.settings, envelope(firm="Kanzlei Müller"), WORDS).content
    assert raw.isascii()
    assert b"=?utf-8?" in raw


@pytest.mark.parametrize(
    ("command", "said", "kind", "is_alone", "is_doubtful"),
    [
        ("MAIL", "421 busy", NotNow, False, False),
        ("MAIL", "451 try later", NotNow, False, False),
        ("MAIL", "550 you are nobody", NotNow, False, False),
        ("RCPT", "450 greylisted", NotNow, True, False),
        ("RCPT", "421 closing", NotNow, False, False),
        ("RCPT", "550 no such mailbox", Never, None, None),
        ("DATA", "421 shutting down", NotNow, False, False),
        ("DATA", "451 greylisted", NotNow, True, False),
        ("DATA", "452 mailbox full", NotNow, True, False),
        ("DATA", "554 spam", Never, None, None),
        ("DATA", "drop", NotNow, False, True),
    ],
)
def test_every_refusal_says_whom_it_concerns_and_whether_there_is_doubt(
    ours, post_office, command, said, kind, is_alone, is_doubtful
):
    post_office.answers[command] = said
    with EMAIL.open(ours) as line:
        with pytest.raises(kind) as caught:
            line.send(passed(), envelope(), WORDS)
        if kind is NotNow:
            assert (caught.value.is_alone, caught.value.is_doubtful) == (is_alone, is_doubtful)
        post_office.answers.clear()
        line.send(passed(2), envelope(2), WORDS)
    assert f"<{dispatch(2)}@northgate.example>" in post_office.messages(), "the line goes on"


def test_nobody_at_the_relay_is_no_doubt(office):
    away = _with(office, smtp_url=f"smtp+plain://127.0.0.1:{free_port()}")
    with pytest.raises(NotNow, match="took nothing") as caught:
        send(away)
    assert (caught.value.code, caught.value.is_doubtful, caught.value.is_alone) == ("relay_away", False, False)


def test_a_relay_that_is_too_slow_after_all_was_said_leaves_a_doubt(ours, post_office, monkeypatch):
    monkeypatch.setattr(mail, "ANSWER_SECONDS", 0.3)
    over, real = threading.Event(), post_office.handle_DATA

    async def never(*given):
        await asyncio.to_thread(over.wait, 30)
        return await real(*given)

    post_office.handle_DATA = never
    with pytest.raises(NotNow) as caught:
        send(ours)
    over.set()
    assert caught.value.is_doubtful


def test_without_a_relay_it_lies_in_the_folder_and_says_that_nobody_got_it(office):
    office = _with(office, smtp_url=None)
    assert EMAIL.ask(office, None, envelope()) is None
    taken = send(office)
    assert "nobody got it" in taken.answer
    assert (office.settings.data_dir / "sent" / f"{dispatch()}.eml").exists()
    assert EMAIL.ask(office, taken.ref, envelope()) == "sent"


def test_a_relay_cannot_be_asked(ours):
    send(ours)
    assert EMAIL.ask(ours, "<any>", envelope()) is None


def test_it_reaches_staff_clients_and_contacts_by_the_address_that_the_firm_has(office, tenants, db):
    with db.firm(tenants.northgate) as session:
        session.get_one(Partner, (tenants.northgate, tenants.acme)).contacts = {
            "late": ["a@acme.example", "b@acme.example"]
        }
        ana = Client(firm_id=tenants.northgate, partner_id=tenants.acme, key="E1", email="ana@acme.example")
        bo = Client(firm_id=tenants.northgate, partner_id=tenants.acme, key="E2", email=None)
        session.add_all([ana, bo])
        session.flush()
        admin = tenants.staff["admin"]
        session.get_one(Staff, (tenants.northgate, tenants.staff["viewer"])).email = "nonsense"
        asked = [
            Recipient(staff_id=admin),
            Recipient(staff_id=tenants.staff["viewer"]),
            Recipient(client_id=ana.id),
            Recipient(client_id=bo.id),
            Recipient(partner_id=tenants.acme, contact="late"),
            Recipient(partner_id=tenants.acme, contact="errors"),
        ]
        found = EMAIL.addresses(office, session, asked)
    assert found == {
        asked[0]: ("admin@northgate.example",),
        asked[2]: ("ana@acme.example",),
        asked[4]: ("a@acme.example", "b@acme.example"),
    }


def test_limits_are_the_installations_and_none_unless_set(office):
    assert EMAIL.limits(office) == Limits(None, None, lines=4)
    assert EMAIL.limits(_with(office, email_a_second=5, email_a_day=100)) == Limits(5, 100, lines=4)


def test_ping_gives_nobody_anything(office, ours, post_office):
    assert "No relay is set" in EMAIL.ping(_with(office, smtp_url=None))[0]
    assert "answers" in EMAIL.ping(ours)[0]
    assert post_office.taken == []
    post_office.answers["MAIL"] = "550 you are nobody"
    with pytest.raises(NotNow, match="you are nobody"):
        EMAIL.ping(ours)
