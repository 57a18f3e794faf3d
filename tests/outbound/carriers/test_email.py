"""Parcels by e-mail, over a real mail server: attached or told of, once for a mailbox, and every refusal told."""

from email import message_from_bytes, policy

import msgspec
import pytest
from helpers.authority import Authority
from helpers.parcels import parcel, sender
from helpers.post_office import PostOffice
from helpers.servers import free_port

from outbound.carriers import email
from outbound.carriers.base import Declined, Unreachable

DATA = "Naïve,rows\n1,2\n".encode()
SPEC = email.EmailCarrier(to=["hr@acme.example"])


@pytest.fixture
def office():
    one = PostOffice()
    yield one
    one.close()


@pytest.fixture
def us(office, tmp_path):
    url = f"smtp+plain://127.0.0.1:{office.port}"
    return sender(tmp_path, smtp_url=url, mail_from="gateway@northgate.example")


def changed(**words):
    return msgspec.structs.replace(SPEC, **words)


def attachment(message):
    (one,) = message.iter_attachments()
    return one.get_filename(), one.get_content_type(), one.get_payload(decode=True)


def test_a_parcel_arrives_attached_with_a_text_that_reads_well(office, us):
    said = email.send(SPEC, parcel(DATA, "Größe 1.csv"), us)
    (message,) = office.taken
    assert said == f"127.0.0.1:{office.port} took {message['Message-ID']} for 1 of 1 recipients."
    assert (message["From"], message["To"]) == ("gateway@northgate.example", "hr@acme.example")
    assert message["Subject"] == "Größe 1.csv"
    assert attachment(message) == ("Größe 1.csv", "text/csv", DATA)
    lines = message.get_body().get_content().splitlines()
    assert lines[:3] == ["Good day,", "", "attached is the file Größe 1.csv (16 bytes)."]
    assert max(map(len, lines)) < 90


@pytest.mark.parametrize(
    "to", ["contacts.late", ["contacts.late"], ["contacts.late", "hr@acme.example", "boss@acme.example"]]
)
def test_contacts_of_the_partner_are_who_they_are_today_and_nobody_gets_it_twice(office, us, to):
    us = us._replace(contacts={"late": ["hr@acme.example", "boss@acme.example"], "errors": ["no@acme.example"]})
    email.send(changed(to=to), parcel(DATA), us)
    (message,) = office.taken
    assert message["To"] == "hr@acme.example, boss@acme.example"


@pytest.mark.parametrize(
    "act",
    [
        lambda us: email.send(changed(to="contacts.late"), parcel(DATA), us),
        lambda us: email.ping(changed(to="contacts.late"), us),
    ],
)
def test_contacts_who_are_nobody_any_more_keep_it_waiting(office, us, act):
    for contacts in ({"late": []}, {}):
        with pytest.raises(Unreachable, match=r"contacts\.late") as caught:
            act(us._replace(contacts=contacts))
        assert caught.value.code == "no_recipient"
    assert office.taken == []


def test_a_repetition_has_the_same_number(office, us):
    for _ in range(2):
        email.send(SPEC, parcel(DATA), us)
    assert len(office.taken) == 2
    assert list(office.messages()) == [f"<{parcel(DATA).id}@northgate.example>"]


@pytest.mark.parametrize(("spec", "data"), [(changed(link=True), DATA), (changed(attach_mb=1), b"x" * 1_000_001)])
def test_what_is_large_or_shall_not_travel_is_told_of_without_its_content(office, us, spec, data):
    email.send(spec, parcel(data), us)
    (message,) = office.taken
    assert list(message.iter_attachments()) == []
    assert "is ready for you" in message.get_content()


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nBcc: evil@x.example\r\n\r\nhi.csv",
        "a\nBcc: evil@x.example",
        "=?utf-8?q?a=0D=0ABcc:_evil@x.example?=",
        "../a\x00\x1b[2J\u2028b.csv",
    ],
)
def test_no_name_gets_into_the_headers(office, us, name):
    email.send(changed(subject="{partner}: {name}"), parcel(DATA, name), us)
    (message,) = office.taken
    assert message["Bcc"] is None
    assert message["Subject"].startswith("acme: ")
    shown, _, data = attachment(message)
    assert data == DATA
    assert not set("\r\n\x00/") & set(shown)


@pytest.mark.parametrize("to", [["hr@acme.example\r\nBcc: evil@x.example"], ["hr"], []])
def test_only_addresses_are_recipients(to):
    from gateway.config import ConfigError, decode, read

    text = f"carrier: {{via: email, to: {msgspec.json.encode(to).decode()}}}"
    with pytest.raises(ConfigError):
        decode(read(text, "partner.yaml"), email.EmailCarrier, ("carrier",))


@pytest.mark.parametrize(
    ("command", "said", "kind", "code"),
    [
        ("MAIL", "421 busy", Unreachable, "relay_refuses"),
        ("RCPT", "450 greylisted", Unreachable, "relay_refuses"),
        ("RCPT", "550 no such mailbox", Declined, "mail_rejected"),
        ("DATA", "452 full", Unreachable, "relay_refuses"),
        ("DATA", "554 we take no such file", Declined, "mail_rejected"),
        ("DATA", "drop", Unreachable, "relay_away"),
    ],
)
def test_a_refusal_says_whether_to_come_again(office, us, command, said, kind, code):
    office.answers[command] = said
    with pytest.raises(kind) as failed:
        email.send(SPEC, parcel(DATA), us)
    assert failed.value.code == code
    assert said == "drop" or said in failed.value.sentence


def test_a_message_that_was_taken_before_the_line_broke_is_the_same_when_it_comes_again(office, us):
    office.answers["DATA"] = "drop"
    with pytest.raises(Unreachable):
        email.send(SPEC, parcel(DATA), us)
    office.answers.clear()
    email.send(SPEC, parcel(DATA), us)
    assert (len(office.taken), len(office.messages())) == (2, 1)


def test_one_recipient_that_is_refused_does_not_keep_it_from_the_others(office, us):
    office.answers["gone@acme.example"] = "550 no such mailbox"
    said = email.send(changed(to=["hr@acme.example", "gone@acme.example"]), parcel(DATA), us)
    assert "for 1 of 2 recipients. It refused gone@acme.example: 550 no such mailbox." in said


def test_starttls_and_login_are_insisted_on(tmp_path, monkeypatch, caplog):
    authority = Authority(tmp_path)
    office = PostOffice(starttls=authority.serving("127.0.0.1"), login=("us", "hunter2"))
    us = sender(tmp_path, smtp_url=f"smtp://us:hunter2@127.0.0.1:{office.port}")
    with pytest.raises(Unreachable) as failed:
        email.send(SPEC, parcel(DATA), us)  # nobody trusts it
    assert (failed.value.code, office.logins) == ("certificate_refused", [])
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    email.send(SPEC, parcel(DATA), us)
    wrong = sender(tmp_path, smtp_url=f"smtp://us:hunter3@127.0.0.1:{office.port}")
    for act in (lambda: email.send(SPEC, parcel(DATA), wrong), lambda: email.ping(SPEC, wrong)):
        with pytest.raises(Unreachable) as failed:
            act()
        assert failed.value.code == "login_refused"
        assert "hunter" not in failed.value.sentence + caplog.text
    assert email.ping(SPEC, us)[:2] == [f"127.0.0.1:{office.port} answers, over TLS.", "It lets us in."]
    office.close()


def test_a_relay_that_speaks_tls_from_the_start(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    office = PostOffice(tls=authority.serving("127.0.0.1"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    email.send(SPEC, parcel(DATA), sender(tmp_path, smtp_url=f"smtps://127.0.0.1:{office.port}"))
    assert len(office.taken) == 1
    office.close()


def test_a_relay_without_tls_is_given_nothing_unless_it_was_meant(office, tmp_path):
    with pytest.raises(Unreachable, match="offers no STARTTLS") as failed:
        email.send(SPEC, parcel(DATA), sender(tmp_path, smtp_url=f"smtp://127.0.0.1:{office.port}"))
    assert (failed.value.code, office.taken) == ("tls_missing", [])


def test_a_relay_that_is_away_is_told(tmp_path):
    us = sender(tmp_path, smtp_url=f"smtp+plain://127.0.0.1:{free_port()}")
    for act in (lambda: email.send(SPEC, parcel(DATA), us), lambda: email.ping(SPEC, us)):
        with pytest.raises(Unreachable, match="does not answer") as failed:
            act()
        assert failed.value.code == "relay_away"


def test_a_ping_asks_and_sends_nothing(office, us):
    assert email.ping(SPEC, us) == [f"127.0.0.1:{office.port} answers.", "Mail for hr@acme.example: 250 OK."]
    office.answers["RCPT"] = "550 no such mailbox"
    with pytest.raises(Unreachable, match="550 no such mailbox"):
        email.ping(SPEC, us)
    assert office.taken == []


def test_without_a_relay_a_message_is_put_into_a_folder_of_ours_and_it_says_so(tmp_path):
    us = sender(tmp_path)
    for _ in range(2):
        assert "nobody got it" in email.send(SPEC, parcel(DATA), us)
    (file,) = (us.settings.data_dir / "sent").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert attachment(message_from_bytes(file.read_bytes(), policy=policy.SMTP)) == ("receipts.csv", "text/csv", DATA)
    assert "No relay is set" in email.ping(SPEC, us)[0]
