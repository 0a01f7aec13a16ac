"""One loan's way from its decision to where it ends, gone on by its people until nothing is left to do.

The application is made, signed and confirmed before anything is killed. From then on whoever has something to do tries
it, and tries again when it was broken off: that is all that people know of what happens behind the page.
"""

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as day_time
from typing import Any

import requests
from sqlalchemy.exc import DBAPIError
from stdnum import luhn

from tests.support.journey import Loan, apply, link
from tests.support.lending import application_json, guarantor_json
from tests.support.road import RoadPlace
from underwriting.kernel.errors import Refusal
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import AgreementState, Role
from underwriting.platform.authentication import Caller

_PATIENCE_SECONDS = 120.0
_LOOKS = 6
_BETWEEN_LOOKS_SECONDS = 0.05
_BANKID_IS_ASKED_EVERY_SECONDS = 3
_PUT_OFF = "SELECT id FROM application WHERE id = :id AND next_attempt_at > :now AND leased_until IS NULL"
_SIGNATURES_LAPSE = timedelta(days=15)
_UNDERWRITER = Caller(actor="staff:1", role=Role.UNDERWRITER, username="u")
_STATES_IN = ("application", "bureau_question", "agreement", "signing", "payout", "payout_file")
_MORNING, _NOON = day_time(8), day_time(12)
_NO_LONGER = ("already-signed", "nothing-to-sign", "signature-not-needed")
_UUID = "([0-9a-f]{8}-[0-9a-f-]{27})"
_UNSEALED = """
SELECT count(*) FROM document WHERE sealed_at IS NULL AND (
    kind NOT IN ('application', 'confirmation', 'agreement', 'guarantee')
    OR kind = 'agreement' AND EXISTS (SELECT FROM agreement WHERE id = subject_id AND signed_at IS NOT NULL)
    OR kind <> 'agreement' AND EXISTS (SELECT FROM signing WHERE document_id = document.id AND state = 'complete'))
"""


@dataclass
class Signer:
    """Somebody who is to sign for the company or as guarantor; *token* shows that BankID has identified them."""

    purpose: str
    subject_id: str
    token: str
    done: bool = False


@dataclass
class Walk:
    """A loan on its way to *end*: running, cancelled or lapsed. *orders* are those at BankID, by signing."""

    place: RoadPlace
    loan: Loan
    end: AgreementState
    signers: list[Signer] = field(default_factory=list)
    orders: dict[uuid.UUID, str] = field(default_factory=dict)
    answered: str = ""

    @property
    def agreement_id(self) -> uuid.UUID:
        """Once it is granted."""
        return uuid.UUID(self.loan.agreement_id)

    def go(self) -> None:
        """Until nothing is left to do; fails where something is stuck."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._tried(self._is_at_rest):
            assert time.monotonic() < deadline, self._where()
            self.place.revive()
            self._tried(self._act)
            time.sleep(0.01)

    def _tried(self, what: Any) -> Any:
        """What came of it, or None where it was broken off."""
        with suppress(requests.RequestException, DBAPIError, Refusal):
            return what()
        return None

    def _is_at_rest(self) -> bool:
        if not self.loan.agreement_id:
            return False
        state = self.place.one("SELECT state FROM agreement WHERE id = :id", id=self.agreement_id)
        return state == self.end and not self.place.one(_UNSEALED)

    def _act(self) -> None:
        if not self.loan.agreement_id:
            self._wait_for_decision()
            return
        everybody = self.end is AgreementState.RUNNING
        missing = [one for one in (self.signers if everybody else self.signers[:-1]) if not one.done]
        for signer in missing:
            self._sign(signer)
        if not (everybody or missing):
            self._end_otherwise()

    def _wait_for_decision(self) -> None:
        application_id = uuid.UUID(self.loan.application_id)
        if self.place.one("SELECT outcome_unknown FROM application WHERE id = :id", id=application_id):
            self.place.world.house.decisions.ask_again(application_id, _UNDERWRITER)
        query = "SELECT id FROM agreement WHERE application_id = :id"
        found = self.place.one(query, id=application_id)
        if found is None:
            if self.place.one(_PUT_OFF, id=application_id, now=self.place.clock.now()):
                self.place.clock.put_forward(hours=1)  # the longest pause (rule B8)
            return
        world, loan = self.place.world, self.loan
        signers = [Signer("agreement", str(found), loan.borrower.token or "")]
        for guarantor in loan.body["guarantors"]:
            guarantee_id = link(world, guarantor["email"], rf"/guarantees/{_UUID}")
            signers.append(Signer("guarantee", guarantee_id, loan.people[guarantor["email"]].token or ""))
        self.signers, loan.agreement_id = signers, str(found)

    def _sign(self, signer: Signer) -> None:
        body = {"purpose": signer.purpose, "subject_id": signer.subject_id}
        answer = self._call("POST", "/v1/signings", signer.token, json=body)
        if answer.status_code == 409 and answer.json()["type"].endswith(_NO_LONGER):
            signer.done = True
        if answer.status_code != 201:
            return
        started = answer.json()
        self.orders[uuid.UUID(started["signing_id"])] = started["qr_content"]
        requests.post(f"{self.place.app_url}orders/{started['qr_content']}/sign", json={}, timeout=5)
        for _ in range(_LOOKS):
            self.place.clock.put_forward(seconds=_BANKID_IS_ASKED_EVERY_SECONDS)
            look = f"/v1/signings/{started['signing_id']}"
            state = self._call("GET", look, None, headers={"Signing-Secret": started["secret"]}).json().get("state")
            if state != "pending":
                signer.done = state == "complete"
                return
            time.sleep(_BETWEEN_LOOKS_SECONDS)

    def _end_otherwise(self) -> None:
        """The borrower changes their mind, or the last guarantor never signs."""
        if self.end is AgreementState.LAPSED:
            state = self.place.one("SELECT state FROM agreement WHERE id = :id", id=self.agreement_id)
            if state == AgreementState.SIGNING:
                self.place.clock.put_forward(seconds=_SIGNATURES_LAPSE.total_seconds())
                time.sleep(0.5)
            return
        token = self.loan.borrower.token
        self._call("POST", f"{self.loan.agreement}/cancellation", token, headers={"Idempotency-Key": "the-only-one"})

    def _call(
        self, method: str, path: str, token: str | None, *, headers: Mapping[str, str] | None = None, json: Any = None
    ) -> requests.Response:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(
            method, self.place.web_url + path, headers={**shown, **(headers or {})}, json=json, timeout=10
        )
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        self.answered = answer.text
        return answer

    def _where(self) -> str:
        """For whoever has to find out why."""
        said = "\n".join(f"{kind}: {self.place.said(kind)}" for kind in ("web", "worker"))
        states = (self.place.one(f"SELECT string_agg(state, ' ') FROM {table}") for table in _STATES_IN)
        return f"{self.end}: {' | '.join(map(str, states))}: {self.signers}\n{self.answered}\n{said}"


def begun(place: RoadPlace, serial: int, end: AgreementState) -> Walk:
    """A company's application, signed by its signatory and confirmed by two guarantors, none met before."""
    place.clock.move_to(_on_a_morning(place.clock.now()))
    signatory, first, second = (_person(3 * serial + place_in_it) for place_in_it in range(3))
    guarantors = [guarantor_json(first, f"Berit{serial} Ek"), guarantor_json(second, f"Cesar{serial} Gran")]
    body = application_json(
        organisation_number=_company(serial),
        signatory_personal_number=signatory.digits,
        contact={"name": "Alma Berg", "email": f"alma{serial}@example.se", "phone": "+46701234567"},
        guarantors=guarantors,
        beneficial_owners=[{"personal_number": signatory.digits, "share": "1", "politically_exposed": False}],
    )
    return Walk(place, apply(place.world, body), end)


def _on_a_morning(at: datetime) -> datetime:
    """*at*, or the next morning where the window of the same day might close on the way (rule C1)."""
    today = stockholm_date(at)
    early = stockholm_instant(today, _MORNING) <= at < stockholm_instant(today, _NOON)
    return at if early else stockholm_instant(today + timedelta(days=1), _MORNING)


def _company(serial: int) -> str:
    digits = f"55999{serial + 100:04d}"
    return digits + str(luhn.calc_check_digit(digits))


def _person(serial: int) -> PersonalNumber:
    born = f"{1970 + serial // 336:04d}{1 + serial // 28 % 12:02d}{1 + serial % 28:02d}239"
    return PersonalNumber(born + str(luhn.calc_check_digit(born[2:])))
