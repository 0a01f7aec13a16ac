"""Two bureaus: every answer to a question apart, and breakers, reservations, purchases and alarms.

What was received of the first version's questions moves to a table of its own as it stands, encrypted for its old
column: no key is needed to migrate. The service may add answers and erase the bytes of one, never change them.
"""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEW = ("received_answer", "bureau_breaker", "bureau_reservation", "bureau_purchase", "bureau_alarm")

# The form of a company that was asked about is its application's. One whose application is gone counts as one of those
# that get a copy.
_FORM = """
    UPDATE {table} SET company_form = COALESCE(
        (SELECT application.company_form FROM application WHERE application.id = application_id), 'HB')
    WHERE subject_kind = 'company'
"""
# A6: a guarantor has answered, and whoever submitted has signed.
_CONFIRMED = """
    UPDATE {table} SET confirmed_at = CASE subject_kind
        WHEN 'person' THEN (
            SELECT max(answered_at) FROM application_guarantor AS guarantor
            WHERE guarantor.application_id = {table}.application_id AND person_index = subject_index)
        ELSE (SELECT submitted_at FROM application WHERE application.id = application_id) END
"""
# What is leased without a confirmation on record may have been asked: a person decides (B4).
_DOUBT = """
    UPDATE bureau_question SET state = 'unknown', leased_until = NULL
    WHERE state = 'leased' AND (company_form IS NULL OR company_form = 'EF')
        AND (confirmed_at IS NULL OR confirmed_at > asked_at)
"""
_COPY = """
    UPDATE credit_report SET copy_notice = CASE
        WHEN question = 'status' OR company_form = 'AB' THEN 'none'
        WHEN outcome = 'report' THEN 'expected'
        WHEN outcome = 'unknown' THEN 'possible'
        ELSE 'none' END
"""
# As bureau_clients.retention counts: a year for a natural person, two for a company.
_RETAINED = """
    UPDATE credit_report SET retained_until = ((asked_at AT TIME ZONE 'Europe/Stockholm')::date
        + CASE WHEN company_form IS NULL OR company_form = 'EF' THEN interval '12 months'
               ELSE interval '24 months' END)::date
"""
_MOVE = """
    INSERT INTO received_answer (credit_report_id, part, position, compression, body_encrypted, sha256)
    SELECT id, CASE bureau WHEN 'creditsafe' THEN 'getdata' ELSE '' END, 0, 'none', raw_encrypted, sha256
    FROM credit_report WHERE raw_encrypted IS NOT NULL
"""
_MOVE_BACK = """
    UPDATE credit_report SET raw_encrypted = body_encrypted, sha256 = answer.sha256
    FROM received_answer AS answer
    WHERE answer.credit_report_id = credit_report.id AND position = 0 AND body_encrypted IS NOT NULL
"""
_ONLY_ERASED = """
    CREATE FUNCTION received_answer_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what was received is never changed, only erased';
    END $$
"""
_GUARD = """
    CREATE TRIGGER received_answer_only_erased BEFORE UPDATE ON received_answer
    FOR EACH ROW WHEN (NEW.body_encrypted IS NOT NULL) EXECUTE FUNCTION received_answer_only_erased()
"""


def upgrade() -> None:
    """Make the tables, and give the rows of the first version what they lack."""
    _make_tables()
    _widen_questions()
    _widen_reports()
    for table in _NEW:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON received_answer FROM {SERVICE_ROLE}")
    op.execute(f"GRANT UPDATE (body_encrypted) ON received_answer TO {SERVICE_ROLE}")
    op.execute(_ONLY_ERASED)
    op.execute(_GUARD)


def downgrade() -> None:
    """Back to one answer per question: the first one's bytes, if they are not erased.

    What was compressed stays so, and what was erased is not checked.
    """
    _narrow_reports()
    _narrow_questions()
    op.drop_table("bureau_alarm")
    op.drop_index(op.f("ix_bureau_purchase_bureau"), table_name="bureau_purchase")
    op.drop_table("bureau_purchase")
    op.drop_index(op.f("ix_bureau_reservation_application_id"), table_name="bureau_reservation")
    op.drop_index("ix_bureau_reservation_day", table_name="bureau_reservation", postgresql_include=["amount_ore"])
    op.drop_table("bureau_reservation")
    op.drop_table("bureau_breaker")
    op.drop_table("received_answer")
    op.execute("DROP FUNCTION received_answer_only_erased()")


def _make_tables() -> None:
    op.create_table(
        "received_answer",
        sa.Column("credit_report_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("compression", sa.Text(), nullable=False),
        sa.Column("body_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("compression IN ('none', 'gzip')", name=op.f("ck_received_answer_compression")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_received_answer_sha256")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_received_answer_position")),
        sa.ForeignKeyConstraint(
            ["credit_report_id"], ["credit_report.id"], name=op.f("fk_received_answer_credit_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_answer")),
        sa.UniqueConstraint("credit_report_id", "position", name=op.f("uq_received_answer_credit_report_id_position")),
    )
    op.create_table(
        "bureau_breaker",
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("pause_milliseconds", sa.BigInteger(), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe", sa.Uuid(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closed', 'open', 'half_open')", name=op.f("ck_bureau_breaker_state")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_bureau_breaker_failures")),
        sa.CheckConstraint("(state = 'open') = (open_until IS NOT NULL)", name=op.f("ck_bureau_breaker_open")),
        sa.CheckConstraint(
            "(state = 'half_open') = (probe IS NOT NULL) AND (probe IS NULL) = (probe_until IS NULL)",
            name=op.f("ck_bureau_breaker_probe"),
        ),
        sa.CheckConstraint("(state = 'closed') = (pause_milliseconds IS NULL)", name=op.f("ck_bureau_breaker_pause")),
        sa.PrimaryKeyConstraint("bureau", name=op.f("pk_bureau_breaker")),
    )
    op.create_table(
        "bureau_reservation",
        sa.Column("question", sa.Uuid(), nullable=False),
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_ore >= 0", name=op.f("ck_bureau_reservation_amount")),
        sa.PrimaryKeyConstraint("question", "bureau", name=op.f("pk_bureau_reservation")),
    )
    op.create_index(
        op.f("ix_bureau_reservation_application_id"), "bureau_reservation", ["application_id"], unique=False
    )
    op.create_index(
        "ix_bureau_reservation_day",
        "bureau_reservation",
        ["bureau", "day"],
        unique=False,
        postgresql_include=["amount_ore"],
    )
    op.create_table(
        "bureau_purchase",
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("bought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bought_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("reports > 0", name=op.f("ck_bureau_purchase_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bureau_purchase")),
    )
    op.create_index(op.f("ix_bureau_purchase_bureau"), "bureau_purchase", ["bureau"], unique=False)
    op.create_table(
        "bureau_alarm",
        sa.Column("bureau", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('budget_nearly_spent', 'budget_spent', 'few_reports_left', 'no_reports_left')",
            name=op.f("ck_bureau_alarm_kind"),
        ),
        sa.PrimaryKeyConstraint("bureau", "day", "kind", name=op.f("pk_bureau_alarm")),
    )


def _widen_questions() -> None:
    op.add_column("bureau_question", sa.Column("company_form", sa.Text(), nullable=True))
    op.add_column("bureau_question", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "bureau_question", sa.Column("budget_lifted", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(_FORM.format(table="bureau_question"))
    op.execute(_CONFIRMED.format(table="bureau_question"))
    op.execute(_DOUBT)
    op.create_check_constraint(
        op.f("ck_bureau_question_company_form"), "bureau_question", "company_form IN ('AB', 'HB', 'KB', 'EF')"
    )
    op.create_check_constraint(
        op.f("ck_bureau_question_person_has_no_form"),
        "bureau_question",
        "(company_form IS NULL) = (subject_kind = 'person')",
    )
    op.create_check_constraint(
        op.f("ck_bureau_question_confirmed"),
        "bureau_question",
        "state <> 'leased' OR (company_form IS NOT NULL AND company_form <> 'EF')"
        " OR (confirmed_at IS NOT NULL AND confirmed_at <= asked_at)",
    )
    op.create_index(
        "ix_bureau_question_blocked",
        "bureau_question",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('refused', 'unknown')"),
    )


def _widen_reports() -> None:
    op.add_column("credit_report", sa.Column("company_form", sa.Text(), nullable=True))
    op.add_column("credit_report", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credit_report", sa.Column("milliseconds", sa.BigInteger(), nullable=True))
    op.add_column("credit_report", sa.Column("copy_notice", sa.Text(), nullable=True))
    op.add_column("credit_report", sa.Column("retained_until", sa.Date(), nullable=True))
    op.add_column("credit_report", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "credit_report", sa.Column("is_fallback", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("credit_report", "is_fallback", server_default=None)
    op.execute(_FORM.format(table="credit_report"))
    op.execute(_CONFIRMED.format(table="credit_report"))
    op.execute(_COPY)
    op.execute(_RETAINED)
    op.alter_column("credit_report", "copy_notice", nullable=False)
    op.alter_column("credit_report", "retained_until", nullable=False)
    op.execute(_MOVE)
    for name in ("raw_and_hash", "sha256", "parsed"):
        op.drop_constraint(op.f(f"ck_credit_report_{name}"), "credit_report", type_="check")
    op.drop_column("credit_report", "raw_encrypted")
    op.drop_column("credit_report", "sha256")
    for name, condition in (
        ("parsed", "(parsed_encrypted IS NOT NULL) = (outcome IN ('report', 'no_match') AND erased_at IS NULL)"),
        ("company_form", "company_form IN ('AB', 'HB', 'KB', 'EF')"),
        ("person_has_no_form", "(company_form IS NULL) = (subject_kind = 'person')"),
        ("copy_notice", "copy_notice IN ('none', 'expected', 'sent', 'not_sent', 'possible')"),
        ("milliseconds", "milliseconds >= 0"),
    ):
        op.create_check_constraint(op.f(f"ck_credit_report_{name}"), "credit_report", condition)
    op.create_index("ix_credit_report_bureau", "credit_report", ["bureau", "asked_at"], unique=False)
    op.create_index(
        "ix_credit_report_retained",
        "credit_report",
        ["retained_until"],
        unique=False,
        postgresql_where=sa.text("erased_at IS NULL"),
    )


def _narrow_reports() -> None:
    op.drop_index(
        "ix_credit_report_retained", table_name="credit_report", postgresql_where=sa.text("erased_at IS NULL")
    )
    op.drop_index("ix_credit_report_bureau", table_name="credit_report")
    for name in ("parsed", "company_form", "person_has_no_form", "copy_notice", "milliseconds"):
        op.drop_constraint(op.f(f"ck_credit_report_{name}"), "credit_report", type_="check")
    op.add_column("credit_report", sa.Column("raw_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("credit_report", sa.Column("sha256", sa.LargeBinary(), nullable=True))
    op.execute(_MOVE_BACK)
    for name in (
        *("company_form", "confirmed_at", "milliseconds", "copy_notice", "retained_until", "erased_at", "is_fallback"),
    ):
        op.drop_column("credit_report", name)
    op.create_check_constraint(
        op.f("ck_credit_report_raw_and_hash"), "credit_report", "(raw_encrypted IS NULL) = (sha256 IS NULL)"
    )
    op.create_check_constraint(op.f("ck_credit_report_sha256"), "credit_report", "octet_length(sha256) = 32")
    op.execute(
        "ALTER TABLE credit_report ADD CONSTRAINT ck_credit_report_parsed CHECK ("
        "(parsed_encrypted IS NOT NULL) = (outcome IN ('report', 'no_match'))"
        " AND (parsed_encrypted IS NULL OR raw_encrypted IS NOT NULL)) NOT VALID"
    )


def _narrow_questions() -> None:
    op.drop_index(
        "ix_bureau_question_blocked",
        table_name="bureau_question",
        postgresql_where=sa.text("state IN ('refused', 'unknown')"),
    )
    for name in ("confirmed", "person_has_no_form", "company_form"):
        op.drop_constraint(op.f(f"ck_bureau_question_{name}"), "bureau_question", type_="check")
    for name in ("budget_lifted", "confirmed_at", "company_form"):
        op.drop_column("bureau_question", name)
