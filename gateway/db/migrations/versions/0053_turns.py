"""What attempts came to and which begin: one function for as many as are under way side by side."""

revision = "0053"
down_revision = "0051"

functions = {"turn_attempts": "a58cb8d90661"}


def upgrade() -> None:
    """The function is all there is."""
