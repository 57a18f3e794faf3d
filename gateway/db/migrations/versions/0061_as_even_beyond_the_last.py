"""A real-time check looks as often for a key beyond the last one as for any other."""

revision = "0061"
down_revision = "0060"

functions = {"answer_checks": "874627c27462"}


def upgrade() -> None:
    """The function is all there is."""
