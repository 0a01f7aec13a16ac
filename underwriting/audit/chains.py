"""Which chains of the audit log belong to one agreement or application, and how people name one."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.guarantees.models import Guarantee
from agreements.signing.models import Signing
from bureau_clients.models import CreditReport, CreditReportUse
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.decisions.models import DecisionRow
from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Text

LONGEST_NAME = 100
_LARGEST_NUMBER = 2**63 - 1


class NothingSoNamed(NotFound):
    """No agreement, application or chain has that name."""

    slug = "nothing-so-named"
    title = Text(
        "Ingen ansökan, inget avtal och ingen kedja heter så", "No application, agreement or chain has that name"
    )


@dataclass(frozen=True, slots=True)
class Matter:
    """An application with the agreement that came of it, if one did."""

    application_id: uuid.UUID
    agreement_id: uuid.UUID | None


def matter_named(session: Session, name: str) -> Matter | None:
    """The matter whose application or agreement has this id, reference or number."""
    query = sa.select(Application.id, Agreement.id).outerjoin(Agreement, Agreement.application_id == Application.id)
    query = query.order_by(Agreement.id.desc())  # of several, where a guarantor was replaced, the newest
    name = name.strip()
    if own_id := _uuid(name):
        query = query.where(sa.or_(Application.id == own_id, Agreement.id == own_id))
    elif name.isascii() and name.isdigit() and int(name) <= _LARGEST_NUMBER:
        query = query.where(Agreement.number == int(name))
    else:
        query = query.where(Application.reference == name.upper())
    found = session.execute(query).first()
    return None if found is None else Matter(*found)


def chains_of(session: Session, matter: Matter) -> list[str]:
    """The application's chain, the agreement's (in which guarantees and payouts stand), those of what was signed and
    of the credit reports; by name."""
    return sorted(_chains(session, matter))


def chains_named(session: Session, name: str) -> list[str]:
    """The chains of the matter, or the one chain, that people call *name*. Raises NothingSoNamed."""
    if len(name) > LONGEST_NAME or "\x00" in name:
        raise NothingSoNamed
    if re.fullmatch(r"[a-z_-]+:.+", name.strip()):
        return [name.strip()]
    matter = matter_named(session, name)
    if matter is None:
        raise NothingSoNamed
    return chains_of(session, matter)


def _chains(session: Session, matter: Matter) -> Iterator[str]:
    of = matter.application_id
    signed = [of, *session.scalars(sa.select(ApplicationGuarantor.id).where(ApplicationGuarantor.application_id == of))]
    signed += session.scalars(sa.select(DecisionRow.id).where(DecisionRow.application_id == of))
    yield f"application:{of}"
    if matter.agreement_id is not None:
        yield f"agreement:{matter.agreement_id}"
        signed += [matter.agreement_id]
        signed += session.scalars(sa.select(Guarantee.id).where(Guarantee.agreement_id == matter.agreement_id))
    for signing_id in session.scalars(sa.select(Signing.id).where(Signing.subject_id.in_(signed))):
        yield f"signing:{signing_id}"
    used = sa.select(CreditReportUse.credit_report_id).where(CreditReportUse.application_id == of)
    reports = sa.select(CreditReport.id).where(sa.or_(CreditReport.application_id == of, CreditReport.id.in_(used)))
    for report_id in session.scalars(reports):
        yield f"credit_report:{report_id}"


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
