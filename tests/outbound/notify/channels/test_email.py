"""Notices by e-mail, over a real mail server: one connection for many, every refusal told, and no doubt left unsaid."""

import asyncio
import smtplib
import socket
import threading
from contextlib import contextmanager
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


@pytest.fixture(params=[True, False], ids=["together", "one by one"])
def post_office(request):
    one = PostOffice(pipelining=request.param)
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


def _content(lines):
    """Up to the dot that ends a message; nothing where it does not end."""
    found = []
    while (line := lines.readline()) and line != b".\r\n":
        found.append(line)
    return b"".join(found) + line if line else b""


@contextmanager
def relay_that_says(office, *sessions):
    """A relay that takes commands together, and has these answers for the sessions that come, one to each command.

    `taken` is the answer to a message, which is collected. After the last answer it hangs up.
    """
    given = []

    def answer(wire, answers):
        wire.settimeout(30)
        with wire, wire.makefile("rb") as lines:
            wire.sendall(b"220 here\r\n")
            lines.readline()
            wire.sendall(b"250-here\r\n250 PIPELINING\r\n")
            for said in answers:
                if said.startswith("taken"):
                    given.append(_content(lines))
                elif not lines.readline():
                    return
                wire.sendall(said.replace("taken", "250 taken").encode() + b"\r\n")

    def serve():
        for answers in sessions:
            answer(listening.accept()[0], answers)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        thread = threading.Thread(target=serve)
        thread.start()
        yield _with(office, smtp_url=f"smtp+plain://127.0.0.1:{listening.getsockname()[1]}"), given
        thread.join(30)


def test_a_message_takes_two_trips_where_the_relay_takes_commands_together(ours, post_office, monkeypatch):
    sent = []
    monkeypatch.setattr(smtplib.SMTP, "send", lambda self, s, real=smtplib.SMTP.send: sent.append(s) or real(self, s))
    with EMAIL.open(ours) as line:
        line.send(passed(1), envelope(1), WORDS)
        sent.clear()
        line.send(passed(2), envelope(2, to=["ana@northgate.example", "bo@northgate.example"]), WORDS)
        trips = len(sent)
    assert trips == (2 if post_office.takes_together else 5)
    assert len(post_office.messages()) == 2


def test_of_several_mailboxes_one_may_refuse(ours, post_office):
    post_office.answers["bo@northgate.example"] = "550 no such mailbox"
    with EMAIL.open(ours) as line:
        taken = line.send(passed(), envelope(to=["ana@northgate.example", "bo@northgate.example"]), WORDS)
        assert "1 of 2 recipients" in taken.answer
        assert "bo@northgate.example: 550 no such mailbox" in taken.answer
        line.send(passed(2), envelope(2), WORDS)
    assert len(post_office.messages()) == 2


def test_a_relay_that_waits_for_a_message_of_which_it_took_no_recipient_gets_none(office):
    refused, good = ["250 ok", "550 nobody", "354 go on", "taken"], ["250 ok", "250 ok", "354 go on", "taken"]
    with relay_that_says(office, refused, good) as (ours, given), EMAIL.open(ours) as line:
        with pytest.raises(Never, match="550 nobody"):
            line.send(passed(1), envelope(1), WORDS)
        line.send(passed(2), envelope(2), WORDS)
    assert [b"Message-ID" in one for one in given] == [False, True]
    assert given[0] == b"", "nor an empty one with an end"


@pytest.mark.parametrize(
    ("answers", "sentence", "is_alone"),
    [
        (["421 closing"], "421 closing", False),
        (["250 ok", "421 closing"], "421 closing", False),
        (["250 ok", "450 greylisted"], "450 greylisted", True),
        (["250 ok", "250 ok"], "took nothing", False),
        (["250 ok", "250 ok", "451 later"], "451 later", True),
        (["250 ok"], "took nothing", False),
        ([], "took nothing", False),
    ],
)
def test_a_relay_that_hangs_up_before_it_was_given_anything_leaves_no_doubt(office, answers, sentence, is_alone):
    good = ["250 ok", "250 ok", "354 go on", "taken"]
    with relay_that_says(office, answers, good) as (ours, given), EMAIL.open(ours) as line:
        with pytest.raises(NotNow, match=sentence) as caught:
            line.send(passed(1), envelope(1), WORDS)
        assert (caught.value.is_alone, caught.value.is_doubtful) == (is_alone, False)
        line.send(passed(2), envelope(2), WORDS)
    assert len(given) == 1


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
