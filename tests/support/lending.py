"""Applications as they are sent, and the services that take them, with BankID's stand-in on the wire."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from agreements.signing.client import BankIdClient
from agreements.signing.service import Handler, Signings
from agreements.signing.services.keep_order import Started
from bureau_clients.bureau import Bureau
from bureau_clients.gateway import Gateway
from schemas.applications import ApplicationSchema
from schemas.loading import load
from schemas.values import ApplicationBody
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.remembered import Beginnings
from underwriting.applications.service import Applications
from underwriting.decisions.service import Decisions
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Role, SigningPurpose
from underwriting.platform import outbox
from underwriting.platform.authentication import Caller, token_hash
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

ANNA = PersonalNumber("197701072394")  # clean at the stand-in for Creditsafe
BERTIL = PersonalNumber("197701112380")  # one payment remark
CECILIA = PersonalNumber("197701252392")  # a low income
OWNER = PersonalNumber("197601092385")  # a clean sole trader
CLEAN_AB = "559999-0008"
CLEAN_HB = "969999-0009"
CLEAN_KB = "969999-0017"

STRANGER = Caller(actor="anonymous")


def guarantor_json(person: PersonalNumber, name: str) -> dict[str, Any]:
    """A guarantor as one is sent."""
    email = f"{name.split()[0].lower()}@example.se"
    return {"personal_number": person.digits, "name": name, "email": email, "phone": "+46701234567"}


def application_json(**changes: Any) -> dict[str, Any]:
    """An AB that asks for 200 000 kr over 12 months: Anna signs for it and is its only guarantor.

    S = 0.90 x 400 000 - 310 000 - 15 000 = 35 000 a month; capacity 35 000 / 1.25 / (1/12 + 0.045) = 218 181.
    """
    body: dict[str, Any] = {
        "company_form": "AB",
        "organisation_number": CLEAN_AB,
        "requested_amount": "200000.00",
        "term_months": 12,
        "purpose": "inventory",
        "expected_monthly_revenue": "400000.00",
        "expected_monthly_costs": "310000.00",
        "monthly_debt_payments": "15000.00",
        "contact": {"name": "Anna Andersson", "email": "anna@example.se", "phone": "+46701234567"},
        "payout_account": {"bankgiro": "5999-0002"},
        "invoice_delivery": "email",
        "signatory_personal_number": ANNA.digits,
        "guarantors": [guarantor_json(ANNA, "Anna Andersson")],
        "beneficial_owners": [{"personal_number": ANNA.digits, "share": "1", "politically_exposed": False}],
        "due_diligence": {
            "purpose_of_credit": "Varor inför säsongen",
            "source_of_repayment": "Försäljning",
            "politically_exposed": False,
            "owners_complete": True,
            "trades_with_high_risk_countries": False,
        },
    }
    return body | changes


def sole_trader_json(**changes: Any) -> dict[str, Any]:
    """A sole trader without guarantor: the owner signs."""
    own = {
        "company_form": "EF",
        "organisation_number": OWNER.digits,
        "signatory_personal_number": OWNER.digits,
        "guarantors": [],
        "beneficial_owners": [],
    }
    return application_json(**(own | changes))


@dataclass
class LendingWorld:
    """The services of applications, composed as the application composes them."""

    runtime: Runtime
    bankid: BankIdWorld
    wall: FixedClock
    signings: Signings
    applications: Applications
    handlers: dict[SigningPurpose, Handler]
    deciding: Decisions | None = None

    @cached_property
    def beginnings(self) -> Beginnings:
        """What a test begins with, walked once and then put back."""
        clock = self.runtime.clock
        assert isinstance(clock, FixedClock)
        return Beginnings(self.runtime, (clock, self.wall))

    @property
    def decisions(self) -> Decisions:
        """Decisions, in a world that has bureaus."""
        assert self.deciding is not None
        return self.deciding

    def body(self, **changes: Any) -> ApplicationBody:
        """A valid body, read as the API reads it."""
        return self.read(application_json(**changes))

    def read(self, body: Mapping[str, Any]) -> ApplicationBody:
        """*body* as the API reads it today."""
        on = stockholm_date(self.runtime.clock.now())
        return load(ApplicationSchema(), body, on=on, terms=self.runtime.terms)

    def draft(self, body: ApplicationBody | None = None) -> tuple[Any, Caller]:
        """A draft's id, and its holder."""
        view, secret = self.applications.create_draft(body or self.body(), STRANGER)
        return view.id, Caller(actor="draft", draft_secret_hash=token_hash(secret))

    def submitted(self, body: ApplicationBody | None = None) -> Any:
        """The id of an application that has been signed."""
        body = body or self.body()
        return self.beginnings.begin(("submitted", pickle.dumps(body)), lambda: self._submit(body))

    def _submit(self, body: ApplicationBody) -> Any:
        application_id, holder = self.draft(body)
        self.sign(self.applications.submit(application_id, holder, end_user_ip="127.0.0.1"))
        return application_id

    def sign(self, started: Started, **acts: Any) -> Any:
        """What the person does in BankID's app, and then the view of the order."""
        answer = self.bankid.act(f"orders/{started.qr_content}/sign", acts)
        assert answer.ok, answer.text
        self.wall.move_to(self.wall.now() + timedelta(seconds=3))
        return self.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")

    def person(self, person: PersonalNumber) -> Caller:
        """*person*, identified by BankID."""
        index = self.runtime.cipher.blind_index(person.digits)
        return Caller(actor=f"person:{index.hex()[:16]}", person_index=index)

    def staff(self, role: Role = Role.UNDERWRITER, person: PersonalNumber | None = None) -> Caller:
        """A member of staff, who is *person*."""
        index = self.runtime.cipher.blind_index(person.digits) if person else None
        return Caller(actor="staff:1", role=role, own_index=index, username="u")

    def letters(self, kind: str) -> list[outbox.Message]:
        """The messages of one kind, the newest first."""
        with self.runtime.database.transaction() as session:
            count = session.scalar(sa.select(sa.func.count()).where(OutboxMessage.kind == kind)) or 0
            kinds = list(session.scalars(sa.select(OutboxMessage.kind).order_by(OutboxMessage.id.desc())))
            found = outbox.latest(session, self.runtime, count=len(kinds))
        letters = [letter for letter, of_kind in zip(found, kinds, strict=True) if of_kind == kind]
        assert len(letters) == count
        return letters

    def invitation_token(self) -> str:
        """The token in the newest invitation."""
        body = self.letters("guarantor-invitation")[0].body
        return body.split("/invitations/")[1].split()[0]


@contextmanager
def lending_world(runtime: Runtime, bankid: BankIdWorld, bureaus: Sequence[Bureau] = ()) -> Iterator[LendingWorld]:
    """The services on *runtime*, whose wall clock, which is BankID's too, then stands where its clock stands."""
    wall = bankid.clock
    wall.move_to(runtime.clock.now())
    runtime = replace(runtime, wall=wall)
    client: BankIdClient = bankid.client()
    handlers: dict[SigningPurpose, Handler] = {}
    signings = Signings(runtime, client, handlers, bankid.roots)
    applications = Applications(runtime, signings)
    handlers[SigningPurpose.APPLICATION] = applications.application_signed
    handlers[SigningPurpose.CONFIRMATION] = applications.confirmation_signed
    decisions = None
    if bureaus:
        decisions = Decisions(runtime, Gateway(runtime, bureaus), signings)
        handlers[SigningPurpose.COUNTER_OFFER] = decisions.counter_offer_signed
    try:
        yield LendingWorld(runtime, bankid, wall, signings, applications, handlers, decisions)
    finally:
        client.close()
