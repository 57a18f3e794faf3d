"""What Alembic runs: the revisions, then the functions, inside the transaction that `gateway.db.migrate` holds."""

from alembic import context

from gateway.db.functions import install
from gateway.db.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
found = context.get_context().get_current_revision()
context.run_migrations()
if found != context.get_context().get_current_revision() == context.get_head_revision():  # the files are of the newest
    install(connection)
