"""Alembic runs this for every migration; the connection, with its transaction open, is handed in by `state.versions`."""

from alembic import context

from q2c_pipeline.state.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
