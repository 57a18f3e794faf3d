"""Partners log in to our SFTP endpoint, by a key or a password; what is kept of passwords, sign-ins alone read."""

from alembic import op

from gateway.db.cluster import APP, SYSTEM
from gateway.db.security import allow

revision = "0031"
down_revision = "0030"

functions = {
    "sftp_logins": "92d55547eb63",
    "sign_in": "663ea94e94e0",
}


def upgrade() -> None:
    op.execute("""
        ALTER TABLE credentials
            ADD COLUMN public_key text, ADD COLUMN password_hash text,
            ADD COLUMN usual_from text[] DEFAULT '{}' NOT NULL,
            DROP CONSTRAINT credentials_kind_check,
            ADD CONSTRAINT credentials_kind_check
                CHECK (kind IN ('api_key', 'oauth_client', 'ssh_key', 'sftp_password'))
    """)
    op.execute(f"REVOKE SELECT ON credentials FROM {APP}, {SYSTEM}")
    # all but password_hash, which both may still write
    op.execute(allow(f"SELECT ({READ})", "credentials"))


READ = (
    "firm_id, id, partner_id, kind, name, prefix, digest, scopes, created_by, created_at, expires_at, revoked_at,"
    " last_used_at, public_key, usual_from"
)
