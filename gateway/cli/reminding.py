"""The demo's reminders: whose papers end, who is told of it today and why, and the messages themselves, to be read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import time, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from gateway.cli.office import me
from gateway.db.models import Dispatch, Notice
from gateway.db.paging import Paging
from gateway.domain.expiry.sweep import sweep
from gateway.domain.links import repairs
from gateway.domain.preferences import quiet
from gateway.domain.preferences.quiet import WEEK, Hours
from gateway.jobs.worker import drain
from gateway.office import Acting, Office
from gateway.wings import KINDS
from outbound.notify import desk, planning
from outbound.notify.desk import NoticeAccount, NoticeFilter

_AT_ALL_HOURS = Hours(time(0), time(0), frozenset(WEEK))  # whoever tries this out at night wants to see something
_SHOWN = 500  # dispatches of which it is told to whom they went
_REPAIR = re.compile(rf"https?://\S+{repairs.PATH}\S+")
_LEASE = timedelta(minutes=10)


class Told(NamedTuple):
    """What one recipient is told today.

    Attributes:
        why: of the paper that ends first.
        states: of the dispatches, each once.
    """

    recipient: str
    channel: str
    messages: int
    papers: int
    why: str
    states: Sequence[str]


class Reminded(NamedTuple):
    """What was found, who is told, and two messages to read.

    Attributes:
        due: papers of which somebody is told today.
        example: a dispatch to ask `gateway notice explain` about.
        letters: files; none where a relay is set, for then nothing is sent by a demo.
        repair: where a partner's people put rejected rows right, as one of them was sent it; None as of the letters.
    """

    due: int
    told: Sequence[Told]
    example: UUID | None
    letters: Sequence[Path]
    repair: str | None


def remind(office: Office, firm_id: UUID) -> Reminded:
    """Sweep, plan, and, where no relay is set, send into the folder; then say what came of it.

    Args:
        office: of the demo.
        firm_id: whose people are told.
    """
    with office.acting(firm_id, me()) as acting:
        quiet.change(acting, None, _AT_ALL_HOURS)
    swept = sweep(office)
    planning.plan(office)
    if office.settings.smtp_url is None:
        drain(office, KINDS, ["normal"], _LEASE)  # whose rows were rejected is told by a job
        drain(office, KINDS, ["notices"], _LEASE)
    with office.acting(firm_id, me()) as acting:
        found = desk.look_through(acting, NoticeFilter(), Paging(limit=_SHOWN)).rows
        told = _told(acting, found)
        letters = _letters(office, found)
        papers = desk.papers(acting, [one.dispatch.id for one in found])
        example = next((one.dispatch.id for one in found if papers.get(one.dispatch.id)), None)
    return Reminded(swept.due, told, example, letters, _repair(office, found))


def _told(acting: Acting, found: Sequence[NoticeAccount]) -> list[Told]:
    """By recipient and channel, whoever has to act first in front."""
    papers = desk.papers(acting, [one.dispatch.id for one in found])
    groups: defaultdict[tuple[str, str], list[NoticeAccount]] = defaultdict(list)
    for one in found:
        if papers.get(one.dispatch.id):
            groups[one.recipient, one.dispatch.channel].append(one)
    told = []
    for (recipient, channel), ones in groups.items():
        of = [paper for one in ones for paper in papers[one.dispatch.id]]
        first, doc_type = min(of, key=lambda paper: paper[0].expires_on)
        states = sorted({one.dispatch.state for one in ones})
        told.append((first.expires_on, Told(recipient, channel, len(ones), len(of), _why(first, doc_type), states)))
    return [one for _, one in sorted(told, key=lambda one: one[0])]


def _why(one: Notice, doc_type: str) -> str:
    left = f"ends in {one.days_left} days" if one.days_left >= 0 else f"ended {-one.days_left} days ago"
    lead = f"told {one.lead} days before" if one.lead else "told on its last day"
    return f"{doc_type} {left}: {lead}, as {one.role}"


def _letters(office: Office, found: Sequence[NoticeAccount]) -> list[Path]:
    """One to somebody of the firm, and one to a client."""
    of_people = [one.dispatch for one in found if one.dispatch.partner_id is None]
    mailed = [one for one in of_people if _letter(office, one).exists()]
    firsts = {one.client_id is None: one for one in mailed}
    return [_letter(office, one) for one in firsts.values()]


def _repair(office: Office, found: Sequence[NoticeAccount]) -> str | None:
    """The link in a letter to a partner's people; it stands nowhere else."""
    for one in found:
        letter = _letter(office, one.dispatch)
        if one.dispatch.partner_id is not None and letter.exists():
            message = message_from_bytes(letter.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            link = _REPAIR.search(str(body.get_content()) if body else "")
            if link:
                return link[0]
    return None


def _letter(office: Office, one: Dispatch) -> Path:
    return office.settings.data_dir / "sent" / f"{one.id}.eml"
