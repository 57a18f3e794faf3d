"""What Alembic runs: the revisions, inside the transaction that `gateway.db.migrate` holds."""

from alembic import context

from gateway.db.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
