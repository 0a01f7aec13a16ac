"""What the row of an application keeps of a body, and the body again.

What decides is in columns; what identifies a person is encrypted, as the members of the body.
"""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.values import (
    ApplicationBody,
    BeneficialOwner,
    Contact,
    DueDiligenceAnswers,
    NamedGuarantor,
    PayoutAccount,
    Signatory,
    SupplementBody,
)
from underwriting.applications.models import Application, ApplicationGuarantor, ApplicationSupplement
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import (
    CompanyForm,
    CreditPurpose,
    GuarantorState,
    InvoiceDelivery,
    OwnerControl,
    RepaymentPlan,
)
from underwriting.platform.encryption import Cipher, of_application

_COMPANY = "application.company"
_DETAILS = "application.details"
_GUARANTOR = "application_guarantor.person"
_GUARANTOR_DETAILS = "application_guarantor.details"
_SUPPLEMENT = "application_supplement.content"


def columns_of(cipher: Cipher, application_id: uuid.UUID, body: ApplicationBody) -> dict[str, Any]:
    """The values of the row's columns for *body*; its guarantors have rows of their own."""
    subject = of_application(application_id)
    return {
        "company_form": str(body.company_form),
        "company_encrypted": cipher.encrypt(
            body.organisation_number.digits.encode(), context=_COMPANY, subject=subject
        ),
        "company_index": cipher.blind_index(body.organisation_number.digits),
        "requested_amount_ore": body.requested_amount.ore,
        "term_months": body.term_months,
        "repayment_plan": str(body.repayment_plan),
        "purpose": str(body.purpose),
        "monthly_revenue_ore": body.expected_monthly_revenue.ore,
        "monthly_costs_ore": body.expected_monthly_costs.ore,
        "monthly_debt_payments_ore": body.monthly_debt_payments.ore,
        "invoice_delivery": str(body.invoice_delivery),
        "signatory_index": cipher.blind_index(body.signatory_personal_number.digits),
        "details_encrypted": cipher.encrypt_json(_details(body), context=_DETAILS, subject=subject),
    }


def body_of(session: Session, cipher: Cipher, application: Application) -> ApplicationBody:
    """The body of *application* as it stands, its guarantors and supplements included."""
    content: Mapping[str, Any] = cipher.decrypt_json(application.details_encrypted, context=_DETAILS)
    added = _latest_supplements(session, cipher, application)
    return ApplicationBody(
        company_form=CompanyForm(application.company_form),
        organisation_number=company_of(cipher, application),
        requested_amount=Money(application.requested_amount_ore),
        term_months=application.term_months,
        repayment_plan=RepaymentPlan(application.repayment_plan),
        purpose=CreditPurpose(application.purpose),
        expected_monthly_revenue=Money(application.monthly_revenue_ore),
        expected_monthly_costs=Money(application.monthly_costs_ore),
        monthly_debt_payments=Money(application.monthly_debt_payments_ore),
        contact=added.contact or Contact(**content["contact"]),
        payout_account=added.payout_account or _account(content["payout_account"]),
        invoice_delivery=InvoiceDelivery(application.invoice_delivery),
        invoice_address=content.get("invoice_address"),
        signatory_personal_number=PersonalNumber(content["signatory_personal_number"]),
        signing_rule=tuple(
            Signatory(personal_number=PersonalNumber(one["personal_number"]), name=one["name"])
            for one in content["signing_rule"]
        ),
        guarantors=tuple(named_guarantor(cipher, row) for row in guarantors_of(session, application)),
        beneficial_owners=tuple(
            BeneficialOwner(
                personal_number=PersonalNumber(one["personal_number"]),
                share=Decimal(one["share"]),
                politically_exposed=one["politically_exposed"],
                name=one.get("name"),  # not asked for before sanctions lists were loaded
                control=OwnerControl(one.get("control", OwnerControl.VOTES)),  # nor was this, nor the next
                related_to=PersonalNumber(one["related_to"]) if one.get("related_to") else None,
            )
            for one in content["beneficial_owners"]
        ),
        due_diligence=DueDiligenceAnswers(**content["due_diligence"]),
    )


def company_of(cipher: Cipher, application: Application) -> OrganisationNumber | PersonalNumber:
    """The applicant's number; a sole trader's is the owner's."""
    digits = cipher.decrypt(application.company_encrypted, context=_COMPANY).decode()
    return PersonalNumber(digits) if application.company_form == CompanyForm.EF else OrganisationNumber(digits)


def company_name_of(cipher: Cipher, application: Application) -> str | None:
    """The applicant's name by the register, or None as long as no report has told it."""
    name: str | None = cipher.decrypt_json(application.details_encrypted, context=_DETAILS).get("company_name")
    return name


def keep_company_name(cipher: Cipher, application: Application, name: str) -> None:
    """Keep the name that the register gave; what was signed is in the document and stays as it is."""
    content = cipher.decrypt_json(application.details_encrypted, context=_DETAILS)
    application.details_encrypted = cipher.encrypt_json(
        content | {"company_name": name}, context=_DETAILS, subject=of_application(application.id)
    )


def guarantors_of(session: Session, application: Application) -> list[ApplicationGuarantor]:
    """The rows of those who are named now, in the order in which they are named."""
    query = (
        sa.select(ApplicationGuarantor)
        .where(
            ApplicationGuarantor.application_id == application.id,
            ApplicationGuarantor.state != str(GuarantorState.REPLACED),
        )
        .order_by(ApplicationGuarantor.ordinal)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def new_guarantor(
    cipher: Cipher, application: Application, ordinal: int, named: NamedGuarantor
) -> ApplicationGuarantor:
    """The row of a person who has been named and not yet asked."""
    content, subject = {"name": named.name, "email": named.email, "phone": named.phone}, of_application(application.id)
    return ApplicationGuarantor(
        application_id=application.id,
        ordinal=ordinal,
        state=str(GuarantorState.NAMED),
        person_encrypted=cipher.encrypt(named.personal_number.digits.encode(), context=_GUARANTOR, subject=subject),
        person_index=cipher.blind_index(named.personal_number.digits),
        details_encrypted=cipher.encrypt_json(content, context=_GUARANTOR_DETAILS, subject=subject),
    )


def named_guarantor(cipher: Cipher, row: ApplicationGuarantor) -> NamedGuarantor:
    """Who the guarantor of *row* is, and how to reach them."""
    person = PersonalNumber(cipher.decrypt(row.person_encrypted, context=_GUARANTOR).decode())
    return NamedGuarantor(
        personal_number=person, **cipher.decrypt_json(row.details_encrypted, context=_GUARANTOR_DETAILS)
    )


def keep_guarantor_email(cipher: Cipher, application: Application, row: ApplicationGuarantor, email: str) -> None:
    """Reach the guarantor of *row* at *email* from now on."""
    content = cipher.decrypt_json(row.details_encrypted, context=_GUARANTOR_DETAILS)
    row.details_encrypted = cipher.encrypt_json(
        content | {"email": email}, context=_GUARANTOR_DETAILS, subject=of_application(application.id)
    )


def supplement_to_bytes(cipher: Cipher, application: Application, supplement: SupplementBody) -> bytes:
    """What the row of a supplement keeps: the members that were sent."""
    members = {
        "contact": supplement.contact and _contact(supplement.contact),
        "payout_account": supplement.payout_account and supplement.payout_account.bankgiro.digits,
        "information": supplement.information,
    }
    sent = {name: value for name, value in members.items() if value}
    return cipher.encrypt_json(sent, context=_SUPPLEMENT, subject=of_application(application.id))


def supplement_of(cipher: Cipher, row: ApplicationSupplement) -> SupplementBody:
    """What was added."""
    content = cipher.decrypt_json(row.content_encrypted, context=_SUPPLEMENT)
    return SupplementBody(
        contact=Contact(**content["contact"]) if "contact" in content else None,
        payout_account=_account(content["payout_account"]) if "payout_account" in content else None,
        information=content.get("information"),
    )


def supplements_of(session: Session, application: Application) -> list[ApplicationSupplement]:
    """The rows of all that was added, the oldest first."""
    query = sa.select(ApplicationSupplement).where(ApplicationSupplement.application_id == application.id)
    return list(session.scalars(query.order_by(ApplicationSupplement.added_at, ApplicationSupplement.id)))


def _latest_supplements(session: Session, cipher: Cipher, application: Application) -> SupplementBody:
    contact: Contact | None = None
    account: PayoutAccount | None = None
    for row in supplements_of(session, application):
        added = supplement_of(cipher, row)
        contact, account = added.contact or contact, added.payout_account or account
    return SupplementBody(contact=contact, payout_account=account)


def _details(body: ApplicationBody) -> dict[str, Any]:
    answers = body.due_diligence
    return {
        "contact": _contact(body.contact),
        "payout_account": body.payout_account.bankgiro.digits,
        "invoice_address": body.invoice_address,
        "signatory_personal_number": body.signatory_personal_number.digits,
        "signing_rule": [
            {"personal_number": one.personal_number.digits, "name": one.name} for one in body.signing_rule
        ],
        "beneficial_owners": [
            {
                "personal_number": one.personal_number.digits,
                "share": str(one.share),
                "politically_exposed": one.politically_exposed,
                "name": one.name,
                "control": str(one.control),
                "related_to": one.related_to and one.related_to.digits,
            }
            for one in body.beneficial_owners
        ],
        "due_diligence": {
            "purpose_of_credit": answers.purpose_of_credit,
            "source_of_repayment": answers.source_of_repayment,
            "politically_exposed": answers.politically_exposed,
            "owners_complete": answers.owners_complete,
            "trades_with_high_risk_countries": answers.trades_with_high_risk_countries,
            "takes_cash": answers.takes_cash,
            "industry": answers.industry,
        },
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {"name": contact.name, "email": contact.email, "phone": contact.phone}


def _account(digits: str) -> PayoutAccount:
    return PayoutAccount(bankgiro=Bankgiro(digits))
