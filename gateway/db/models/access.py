"""Who may call us from outside, and with what proof."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import (
    Base,
    FirmScoped,
    Instant,
    Json,
    Stamp,
    belongs_to_firm,
    ours,
    points_at,
    sensitive,
)

CREDENTIAL_KINDS = ("api_key", "oauth_client", "ssh_key", "sftp_password")
ANSWERS_KEPT = timedelta(days=1)  # to requests with an idempotency key


class Credential(FirmScoped, Base):
    """A partner's API key, OAuth2 client, SSH key, or password for SFTP; a secret was shown once and is not kept.

    Of the first two only the SHA-256 is kept. A digest without salt or stretching is enough, for the secret is 256
    random bits: nothing shorter can be tried. Passwords are typed, so they are shorter, and kept as argon2id.

    Attributes:
        prefix: the beginning of a key, or an OAuth client's id: by it people tell credentials apart.
        digest: of an SSH key, of what it is and whose; of a password, of nothing: it only has to be unique.
        public_key: of an SSH key: its type and itself in base64, as in an authorized_keys file.
        password_hash: to be written only; `gateway.domain.access.sftp_logins` reads it.
        usual_from: addresses from which it lately logged in to the SFTP endpoint, the last one first.
        scopes: see `gateway.domain.access.permissions`.
        last_used_at: to the minute.
    """

    __tablename__ = "credentials"

    partner_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[str]
    created_at: Mapped[Stamp]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    public_key: Mapped[str | None]
    password_hash: Mapped[str | None] = mapped_column(deferred=True)
    usual_from: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))

    __table_args__ = (
        points_at("partners", "partner_id"),
        UniqueConstraint("prefix"),
        UniqueConstraint("digest"),
        CheckConstraint("kind IN ('api_key', 'oauth_client', 'ssh_key', 'sftp_password')", name="kind"),
    )


class RateLimit(Base):
    """What a firm set for one window of a tier, where that differs from what is usual."""

    __tablename__ = "rate_limits"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True)
    most: Mapped[int]

    __table_args__ = (belongs_to_firm(), CheckConstraint("most > 0", name="most"))


class IdempotencyKey(Base):
    """What a caller was answered under a key; `caller_id` is a member of staff or a credential.

    Attributes:
        fingerprint: of the request, keyed by the firm's data key.
        body: of the answer, encrypted under it.
        about: ids that the answer shows; None where nobody noted them.
    """

    __tablename__ = "idempotency_keys"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    caller_id: Mapped[UUID] = ours(primary_key=True)
    key: Mapped[str] = ours(primary_key=True)
    fingerprint: Mapped[bytes] = ours()
    status: Mapped[int] = ours()
    headers: Mapped[Json] = ours()
    body: Mapped[bytes] = sensitive()
    about: Mapped[list[UUID] | None] = ours(postgresql.ARRAY(Uuid))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (belongs_to_firm(),)


class AccessToken(FirmScoped, Base):
    """What an OAuth2 client was given for a quarter of an hour; good as long as the client itself is."""

    __tablename__ = "access_tokens"

    credential_id: Mapped[UUID]
    digest: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[Stamp]
    expires_at: Mapped[Instant]

    __table_args__ = (
        points_at("credentials", "credential_id"),
        UniqueConstraint("digest"),
        Index(None, "firm_id", "credential_id", "expires_at"),
    )


class StaffSession(FirmScoped, Base):
    """Somebody of the staff, signed in; every request looks here, so that one who signed out is out everywhere.

    Attributes:
        csrf_digest: SHA-256 of the token that unsafe requests by cookie must repeat.
        origin: the network address from which it was opened.
    """

    __tablename__ = "sessions"

    staff_id: Mapped[UUID]
    csrf_digest: Mapped[bytes]
    origin: Mapped[str]
    created_at: Mapped[Stamp]
    expires_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (points_at("staff", "staff_id"), Index(None, "firm_id", "staff_id", "origin"))


class SigningKey(Base):
    """A key that signs the tokens of staff, wrapped by the master key; its id is the tokens' `kid`.

    Attributes:
        ends_at: from when on its tokens are good no more; None for the one that signs now.
    """

    __tablename__ = "signing_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    wrapped_key: Mapped[bytes]
    created_at: Mapped[Stamp]
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInTries(Base):
    """How often somebody tried to sign in of late, by account or by address.

    Attributes:
        digest: SHA-256 of what is counted: people type passwords where an address belongs.
    """

    __tablename__ = "sign_in_tries"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[Instant] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
