"""Partners with feeds whose files came, were held, or did not come, day by day, for whoever looks at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.domain.partners import versions
from gateway.wings import PARTNER_YAML
from helpers.inbox import ME, ROSTER, Inbox

PROMISED = '    expected: {by: "06:00", days: daily}\n    contents: full'


def settings_of(slug: str, name: str = "ACME Manufacturing, Inc.", feeds: tuple[str, ...] = ("roster",)) -> str:
    """A partner.yaml in which a file of each feed is due at six in the morning, by Chicago."""
    whole = ROSTER.format(partner=slug, firm="northgate").replace("ACME Manufacturing, Inc.", name)
    head, body = whole.replace("    contents: full", PROMISED).split("feeds:\n")
    return head + "feeds:\n" + "".join(body.replace("roster", feed) for feed in feeds)


def send_files(
    inbox: Inbox, slug: str, feeds: tuple[str, ...] = ("roster",), name: str = "ACME Manufacturing, Inc."
) -> None:
    """Put the settings of a partner in force."""
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        versions.apply(acting, PARTNER_YAML.read(settings_of(slug, name, feeds)))


def came(inbox: Inbox, slug: str, feed: str, at: datetime, state: str = "loaded", **more: Any) -> UUID:
    """A file that came, as a row; nothing is stored of it."""
    key = inbox.sql(
        "INSERT INTO files (firm_id, partner_id, name, sha256, size, storage_key, via, received_at)"
        " SELECT firm_id, id, %s, 'x', 1, 'x', 'drop', %s FROM partners WHERE slug = %s RETURNING id",
        *(more.get("name", f"{feed}_{at:%Y%m%d}.csv"), at, slug),
    )[0][0]
    ended = None if state in ("received", "running") else at + timedelta(minutes=1)
    [(one,)] = inbox.sql(
        "INSERT INTO imports (firm_id, partner_id, feed_id, file_id, state, code, counts, received_at, finished_at)"
        ' SELECT f.firm_id, f.partner_id, f.id, %s, %s, %s, \'{"rows": {"read": 200}}\', %s, %s FROM feeds f'
        " JOIN partners p ON p.id = f.partner_id WHERE p.slug = %s AND f.name = %s RETURNING id",
        *(key, state, more.get("code"), at, ended, slug, feed),
    )
    return one


def begun(inbox: Inbox, days: int) -> None:
    """The feeds are as many days old."""
    inbox.sql("UPDATE feeds SET created_at = gateway_now() - make_interval(days => %s) RETURNING id", days)
