"""Granted agreements, and the services that sign them and pay them out, with the stand-ins on the wire."""

import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from agreements.billing import service as billing
from agreements.credit import routes as credit_routes
from agreements.credit.models import Agreement
from agreements.credit.service import (
    Contact,
    GrantedTerms,
    GuarantorDetails,
    PriceFigures,
    Signatory,
    SigningRule,
    get_agreement,
    grant,
)
from agreements.credit.services.show_agreement import Agreements
from agreements.guarantees import routes as guarantee_routes
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.ledger import service as ledger
from agreements.payouts import routes as payout_routes
from agreements.payouts.client import Bank
from agreements.payouts.formats import Debtor
from agreements.payouts.service import DrawdownView, Payouts
from agreements.payouts.services.check_status import Reports
from agreements.payouts.services.write_file import FileTerms
from agreements.signing import routes as signing_routes
from agreements.signing.service import Handler, Signings, SigningView, Started, ToSign
from bureau_clients.answers import SubjectAnswer
from bureau_clients.questions import Subject
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.remembered import Beginnings
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, CompanyForm, Role, SigningPurpose
from underwriting.platform import audit_log, authentication, permissions, problems, sessions, staff_accounts
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

ANNA = PersonalNumber("197902092381")  # Skatteverket's test numbers, never issued to anyone
ERIK = PersonalNumber("198106032397")
MARIA = PersonalNumber("199011272383")
STRANGER = PersonalNumber("196103043698")
LIMIT = Money.kronor(218_000)
ORDINARY_ACCOUNT = Bankgiro("59990002")
REJECTED_ACCOUNT = Bankgiro("59990010")  # the stand-in bank's magic numbers
ANSWER_LOST_ACCOUNT = Bankgiro("59990028")
NOT_DELIVERED_ACCOUNT = Bankgiro("59990036")
NEXT_DAY_ACCOUNT = Bankgiro("59990051")


def granted_terms(at: datetime, **changes: Any) -> GrantedTerms:
    """218 000 kr at 1.50 % over 12 months to an AB for which Anna signs and Erik and Maria guarantee."""
    terms = GrantedTerms(
        application_id=uuid.uuid4(),
        company_form=CompanyForm.AB,
        company=OrganisationNumber("5599990008"),
        borrower_name="Exempelbolaget AB",
        contact=Contact("Anna Lindqvist", "anna@exempel.example", "+46701234567"),
        payout_account=ORDINARY_ACCOUNT,
        signing_rule=SigningRule.jointly((Signatory(ANNA, "Anna Lindqvist"),)),
        signatory=ANNA,
        limit=LIMIT,
        fee_rate=Decimal("0.0150"),
        term_months=12,
        figures=PriceFigures(Money.kronor(21_255), Decimal("0.1956")),
        guarantors=(
            (ERIK, GuarantorDetails("Erik Sandström", "erik@exempel.example", "+46701234568")),
            (MARIA, GuarantorDetails("Maria Holmberg", "maria@exempel.example", "+46701234569")),
        ),
        status_checked_at=at,
    )
    return replace(terms, **changes)


class NoReports(Reports):
    """Bureaus that nobody may ask."""

    def company_status(self, application_id: uuid.UUID, company: Subject) -> SubjectAnswer:
        """Fails the test: the company's status is young enough."""
        raise AssertionError(f"the bureaus are asked about a {company.kind} of application {application_id}")


@dataclass
class CreditWorld:
    """The services of granted agreements, composed as the application composes them."""

    runtime: Runtime
    clock: FixedClock
    wall: FixedClock
    bankid: BankIdWorld
    signings: Signings
    agreements: Agreements
    payouts: Payouts
    handlers: dict[SigningPurpose, Handler] = field(repr=False)

    @cached_property
    def beginnings(self) -> Beginnings:
        """What a test begins with, walked once and then put back."""
        return Beginnings(self.runtime, (self.clock, self.wall))

    def grant(self, **changes: Any) -> Agreement:
        """A granted agreement that waits for its signatures."""
        return self._begun("granted", self._grant, changes)

    def signed(self, **changes: Any) -> Agreement:
        """An agreement with every signature: one payout is ordered."""
        return self._begun("signed", self._sign, changes)

    def _begun(self, name: str, walk: Callable[..., Agreement], changes: dict[str, Any]) -> Agreement:
        told = name, pickle.dumps((changes, self.runtime.terms))  # the terms may be others by now
        agreement_id = self.beginnings.begin(told, lambda: walk(**changes).id)
        return self.agreement(agreement_id)

    def _grant(self, **changes: Any) -> Agreement:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return grant(session, self.runtime, granted_terms(at, **changes), at=at)

    def agreement(self, agreement_id: uuid.UUID) -> Agreement:
        """The agreement as it stands now."""
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            session.refresh(agreement)
            return agreement

    def guarantee_of(self, agreement_id: uuid.UUID, person: PersonalNumber) -> Guarantee:
        """The person's guarantee as it stands now."""
        index = self.runtime.cipher.blind_index(person.digits)
        with self.runtime.database.transaction() as session:
            (found,) = [one for one in guarantees.of_agreement(session, agreement_id) if one.person_index == index]
            return found

    def start(self, purpose: SigningPurpose, subject_id: uuid.UUID, to_sign: ToSign) -> Started:
        """An order for what is to be signed."""
        return self.signings.start(
            purpose,
            subject_id,
            visible_text=to_sign.visible_text,
            document=to_sign.document,
            person=to_sign.person,
            end_user_ip="192.0.2.7",
        )

    def start_agreement(self, agreement_id: uuid.UUID, person: PersonalNumber = ANNA) -> Started:
        """The person's order to sign for the company."""
        index = self.runtime.cipher.blind_index(person.digits)
        to_sign = self.agreements.prepare_agreement(agreement_id, index)
        return self.start(SigningPurpose.AGREEMENT, agreement_id, to_sign)

    def start_guarantee(self, agreement_id: uuid.UUID, person: PersonalNumber) -> Started:
        """The person's order to sign the guarantee."""
        guarantee = self.guarantee_of(agreement_id, person)
        to_sign = self.agreements.prepare_guarantee(guarantee.id, guarantee.person_index)
        return self.start(SigningPurpose.GUARANTEE, guarantee.id, to_sign)

    def complete(self, started: Started, **acts: Any) -> SigningView:
        """What the person does in BankID's app, and then the view of the order."""
        answer = self.bankid.act(f"orders/{started.qr_content}/sign", acts)
        assert answer.ok, answer.text
        self.pass_wall(seconds=3)
        return self.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")

    def _sign(self, **changes: Any) -> Agreement:
        agreement = self.grant(**changes)
        for person, _ in granted_terms(self.runtime.clock.now(), **changes).guarantors:
            self.complete(self.start_guarantee(agreement.id, person))
        for signatory in granted_terms(self.runtime.clock.now(), **changes).signing_rule.signatories:
            self.complete(self.start_agreement(agreement.id, signatory.person))
        return self.agreement(agreement.id)

    def payout(self, agreement_id: uuid.UUID) -> DrawdownView:
        """The one drawdown and how its payout stands."""
        (view,) = self.payouts.drawdowns(agreement_id)
        return view

    def balances(self, agreement_id: uuid.UUID) -> dict[Account, Money]:
        """Each account that does not stand at zero."""
        with self.runtime.database.transaction() as session:
            standing = ledger.balances(session, agreement_id)
        return {account: amount for account, amount in standing.items() if amount}

    def actions(self, agreement_id: uuid.UUID) -> list[str]:
        """What the audit log says has happened to the agreement."""
        with self.runtime.database.transaction() as session:
            return [entry.action for entry in audit_log.entries_of(session, f"agreement:{agreement_id}")]

    def pass_wall(self, **length: float) -> None:
        """Let the machine's clock, and BankID's, move on while business time stands still."""
        self.wall.move_to(self.wall.now() + timedelta(**length))

    def person(self, person: PersonalNumber) -> Caller:
        """*person*, identified by BankID."""
        index = self.runtime.cipher.blind_index(person.digits)
        return Caller(actor=f"person:{index.hex()[:16]}", person_index=index)


STAFF = Caller(actor="staff:1", role=Role.BILLING, username="b")


@contextmanager
def credit_world(
    runtime: Runtime, clock: FixedClock, bankid: BankIdWorld, bank: Bank, reports: Reports | None = None
) -> Iterator[CreditWorld]:
    """The services on *runtime*, with a wall clock, BankID's too, that stands where its clock stands."""
    wall = bankid.clock
    wall.move_to(clock.now())
    runtime = replace(runtime, wall=wall)
    lender = runtime.settings.lender
    terms = FileTerms(Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic))
    client = bankid.client()
    handlers: dict[SigningPurpose, Handler] = {}
    signings = Signings(runtime, client, handlers, bankid.roots)
    payouts = Payouts(runtime, bank, reports or NoReports(), terms, returned=billing.reverse_unutilised)
    handlers |= dict.fromkeys((SigningPurpose.AGREEMENT, SigningPurpose.GUARANTEE), payouts.signature_received)
    try:
        yield CreditWorld(runtime, clock, wall, bankid, signings, Agreements(runtime), payouts, handlers)
    finally:
        client.close()


def api_of(credit: CreditWorld) -> FlaskClient:
    """A client of an application that has the routes of granted agreements alone."""
    app = Flask("agreements")
    app.config.update(SECRET_KEY="of a test", SESSION_COOKIE_SECURE=False, WTF_CSRF_CHECK_DEFAULT=False)
    authentication.register(app, credit.runtime)
    permissions.register(app)
    problems.register(app, page=problems.answer)
    preparers = {
        SigningPurpose.AGREEMENT: credit.agreements.prepare_agreement,
        SigningPurpose.GUARANTEE: credit.agreements.prepare_guarantee,
    }
    app.register_blueprint(signing_routes.blueprint(credit.runtime, credit.signings, preparers))
    app.register_blueprint(credit_routes.blueprint(credit.agreements))
    app.register_blueprint(guarantee_routes.blueprint(credit.runtime))
    app.register_blueprint(payout_routes.blueprint(credit.runtime, credit.agreements, credit.payouts))
    return app.test_client()


def bearer_of(credit: CreditWorld, person: PersonalNumber) -> dict[str, str]:
    """The header of *person*, who has identified with BankID."""
    with credit.runtime.database.transaction() as session:
        token = sessions.open_for_person(session, credit.runtime, person)
    return {"Authorization": f"Bearer {token}"}


def bearer_of_staff(credit: CreditWorld, role: Role) -> dict[str, str]:
    """The header of a member of staff with *role*."""
    with credit.runtime.database.transaction() as session:
        staff_accounts.add_staff(
            session, credit.runtime, f"s-{role}", "a long password", role, person=None, at=credit.clock.now()
        )
    return {"Authorization": f"Bearer {staff_accounts.log_in_staff(credit.runtime, f's-{role}', 'a long password')}"}
