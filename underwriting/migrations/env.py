"""Run by Alembic: connects as the owner and knows every row of every feature."""

import sqlalchemy as sa
from alembic import context

from underwriting.migrations.rows import metadata
from underwriting.platform.database import with_driver

engine = sa.create_engine(with_driver(context.config.attributes["url"]), poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
