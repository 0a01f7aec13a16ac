"""Many cases that stand as one does, without their way through BankID and bureaus."""

import uuid

import sqlalchemy as sa

from underwriting.applications.models import Application
from underwriting.platform.database import Database

_LETTERS = "substr(upper(md5(random()::text)), 1, 4)"
_GIVEN = {
    "id": "uuidv7()",
    "reference": f"translate({_LETTERS} || '-' || {_LETTERS}, '018E', 'GHJK')",
    "company_index": "sha256(random()::text::bytea)",
    "requested_amount_ore": "a.requested_amount_ore + n % 2 * 2500000",
    "submitted_at": "a.submitted_at + n / 3 * interval '1 second'",
}


def copy(database: Database, application_id: str, count: int) -> None:
    """So many applications more, as this one stands: half of them with another amount, threes of the same instant."""
    columns = [column.name for column in Application.__table__.columns]
    taken = ", ".join(_GIVEN.get(name, f"a.{name}") for name in columns)
    statement = f"INSERT INTO application ({', '.join(columns)}) SELECT {taken} FROM application a, "
    with database.transaction() as session:
        session.execute(
            sa.text(f"{statement} generate_series(1, :count) n WHERE a.id = :id"),
            {"count": count, "id": uuid.UUID(application_id)},
        )
