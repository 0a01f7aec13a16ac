"""The texts of an agreement: one for each signatory and one for each guarantor, and what each is shown when signing."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.services.keep_agreement import company_of, details_of
from agreements.documents import service as documents
from agreements.documents.rules import DocumentKind
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.guarantees.rules import check_guarantee_text, guarantee_cap
from agreements.signing.service import ToSign
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.signing_rule import Signatory
from underwriting.kernel.statutes import REMINDER_FEE
from underwriting.kernel.vocabulary import WindowPolicy
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PriceFigures:
    """What the credit costs at full use on its plan (rule D6): all fees of the term, and the yearly rate."""

    total_fees: Money
    effective_yearly_rate: Decimal


def terms_of(runtime: Runtime, agreement: Agreement) -> ProductTerms:
    """The product's terms as they applied when the agreement was granted."""
    return replace(
        runtime.terms,
        cancellation_fee=Money(agreement.cancellation_fee_ore),
        same_day_cancellation_fee=Money(agreement.same_day_cancellation_fee_ore),
        cancellation_days=agreement.cancellation_days,
        window_policy=WindowPolicy(agreement.window_policy),
    )


def write_agreement(
    session: Session, runtime: Runtime, agreement: Agreement, figures: PriceFigures, *, at: datetime
) -> None:
    """The agreement's text, one copy for each who signs for the company."""
    values = _priced_values(session, runtime, agreement, figures)
    for signatory in details_of(runtime, agreement).signing_rule.callable_signatories:
        documents.keep(
            session,
            runtime,
            subject_id=agreement.id,
            kind=DocumentKind.AGREEMENT,
            recipient_index=runtime.cipher.blind_index(signatory.person.digits),
            data_subject=of_application(agreement.application_id),
            values=values,
            at=at,
        )


def copy_agreement(
    session: Session, runtime: Runtime, agreement: Agreement, signatory: Signatory, *, at: datetime
) -> None:
    """The agreement's text for one who came into the signing rule later: the very bytes that the others sign."""
    first = documents.of_subjects(session, [agreement.id])
    of_others = next(one for one in first if one.kind == DocumentKind.AGREEMENT)
    index = runtime.cipher.blind_index(signatory.person.digits)
    documents.copy_for(session, of_others, index, at=at)


def write_guarantee(
    session: Session, runtime: Runtime, agreement: Agreement, guarantee: Guarantee, *, at: datetime
) -> None:
    """The text of one guarantee; GuaranteeTextIncomplete when it lacks words that bind or the cap (rules G2, G3)."""
    document = documents.keep(
        session,
        runtime,
        subject_id=guarantee.id,
        kind=DocumentKind.GUARANTEE,
        recipient_index=guarantee.person_index,
        data_subject=of_application(agreement.application_id),
        values=_guarantee_values(runtime, agreement, guarantee),
        at=at,
    )
    check_guarantee_text(documents.text_of(runtime, document), cap=Money(guarantee.cap_ore))


def write_offer(
    session: Session, runtime: Runtime, agreement: Agreement, figures: PriceFigures, *, at: datetime
) -> None:
    """What was granted at which price, for whoever applied (rule D6)."""
    documents.keep(
        session,
        runtime,
        subject_id=agreement.id,
        kind=DocumentKind.OFFER,
        recipient_index=agreement.signatory_index,
        data_subject=of_application(agreement.application_id),
        values=_priced_values(session, runtime, agreement, figures),
        at=at,
        agreement_id=agreement.id,
    )


def write_guarantee_information(
    session: Session, runtime: Runtime, agreement: Agreement, guarantee: Guarantee, *, others: int, at: datetime
) -> None:
    """What a guarantor is told before signing (rule G2); *others* are asked to guarantee the same credit."""
    documents.keep(
        session,
        runtime,
        subject_id=guarantee.id,
        kind=DocumentKind.GUARANTEE_INFORMATION,
        recipient_index=guarantee.person_index,
        data_subject=of_application(agreement.application_id),
        values=_guarantee_values(runtime, agreement, guarantee)
        | {"last_signing_day": _last_signing_day(agreement), "other_guarantors": others},
        at=at,
        agreement_id=agreement.id,
    )


def common_values(runtime: Runtime, agreement: Agreement) -> dict[str, object]:
    """What every document about *agreement* may tell: its number, parties, limit, price, term and the terms."""
    lender = runtime.settings.lender
    return {
        "number": agreement.number,
        "lender": lender.name,
        "lender_number": lender.organisation_number.formatted,
        "lender_phone": lender.phone,
        "lender_email": lender.email,
        "company": details_of(runtime, agreement).name,
        "company_number": company_of(runtime, agreement).formatted,
        "company_form": agreement.company_form,
        "granted_at": agreement.granted_at,
        "limit": Money(agreement.limit_ore),
        "fee_rate": agreement.fee_rate,
        "term_months": agreement.term_months,
        "repayment_plan": agreement.repayment_plan,
        "cap": guarantee_cap(Money(agreement.limit_ore), terms=runtime.terms),
        "terms": terms_of(runtime, agreement),
        "bankgiro": lender.bankgiro.formatted,
        "ocr": agreement.ocr,
    }


def agreement_to_sign(session: Session, runtime: Runtime, agreement: Agreement, person_index: bytes) -> ToSign:
    """What the person signs for the company; NotFound when the signing rule does not name them."""
    signatory = _signatory(runtime, agreement, person_index)
    document = documents.find(
        session, subject_id=agreement.id, kind=DocumentKind.AGREEMENT, recipient_index=person_index
    )
    if signatory is None or document is None:
        raise NotFound
    values = _agreement_values(session, runtime, agreement)
    return ToSign(signatory.person, documents.visible_text(document, values), document)


def guarantee_to_sign(
    session: Session, runtime: Runtime, agreement: Agreement, guarantee: Guarantee, person_index: bytes
) -> ToSign:
    """What the guarantor signs; NotFound for anybody else."""
    document = documents.find(
        session, subject_id=guarantee.id, kind=DocumentKind.GUARANTEE, recipient_index=person_index
    )
    if guarantee.person_index != person_index or document is None:
        raise NotFound
    values = _guarantee_values(runtime, agreement, guarantee)
    return ToSign(guarantees.person_of(runtime, guarantee), documents.visible_text(document, values), document)


def _signatory(runtime: Runtime, agreement: Agreement, person_index: bytes) -> Signatory | None:
    rule = details_of(runtime, agreement).signing_rule.callable_signatories
    return next((one for one in rule if runtime.cipher.blind_index(one.person.digits) == person_index), None)


def _priced_values(
    session: Session, runtime: Runtime, agreement: Agreement, figures: PriceFigures
) -> dict[str, object]:
    return _agreement_values(session, runtime, agreement) | {
        "total_fees": figures.total_fees,
        "effective_rate": figures.effective_yearly_rate,
    }


def _last_signing_day(agreement: Agreement) -> date:
    return stockholm_date(agreement.sign_by - timedelta(microseconds=1))


def _agreement_values(session: Session, runtime: Runtime, agreement: Agreement) -> dict[str, object]:
    details, first_drawdown = details_of(runtime, agreement), Money(agreement.first_drawdown_ore)
    named = [
        _named(guarantees.details_of(runtime, guarantee).name, guarantees.person_of(runtime, guarantee))
        for guarantee in guarantees.of_agreement(session, agreement.id)
    ]
    return common_values(runtime, agreement) | {
        "signatories": [_named(one.name, one.person) for one in details.signing_rule.callable_signatories],
        "guarantors": named,
        "first_drawdown": first_drawdown,
        "instalment": first_drawdown.split(agreement.term_months)[-1],
        "monthly_fee": Money(agreement.limit_ore).at_rate_in_kronor(agreement.fee_rate),
        "payout_account": f"bankgiro {details.payout_account.formatted}",
        "last_signing_day": _last_signing_day(agreement),
        "reminder_fee": REMINDER_FEE.on(stockholm_date(agreement.granted_at)),
    }


def _guarantee_values(runtime: Runtime, agreement: Agreement, guarantee: Guarantee) -> dict[str, object]:
    details = guarantees.details_of(runtime, guarantee)
    return common_values(runtime, agreement) | {
        "person": details.name,
        "personal_number": guarantees.person_of(runtime, guarantee).formatted,
        "cap": Money(guarantee.cap_ore),
        "has_role": details.has_role,
    }


def _named(name: str, person: PersonalNumber) -> str:
    return f"{name}, {person.masked}"
