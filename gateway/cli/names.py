"""`gateway partner names`: the column names that a partner's feeds have learned, and how one is forgotten."""

from __future__ import annotations

from uuid import UUID

import rich_click as click
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.db.models import FeedRow, HeaderAlias
from gateway.domain.partners import names
from gateway.domain.partners.homes import find_home
from gateway.errors import NotFound


@click.command("names", epilog=examples("gateway partner names acme", "gateway partner names acme --forget 'Emp No'"))
@click.argument("partner")
@click.option("--forget", metavar="NAME", help="Take this name back, or this id: the next file that has it is held.")
@json_option
def command(partner: str, forget: str | None, as_json: bool) -> None:
    """List the column names that were accepted since for columns of a partner's files, or forget one."""
    with opened() as office:
        home = find_home(office, partner)
        with office.db.firm(home.firm_id) as session:
            found = _learned(session, home.partner_id)
            if forget is not None:
                found = [(feed, alias) for feed, alias in found if forget in {alias.found, str(alias.id)}]
                _forget(session, found, forget)
            told = [_account(feed, alias) for feed, alias in found]
    if as_json:
        print_json(told)
        return
    may = "may also" if forget is None else "may no longer"
    for one in told:
        sentence = f"In {one['feed']}, {one['expected']!r} {may} be called {one['found']!r}"
        accepted = f"accepted by {one['accepted_by']} on {one['accepted_at']:%Y-%m-%d}"
        console().print(plain(f"{sentence} ({accepted}; {one['id']})."), soft_wrap=True)
    if not told:
        console().print(plain(f"The feeds of {partner} have learned no names."))


def _learned(session: Session, partner_id: UUID) -> list[tuple[FeedRow, HeaderAlias]]:
    feeds = session.scalars(select(FeedRow).where(FeedRow.partner_id == partner_id).order_by(FeedRow.name)).all()
    return [(feed, alias) for feed in feeds for alias in names.learned(session, feed.id)]


def _forget(session: Session, found: list[tuple[FeedRow, HeaderAlias]], wanted: str) -> None:
    """Forget the name in every feed that has learned it.

    Raises:
        NotFound: none has.
    """
    if not found:
        raise NotFound("learned name", wanted)
    for feed, alias in found:
        names.forget(session, feed.id, alias.id, me())


def _account(feed: FeedRow, alias: HeaderAlias) -> dict[str, object]:
    return {
        "id": alias.id,
        "feed": feed.name,
        "expected": alias.expected,
        "found": alias.found,
        "accepted_by": alias.accepted_by,
        "accepted_at": alias.created_at,
    }
