"""The database's history: up, down and up again, and at its end exactly what the models say."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from underwriting import migrations
from underwriting.migrations.rows import metadata
from underwriting.platform.database import with_driver

COLUMNS = sa.text("""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
""")
CONSTRAINTS = sa.text("""
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
""")
INDEXES = sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
PRIVILEGES = sa.text("""
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE grantee = 'borgen_service' AND table_schema = 'public'
""")
ALEMBICS_OWN = "alembic_version"
OWNERS_OWN = {"index_alias", "index_rotation"}  # written by a rotation of the index key, as `borgen keys rotate` does
APPEND_ONLY = {
    *("audit_entry", "audit_seal", "audit_seal_head", "audit_verification"),
    *("document", "ledger_entry", "ledger_line", "received_answer"),
    *("sanctions_entry", "sanctions_list", "screening", "policy_version", "policy_approval", "policy_publication"),
    *("risk_assessment", "due_diligence_evidence"),
    *("chart_account", "accounting_period", "accounting_entry", "accounting_sum", "accounting_series"),
    *("fee_correction", "late_charge", "late_interest"),
    *("price", "invoice", "invoice_line", "claim_payment"),  # that an invoice was sent and printed is noted once
}


def shape(connection: Connection) -> set[tuple[object, ...]]:
    """Every column, constraint and index of the database, as PostgreSQL words them; Alembic's own left out."""
    found = {tuple(row) for query in (COLUMNS, CONSTRAINTS, INDEXES) for row in connection.execute(query)}
    return {row for row in found if ALEMBICS_OWN not in str(row[0])}


def engine_at(url: str) -> sa.Engine:
    return sa.create_engine(with_driver(url), poolclass=sa.NullPool)


def test_up_down_and_up_again_is_the_same(empty_database_url: str) -> None:
    engine = engine_at(empty_database_url)
    migrations.upgrade(empty_database_url)
    with engine.connect() as connection:
        first = shape(connection)
    migrations.downgrade(empty_database_url)
    with engine.connect() as connection:
        assert shape(connection) == set()
    migrations.upgrade(empty_database_url)
    with engine.connect() as connection:
        assert shape(connection) == first
    assert first


def test_at_the_end_of_the_migrations_stands_what_the_models_say(empty_database_url: str) -> None:
    """Checks and partial indexes too, which Alembic's own comparison passes over."""
    engine = engine_at(empty_database_url)
    migrations.upgrade(empty_database_url)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        migrated = shape(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        by_models = shape(connection)
    assert migrated - by_models == set()
    assert by_models - migrated == set()


def test_the_service_may_write_every_table_and_change_no_row_that_is_append_only(empty_database_url: str) -> None:
    """F6, S3: the ledger, the audit log and the documents are added to."""
    migrations.upgrade(empty_database_url)
    with engine_at(empty_database_url).connect() as connection:
        granted = {tuple(row) for row in connection.execute(PRIVILEGES)}
    tables = set(metadata.tables) - OWNERS_OWN
    assert {table for table, privilege in granted if privilege == "INSERT"} == tables
    assert {table for table, privilege in granted if privilege == "SELECT"} == tables | OWNERS_OWN | {ALEMBICS_OWN}
    for privilege in ("UPDATE", "DELETE"):
        assert {table for table, granted_one in granted if granted_one == privilege} == tables - APPEND_ONLY
    assert {privilege for _, privilege in granted} == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_every_table_has_a_primary_key() -> None:
    assert [table.name for table in metadata.sorted_tables if not table.primary_key.columns] == []
