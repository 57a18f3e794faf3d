"""Letters as bytes, read again by the standard library."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.letters import letter

HEADERS = {"From": "Northgate Law <a@x.example>", "To": "b@x.example", "Message-ID": "<1@x.example>"}


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=SMTP)


def lines_of(text: str) -> list[str]:
    return [line.decode() for line in text.encode().splitlines()]


@given(text=st.text(st.characters(exclude_categories=["Cs"])), html=st.none() | st.text(alphabet="<p>é=_- .\t\n\r"))
def test_any_text_is_read_as_it_was_written(text, html):
    content = letter(HEADERS, text, html).content
    message = read(content)
    assert lines_of(message.get_body(("plain",)).get_content()) == lines_of(text)
    assert html is None or lines_of(message.get_body(("html",)).get_content()) == lines_of(html)
    assert message.defects == []
    assert content.isascii()
    assert all(len(line) <= 78 and b"\r" not in line for line in content.split(b"\r\n"))
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize("subject", ["Ärger – 日本", "x" * 300, "many words " * 15, "", "=?utf-8?q?no"])
def test_any_header_is_one_and_short_of_line(subject):
    content = letter(HEADERS | {"Subject": subject}, "Good day", None).content
    assert "".join(read(content)["Subject"].split()) == "".join(subject.split())
    assert read(content).keys()[:4] == [*HEADERS, "Subject"]


@given(words=st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=120)))
def test_a_plain_header_is_folded_between_its_words_alone(words):
    value = " ".join(words)
    content = letter(HEADERS | {"X-Told": value}, "Good day", None).content
    assert "".join(read(content)["X-Told"].split()) == "".join(value.split()) or "=?" in value
    assert all(len(line) <= 78 or len(line.split()) <= 2 for line in content.decode().split("\r\n"))


def test_a_long_address_stays_as_it_is_for_whoever_unsubscribes_there():
    address = f"<https://gateway.{'a-long-name-' * 9}firm.example/l/u/{'x' * 32}>"
    content = letter(HEADERS | {"List-Unsubscribe": address}, "Good day", None).content
    assert f"List-Unsubscribe:\r\n {address}\r\n".encode() in content


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_what_would_be_two_headers_is_none(end):
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        letter(HEADERS | {"Subject": f"News{end}Bcc: thief@x.example"}, "Good day", None)
