"""The company's standing before money is paid out: at most seven days old, and no hard stop (rule P4)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agreements.credit.service import company_of, get_agreement
from bureau_clients.answers import SubjectAnswer
from bureau_clients.facts import Known
from bureau_clients.questions import Outcome, Subject, SubjectRole
from bureau_clients.reports import CompanyReport, CompanyStatus
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

PURPOSE = "Kontroll av företagets ställning före utbetalning av beviljad kredit"
_STOPS = (CompanyStatus.BANKRUPT, CompanyStatus.LIQUIDATION, CompanyStatus.DEREGISTERED)


class Reports(Protocol):
    """What the payouts ask of the bureaus' gateway."""

    def company_status(self, application_id: uuid.UUID, company: Subject) -> SubjectAnswer:
        """How *company* stands in the register now, of which nobody is sent a copy."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the company: seen to be in order *seen_at*, or *stopped*, or neither: nobody could tell.

    *not_found* says that no register knows it, which is no stop: a new company, or one under another number.
    """

    seen_at: datetime | None = None
    stopped: bool = False
    not_found: bool = False


def look_up(runtime: Runtime, reports: Reports, agreement_id: uuid.UUID) -> Standing:
    """Ask how the borrower stands. No transaction is open meanwhile."""
    with runtime.database.transaction() as session:
        agreement = get_agreement(session, agreement_id)
        form = CompanyForm(agreement.company_form)
        subject = Subject(
            number=company_of(runtime, agreement),
            form=form,
            role=SubjectRole.BORROWER,
            purpose=PURPOSE,
            notice_version=f"agreement-{agreement.terms_version}",
            confirmed_at=agreement.signed_at if form is CompanyForm.EF else None,
        )
        application_id = agreement.application_id
    answer = reports.company_status(application_id, subject)
    if answer.outcome is Outcome.NO_MATCH:
        return Standing(not_found=True)
    return standing_of(answer.report) if isinstance(answer.report, CompanyReport) else Standing()


def standing_of(report: CompanyReport) -> Standing:
    """What *report* says of the company's standing; an unknown status is not seen to be in order."""
    if isinstance(report.bankruptcy, Known) and report.bankruptcy.value:
        return Standing(stopped=True)
    if not isinstance(report.status, Known):
        return Standing()
    return Standing(stopped=True) if report.status.value in _STOPS else Standing(seen_at=report.status.at)
