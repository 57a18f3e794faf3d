"""A real-time check reads as much about somebody unknown as about somebody whose birth date is another one."""

revision = "0037"
down_revision = "0036"

functions = {"answer_checks": "981a42ace573"}


def upgrade() -> None:
    """The function is all there is."""
