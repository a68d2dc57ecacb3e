"""What alembic runs: the steps, on the connection and in the transaction that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from api.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
