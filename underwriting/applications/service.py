"""The use cases of credit applications: each one opens one transaction and reads the clock once.

While BankID is asked, no transaction is open.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents.service import InBothLanguages
from agreements.signing.models import Signing
from agreements.signing.service import Signings
from agreements.signing.services.keep_order import Started
from schemas.values import ApplicationBody, NamedGuarantor, SupplementBody
from underwriting.applications.models import Application
from underwriting.applications.services import (
    add_supplement,
    confirm_guarantor,
    find_application,
    invite_again,
    invite_guarantor,
    lapse_applications,
    read_application,
    store_application,
    submit_application,
    write_draft,
)
from underwriting.applications.services.add_supplement import SupplementView
from underwriting.applications.services.confirm_guarantor import Invitation
from underwriting.applications.services.read_application import ApplicationSummary, ApplicationView, Page
from underwriting.kernel.errors import NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import UNDERWRITERS, ApplicationState, SigningPurpose
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

Change = Callable[[ApplicationBody], ApplicationBody]
"""From a draft to what it is changed to; raises InvalidInput."""


@dataclass(frozen=True)
class Applications:
    """What applicants, those they name as guarantors, and staff do with an application."""

    runtime: Runtime
    signings: Signings

    def create_draft(self, body: ApplicationBody, caller: Caller) -> tuple[ApplicationView, str]:
        """A new draft, and the secret that alone opens it until the person has signed (rule A3)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application, guarantors, secret = write_draft.create_draft(session, self.runtime, body, caller, at=at)
            return read_application.view_with(self.runtime, application, body, guarantors), secret

    def draft(self, application_id: uuid.UUID, caller: Caller) -> ApplicationBody:
        """What the draft says, for its holder; NotFound for everybody else."""
        with self.runtime.database.transaction() as session:
            application = find_application.lock_own(session, application_id, caller)
            write_draft.require_draft(application)
            return store_application.body_of(session, self.runtime.cipher, application)

    def change_draft(self, application_id: uuid.UUID, change: Change, caller: Caller) -> ApplicationView:
        """The draft as *change* makes it. Raises ApplicationStateRefuses (rule A3) once it is submitted."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = find_application.lock_own(session, application_id, caller)
            write_draft.require_draft(application)
            body = change(store_application.body_of(session, self.runtime.cipher, application))
            write_draft.change_draft(session, self.runtime, application, body, actor=caller.actor, at=at)
            return read_application.view_of(session, self.runtime, application)

    def delete_draft(self, application_id: uuid.UUID, caller: Caller) -> None:
        """Drop the draft. Raises ApplicationStateRefuses (rule A3) once it is submitted."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = find_application.lock_own(session, application_id, caller)
            write_draft.drop_draft(session, application, actor=caller.actor, at=at)

    def review(self, application_id: uuid.UUID, caller: Caller) -> InBothLanguages:
        """The words that the holder of the draft would sign now, and its English reading aid."""
        with self.runtime.database.transaction() as session:
            application = find_application.lock_own(session, application_id, caller)
            write_draft.require_draft(application)
            body = store_application.body_of(session, self.runtime.cipher, application)
            return submit_application.words_of(self.runtime, application.reference, body)

    def submit(self, application_id: uuid.UUID, caller: Caller, *, end_user_ip: str) -> Started:
        """Start the signatory's BankID signature on the draft (rule A3); `application_signed` does the rest.

        Raises ApplicationStateRefuses, ApplicationOpen (rule A8), InvalidInput, and what `Signings.start` raises.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = find_application.lock_own(session, application_id, caller)
            document, shown, body = submit_application.prepare_submission(
                session, self.runtime, application, caller, at=at
            )
        return self.signings.start(
            SigningPurpose.APPLICATION,
            application_id,
            visible_text=shown,
            document=document,
            person=body.signatory_personal_number,
            end_user_ip=end_user_ip,
        )

    def application_signed(self, session: Session, signing: Signing, at: datetime) -> None:
        """Handler of SigningPurpose.APPLICATION."""
        submit_application.record_submission(session, self.runtime, signing, at=at)

    def invitation(self, token: str) -> Invitation:
        """What the holder of an invitation is asked; NotFound for a token that nobody was sent."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return confirm_guarantor.find_invitation(session, self.runtime, token, at=at)

    def start_confirmation(self, token: str, *, end_user_ip: str) -> Started:
        """Start the invited person's BankID signature by which they confirm (rule A6). Raises InvitationClosed."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            asked = confirm_guarantor.prepare_confirmation(session, self.runtime, token, at=at)
        return self.signings.start(
            SigningPurpose.CONFIRMATION,
            asked.guarantor_id,
            visible_text=asked.visible_text,
            document=asked.document,
            person=asked.person,
            end_user_ip=end_user_ip,
        )

    def confirmation_signed(self, session: Session, signing: Signing, at: datetime) -> None:
        """Handler of SigningPurpose.CONFIRMATION."""
        confirm_guarantor.record_confirmation(session, self.runtime, signing, at=at)

    def refuse(self, token: str) -> None:
        """The invited person declines (rule A6). Raises InvitationClosed."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            confirm_guarantor.record_refusal(session, self.runtime, token, at=at)

    def replace_guarantor(
        self, application_id: uuid.UUID, ordinal: int, named: NamedGuarantor, caller: Caller
    ) -> ApplicationView:
        """Name another person in the place of guarantor *ordinal*, who is then invited (rules A3, A4)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = self._own(session, application_id, caller)
            invite_guarantor.replace_guarantor(
                session, self.runtime, application, ordinal, named, actor=caller.actor, at=at
            )
            return read_application.view_of(session, self.runtime, application)

    def invite_again(
        self, application_id: uuid.UUID, ordinal: int, *, email: str | None, caller: Caller
    ) -> ApplicationView:
        """Write to guarantor *ordinal* once more, for the applicant or one of staff; at *email* where it is given."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = find_application.lock_for(session, application_id, caller)
            if not (find_application.is_applicant(application, caller) or caller.has(*UNDERWRITERS)):
                raise NotPermitted
            invite_again.invite_again(
                session, self.runtime, application, ordinal, email=email, actor=caller.actor, at=at
            )
            return read_application.view_of(session, self.runtime, application)

    def add_supplement(self, application_id: uuid.UUID, added: SupplementBody, caller: Caller) -> SupplementView:
        """Add contact, payout account or information, dated (rule A3)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = self._own(session, application_id, caller)
            return add_supplement.add_supplement(session, self.runtime, application, added, actor=caller.actor, at=at)

    def view(self, application_id: uuid.UUID, caller: Caller) -> ApplicationView:
        """The application, for its applicant and for underwriters; NotFound for everybody else."""
        with self.runtime.database.transaction() as session:
            application = find_application.find_for(session, application_id, caller)
            return read_application.view_of(session, self.runtime, application)

    def signed_text(self, application_id: uuid.UUID, caller: Caller) -> Text:
        """The words that were signed, as text, and their English reading aid; NotFound before the signature."""
        with self.runtime.database.transaction() as session:
            find_application.find_for(session, application_id, caller)
            document = submit_application.signed_document(session, application_id)
            return Text(documents.text_of(self.runtime, document), documents.text_of(self.runtime, document, "en"))

    def list_applications(
        self, caller: Caller, *, state: ApplicationState | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page:
        """The caller's own submitted applications, or to underwriters everybody's; the oldest first."""
        with self.runtime.database.transaction() as session:
            return read_application.list_applications(
                session, self.runtime.cipher, caller, state=state, cursor=cursor, limit=limit
            )

    def summaries(self, application_ids: Collection[uuid.UUID], caller: Caller) -> dict[uuid.UUID, ApplicationSummary]:
        """Those applications that have not been erased, for underwriters."""
        with self.runtime.database.transaction() as session:
            return read_application.summaries_of(session, self.runtime.cipher, caller, application_ids)

    def lapse_due(self) -> int:
        """Let lapse what was not confirmed (A6) or not decided (A3) in time; how many."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return lapse_applications.lapse_due(session, self.runtime, at=at)

    def delete_old_drafts(self) -> int:
        """Delete the drafts that nobody signed in time (rule A3); how many."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return lapse_applications.delete_old_drafts(session, self.runtime, at=at)

    def _own(self, session: Session, application_id: uuid.UUID, caller: Caller) -> Application:
        """The applicant's application, held. Staff, who see it, are told that it is not theirs to change."""
        application = find_application.lock_for(session, application_id, caller)
        if not find_application.is_applicant(application, caller):
            raise NotPermitted
        return application
