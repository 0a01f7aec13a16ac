"""All roles of staff: senior underwriters, recovery and auditors besides those that there were."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = ("underwriter", "billing", "administrator")
_AFTER = ("underwriter", "senior_underwriter", "billing", "recovery", "auditor", "administrator")


def upgrade() -> None:
    """Admit the new roles."""
    _admit(_AFTER)


def downgrade() -> None:
    """Give the new roles back: a senior underwriter is one of the others, and the accounts of the rest are closed."""
    op.execute("UPDATE staff_user SET role = 'underwriter' WHERE role = 'senior_underwriter'")
    op.execute(
        "UPDATE staff_user SET disabled_at = COALESCE(disabled_at, now()), role = 'billing' WHERE role IN ('recovery', 'auditor')"
    )
    _admit(_BEFORE)


def _admit(roles: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_staff_user_role"), "staff_user", type_="check")
    op.create_check_constraint(op.f("ck_staff_user_role"), "staff_user", f"role IN ({', '.join(map(repr, roles))})")
