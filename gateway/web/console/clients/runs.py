"""What runs for a person, and what ends: papers and cases, the first to end first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from gateway.db.paging import Paging
from gateway.domain.expiry.papers import called
from gateway.domain.people import cases, documents
from gateway.domain.rules import vocabulary
from gateway.office import Acting
from gateway.web.api.cases import CaseView
from gateway.web.api.documents import DocumentView
from gateway.web.console.page import Desk
from gateway.web.console.plots.spans import Span

MOST = 100  # papers and cases of one person; nobody has more
SOON = 90  # days before its end from which on a paper is shown as near


class Paper(NamedTuple):
    """A current paper.

    Attributes:
        days_left: None where it has no last day, or none is known.
        file: the name of the file that last spoke of it; None where that is not known.
    """

    view: DocumentView
    called: str
    days_left: int | None
    file: str | None


class Running(NamedTuple):
    """What a person has going on; `earlier` counts papers that are no longer current."""

    papers: Sequence[Paper]
    earlier: int
    cases: list[CaseView]
    closed: list[CaseView]
    finding: str

    def spans(self, today: date) -> list[Span]:
        """All of it, to be drawn: what is over last."""
        drawn = [*map(_paper_span, self.papers), *(_case_span(one) for one in (*self.cases, *self.closed))]
        return sorted(drawn, key=lambda one: (one.tone == "over", one.ends is None, one.ends or today))


def running(acting: Acting, desk: Desk, client_id: UUID, today: date, files: Mapping[UUID, str]) -> Running:
    """What runs for a person, as far as whoever asks may see it; that it was seen is on record."""
    held = _documents(acting, client_id) if desk.may("documents.read") else []
    matters = _cases(acting, client_id) if desk.may("cases.read") else []
    current = [_paper(one, today, files) for one in held if one.status == "current"]
    papers = sorted(current, key=lambda one: (one.view.expires_on or date.max, one.called))
    open_ = sorted((one for one in matters if one.status == "open"), key=lambda one: one.deadline_on or date.max)
    closed = [one for one in matters if one.status != "open"]
    return Running(papers, len(held) - len(papers), open_, closed, _finding(papers, open_))


def names_of(acting: Acting, desk: Desk, client_id: UUID) -> dict[str, str]:
    """What papers and cases of a person are called, by their ids; that they were seen is on record."""
    held = _documents(acting, client_id) if desk.may("documents.read") else []
    matters = _cases(acting, client_id) if desk.may("cases.read") else []
    return {str(one.id): called(one.doc_type) for one in held} | {
        str(one.id): f"case {one.case_number}" for one in matters
    }


def case_called(case: CaseView) -> str:
    """The type of a case in words, up to where the law's begin; its number where nobody knows the type."""
    if case.case_type is None:
        return f"case {case.case_number}"
    word = vocabulary("case_types").words.get(case.case_type)
    return word.means.partition(",")[0] if word else case.case_type


def _documents(acting: Acting, client_id: UUID) -> list[DocumentView]:
    found = documents.look_through(acting, documents.DocumentFilter(client_id=client_id), Paging(MOST))
    return [DocumentView.of(one, acting.cipher) for one in found.rows]


def _cases(acting: Acting, client_id: UUID) -> list[CaseView]:
    found = cases.look_through(acting, cases.CaseFilter(client_id=client_id), Paging(MOST))
    return [CaseView.of(one) for one in found.rows]


def _paper(view: DocumentView, today: date, files: Mapping[UUID, str]) -> Paper:
    left = None if view.expires_on is None else (view.expires_on - today).days
    file = files.get(view.source_import_id) if view.source_import_id else None
    return Paper(view, called(view.doc_type), left, file)


def _paper_span(one: Paper) -> Span:
    view = one.view
    told = "D/S" if view.duration_of_status else ""
    if one.days_left is None:
        return Span(_capital(one.called), "second", view.issued_on, None, told)
    tone = "over" if one.days_left < 0 else "warn" if one.days_left <= SOON else "second"
    return Span(_capital(one.called), tone, view.issued_on, view.expires_on)


def _case_span(one: CaseView) -> Span:
    begins, is_open = one.opened_on or one.filed_on, one.status == "open"
    told = one.stage.replace("_", " ") if is_open else one.status
    return Span(_capital(case_called(one)), "third" if is_open else "over", begins, one.decided_on, told)


def _finding(papers: Sequence[Paper], open_: Sequence[CaseView]) -> str:
    ahead = [one for one in papers if one.days_left is not None and one.days_left >= 0]
    going = f"{len(open_)} open case{'' if len(open_) == 1 else 's'}."
    if not ahead:
        return f"No current paper has a last day ahead; {going}"
    first = ahead[0]
    return f"First to end: {first.called}, {in_days(first.days_left)}. {going}"


def in_days(days: int | None) -> str:
    """How far away a day is, for a person."""
    if days is None:
        return ""
    if days == 0:
        return "today"
    count = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
    return f"in {count}" if days > 0 else f"{count} ago"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
