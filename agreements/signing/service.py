"""BankID orders: started for one person and one thing, asked about, and taken as evidence when complete (rule S1).

What happens in one order, with no transaction open while BankID is asked:
1. An older pending order of the same person for the same thing is failed, and ended at BankID; what the person has
   signed cannot be signed again.
2. BankID is asked for an order for that person, with the visible text and the hash of the document; the row is kept.
3. BankID is asked how it stands, at most once per order and two seconds, whoever watches.
   One that nobody has begun within BankID's thirty seconds is replaced by a new one, for three minutes from the first
   and while somebody watches: the code on the page stays alive.
4. On completion, in one transaction: the completion is checked against what was asked for, the evidence is stored,
   the purpose's handler does what the signature causes, and it is noted in the audit log. A completion that the check
   or the handler does not accept leaves a failed order and a note, nothing else.
5. Whoever holds the order's secret is then logged in as its signer, once. An order is opened by its QR code unless the
   starter asks to open it on the same device; as its link opens it on any device, the starter's browser must then have
   come back from BankID's app with what BankID alone was told. A signature counts without that: it names its signer.
"""

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.documents.models import Document
from agreements.signing import rules
from agreements.signing.certificate_path import Roots
from agreements.signing.client import (
    BankId,
    Order,
    SigningInProgress,
)
from agreements.signing.models import Signing
from agreements.signing.services.ask_bankid import Asking, end_at_bankid, place
from agreements.signing.services.keep_order import (
    PERSON,
    Started,
    ToSign,
    fail_pending,
    insert_order,
    opened,
)
from agreements.signing.services.open_here import open_here
from agreements.signing.services.return_nonce import note_return
from agreements.signing.services.show_order import SigningView, Standing, standing_of, view_of
from agreements.signing.services.take_completion import Handler, signers_of
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform import sessions
from underwriting.platform.batches import each_alone
from underwriting.platform.runtime import Runtime

__all__ = ["AlreadySigned", "Handler", "SigningView", "Signings", "Started", "ToSign", "signers_of"]

MOST_PER_TICK = 100
_log = structlog.get_logger(__name__)


class AlreadySigned(Conflict):
    """The person has signed this very thing before. Rule S1."""

    slug = "already-signed"
    title = Text("Du har redan undertecknat det här", "You have already signed this")
    rule = "S1"


@dataclass(frozen=True)
class Signings:
    """Starts orders and takes what comes of them; *handlers* are looked up at completion, where a purpose has one.

    *roots* may vouch for those who sign.
    """

    runtime: Runtime
    bankid: BankId
    handlers: Mapping[SigningPurpose, Handler]
    roots: Roots

    def identify(self, *, end_user_ip: str) -> Started:
        """Start a log-in; who it is, the completion tells. Raises BankIdUnavailable."""
        order = self.bankid.authenticate(end_user_ip)
        return self._kept(SigningPurpose.IDENTIFY, uuid.uuid4(), None, order)

    def start(
        self,
        purpose: SigningPurpose,
        subject_id: uuid.UUID,
        *,
        visible_text: str,
        document: Document | None,
        person: PersonalNumber,
        end_user_ip: str,
    ) -> Started:
        """Start *person*'s signature on the thing *subject_id*; without a *document* the text is what is signed.

        Raises AlreadySigned, SigningInProgress, BankIdUnavailable, VisibleTextRefused.
        """
        to_sign = ToSign(person, rules.require_visible_text(visible_text), document)
        for order_ref in self._fail_older(purpose, subject_id, person):
            end_at_bankid(self.bankid, order_ref)
        return self._kept(purpose, subject_id, to_sign, place(self.bankid, to_sign, end_user_ip))

    def open_here(self, signing_id: uuid.UUID, secret: str, *, end_user_ip: str) -> None:
        """Let the starter open the pending order on this device, instead of by its QR code. Repeating changes nothing.

        NotFound unless *secret* is the order's. Raises BankIdUnavailable, SigningInProgress.
        """
        open_here(self.runtime, self.bankid, signing_id, sessions.token_hash(secret), end_user_ip=end_user_ip)

    def come_back(self, signing_id: uuid.UUID, secret: str, nonce: str) -> None:
        """Note that the browser with *secret* came back from BankID's app with *nonce*. Raises StartedElsewhere."""
        with self.runtime.database.transaction() as session:
            note_return(session, self.runtime, signing_id, secret, nonce)

    def watch(self, signing_id: uuid.UUID, secret: str, *, end_user_ip: str) -> SigningView:
        """How the order stands, after asking BankID if that is due; NotFound unless *secret* is the order's.

        *end_user_ip* is from where it is watched, for a new order in the place of one that nobody has begun.
        """
        shown = sessions.token_hash(secret)
        standing = self._asking.ask(signing_id, secret_hash=shown, renewed_from=end_user_ip).standing
        with self.runtime.database.transaction() as session:
            standing = standing or standing_of(session, signing_id, shown)
            if standing is None:
                raise NotFound
            token = self._session_token(session, standing)
            return view_of(self.runtime, standing, session_token=token)

    def cancel(self, signing_id: uuid.UUID, secret: str) -> None:
        """End a pending order; one that is over stays as it is. NotFound unless *secret* is the order's."""
        self._check_secret(signing_id, secret)
        with self.runtime.database.transaction() as session:
            failed = fail_pending(session, self.runtime, Signing.id == signing_id)
        for order_ref in failed:
            end_at_bankid(self.bankid, order_ref)

    def collect_due(self) -> int:
        """Ask BankID about the orders that nobody has asked about for two seconds; how many are over now."""
        due = (
            sa.select(Signing.id)
            .where(Signing.state == str(SigningState.PENDING), Signing.collect_after <= self.runtime.wall.now())
            .order_by(Signing.collect_after)
            .limit(MOST_PER_TICK)
        )
        with self.runtime.database.transaction() as session:
            signing_ids = session.scalars(due).all()
        return each_alone(signing_ids, lambda signing_id: self._asking.ask(signing_id).is_over, named=str)

    @property
    def _asking(self) -> Asking:
        return Asking(self.runtime, self.bankid, self.handlers, self.roots)

    def _session_token(self, session: Session, standing: Standing) -> str | None:
        """Whoever looks first after completion is logged in; the row decides who that is."""
        if standing.state is not SigningState.COMPLETE or standing.session_given_at or standing.awaits_return:
            return None
        signing = session.get_one(Signing, standing.id, with_for_update=True, populate_existing=True)
        if signing.session_given_at or signing.person_encrypted is None:
            return None
        signing.session_given_at = self.runtime.clock.now()
        person = PersonalNumber(opened(self.runtime, signing.person_encrypted, PERSON))
        return sessions.open_for_person(session, self.runtime, person)

    def _check_secret(self, signing_id: uuid.UUID, secret: str) -> None:
        with self.runtime.database.transaction() as session:
            kept = session.scalar(sa.select(Signing.secret_hash).where(Signing.id == signing_id))
        if kept is None or not hmac.compare_digest(kept, sessions.token_hash(secret)):
            raise NotFound

    def _fail_older(self, purpose: SigningPurpose, subject_id: uuid.UUID, person: PersonalNumber) -> Sequence[str]:
        same = sa.and_(
            Signing.purpose == str(purpose),
            Signing.subject_id == subject_id,
            Signing.person_index == self.runtime.cipher.blind_index(person.digits),
        )
        with self.runtime.database.transaction() as session:
            if session.scalar(sa.select(Signing.id).where(same, Signing.state == str(SigningState.COMPLETE))):
                raise AlreadySigned
            return fail_pending(session, self.runtime, same)

    def _kept(self, purpose: SigningPurpose, subject_id: uuid.UUID, to_sign: ToSign | None, order: Order) -> Started:
        with self.runtime.database.transaction() as session:
            started = insert_order(session, self.runtime, purpose, subject_id, to_sign, order)
        if started is None:  # the same person has started the same thing twice at the same time
            end_at_bankid(self.bankid, order.order_ref)
            raise SigningInProgress
        return started
