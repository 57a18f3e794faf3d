"""The row about e-mail: messages over the gate, in words, put on record and sent, against a bare client's loop."""

from __future__ import annotations

import os
import smtplib
import sys
from threading import Event
from time import perf_counter
from uuid import UUID

import msgspec
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import HERE, free_port, installation, running
from sqlalchemy import func, select, text

from gateway import settings
from gateway.db.models import Dispatch
from gateway.db.session import Database
from gateway.jobs.queues import Queue
from gateway.jobs.worker import Worker, connections_for
from gateway.office import Office
from gateway.wings import KINDS, office_of
from outbound.notify import posting
from outbound.notify.channels.base import Envelope, Recipient, Words
from outbound.notify.channels.email import written
from outbound.notify.claiming import SAID
from outbound.notify.service import MOST_RECIPIENTS
from outbound.notify.templates.shapes import Announcement

MAILS = int(os.environ.get("BENCH_MAILS", "10000"))
_POOLS: dict[Queue, int] = {"notices": 1}

_ADDRESSES = text("""
    UPDATE clients SET email = 'e' || employee_id || '@recipient.example'
    WHERE id IN (SELECT id FROM clients ORDER BY id LIMIT :number) RETURNING id
""")


def _mails(lab: Laboratory) -> Samples:
    port = free_port()
    with running([sys.executable, str(HERE / "mailbox.py"), str(port)], port, dict(os.environ)):
        office, firm = _office(lab, port)
        try:
            _laid_out(office, firm)
            lab.settle()
            yield "mails", Sample(_carried(office, firm), _posted(port, _size(office, firm)), 0.0)
        finally:
            office.db.close()


def _office(lab: Laboratory, port: int) -> tuple[Office, UUID]:
    firm, _, _ = installation(lab)
    told = {"GATEWAY_DATA_DIR": str(lab.server.data_dir), "GATEWAY_SMTP_URL": f"smtp+plain://127.0.0.1:{port}"}
    loaded = settings.load(told | {"GATEWAY_MAIL_FROM": "gateway@bench.example"})
    return office_of(Database(Database.open(loaded).addresses, connections=connections_for(_POOLS)), loaded), UUID(firm)


def _laid_out(office: Office, firm: UUID) -> None:
    """Announcements as the service takes them, so many recipients each; important ones, which no quiet hours hold."""
    with office.db.firm(firm) as session:
        people = list(session.scalars(_ADDRESSES, {"number": MAILS}))
        said = Announcement(title="The office is closed", paragraphs=["On Friday nobody is there. " * 5] * 4)
        for first in range(0, MAILS, MOST_RECIPIENTS):
            to = [posting.To(Recipient(client_id=one), "email") for one in people[first : first + MOST_RECIPIENTS]]
            new = posting.New(kind="service", template="announcement", data=said, to=to, priority="critical")
            posting.post(office, session, firm, new)


def _carried(office: Office, firm: UUID) -> float:
    worker = Worker(office, KINDS, _POOLS)
    begun = perf_counter()
    worker.start()
    try:
        while _waiting(office, firm):
            Event().wait(0.5)
        return perf_counter() - begun
    finally:
        worker.stop()


def _waiting(office: Office, firm: UUID) -> bool:
    with office.db.firm(firm) as session:
        states = dict(session.execute(select(Dispatch.state, func.count()).group_by(Dispatch.state)).all())
    if set(states) - {"waiting", "attempting", "sent"}:
        raise SystemExit(f"The bench is broken: the relay did not take all: {states}")
    return states != {"sent": MAILS}


def _size(office: Office, firm: UUID) -> int:
    """The bytes of one of the messages."""
    with office.db.firm(firm) as session:
        one = session.scalars(select(Dispatch).limit(1)).one()
        words = msgspec.json.decode(office.cipher(session, firm).decrypt(one.said or b"", SAID), type=Words)
        to = Recipient(client_id=one.client_id)
        envelope = Envelope(one.id, firm, "Bench", to, ("e0000000@recipient.example",), "critical", is_repeat=False)
        return len(written(office.settings, envelope._replace(one_click=words.one_click), words).content)


def _posted(port: int, size: int) -> float:
    """As many messages of as many bytes, on one connection."""
    line = b"x" * 70 + b"\r\n"
    body = (b"Subject: x\r\n\r\n" + line * (size // len(line) + 1))[:size]
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        begun = perf_counter()
        for number in range(MAILS):
            smtp.sendmail("gateway@bench.example", [f"e{number:07}@recipient.example"], body)
        return perf_counter() - begun


SCENARIOS = (
    Scenario(
        {
            "mails": Budget(
                f"{MAILS:,} e-mails: over the gate, in words, every attempt on record",
                "a bare client that sends as much as often on one connection",
                2.0,
            )
        },
        _mails,
        rounds=1,
        long=True,
    ),
)
