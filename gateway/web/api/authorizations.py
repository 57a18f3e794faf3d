"""Until when a person may work, as the firm's staff see it; partners see papers and stages, and none of this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import asdict

from gateway.domain.expiry.authorization import Controlling
from gateway.domain.expiry.looking import look_up
from gateway.web.calls import Call, may

AsOf = Annotated[date | None, QueryParameter(description="As of this day; today in the firm's zone.")]


class WorkAuthorization(Struct, frozen=True, kw_only=True):
    """What ends the permission to work: the controlling basis, how it was found, and what speaks against it.

    In `working`, what begins with "Not counted" depends on what no record proves.
    """

    client_id: UUID
    on: date
    ends_on: Annotated[date | None, Meta(examples=["2027-03-31"])]
    is_open_ended: Annotated[bool, Meta(examples=[False])]
    basis: Annotated[str, Meta(examples=["petition"])]
    controlling: Controlling | None
    working: Annotated[Sequence[str], Meta(examples=[["The I-94 ends on 2027-03-31."]])]
    conflicts: Annotated[Sequence[str], Meta(examples=[["There is no I-797."]])]
    sentence: Annotated[str, Meta(examples=["Permission to work ends on 2027-03-31 (H-1B): the I-94 controls."])]


@get("/{client_id:uuid}/work-authorization", sync_to_thread=True, **may("documents.read"))
def get_work_authorization(
    client_id: FromPath[UUID], call: NamedDependency[Call], on: AsOf = None
) -> WorkAuthorization:
    """Tell what ends a person's permission to work, with the working; that it was looked at is on record."""
    with call.acting() as acting:
        day, found = look_up(acting, client_id, on)
    return WorkAuthorization(client_id=client_id, on=day, **asdict(found))
