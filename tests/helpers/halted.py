"""Deliveries that do not leave, for whoever looks at them."""

from __future__ import annotations

from uuid import UUID


def line_off(inbox, tenants, name: str) -> UUID:
    """A delivery to acme that has been off for three hours, with one parcel that waits on it."""
    [(line,)] = inbox.sql(
        "INSERT INTO delivery_lines (firm_id, partner_id, name, disabled_at, disabled_code)"
        " VALUES (%s, %s, %s, gateway_now() - interval '3 hours', 'closed') RETURNING id",
        *(tenants.northgate, tenants.acme, name),
    )
    parcel(inbox, tenants, line, "waiting")
    return line


def parcel(inbox, tenants, line: UUID, state: str, ended: str | None = None, destroyed: bool = False) -> UUID:
    """A parcel on a line; `ended` is how long ago, such as `2 hours`."""
    [(one,)] = inbox.sql(
        "INSERT INTO parcels (firm_id, partner_id, line_id, cause, due_at, state, attempts, ended_at, destroyed_at)"
        " VALUES (%s, %s, %s, 'schedule', gateway_now(), %s, 7, gateway_now() - CAST(%s AS interval),"
        " CASE WHEN %s THEN gateway_now() END) RETURNING id",
        *(tenants.northgate, tenants.acme, line, state, ended, destroyed),
    )
    return one
