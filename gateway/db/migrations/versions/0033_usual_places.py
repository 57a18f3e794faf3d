"""From where people usually sign in is known before anybody does, so that strangers do not stand in their way."""

revision = "0033"
down_revision = "0032"

functions = {"usual_places": "b55bdffb0766"}


def upgrade() -> None:
    """The function is all there is."""
