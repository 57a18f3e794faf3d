"""Drafts of settings as programs see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from gateway.config import Finding
from gateway.db.models import ConfigDraft
from gateway.domain.partners.versions import Difference
from gateway.web.api.configs import FeedDifference
from ingest.infer import Proposal
from ingest.studio import columns as mapped
from ingest.studio import drafts, working
from ingest.studio import preview as trying


class DraftSummary(Struct, frozen=True, kw_only=True):
    """A draft in a list; `is_new`: there is no such partner yet."""

    partner: Annotated[str, Meta(examples=["cyberdyne"])]
    is_new: bool
    sample: Annotated[str | None, Meta(examples=["staff_20260504.csv"])]
    version: int
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: ConfigDraft) -> DraftSummary:
        """A draft as staff see it."""
        names = ("version", "opened_by", "opened_at", "changed_by", "changed_at")
        told: dict[str, Any] = {name: getattr(row, name) for name in names}
        expires_at = row.changed_at + drafts.KEPT
        is_new = row.partner_id is None
        return cls(partner=row.slug, is_new=is_new, sample=row.sample_name, expires_at=expires_at, **told)


class Suggested(Struct, frozen=True, kw_only=True):
    """Settings that were inferred from the sample: how many of its rows load so, and what is unsure."""

    source: str
    rows: int
    loaded: int
    unsure: list[str]
    evidence: list[dict[str, str]]

    @classmethod
    def of(cls, one: Proposal) -> Suggested:
        """A proposal as staff see it."""
        return cls(source=one.config, rows=one.rows, loaded=one.loaded, unsure=one.unsure, evidence=one.evidence)


class DraftDifference(Struct, frozen=True, kw_only=True):
    """How a draft differs from the version in force; `text` is a unified diff."""

    text: str
    settings: list[str]
    feeds: list[FeedDifference]

    @classmethod
    def of(cls, one: Difference) -> DraftDifference:
        """A difference as staff see it."""
        return cls(text=one.text, settings=one.settings, feeds=[FeedDifference(*each) for each in one.feeds])


class DraftView(Struct, frozen=True, kw_only=True):
    """A draft, all that is wrong with it, and how it differs from the version in force (0: there is none)."""

    draft: DraftSummary
    source: str
    proposal: Suggested | None
    valid: bool
    findings: list[Finding]
    in_force: int
    difference: DraftDifference | None

    @classmethod
    def of(cls, found: working.Looked) -> DraftView:
        """A draft as staff see it."""
        draft, differs = found.draft, found.difference
        return cls(
            draft=DraftSummary.of(draft.row),
            source=draft.source,
            proposal=Suggested.of(draft.proposal) if draft.proposal else None,
            valid=not found.checked.findings,
            findings=found.checked.findings,
            in_force=draft.in_force,
            difference=DraftDifference.of(differs) if differs else None,
        )


class UseView(Struct, frozen=True, kw_only=True):
    """A field that is read from a column: as it is written and in which line, what speaks for it, and what must be
    looked at.
    """

    field: Annotated[str, Meta(examples=["client.date_of_birth"])]
    spec: dict[str, Any]
    line: int
    because: str | None
    doubts: list[str]
    proposed: dict[str, Any] | None


class ColumnView(Struct, frozen=True, kw_only=True):
    """A column of the sample: some values, secrets masked, and the fields that it becomes; none: it is not stored."""

    part: str | None
    column: str
    values: list[str]
    fields: list[UseView]
    kept: bool
    decides: bool

    @classmethod
    def of(cls, one: mapped.Column) -> ColumnView:
        """A column as staff see it."""
        uses = [
            UseView(
                field=use.target,
                spec=dict(use.spec),
                line=use.line,
                because=use.because,
                doubts=[*use.doubts],
                proposed=None if use.proposed is None else dict(use.proposed),
            )
            for use in one.uses
        ]
        return cls(
            part=one.part, column=one.name, values=one.values, fields=uses, kept=one.is_kept, decides=one.decides
        )


class ColumnsView(Struct, frozen=True, kw_only=True):
    """The columns of the sample, unsure ones first; `unsure` is what else must be looked at."""

    feed: str
    columns: list[ColumnView]
    unsure: list[str]

    @classmethod
    def of(cls, found: mapped.Columns) -> ColumnsView:
        """Columns as staff see them."""
        return cls(feed=found.feed, columns=[ColumnView.of(one) for one in found.columns], unsure=found.doubts)


class PreviewValue(Struct, frozen=True):
    """What stands in the file and what is stored; secrets masked."""

    before: str
    after: str | None


class PreviewRow(Struct, frozen=True, kw_only=True):
    """A row of the sample, with a value for each field of its part."""

    row: int
    fate: trying.Fate
    values: list[PreviewValue]
    problems: list[str]


class PreviewPart(Struct, frozen=True, kw_only=True):
    """The first rows of one sheet or record type; each field with the column that it is read from."""

    part: str | None
    fields: list[str]
    columns: list[str]
    rows: list[PreviewRow]

    @classmethod
    def of(cls, one: trying.Part) -> PreviewPart:
        """Rows as staff see them."""
        rows = [
            PreviewRow(
                row=row.number,
                fate=row.fate,
                values=[PreviewValue(*value) for value in row.values],
                problems=row.problems,
            )
            for row in one.rows
        ]
        fields, columns = [each.field for each in one.headings], [each.column for each in one.headings]
        return cls(part=one.name, fields=fields, columns=columns, rows=rows)


class PreviewProblem(Struct, frozen=True, kw_only=True):
    """Problems alike: how many, and where the first one is."""

    code: str
    column: str | None
    rejects: bool
    count: int
    part: str | None
    first_row: int
    message: str
    fix: str


class PreviewView(Struct, frozen=True, kw_only=True):
    """What would come of the whole sample, and of its first 200 rows one by one."""

    read: int
    stored: int
    rejected: int
    skipped: int
    problems: list[PreviewProblem]
    parts: list[PreviewPart]

    @classmethod
    def of(cls, found: trying.Preview) -> PreviewView:
        """A preview as staff see it."""
        problems = [
            PreviewProblem(
                code=one.code,
                column=one.column,
                rejects=one.is_error,
                count=one.rows,
                part=one.part,
                first_row=one.first_row,
                message=one.message,
                fix=one.fix,
            )
            for one in found.problems
        ]
        parts = [PreviewPart.of(one) for one in found.parts]
        counts = {name: getattr(found, name) for name in ("read", "stored", "rejected", "skipped")}
        return cls(problems=problems, parts=parts, **counts)
