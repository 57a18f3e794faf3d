"""Drafts of settings: opened, saved, given a sample, dropped; each the firm's, one for each partner or partner to be.

A draft that nobody changed for 30 days goes. Its sample goes when a person of its partner's is erased, and so does that
of a draft whose partner there is not yet: nobody knows whom it names, and whoever put it there has the file.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from gateway import clock
from gateway.config import ConfigError, Reader
from gateway.config.editing import flow
from gateway.config.loader import MAX_BYTES
from gateway.db.models import ConfigDraft, Partner, PartnerConfig
from gateway.db.models.base import blanks
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access.accounts import own_firm
from gateway.domain.audit import Action, Change, record
from gateway.domain.partners.versions import Side
from gateway.domain.people import walls
from gateway.domain.people.changes import Expected, check_expected
from gateway.erasing import Eraser, Person, Share
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Acting
from ingest.infer import Proposal

KEPT = timedelta(days=30)  # after the last change
MOST_SAMPLE = 2 << 20  # bytes; inferring settings from so many takes three seconds

_LETTERS = 200  # of a file's name, which is kept from its end on: there it says what it is
_ZONE = "America/New_York"  # until somebody says another, or a proposal guesses one
_SOURCE, _PROPOSAL, _SAMPLE = (f"config_drafts.{name}" for name in ("source", "proposal", "sample"))


@dataclass(frozen=True)
class Sample:
    """The file for which settings are made; satisfies `ingest.formats.base.Source`."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        """The content, anew each time."""
        yield self.content


@dataclass(frozen=True)
class Draft:
    """A draft as it is read.

    Attributes:
        row: as it is stored.
        proposal: what was inferred from its sample, last.
        in_force: the version in force, 0 where the partner has none; and its text and tables.
    """

    row: ConfigDraft
    source: str
    proposal: Proposal | None
    in_force: int
    before: Side | None

    @property
    def expires_at(self) -> datetime:
        """When it goes, unless somebody changes it before."""
        return self.row.changed_at + KEPT


def listed(acting: Acting, paging: Paging) -> Found[ConfigDraft]:
    """The firm's drafts, the newest first."""
    return newest(acting.session, select(ConfigDraft), (ConfigDraft.opened_at, ConfigDraft.id), paging)


def begin(acting: Acting, slug: str, name: str | None, time_zone: str | None, reader: Reader) -> bool:
    """Have a draft of a partner's settings in force, or of a new partner's; whether there was none yet.

    Raises:
        Invalid: `bad_name`, no partner can be called so.
        Conflict: `partner_elsewhere`, its slug is another firm's.
        NotFound: the partner is one from which a wall keeps the actor.
    """
    partner_id = acting.session.scalar(select(Partner.id).where(Partner.slug == slug))
    if partner_id is None:
        check_free(acting, slug)
    active = _active(acting, slug)
    text = active.source if active else _first_text(acting, slug, name, time_zone, reader)
    [sealed] = acting.cipher.encrypt_column([text], _SOURCE)
    me = acting.actor.name
    given = {"firm_id": acting.firm_id, "slug": slug, "partner_id": partner_id, "source": sealed}
    made = insert(ConfigDraft).values(given | {"opened_by": me, "changed_by": me}).on_conflict_do_nothing()
    draft_id = acting.session.scalar(made.returning(ConfigDraft.id))  # None: two pressed at once, or one before
    if draft_id is not None:
        told = Change("config_draft", draft_id, "opened", new={"partner": slug})
        record(acting, "config_draft.open", changes=[told])
    return draft_id is not None


def read(acting: Acting, slug: str) -> Draft:
    """A draft, decrypted, without its sample.

    Raises:
        NotFound: there is none.
    """
    row = _find(acting, slug)
    opened, active = acting.cipher.decrypt, _active(acting, slug)
    proposal = None
    if row.proposal is not None:
        proposal = msgspec.json.decode(opened(row.proposal, _PROPOSAL), type=Proposal)
    before = Side.of(active) if active else None
    return Draft(row, opened(row.source, _SOURCE), proposal, active.version if active else 0, before)


def sample_of(acting: Acting, draft: Draft) -> Sample | None:
    """The sample; None where there is none.

    Raises:
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
    """
    row = draft.row
    check_walls(acting, row, "The sample")
    if row.sample is None or row.sample_name is None:
        return None
    return Sample(row.sample_name, base64.b64decode(acting.cipher.decrypt(row.sample, _SAMPLE)))


def save(acting: Acting, slug: str, text: str, expected: Expected) -> None:
    """Keep a text, whatever is wrong with it.

    Raises:
        Invalid: `too_long`; `no_text`, it holds what no text does.
        NotFound, Outdated: there is no draft, or somebody else has changed it.
    """
    row = take(acting, slug, expected)
    [row.source] = acting.cipher.encrypt_column([_fitting(text)], _SOURCE)  # type: ignore[assignment]  # one for one
    note(acting, row, "config_draft.change", "changed")


def put_sample(acting: Acting, slug: str, sample: Sample, expected: Expected, taken: UUID | None = None) -> None:
    """Keep a file as the sample, in the place of another one; `taken` is the import whose file it is.

    Raises:
        Invalid: `sample_too_large`, `empty_file`.
        Forbidden: `walled`.
        NotFound, Outdated: as `save`.
    """
    row = take(acting, slug, expected)
    check_walls(acting, row, "The sample")
    if not sample.size:
        raise Invalid("empty_file", "The sample is empty; choose a file with some rows.")
    check_size(sample.size)
    [sealed] = acting.cipher.encrypt_column([base64.b64encode(sample.content).decode()], _SAMPLE)
    name = "".join(filter(str.isprintable, sample.name))[-_LETTERS:] or "sample"
    row.sample, row.sample_name = sealed, name  # at once: a question in between would write the half
    said = {"bytes": sample.size}
    note(acting, row, "config_draft.sample", "sample_taken" if taken else "sample_put", said, import_id=taken)


def check_size(size: int) -> None:
    """Refuse a file of too many bytes to be a sample.

    Raises:
        Invalid: `sample_too_large`.
    """
    if size > MOST_SAMPLE:
        most = f"{MOST_SAMPLE >> 20} MB"
        raise Invalid(
            "sample_too_large", f"A sample holds at most {most}; send the first few thousand rows of the file."
        )


def put_proposal(acting: Acting, slug: str, proposal: Proposal, expected: Expected, *, as_text: bool) -> None:
    """Keep what was inferred from the sample; as the text as well, where asked for.

    Raises:
        NotFound, Outdated: as `save`.
    """
    row = take(acting, slug, expected)
    told = msgspec.json.encode(proposal).decode()
    [row.proposal] = acting.cipher.encrypt_column([told], _PROPOSAL)
    if as_text:
        [row.source] = acting.cipher.encrypt_column([proposal.config], _SOURCE)  # type: ignore[assignment]  # as above
    note(acting, row, "config_draft.propose", "proposed", new={"unsure": len(proposal.unsure)})


def drop(acting: Acting, slug: str, expected: Expected = None) -> None:
    """Destroy a draft, with its sample.

    Raises:
        NotFound, Outdated: as `save`.
    """
    row = take(acting, slug, expected)
    told = Change("config_draft", row.id, "dropped", old={"partner": slug})
    acting.session.delete(row)
    record(acting, "config_draft.drop", changes=[told])


def take(acting: Acting, slug: str, expected: Expected) -> ConfigDraft:
    """A draft, held until the transaction ends.

    Raises:
        NotFound: there is none.
        Outdated: somebody else has changed it.
    """
    row = _find(acting, slug, for_change=True)
    check_expected(expected, row.version)
    return row


def check_walls(acting: Acting, row: ConfigDraft, what: str) -> None:
    """Refuse what may name a person to whom that person is kept from.

    Raises:
        Forbidden: `walled`.
    """
    if row.partner_id is not None and walls.screens(acting.session, row.partner_id):
        raise Forbidden("walled", f"{what} may name a person from whom an ethical wall keeps you.")


def check_free(acting: Acting, slug: str) -> None:
    """See that a partner that there is not yet can have a slug; whose it is else is nobody's to know.

    Raises:
        Conflict: `partner_elsewhere`, it is another firm's.
        NotFound: it is that of a partner from which a wall keeps the actor.
    """
    with acting.office.db.system() as everybodys:  # to a firm's own session, others' partners do not exist
        owner = everybodys.scalar(select(Partner.firm_id).where(Partner.slug == slug))
    if owner == acting.firm_id:
        raise NotFound("partner", slug)
    if owner is not None:
        raise Conflict("partner_elsewhere", f"The short name {slug!r} is taken; give this partner another one.")


def note(
    acting: Acting,
    row: ConfigDraft,
    action: Action,
    what: str,
    new: Mapping[str, object] | None = None,
    import_id: UUID | None = None,
) -> None:
    """Count a change, and put it on record."""
    row.version, row.changed_by, row.changed_at = row.version + 1, acting.actor.name, clock.now()
    acting.session.flush()
    told = Change("config_draft", row.id, what, new={"partner": row.slug, **(new or {})})
    record(acting, action, import_id=import_id, changes=[told])


# ---------------------------------------------------------------- what goes by itself


def expire(session: Session) -> None:
    """Destroy what nobody changed for long; the session is the system's."""
    session.execute(delete(ConfigDraft).where(ConfigDraft.changed_at < clock.now() - KEPT))


def _erase(acting: Acting, person: Person) -> Share:
    which = or_(ConfigDraft.partner_id == person.partner_id, ConfigDraft.partner_id.is_(None))
    gone = update(ConfigDraft).where(which, ConfigDraft.sample.is_not(None)).values(blanks(ConfigDraft))
    found = acting.session.scalars(gone.returning(ConfigDraft.id), execution_options={"synchronize_session": False})
    return Share({"samples": len(found.all())})


ERASERS = (Eraser(("config_drafts",), _erase),)


# ---------------------------------------------------------------- helpers


def _find(acting: Acting, slug: str, *, for_change: bool = False) -> ConfigDraft:
    wanted = select(ConfigDraft).where(ConfigDraft.slug == slug).options(undefer(ConfigDraft.proposal))
    row = acting.session.scalar(wanted.with_for_update() if for_change else wanted)
    if row is None:
        raise NotFound("draft of settings of partner", slug)
    return row


def _active(acting: Acting, slug: str) -> PartnerConfig | None:
    wanted = select(PartnerConfig).join(Partner, Partner.id == PartnerConfig.partner_id)
    return acting.session.scalar(wanted.where(Partner.slug == slug, PartnerConfig.active))


def _first_text(acting: Acting, slug: str, name: str | None, time_zone: str | None, reader: Reader) -> str:
    """Who a new partner is; what its files are is not known yet."""
    firm = own_firm(acting).slug
    named = {
        "partner": slug,
        "firm": firm,
        "name": name or slug.replace("-", " ").title(),
        "time_zone": time_zone or _ZONE,
    }
    text = "".join(f"{key}: {flow(value)}\n" for key, value in named.items())
    try:
        reader.read(text)
    except ConfigError as error:
        said = " ".join(f"{one.path}: {one.message}" for one in error.findings)
        raise Invalid("bad_name", f"There can be no such partner. {said}") from error
    return text


def _fitting(text: str) -> str:
    """A text as it is kept, with line ends of one kind: browsers send another one than they show."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Invalid("no_text", "This holds half a character, as no text does.") from error
    if size > MAX_BYTES:
        raise Invalid("too_long", f"Settings have at most {MAX_BYTES:,} bytes.")
    return text.replace("\r\n", "\n")
