"""How Alembic runs a migration here: one transaction, with time-outs, one migrator at a time."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool, text

# Any constant does, as long as nobody else in the database locks on it.
MIGRATION_LOCK = 6_102_414_001

dsn = context.config.attributes["dsn"]
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=pool.NullPool)
with engine.connect() as connection:
    # A migrator that waits for another must not run into its own lock time-out, so the advisory lock comes first.
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.commit()
    try:
        context.configure(connection=connection, version_table="maildock_schema_version")
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
engine.dispose()
