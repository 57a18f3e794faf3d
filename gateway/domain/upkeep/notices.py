"""Whether people are told what they should be: what doctor sees of notices, their channels and their recipients."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db.models import ChannelState, Dispatch, Firm, Staff
from gateway.domain.upkeep.checks import Check, Level
from gateway.settings import Settings

_SHOWN = 5
_LASTING = 3  # rests in a row; the first two are of a minute and two, which a provider's restart takes as well


def checks(session: Session) -> Iterator[Check]:
    """Notices that wait for a person, channels that are left alone, and firms without an admin, in a system session."""
    yield _for_people(session)
    yield _resting(session)
    yield _listeners(session)


def ways_out(settings: Settings) -> Iterator[Check]:
    """Whether mail leaves this machine, and whether its links lead back from elsewhere."""
    if settings.smtp_url:
        yield Check("mail", "ok", f"It leaves by a relay, from {settings.mail_from}.")
    else:
        advice = "Name a relay in GATEWAY_SMTP_URL (docs/operations.md), unless this is a trial."
        found = f"No relay is set: each message is put into {settings.data_dir / 'sent'}, and nobody gets it."
        yield Check("mail", "warning", found, advice)
    if settings.public_url:
        yield Check("links", "ok", f"They begin with {settings.public_url}.")
    else:
        advice = "Say in GATEWAY_PUBLIC_URL under which address people reach the API, unless this is a trial."
        found = f"Those in messages begin with {settings.reached_at}, where the API listens."
        yield Check("links", "warning", found, advice)


def _for_people(session: Session) -> Check:
    counted = (
        select(Firm.slug, Dispatch.state, func.count().label("number"))
        .join(Firm, Firm.id == Dispatch.firm_id)
        .where(Dispatch.state.in_(_ADVICE))
        .group_by(Firm.slug, Dispatch.state)
        .order_by(Dispatch.state.desc(), Firm.slug)
    )
    found = session.execute(counted).all()
    if not found:
        return Check("notices", "ok", "None waits for a person.")
    told = _listed([f"{one.number} {one.state} at {one.slug}" for one in found])
    advice = " ".join(words for state, words in _ADVICE.items() if any(one.state == state for one in found))
    return Check("notices", "warning", f"{told}.", advice)


_ADVICE = {
    "held": "Nobody knows whether those that are held came through: ask the recipient, then gateway notice release ID"
    " or cancel ID (gateway notice list --firm FIRM --state held).",
    "dead": "Dead ones failed five times: gateway notice retry ID or cancel ID (--state dead lists them).",
}


def _resting(session: Session) -> Check:
    """Of each channel that is left alone why; after the rest one message is a trial."""
    found = session.execute(
        select(ChannelState.channel, Firm.slug, ChannelState.code, ChannelState.rests)
        .outerjoin(Firm, Firm.id == ChannelState.firm_id)
        .where(ChannelState.rests_until.is_not(None))
        .order_by(ChannelState.channel, Firm.slug)
    ).all()
    if not found:
        return Check("channels", "ok", "None is left alone.")
    told = _listed([f"{one.channel}{f' of {one.slug}' if one.slug else ''} ({one.code})" for one in found])
    advice = f"gateway notice ping --channel {found[0].channel} says where it fails; what is due waits meanwhile."
    level: Level = "problem" if any(one.rests >= _LASTING for one in found) else "warning"
    return Check("channels", level, f"Left alone, for they fail: {told}.", advice)


def _listeners(session: Session) -> Check:
    """Admins are told where nobody else is there to be, and of all that needs people's eyes."""
    an_admin = select(Staff.id).where(Staff.firm_id == Firm.id, Staff.role == "admin", Staff.active).exists()
    without = session.scalars(select(Firm.slug).where(Firm.status == "active", ~an_admin).order_by(Firm.slug)).all()
    if not without:
        return Check("recipients", "ok", "Every firm has an admin to be told what nobody else is told.")
    advice = f"gateway staff add EMAIL --firm {without[0]} --role admin makes one."
    found = f"Without an admin, so that what only admins are told is told to nobody: {_listed(list(without))}."
    return Check("recipients", "warning", found, advice)


def _listed(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")
