"""Real-time checks: a partner asks whether its employee is in the programme, and hears what is true at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import psycopg
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct
from psycopg.rows import namedtuple_row

from gateway import clock
from gateway.db.session import HOT_OPENING
from gateway.domain import employees
from gateway.domain.employees import Answer, Asked, Asker
from gateway.web.auth.partners import digest_in, identity_of, unauthenticated
from gateway.web.calls import Identity, check, may, origin_of
from gateway.web.limiting import count
from gateway.web.problems import Rejected
from ingest.office import Office

MOST_AT_ONCE = 1_000

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


@post("/check", sync_to_thread=True, status_code=200, **may("eligibility.check", signs_in=True))
def check_one(
    request: Request[Any, Any, Any], data: JSONBody[Question], office: NamedDependency[Office]
) -> Response[Eligibility]:
    """Tell whether one employee is in the programme.

    404 with `eligible: false` and the reason `unknown` when nobody has this id, and just the same when the birth date
    is another one.
    """
    [answer] = _answers(request, office, [data])
    return Response(Eligibility.of(answer), status_code=200 if answer.client_id else 404)


@post("/check/batch", sync_to_thread=True, status_code=200, **may("eligibility.check", signs_in=True))
def check_many(
    request: Request[Any, Any, Any], data: JSONBody[Questions], office: NamedDependency[Office]
) -> EligibilityList:
    """Tell it of up to 1,000 employees, in the order in which they were asked about."""
    return EligibilityList([Eligibility.of(answer) for answer in _answers(request, office, data.checks)])


def _answers(request: Request[Any, Any, Any], office: Office, asked: list[Question]) -> list[Answer]:
    with _signed_in(request, office) as (connection, who, zone):
        for one in asked:
            if one.partner_id not in {None, who.name}:
                raise Rejected(422, "wrong_partner", f"You are {who.name}, and may ask about its people only.")
        asker = Asker(who.firm_id, _present(who.partner_id), who.id, who.name, origin_of(request))
        people = [Asked(one.employee_id, one.date_of_birth) for one in asked]
        return employees.check(connection, asker, people, clock.day_in(zone, clock.now()))


@contextmanager
def _signed_in(
    request: Request[Any, Any, Any], office: Office
) -> Iterator[tuple[psycopg.Connection[Any], Identity, str]]:
    """A transaction of the caller's firm, opened in the round trip that finds out who calls."""
    permission = str(request.route_handler.opt["may"])
    digest = digest_in(request)

    def ask(connection: psycopg.Connection[Any]) -> Any:  # noqa: ANN401 - a row of sign_in(bytea)
        with connection.pipeline(), connection.cursor(row_factory=namedtuple_row) as cursor:
            connection.execute("BEGIN")
            connection.execute(HOT_OPENING)
            return cursor.execute(_SIGN_IN, (digest,)).fetchone()

    with office.db.hot(ask) as (connection, found):
        who = identity_of(found) if found else None
        if who is None:
            raise unauthenticated()
        count(request, who)
        check(who, permission)
        if found.is_idle:
            connection.execute(_USED, (found.credential_id,))
        yield connection, who, found.time_zone
        connection.execute("COMMIT")


_USED = "UPDATE credentials SET last_used_at = gateway_now() WHERE id = %s"
_SIGN_IN = "SELECT s.*, set_config('app.firm_id', s.firm_id::text, true) AS firm FROM sign_in(%s) s"


def _present(partner_id: UUID | None) -> UUID:
    assert partner_id is not None  # noqa: S101 - only partners hold the permission
    return partner_id


router = Router("/eligibility", route_handlers=[check_one, check_many], tags=["real time"])
