"""Real-time checks: a partner asks whether its employee is in the programme, and hears what is true at this moment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NoReturn

from litestar import Request, Response, Router, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from gateway.domain.access.permissions import PERMISSIONS
from gateway.domain.people import employees
from gateway.domain.people.employees import UNKNOWN, Answer, Asked, Asker
from gateway.office import Office
from gateway.web.auth.partners import Known, by_digest, digest_in, identity_of, unauthenticated
from gateway.web.calls import Identity, check, may, origin_of
from gateway.web.limiting import count_ahead
from gateway.web.problems import Rejected

MOST_AT_ONCE = 1_000

_SCOPE = PERMISSIONS["eligibility.check"].scope or ""

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom it is about: the id by which your feed names people, and the birth date."""

    employee_id: Annotated[Text, Meta(examples=["E100042"])]
    date_of_birth: Annotated[date, Meta(examples=["1990-02-03"])]
    partner_id: Annotated[Text | None, Meta(description="Your own short name; may be left out.")] = None


class Questions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to 1,000 at once."""

    checks: Annotated[list[Question], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class Eligibility(Struct, frozen=True, kw_only=True):
    """Whether somebody is in the programme today."""

    eligible: bool
    program: Annotated[str | None, Meta(examples=["H-1B sponsorship"])]
    eligibility_start_date: date | None
    eligibility_end_date: date | None
    reason: Annotated[str, Meta(examples=["enrolled"])]

    @classmethod
    def of(cls, answer: Answer) -> Eligibility:
        """An answer as partners see it."""
        return cls(
            eligible=answer.eligible,
            program=answer.program,
            eligibility_start_date=answer.start,
            eligibility_end_date=answer.end,
            reason=answer.reason,
        )


class EligibilityList(Struct, frozen=True):
    """The answers, in the order of the questions."""

    results: list[Eligibility]


@post("/check", status_code=200, **may("eligibility.check", signs_in=True))
async def check_one(
    request: Request[Any, Any, Any], data: JSONBody[Question], office: NamedDependency[Office]
) -> Response[Eligibility]:
    """Tell whether one employee is in the programme.

    404 with `eligible: false` and the reason `unknown` when nobody has this id, and just the same when the birth date
    is another one.
    """
    [answer] = await _answers(request, office, [data])
    return Response(Eligibility.of(answer), status_code=404 if answer == UNKNOWN else 200)


@post("/check/batch", status_code=200, **may("eligibility.check", signs_in=True))
async def check_many(
    request: Request[Any, Any, Any], data: JSONBody[Questions], office: NamedDependency[Office]
) -> EligibilityList:
    """Tell it of up to 1,000 employees, in the order in which they were asked about."""
    return EligibilityList([Eligibility.of(answer) for answer in await _answers(request, office, data.checks)])


async def _answers(request: Request[Any, Any, Any], office: Office, asked: list[Question]) -> list[Answer]:
    """Count the call, and answer it in the one round trip that also finds out who calls."""
    known: Known = request.app.state.known
    digest = _digest_in(request)
    who = known.get(digest) or await sync_to_thread(by_digest, office, digest)
    if who is None:
        raise unauthenticated()
    await count_ahead(request, who)
    slugs = sorted({one.partner_id for one in asked if one.partner_id is not None})
    asker = Asker(digest, _SCOPE, origin_of(request), slugs)
    people = [Asked(one.employee_id, one.date_of_birth) for one in asked]
    heard = await employees.check(request.app.state.direct, asker, people)
    who = identity_of(heard.caller) if heard.caller else None
    known.note(digest, who)
    return heard.answers or _refused(who, request)


def _refused(who: Identity | None, request: Request[Any, Any, Any]) -> NoReturn:
    """Say why the database did not answer.

    Raises:
        Rejected: 401 `unauthenticated`, 403 `forbidden`, 422 `wrong_partner`.
    """
    if who is None:
        raise unauthenticated()
    check(who, str(request.route_handler.opt["may"]))
    raise Rejected(422, "wrong_partner", f"You are {who.name}, and may ask about its people only.")


def _digest_in(request: Request[Any, Any, Any]) -> bytes:
    """The guard lets nobody else through to a route that signs in itself."""
    digest = digest_in(request)
    assert digest is not None  # noqa: S101
    return digest


router = Router("/eligibility", route_handlers=[check_one, check_many], tags=["real time"])
