"""The audit log is looked through, and blanked, between two instants: no question locks all of its days."""

revision = "0022"
down_revision = "0021"

functions = {"entries_naming": "14eee6916cc8", "erase_audit": "69f74cad96e5"}


def upgrade() -> None:
    """Nothing of its own: `gateway.db.functions` puts them in place after the newest revision."""
