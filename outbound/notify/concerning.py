"""Whom messages are about: the people of the papers and cases of which they tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from gateway.db.models import Case, Notice, Notification
from gateway.domain import audit
from gateway.domain.people import calling
from gateway.office import Acting
from outbound.notify.desk import NoticeAccount
from outbound.notify.given import unsealed
from outbound.notify.templates.shapes import OfHandovers, OfNewCases, OfResumedCases

_OF_CASES: Mapping[str, type[OfNewCases | OfResumedCases | OfHandovers]] = {
    "cases_assigned": OfNewCases,
    "cases_resumed": OfResumedCases,
    "handover_proposed": OfHandovers,
}
_Number = tuple[UUID | None, str]  # of a case, with whose partner's it is


class Person(NamedTuple):
    """Somebody whom a message is about; `name` is None where they were erased."""

    client_id: UUID
    name: str | None


def people(
    acting: Acting, accounts: Sequence[NoticeAccount], papers: Mapping[UUID, Sequence[tuple[Notice, str]]]
) -> Mapping[UUID, Sequence[Person]]:
    """By dispatch, whom it is about, each once and in the message's order; that they were seen is on record.

    Whoever is behind a wall is left out. Of a message about very many cases it is those whose numbers stand in it.

    Args:
        acting: who looks.
        accounts: of the dispatches.
        papers: of which they tell; see `desk.papers`.
    """
    numbers = {one.notification.id: _numbers(acting, one.notification) for one in accounts}
    of_cases = _people_of(acting, {each for some in numbers.values() for each in some})
    told: dict[UUID, list[UUID]] = {}
    for one in accounts:
        of_papers = [notice.client_id for notice, _ in papers.get(one.dispatch.id, ())]
        matters = [of_cases[each] for each in numbers[one.notification.id] if each in of_cases]
        told[one.dispatch.id] = list(dict.fromkeys([*of_papers, *matters]))
    names = _named(acting, {each for some in told.values() for each in some})
    return {one: [Person(each, names[each]) for each in some if each in names] for one, some in told.items()}


def _numbers(acting: Acting, about: Notification) -> Sequence[_Number]:
    shape = _OF_CASES.get(about.template)
    if shape is None or about.data is None:
        return ()
    data = unsealed(acting.cipher, about.data, shape)
    return [(about.partner_id, number) for number in data.cases]


def _people_of(acting: Acting, numbers: Collection[_Number]) -> Mapping[_Number, UUID]:
    if not numbers:
        return {}
    found = select(Case.partner_id, Case.case_number, Case.client_id).where(Case.client_id.is_not(None))
    rows = acting.session.execute(found.where(tuple_(Case.partner_id, Case.case_number).in_(numbers)))
    return {(partner_id, number): whose for partner_id, number, whose in rows if whose is not None}


def _named(acting: Acting, ids: Iterable[UUID]) -> Mapping[UUID, str | None]:
    found = calling.called(acting, {"client": set(ids)})
    if found:
        audit.seen(acting, "notice.list", [("client", one) for one in found])
    return {one: it.name for one, it in found.items()}
