"""A guarantee that was signed and sealed, and the same handed out."""

import uuid

import pytest
import sqlalchemy as sa

from agreements.credit.services.seal_documents import seal_due
from agreements.documents.models import Document
from agreements.signing.services.export_bundle import export
from tests.support.bankid_stand_in import ERIK
from tests.support.credit import CreditWorld


@pytest.fixture
def document_id(credit: CreditWorld) -> uuid.UUID:
    """The guarantee that Erik has signed and the lender has sealed."""
    return credit.beginnings.begin("sealed", lambda: _sealed(credit))


@pytest.fixture
def bundle(credit: CreditWorld, document_id: uuid.UUID) -> bytes:
    """The guarantee, exported."""
    with credit.runtime.database.transaction() as session:
        return export(session, credit.runtime, document_id, at=credit.runtime.clock.now())


def _sealed(credit: CreditWorld) -> uuid.UUID:
    agreement = credit.grant()
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    seal_due(credit.runtime)
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    with credit.runtime.database.transaction() as session:
        return session.scalars(
            sa.select(Document.id).where(Document.subject_id == guarantee.id, Document.kind == "guarantee")
        ).one()
