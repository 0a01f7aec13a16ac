"""A second factor and a place at an identity provider for staff; sessions that say how, when last, and what is awaited."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; open sessions stay open."""
    op.alter_column("staff_user", "password_hash", nullable=True)
    op.add_column("staff_user", sa.Column("second_factor_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("staff_user", sa.Column("second_factor_step", sa.BigInteger(), nullable=True))
    op.add_column("staff_user", sa.Column("enrolment_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("staff_user", sa.Column("sign_on_issuer", sa.Text(), nullable=True))
    op.add_column("staff_user", sa.Column("sign_on_subject", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_staff_user_sign_on"), "staff_user", "(sign_on_issuer IS NULL) = (sign_on_subject IS NULL)"
    )
    op.create_unique_constraint(
        op.f("uq_staff_user_sign_on_issuer_sign_on_subject"), "staff_user", ["sign_on_issuer", "sign_on_subject"]
    )
    op.create_table(
        "staff_recovery_code",
        sa.Column("staff_user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_user.id"], name=op.f("fk_staff_recovery_code_staff_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_recovery_code")),
        sa.UniqueConstraint("staff_user_id", "code_hash", name=op.f("uq_staff_recovery_code_staff_user_id_code_hash")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON staff_recovery_code TO {SERVICE_ROLE}")
    op.add_column("login_session", sa.Column("method", sa.Text(), nullable=True))
    op.add_column("login_session", sa.Column("awaits", sa.Text(), nullable=True))
    op.add_column("login_session", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE login_session SET last_seen_at = created_at,"
        " method = CASE WHEN staff_user_id IS NULL THEN 'bankid' ELSE 'password' END"
    )
    # The program before opens sessions while this one is brought in: of staff by password, and of persons.
    op.alter_column("login_session", "method", nullable=False, server_default="password")
    op.alter_column("login_session", "last_seen_at", nullable=False, server_default=sa.text("now()"))
    op.create_check_constraint(
        op.f("ck_login_session_method"), "login_session", "method IN ('password', 'sign_on', 'bankid')"
    )
    op.create_check_constraint(
        op.f("ck_login_session_awaits"),
        "login_session",
        "awaits IS NULL OR awaits IN ('second_factor', 'enrolment')",
    )
    op.create_index(
        "ix_login_session_staff", "login_session", ["staff_user_id"], postgresql_where=sa.text("ended_at IS NULL")
    )


def downgrade() -> None:
    """Remove them. Sessions that await something, and those of whoever has no password, end."""
    op.execute("UPDATE login_session SET ended_at = COALESCE(ended_at, created_at) WHERE awaits IS NOT NULL")
    op.drop_index("ix_login_session_staff", table_name="login_session")
    for column in ("last_seen_at", "awaits", "method"):
        op.drop_column("login_session", column)
    op.drop_table("staff_recovery_code")
    op.drop_constraint(op.f("uq_staff_user_sign_on_issuer_sign_on_subject"), "staff_user", type_="unique")
    op.drop_constraint(op.f("ck_staff_user_sign_on"), "staff_user", type_="check")
    for column in (
        "sign_on_subject",
        "sign_on_issuer",
        "enrolment_encrypted",
        "second_factor_step",
        "second_factor_encrypted",
    ):
        op.drop_column("staff_user", column)
    op.execute(
        "UPDATE staff_user SET disabled_at = COALESCE(disabled_at, created_at), password_hash = '' WHERE password_hash IS NULL"
    )
    op.alter_column("staff_user", "password_hash", nullable=False)
