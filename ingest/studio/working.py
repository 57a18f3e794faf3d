"""What is done with a draft: settings inferred from its sample, held against those in force, tried, put in force.

What reads a whole sample does so between two transactions: it takes seconds, in which no connection is held.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from gateway import clock
from gateway.config import ConfigError, Finding, PartnerSettings, Reader
from gateway.db.models import FeedRow, Partner
from gateway.domain.access.accounts import own_firm
from gateway.domain.audit import Change, record
from gateway.domain.partners import names, versions
from gateway.domain.partners.versions import Applied, Checked, Difference, Side
from gateway.domain.people.changes import Expected, check_expected
from gateway.errors import Conflict, Invalid
from gateway.office import Acting, Actor, Office
from ingest.feeds import FEEDS
from ingest.infer import Asked, infer
from ingest.studio import drafts
from ingest.studio.columns import Columns, columns_of, feed_in
from ingest.studio.drafts import Draft, Sample
from ingest.studio.light import check_light
from ingest.studio.preview import Preview, previewed


class NotSound(Invalid):
    """Settings that cannot be put in force, or tried; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        told = "; ".join(map(str, findings[:5]))
        super().__init__("config_invalid", f"These settings are not right yet: {told}")


class Looked(NamedTuple):
    """A draft, what is wrong with it, and how it differs from the version in force.

    Attributes:
        difference: None where there is no version yet, or where the text cannot be compared.
    """

    draft: Draft
    checked: Checked
    difference: Difference | None


def look(acting: Acting, slug: str, reader: Reader) -> Looked:
    """A draft with everything that is wrong with it.

    Raises:
        NotFound: there is no draft.
    """
    draft = drafts.read(acting, slug)
    checked = versions.checked(acting, slug, draft.source, None, reader)
    return Looked(draft, checked, _difference(draft))


def columns(acting: Acting, slug: str) -> Columns:
    """The columns of a draft's sample, and what each becomes; it goes on record who saw values of them.

    Raises:
        NotFound: there is no draft.
        NotSound: the text cannot be read, or says no format.
        Invalid: the sample cannot be read by it.
        Conflict: `no_sample`.
        Forbidden: `walled`.
    """
    draft = drafts.read(acting, slug)
    sample = _given(drafts.sample_of(acting, draft))
    note_look(acting, draft, "columns")
    try:
        return columns_of(draft.source, draft.proposal, sample)
    except ConfigError as error:
        raise NotSound(error.findings) from error


def put_sample(acting: Acting, slug: str, sample: Sample, expected: Expected) -> None:
    """Keep a file as the sample; see `drafts.put_sample`, and `check_light`."""
    drafts.put_sample(acting, slug, sample, expected)
    check_light(sample)


def propose(office: Office, firm_id: UUID, actor: Actor, slug: str, expected: Expected, reader: Reader) -> None:
    """Infer settings from a draft's sample; they become its text where it has no feed yet, else they stand beside it.

    Raises:
        NotUnderstood: no settings can be proposed; the sentence says why.
        Conflict: `no_sample`.
        Forbidden: `walled`.
        NotFound, Outdated: there is no draft, or somebody else has changed it, before or meanwhile.
    """
    with office.acting(firm_id, actor) as acting:
        draft = drafts.read(acting, slug)
        check_expected(expected, draft.row.version)
        sample, version = _given(drafts.sample_of(acting, draft)), draft.row.version
        checked = versions.checked(acting, slug, draft.source, None, reader)
        firm = own_firm(acting).slug
    head, has_feeds = checked.settings.head if checked.settings else None, _has_feeds(checked)
    asked = Asked(slug, firm, head.name if head else None, head.time_zone if head and has_feeds else None)
    proposal = infer(sample, asked, reader)
    with office.acting(firm_id, actor) as acting:
        drafts.put_proposal(acting, slug, proposal, frozenset({version}), as_text=not has_feeds)


def preview(office: Office, firm_id: UUID, actor: Actor, slug: str, reader: Reader) -> Preview:
    """Try a draft on its sample; nothing changes, and it goes on record who saw the rows.

    Raises:
        NotSound: something is wrong with the settings.
        Invalid: the sample cannot be read by them.
        Conflict: `no_sample`.
        Forbidden: `walled`.
        NotFound: there is no draft.
    """
    with office.acting(firm_id, actor) as acting:
        draft = drafts.read(acting, slug)
        sample = _given(drafts.sample_of(acting, draft))
        settings = sound(versions.checked(acting, slug, draft.source, None, reader))
        learned = _learned(acting, slug, settings, sample)
        note_look(acting, draft, "rows")
    today = clock.day_in(settings.head.time_zone, clock.now())
    return previewed(settings, sample, today, learned)


def apply(
    acting: Acting, slug: str, in_force: int, expected: Expected, reader: Reader, reason: str | None = None
) -> Applied:
    """Put a draft in force as a new version; the draft ends with it.

    Args:
        acting: who does it.
        slug: of the partner, who is added where there is none yet.
        in_force: the version with which the draft was compared; 0 where there was none.
        expected: the versions of the draft of which somebody saw one.
        reader: of all sections.
        reason: why, in a person's words; it stands with the version.

    Raises:
        NotSound: something is wrong with the settings.
        Outdated: somebody else has changed the draft.
        Conflict: `in_force_changed`, another version has been put in force; `partner_elsewhere`.
        NotFound: there is no draft.
    """
    row = drafts.take(acting, slug, expected)
    draft = drafts.read(acting, slug)
    settings = sound(versions.checked(acting, slug, draft.source, None, reader))
    if row.partner_id is not None:
        versions.in_force(acting, row.partner_id, for_change=True)
    else:
        drafts.check_free(acting, slug)
    now = drafts.read(acting, slug).in_force
    if now != in_force:
        sentence = f"Version {now} has been put in force since you looked; look at the difference again."
        raise Conflict("in_force_changed", sentence)
    applied = versions.apply(acting, settings, reason=reason)
    told = {"partner": slug, "version": applied.config.version}
    record(acting, "config_draft.apply", changes=[Change("config_draft", row.id, "applied", new=told)])
    acting.session.delete(row)
    return applied


# ---------------------------------------------------------------- helpers


def _difference(draft: Draft) -> Difference | None:
    if draft.before is None:
        return None
    try:
        return versions.compare(draft.before, Side("the draft", draft.source, draft.before.tables))
    except Invalid:  # told among the findings
        return None


def sound(checked: Checked) -> PartnerSettings:
    """Settings that nothing is wrong with.

    Raises:
        NotSound: something is.
    """
    if checked.settings is None or checked.findings:
        raise NotSound(checked.findings)
    return checked.settings


def _given(sample: Sample | None) -> Sample:
    if sample is None:
        raise Conflict("no_sample", "There is no sample yet, or it was destroyed; send one.")
    return sample


def _has_feeds(checked: Checked) -> bool:
    """Whether a text says anything of files; one that cannot be read does, as far as anybody knows."""
    return checked.settings is None or bool(FEEDS.of(checked.settings))


def _learned(acting: Acting, slug: str, settings: PartnerSettings, sample: Sample) -> dict[str, list[str]]:
    """The names of columns that were accepted since, where there is the feed already."""
    said = {"feeds": {name: {"file": feed.file} for name, feed in FEEDS.of(settings).items()}}
    feed = select(FeedRow.id).join(Partner, Partner.id == FeedRow.partner_id)
    found = acting.session.scalar(feed.where(Partner.slug == slug, FeedRow.name == feed_in(said, sample.name)))
    return {} if found is None else names.learned_names(acting.session, found)


def note_look(acting: Acting, draft: Draft, what: str) -> None:
    """Put on record that somebody saw what stands in a partner's files."""
    told = {"partner": draft.row.slug, "of": what}
    record(acting, "config_draft.view", changes=[Change("config_draft", draft.row.id, "seen", new=told)])
