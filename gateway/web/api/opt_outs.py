"""Channels by which a client wants to be told no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from gateway.db.models import OptOut
from gateway.domain.preferences import opt_outs
from gateway.domain.preferences.whom import Whom
from gateway.web.calls import Call, may


class OptOutView(Struct, frozen=True, kw_only=True):
    """That a client wanted no more of a channel; it stands until it is ended.

    `how` is `stop_word`, `one_click`, `staff` or `provider`, `ended_how` is `start_word` or `staff`.
    """

    channel: str
    how: str
    by: str
    at: datetime
    ended_how: str | None
    ended_by: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: OptOut) -> OptOutView:
        """One row of the history."""
        return cls(**{name: getattr(one, name) for name in cls.__struct_fields__})


@get("/{client_id:uuid}/opt-outs", sync_to_thread=True, **may("clients.read"))
def list_opt_outs(client_id: FromPath[UUID], call: NamedDependency[Call]) -> list[OptOutView]:
    """List of which channels a client wants, or wanted, no more; the newest first."""
    with call.acting() as acting:
        return _shown(opt_outs.look_up(acting, client_id))


@put("/{client_id:uuid}/opt-outs/{channel:str}", sync_to_thread=True, **may("opt_outs.write"))
def opt_out(client_id: FromPath[UUID], channel: FromPath[str], call: NamedDependency[Call]) -> list[OptOutView]:
    """Send a client no more by a channel, whatever it is and however critical."""
    with call.acting() as acting:
        opt_outs.opt_out(acting, Whom(client_id=client_id), channel, "staff")
        return _shown(opt_outs.history(acting, client_id))


@delete("/{client_id:uuid}/opt-outs/{channel:str}", sync_to_thread=True, **may("opt_outs.write"))
def opt_in(client_id: FromPath[UUID], channel: FromPath[str], call: NamedDependency[Call]) -> None:
    """Let a client be sent by a channel again, because the client wants it; that it stood is kept."""
    with call.acting() as acting:
        opt_outs.opt_in(acting, Whom(client_id=client_id), channel, "staff")


def _shown(found: Sequence[OptOut]) -> list[OptOutView]:
    return [OptOutView.of(one) for one in found]
