"""The demo's eligibility checks: two people of whom something is noted, held against the law by rules alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from gateway import private
from gateway.cli.office import me
from gateway.db.paging import Paging
from gateway.domain.eligibility import checks, entries, memos, profiles
from gateway.domain.eligibility.checks import Seen
from gateway.domain.eligibility.entries import Said
from gateway.domain.eligibility.memo import Head
from gateway.domain.people import clients
from gateway.domain.people.clients import ClientFilter
from gateway.jobs.worker import drain
from gateway.office import Acting, Office
from gateway.web.memo import page
from gateway.wings import KINDS
from outbound.checking import asking

_LEASE = timedelta(minutes=10)
_SHELF = "folder 3"

Noted = Sequence[tuple[str, Said]]
_RESEARCHER: Noted = (
    ("degree", Said(facts={"level": "doctorate", "subject": "Physics"}, backing="documented", proof=_SHELF)),
    (
        "article",
        Said(
            facts={"is_peer_reviewed": True, "is_first_author": True, "citations": 85, "published_on": "2024-03-01"},
            backing="documented",
            proof=_SHELF,
        ),
    ),
    (
        "judging",
        Said(
            facts={"role": "reviewer", "is_done": True, "times": 12, "last_on": "2026-02-01"},
            backing="documented",
            proof=_SHELF,
        ),
    ),
    (
        "contribution",
        Said(
            facts={
                "summary": "A method that others use",
                "is_original": True,
                "adopted_by": 5,
                "made_on": "2023-05-01",
            },
            backing="documented",
            proof=_SHELF,
        ),
    ),
    (
        "letter",
        Said(facts={"is_independent": True, "about": "contribution"}, backing="documented", proof=_SHELF),
    ),
)
_ANALYST: Noted = (
    ("degree", Said(facts={"level": "bachelor", "subject": "Accounting"}, backing="documented", proof=_SHELF)),
    ("award", Said(facts={"name": "Employee of the year", "scope": "internal"})),
)
_ASKED: Sequence[tuple[Noted, Sequence[str]]] = ((_RESEARCHER, ("EB1A", "NIW")), (_ANALYST, ("EB1A", "H1B_CAP")))


class Qualified(NamedTuple):
    """A check that was seen to its end, and its memo: what stands at its head, and where it lies as a page."""

    seen: Seen
    head: Head
    path: Path


def qualify(office: Office, firm_id: UUID) -> list[Qualified]:
    """Note something of two people, check them, and say what came of it; a second time is answered at once.

    Args:
        office: of the demo.
        firm_id: whose clients.
    """
    with office.acting(firm_id, me()) as acting:
        people = clients.look_through(acting, ClientFilter(status="active"), Paging(len(_ASKED))).rows
        asked = [_ask(acting, one.id, *wanted) for one, wanted in zip(people, _ASKED, strict=False)]
    drain(office, KINDS, ["models"], _LEASE)
    with office.acting(firm_id, me()) as acting:
        return [_told(acting, one) for one in asked]


def told(found: Sequence[Qualified]) -> list[Mapping[str, object]]:
    """As JSON has it."""
    return [
        {
            "check_id": one.seen.check.id,
            "state": one.seen.progress.state,
            "scores": {each.visa: each.score for each in one.seen.recommendations},
            "memo": str(one.path),
        }
        for one in found
    ]


def _ask(acting: Acting, client_id: UUID, noted: Noted, visas: Sequence[str]) -> UUID:
    if not profiles.view(acting, client_id).rows:
        for kind, said in noted:
            entries.add(acting, client_id, kind, said)
    return asking.ask(acting, client_id, visas).check.id


def _told(acting: Acting, check_id: UUID) -> Qualified:
    memo = memos.of_check(acting, check_id)
    path = acting.office.settings.data_dir / "memos" / f"{check_id}.html"
    private.make_folder(path.parent)
    with private.create(path) as file:
        file.write(page(memo).html.encode())
    return Qualified(checks.view(acting, check_id), memo.head, path)
