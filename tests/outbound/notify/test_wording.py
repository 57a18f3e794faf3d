"""Dispatches in words: read now, framed, with what can be pressed, and nothing sensitive of the record it is made from."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from helpers.inbox import person
from msgspec.structs import replace
from sqlalchemy import insert, select

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Notice, Notification
from gateway.domain.expiry.items import Item
from outbound.notify import facing, wording
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates import firm
from outbound.notify.templates.shapes import Announcement, Nothing
from outbound.notify.wording import NothingToTellError

ITEM = Item(
    notice_id=uuid4(),
    document_id=uuid4(),
    client_id=uuid4(),
    initials="A. S.",
    employer="ACME & Sons",
    what="record of admission; its date, or duration of status, ends the stay",
    expires_on=date(2026, 10, 1),
    days_left=30,
    why="The stay ends on this day.",
    next_action="Open an extension.",
    fresh_at=datetime(2026, 8, 31, 12, tzinfo=UTC),
)
SENSITIVE = {"ssn": "536-90-4399", "passport": "FX1234567", "dob": "07/19/1988"}
# the ways in which people write these
FORBIDDEN = re.compile(
    r"536-?90-?4399|4399|FX1234567|4567|0?7/19/(19)?88|1988-07-19|July 19|19 July|Silva|E1\b|A?0?12345678",
    re.IGNORECASE,
)


@pytest.fixture
def dispatched(office, tenants):
    """A dispatch of a kind to somebody, and its notification."""

    def make(kind, template, data=None, staff_id=tenants.staff["attorney"], client_id=None):
        with office.db.firm(tenants.northgate) as session:
            recipient = Recipient(None if client_id else staff_id, client_id)
            new = New(kind=kind, template=template, data=data or Nothing(), to=[To(recipient, "email")])
            made = post(office, session, tenants.northgate, new)
            return session.scalars(select(Dispatch.id).where(Dispatch.notification_id == made)).one()

    return make


@pytest.fixture
def words(office, tenants):
    def put(dispatch_id, *, system=False):
        with office.db.system() if system else office.db.firm(tenants.northgate) as session:
            dispatch = session.scalars(select(Dispatch).where(Dispatch.id == dispatch_id)).one()
            notification = session.get_one(Notification, (tenants.northgate, dispatch.notification_id))
            return wording.words_of(office, session, dispatch, notification)

    return put


@pytest.fixture
def told(monkeypatch):
    """What a dispatch tells."""
    items = [ITEM]
    monkeypatch.setattr(facing, "papers", lambda _session, _dispatch_id: list(items))
    return items


def test_a_paper_is_told_with_what_can_be_pressed(dispatched, words, told, offered):
    found = words(dispatched("expiry", "expiry"))
    assert found.subject == "Record of admission of A. S. ends in 30 days"
    assert "The record of admission of A. S., ACME & Sons, ends in 30 days, on October 1, 2026." in found.text
    [seen] = re.findall(r"I have seen this:\n(\S+/l/a/\S+)", found.text)
    [later] = re.findall(r"Remind me later:\n(\S+/l/a/\S+)", found.text)
    assert "last read on August 31, 2026" in found.text
    assert "ACME &amp; Sons" in found.html
    assert f'<a href="{later}">Remind me later</a>' in found.html
    assert found.link == seen != later
    assert found.short.endswith(f"on October 1, 2026. {found.link}")
    assert offered() == ["acknowledge", "snooze"]


def test_days_are_written_in_one_way(dispatched, words, told):
    said = "Permission to work ends on 2026-10-01 (H-1B): the I-94 controls. HR has 2027-01-31."
    told[:] = [replace(ITEM, controlling=said)]
    found = words(dispatched("expiry", "expiry"))
    assert "ends on October 1, 2026 (H-1B): the I-94 controls. HR has January 31, 2027." in " ".join(found.text.split())
    assert not re.search(r"\d{4}-\d{2}-\d{2}", found.text + found.html)


def test_whom_it_is_about_is_told_as_you_and_may_ask_for_no_more(dispatched, words, told, offered, inbox):
    inbox.drop("roster_20260301.csv", [person(1)])
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    found = words(dispatched("expiry", "expiry", client_id=client_id))
    assert found.subject == "Your record of admission ends in 30 days"
    assert "Open an extension" not in found.text + found.html
    [ending] = re.findall(r"No more such messages:\n(\S+/l/u/\S+)", found.text)
    assert f'<a href="{ending}">No more such messages</a>' in found.html
    assert offered() == ["unsubscribe"]
    assert found.link is None


def test_a_digest_is_answered_as_a_whole_and_paper_by_paper(dispatched, words, told, offered, monkeypatch):
    told[:] = [replace(ITEM, notice_id=uuid4(), initials=one) for one in ("A. A.", "<B>.")]
    addresses = {one.notice_id: {"acknowledge": f"/a/{n}", "snooze": f"/s/{n}"} for n, one in enumerate(told)}
    offers = facing.offers

    def offering(*given):
        """Of the whole as it is; of each paper, what can be told apart here."""
        *house, wanted = given
        whole = offers(*house, [one for one in wanted if one.notice_id is None])
        each = {(one.dispatch_id, one.notice_id): addresses[one.notice_id] for one in wanted if one.notice_id}
        return {**whole, **each}

    monkeypatch.setattr(facing, "offers", offering)
    found = words(dispatched("digest", "digest"))
    [seen] = re.findall(r"I have seen all of these:\n(\S+/l/a/\S+)", found.text)
    assert found.link == seen
    assert "<B>., ACME & Sons: record of admission, October 1, 2026\n  I have seen this: /a/1\n" in found.text
    assert "&lt;B&gt;., ACME &amp; Sons: record of admission, October 1, 2026<br>" in found.html
    assert '<a href="/a/0">I have seen this</a> &middot; <a href="/s/0">Remind me later</a>' in found.html
    assert found.text.index("all of these") < found.text.index("one by one") < found.text.index("written by a machine")
    assert offered() == ["acknowledge", "snooze"]


def test_what_nobody_answered_is_said_in_a_digest(dispatched, words, told, monkeypatch):
    monkeypatch.setattr(facing, "offers", lambda *_: {})
    told[:] = [replace(ITEM, step=1, needs_answer=True), replace(ITEM, needs_answer=True)]
    found = words(dispatched("digest", "digest"))
    for said in (found.text, found.html):
        assert said.count("it has come to you") == said.count("Somebody must say") == 1


def test_a_digest_is_by_days_and_then_by_employer(dispatched, words, told, monkeypatch):
    monkeypatch.setattr(facing, "offers", lambda *_: {})
    told[:] = [
        replace(ITEM, days_left=7, employer="Globex", initials="C. C."),
        replace(ITEM, days_left=7, initials="B. B."),
        replace(ITEM, days_left=-2, initials="D. D.", fresh_at=None),
        replace(ITEM, days_left=7, initials="A. A."),
    ]
    found = words(dispatched("digest", "digest"))
    assert found.subject == "4 papers end soon"
    places = [
        found.text.index(one) for one in ("2 days ago", "D. D.", "In 7 days", "A. A.", "B. B.", "Globex", "C. C.")
    ]
    assert places == sorted(places)
    assert found.text.count("In 7 days") == 1
    assert found.text.count("ACME & Sons") == 2


def test_nothing_that_is_no_longer_true_is_told(dispatched, words, told):
    told.clear()
    with pytest.raises(NothingToTellError):
        words(dispatched("expiry", "expiry"))


def test_the_firms_own_words_are_used(dispatched, words, told, admin):
    with admin() as acting:
        firm.change(acting, "expiry", "subject", "Look: {{ paper.what }}")
    assert words(dispatched("expiry", "expiry")).subject == "Look: record of admission"
    assert words(dispatched("expiry", "expiry"), system=True).subject == "Look: record of admission"


def test_where_the_firms_own_words_cannot_be_said_the_houses_are(dispatched, words, told, admin):
    """Right on all samples, and too long for this one."""
    with admin() as acting:
        firm.change(acting, "expiry", "subject", "{{ paper.employer }}" * 3)
    told[:] = [replace(ITEM, employer="A" * 60)]
    assert words(dispatched("expiry", "expiry")).subject == "Record of admission of A. S. ends in 30 days"


def test_what_was_asked_for_is_said_and_its_link_leads_on(dispatched, words, offered):
    data = Announcement(title="Closed <today>", paragraphs=["A & B"], url="https://northgate.example/x?a=1&b=2")
    found = words(dispatched("service", "announcement", data))
    assert found.subject == "Closed <today>"
    assert found.short == "Northgate Law: Closed <today> https://northgate.example/x?a=1&b=2"
    assert "Read on:\nhttps://northgate.example/x?a=1&b=2" in found.text
    assert "<title>Closed &lt;today&gt;</title>" in found.html
    assert '<a href="https://northgate.example/x?a=1&amp;b=2">Read on</a>' in found.html
    assert "<p>A &amp; B</p>" in found.html
    assert offered() == []


def test_a_page_fetches_nothing_and_can_be_read_in_the_dark(dispatched, words):
    html = words(dispatched("test", "test")).html
    assert not re.search(r"<(img|script|link|iframe)|url\(|@import|https?://", html)
    assert 'name="color-scheme" content="light dark"' in html
    assert '<html lang="en">' in html
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(|background", html)


# ------------------------------------------------------------------------------------------------ nothing sensitive


@pytest.fixture
def known(inbox, office, tenants):
    """Somebody of whom everything is known, whose papers end in a month; the dispatches that tell of them."""
    ends = f"{clock.day_in('America/New_York', clock.now()) + timedelta(days=30):%m/%d/%Y}"  # by the firm's clock
    row = person(1, last_name="Silva", dob=SENSITIVE["dob"], ssn=SENSITIVE["ssn"], passport=SENSITIVE["passport"])
    inbox.drop("roster_20260301.csv", [row | {"Passport Expiry": ends, "I94 Expiry": ends}])
    with office.db.firm(tenants.northgate) as session:
        client = session.scalars(select(Client)).one()
        documents = session.scalars(select(Document)).all()
        assert client.ssn is not None
        assert {one.doc_type for one in documents} == {"passport", "i94"}
        return [
            _noticed(session, tenants, client.id, documents, kind, recipient)
            for kind in ("expiry", "escalation", "digest")
            for recipient in (Recipient(tenants.staff["attorney"]), Recipient(client_id=client.id))
        ]


def _noticed(session, tenants, client_id, documents, kind, recipient):
    made = session.scalars(
        insert(Notification)
        .values(firm_id=tenants.northgate, kind=kind, template=kind, created_by="system")
        .returning(Notification.id)
    ).one()
    whom = {"staff_id": recipient.staff_id, "client_id": recipient.client_id}
    row = {"firm_id": tenants.northgate, "notification_id": made, "channel": "email", **whom}
    dispatch = session.scalars(insert(Dispatch).values(row).returning(Dispatch.id)).one()
    step = ("expiry", "escalation", "digest").index(kind)
    for one in documents:
        notice = {
            "firm_id": tenants.northgate,
            "client_id": client_id,
            "document_id": one.id,
            "expires_on": one.expires_on,
        }
        role = "attorney" if recipient.staff_id else "client"
        told = {
            "lead": 30,
            "days_left": 30,
            "step": step,
            "role": role,
            "staff_id": recipient.staff_id,
            "channel": "email",
        }
        session.execute(insert(Notice).values(notice | told | {"due_on": one.expires_on, "dispatch_id": dispatch}))
    return dispatch


def test_nothing_sensitive_of_the_record_stands_in_any_message(known, words):
    for dispatch in known:
        found = words(dispatch)
        for said in (found.subject, found.text, found.html, found.short, found.link or ""):
            assert not FORBIDDEN.search(said), said
        assert "30" in found.subject + found.text


@pytest.mark.parametrize(
    "said",
    ["536904399", "ends in 4399", "born 1988-07-19", "of Ana Silva", "passport FX1234567", "A012345678", "number E1."],
)
def test_what_is_sensitive_would_be_found(said):
    assert FORBIDDEN.search(said)


@pytest.mark.parametrize("wrong", [{"title": "Closed\n"}, {"url": "https://northgate.example/\n"}])
def test_a_line_ends_where_it_ends(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"title": "Closed", "paragraphs": ["A"]} | wrong, Announcement)
