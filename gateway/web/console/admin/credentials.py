"""What partners prove themselves by: keys, OAuth2 clients, SSH keys and passwords for SFTP; made, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.access import accounts, credentials
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners import homes
from gateway.errors import Conflict, Faulty, Invalid
from gateway.web.api.credentials import CredentialMade, NewCredential, OfPartner, added, view_of
from gateway.web.calls import Call, may
from gateway.web.console.admin.parts import page
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk
from gateway.web.idempotency import answered
from gateway.web.pages import Cursor, page_of, paging

SAID = {"credential-revoked": "It has ended, and so have the tokens that were fetched with it."}
SHOWN = 50
_FIELDS = {  # where a problem is told
    "already_expired": "expires_at",
    "public_key_needed": "public_key",
    "ssh_key_unusable": "public_key",
    "ssh_key_known": "public_key",
    "too_many_keys": "kind",
}


@get("/admin/credentials", sync_to_thread=True, **may("credentials.manage"))
def browse(
    call: NamedDependency[Call], desk: NamedDependency[Desk], partner: OfPartner = None, cursor: Cursor = None
) -> Response[str]:
    """List them, ended ones included, the newest first."""
    return _list(call, desk, partner or None, cursor)


def _list(
    call: Call,
    desk: Desk,
    partner: str | None = None,
    cursor: str | None = None,
    **told: Any,  # noqa: ANN401 - a template's
) -> Response[str]:
    with call.acting() as acting:
        found = page_of(credentials.listed(acting, partner, paging(cursor, SHOWN)), view_of, SHOWN)
        after = {"partner": partner or "", "cursor": found.pagination.next_cursor}
        return page(
            acting,
            desk,
            "admin_credentials.html",
            **{"made": None} | told,
            found=found.data,
            partner=partner,
            following=f"/admin/credentials?{urlencode(after)}" if after["cursor"] else None,
            partners=sorted(homes.slugs(acting)),
            kinds=get_args(credentials.Kind),
            scopes=SCOPES,
        )


@post("/admin/credentials", sync_to_thread=True, **takes_form("credentials.manage"))
def make(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Make one; this page alone shows its secret, and shows it again when it is loaded again."""
    try:
        dated = _dated(form, call)
        wanted = dated.read(NewCredential, scopes=list(form.under("scope:")))
        made = answered(added(wanted, form.keyed(call)), CredentialMade)
    except Faulty as problem:
        return _list(call, desk, filled=form.fields, errors=problem.faults)
    except (Invalid, Conflict) as problem:
        if problem.code not in _FIELDS:
            raise
        status = 409 if isinstance(problem, Conflict) else 422
        told: Mapping[str, str] = {_FIELDS[problem.code]: problem.sentence}
        return _list(call, desk, status=status, filled=form.fields, errors=told)
    return _list(call, desk, made=made)


def _dated(form: Form, call: Call) -> Form:
    """The form with the instant at which the day begins by the firm's clock: until then it is good.

    Raises:
        Unfilled: it is no day.
    """
    given = form.fields.get("expires_at", "")
    if not given:
        return form
    with call.acting() as acting:
        zone = ZoneInfo(accounts.own_firm(acting).time_zone)
    try:
        until = datetime.combine(date.fromisoformat(given), time(), zone).isoformat()
    except ValueError:
        raise Unfilled("not_filled_in", "This is no day.", {"expires_at": "Give a day such as 2026-05-01."}) from None
    return replace(form, fields={**form.fields, "expires_at": until})


@post("/admin/credentials/{credential_id:uuid}/revoke", sync_to_thread=True, **takes_form("credentials.manage"))
def revoke(
    credential_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """End one at once."""
    with call.acting() as acting:
        credentials.revoke(acting, credential_id)
    return desk.on_to("/admin/credentials", "credential-revoked")


HANDLERS = (browse, make, revoke)
