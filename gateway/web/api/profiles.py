"""What is known of people for eligibility checks, as staff see and keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from gateway.db.models import ProfileEntry
from gateway.domain.eligibility import entries, profiles
from gateway.domain.eligibility.completeness import Completeness, completeness
from gateway.domain.eligibility.entries import Ref, Said
from gateway.domain.eligibility.facts import LONGEST, plain
from gateway.domain.eligibility.profiles import Known
from gateway.domain.eligibility.terms import Backing
from gateway.domain.rules.profile_kinds import Kind, profile_kinds
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.texts import NO_NUL, Name
from gateway.web.versions import IfMatch, expected, tag

Fact = Annotated[str, Meta(max_length=LONGEST)] | int | float | bool | None
Facts = Annotated[dict[Name, Fact], Meta(max_length=50, examples=[{"name": "Best Paper", "scope": "international"}])]
Proof = Annotated[str, Meta(max_length=LONGEST, pattern=NO_NUL, examples=["Letter of the committee, folder 3"])]
VisaName = Annotated[
    str | None, QueryParameter(max_length=60, pattern=NO_NUL, description="For this visa; for each, if left out.")
]
RefInPath = Annotated[str, PathParameter(max_length=60, pattern=NO_NUL, description="Kind and number: `award.2`.")]


class EntryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said, whole. Days are ISO 8601; what is null or left out is not known.

    `asserted`: somebody says so. `documented`: a paper shows it, the document that is named, or what `proof` says.
    `corroborated`: somebody independent confirms it; `proof` says who.
    """

    facts: Facts
    backing: Backing = "asserted"
    document_id: UUID | None = None
    proof: Proof | None = None

    @property
    def said(self) -> Said:
        """As the use case takes it."""
        return Said(facts=self.facts, backing=self.backing, document_id=self.document_id, proof=self.proof)


class NewEntry(EntryBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is known of a person; kinds and their fields: `GET /v1/profile-kinds`."""

    kind: Annotated[Name, Meta(examples=["award"])]


class EntryView(Struct, frozen=True, kw_only=True):
    """An entry. `from_records`: the client's record says so, which is changed there; such an entry has no version."""

    ref: Annotated[str, Meta(examples=["award.2"])]
    kind: str
    facts: Mapping[str, object]
    backing: Backing
    from_records: bool = False
    document_id: UUID | None = None
    proof: str | None = None
    version: int | None = None
    by: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, row: ProfileEntry) -> EntryView:
        """One of staff's."""
        kept = {name: getattr(row, name) for name in ("kind", "facts", "document_id", "proof", "version", "by", "at")}
        return cls(ref=str(Ref(row.kind, row.number)), backing=row.backing, **kept)  # type: ignore[arg-type] # checked


class EntryVersion(EntryView, frozen=True, kw_only=True):
    """A version of an entry; `until` when it was `changed` or `withdrawn`."""

    until: datetime | None
    ended: Annotated[str | None, Meta(examples=["changed"])]

    @classmethod
    def of(cls, row: ProfileEntry) -> EntryVersion:
        """A version that there is, or was."""
        shown = EntryView.of(row)
        kept = {name: getattr(shown, name) for name in EntryView.__struct_fields__}
        return cls(**kept, until=row.until, ended=row.ended)


class ProfileView(Struct, frozen=True, kw_only=True):
    """What is known of a person on a day; profiles of the same digest are the same."""

    client_id: UUID
    as_of: date
    digest: str
    entries: list[EntryView]

    @classmethod
    def of(cls, client_id: UUID, known: Known) -> ProfileView:
        """Entries of staff as they keep them, and what the records say."""
        shown = [
            EntryView.of(known.rows[one.ref])
            if one.ref in known.rows
            else EntryView(ref=one.ref, kind=one.kind, facts=plain(one.facts), backing=one.backing, from_records=True)
            for one in known.profile.entries
        ]
        digest = profiles.digest(known.profile)
        return cls(client_id=client_id, as_of=known.profile.as_of, digest=digest, entries=shown)


class CompletenessView(Struct, frozen=True, kw_only=True):
    """How much is known of what a visa looks at; nobody needs all of it."""

    visa: Annotated[str, Meta(examples=["EB1A"])]
    name: str
    fields_asked: int
    fields_known: int
    missing_fields: Annotated[Mapping[str, Sequence[str]], Meta(examples=[{"award": ["scope", "is_for_excellence"]}])]

    @classmethod
    def of(cls, one: Completeness) -> CompletenessView:
        """For one visa."""
        return cls(
            visa=one.visa,
            name=one.name,
            fields_asked=one.asked,
            fields_known=one.known,
            missing_fields=one.missing,
        )


@get("/", sync_to_thread=True, **may("documents.read"))
def get_profile(client_id: FromPath[UUID], call: NamedDependency[Call]) -> ProfileView:
    """Show what is known of a person, from the records and from staff; that it was looked at is on record."""
    with call.acting() as acting:
        return ProfileView.of(client_id, profiles.view(acting, client_id))


@get("/completeness", sync_to_thread=True, **may("documents.read"))
def get_completeness(
    client_id: FromPath[UUID], call: NamedDependency[Call], visa: VisaName = None
) -> list[CompletenessView]:
    """Show what is missing of a person for a visa, or for each; that the person was looked at is on record."""
    with call.acting() as acting:
        return [CompletenessView.of(one) for one in completeness(acting, client_id, [visa] if visa else [])]


@post("/", sync_to_thread=True, **may("documents.write"))
def add_entry(client_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[NewEntry]) -> Response[EntryView]:
    """Note something that is known of a person; 422 `profile_wrong` names every field that cannot be so."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, client_id, data))


@put("/{ref:str}", sync_to_thread=True, **may("documents.write"))
def change_entry(
    client_id: FromPath[UUID],
    ref: RefInPath,
    call: NamedDependency[Call],
    data: JSONBody[EntryBody],
    if_match: IfMatch = None,
) -> Response[EntryView]:
    """Say something else of an entry, whole; what it was is kept."""
    with call.acting() as acting:
        return _shown(entries.change(acting, client_id, ref, data.said, expected(if_match)))


@delete("/{ref:str}", sync_to_thread=True, **may("documents.write"))
def withdraw_entry(
    client_id: FromPath[UUID], ref: RefInPath, call: NamedDependency[Call], if_match: IfMatch = None
) -> None:
    """Let an entry count no more; what it was is kept."""
    with call.acting() as acting:
        entries.withdraw(acting, client_id, ref, expected(if_match))


@get("/{ref:str}/history", sync_to_thread=True, **may("documents.read"))
def list_versions(client_id: FromPath[UUID], ref: RefInPath, call: NamedDependency[Call]) -> list[EntryVersion]:
    """List the versions of an entry, the newest first."""
    with call.acting() as acting:
        return [EntryVersion.of(one) for one in entries.history(acting, client_id, ref)]


def _added(acting: Acting, client_id: UUID, data: NewEntry) -> Response[EntryView]:
    made = entries.add(acting, client_id, data.kind, data.said)
    at = f"/v1/clients/{client_id}/profile/{Ref(made.kind, made.number)}"
    return Response(EntryView.of(made), headers={"Location": at, **tag(made.version)})


def _shown(entry: ProfileEntry) -> Response[EntryView]:
    return Response(EntryView.of(entry), headers=tag(entry.version))


@get("/", sync_to_thread=False, **may("documents.read"))
def list_kinds() -> Mapping[str, Kind]:
    """List what can be known of a person: kinds of entries, their fields, and what each may hold."""
    return profile_kinds()


kinds = Router("/profile-kinds", route_handlers=[list_kinds], tags=["eligibility"])
router = Router(
    "/clients/{client_id:uuid}/profile",
    route_handlers=[get_profile, get_completeness, add_entry, change_entry, withdraw_entry, list_versions],
    tags=["eligibility"],
)
