"""A company's signing rule as staff read it from the registration: one enters it, a second looks at it (rules A9, S2).

What has been signed stays. Who is new in the rule gets the same bytes to sign as the others have; whose signature can
no longer count is not asked. Where those who have signed are enough by the new rule, the company's side is complete.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.formats import signing_rule_from_json, signing_rule_to_json
from agreements.credit.models import Agreement, SigningRuleChange
from agreements.credit.services.call_signatories import call_signatories
from agreements.credit.services.complete_signatures import complete_if_signed, require_signable
from agreements.credit.services.keep_agreement import details_of, get_agreement, keep_signing_rule, lock_agreement
from agreements.credit.services.write_documents import copy_agreement
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.signing_rule import RuleSource, SigningRule
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ProposalState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import is_same_person

_CONTENT = "signing_rule_change.content"

Completed = Callable[[Session, Agreement, datetime], None]
"""What follows when a new rule makes the agreement signed, in the same transaction."""


class SigningRuleChangePending(Conflict):
    """Another reading of the signing rule waits for its second person. Rule S2."""

    slug = "signing-rule-change-pending"
    title = Text("En annan läsning väntar på en andra person", "Another reading waits for a second person")
    rule = "S2"


class SubmitterNotInRule(Conflict):
    """The submitter stands in no alternative of the rule: the company is not bound by the application. Rule A9."""

    slug = "submitter-not-in-rule"
    title = Text(
        "Den som ansökte finns inte i något alternativ", "The one who applied is not in any of the alternatives"
    )
    rule = "A9"


@dataclass(frozen=True, slots=True)
class SigningRuleView:
    """The rule in force, for staff; *change_id* is of a reading that waits for its second person."""

    agreement_id: uuid.UUID
    rule: SigningRule = field(repr=False)
    change_id: uuid.UUID | None
    proposed: SigningRule | None = field(repr=False)
    evidence: str | None = field(repr=False)


@dataclass(frozen=True)
class SigningRules:
    """What staff do with signing rules; *completed* is called where a change makes an agreement signed."""

    runtime: Runtime
    completed: Completed

    def show(self, agreement_id: uuid.UUID) -> SigningRuleView:
        """The agreement's rule, and the reading that waits, if any."""
        with self.runtime.database.transaction() as session:
            return self._view(session, get_agreement(session, agreement_id))

    def propose(self, agreement_id: uuid.UUID, rule: SigningRule, *, evidence: str, caller: Caller) -> SigningRuleView:
        """Enter *rule*, read from *evidence*. NothingToSign, SigningRuleChangePending, SubmitterNotInRule."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            require_signable(agreement, at=at)
            if self._pending(session, agreement_id) is not None:
                raise SigningRuleChangePending
            self._require_submitter(agreement, rule)
            content = signing_rule_to_json(rule) | {"evidence": evidence}
            subject = of_application(agreement.application_id)
            change = SigningRuleChange(
                agreement_id=agreement_id,
                state=str(ProposalState.PENDING),
                content_encrypted=self.runtime.cipher.encrypt_json(content, context=_CONTENT, subject=subject),
                proposed_by=caller.actor,
                proposed_at=at,
            )
            session.add(change)
            session.flush()
            self._note(session, change, "agreement.signing_rule_entered", caller.actor, at)
            return self._view(session, agreement)

    def approve(self, change_id: uuid.UUID, *, caller: Caller) -> SigningRuleView:
        """Put the reading in force. NotPermitted for whoever entered it, NotFound once it is settled, NothingToSign."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, change = self._locked(session, change_id)
            if is_same_person(session, caller, change.proposed_by):
                raise NotPermitted
            require_signable(agreement, at=at)
            rule = replace(self._rule_in(change), source=RuleSource.STAFF, checked=True)
            self._settle(session, change, ProposalState.APPROVED, caller.actor, at)
            before = {one.person for one in details_of(self.runtime, agreement).signing_rule.callable_signatories}
            keep_signing_rule(self.runtime, agreement, rule)
            called = [one for one in rule.callable_signatories if one.person not in before]
            for one in called:
                copy_agreement(session, self.runtime, agreement, one, at=at)
            call_signatories(session, self.runtime, agreement, called, round_of=f"{change.id}:", at=at)
            if complete_if_signed(session, self.runtime, agreement, actor=caller.actor, at=at):
                self.completed(session, agreement, at)
            return self._view(session, agreement)

    def reject(self, change_id: uuid.UUID, *, caller: Caller) -> SigningRuleView:
        """Drop the reading, which its own author may too. NotFound once it is settled."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, change = self._locked(session, change_id)
            self._settle(session, change, ProposalState.REJECTED, caller.actor, at)
            return self._view(session, agreement)

    def _locked(self, session: Session, change_id: uuid.UUID) -> tuple[Agreement, SigningRuleChange]:
        found = session.get(SigningRuleChange, change_id)
        if found is None:
            raise NotFound
        agreement = lock_agreement(session, found.agreement_id)
        session.refresh(found)
        if found.state != ProposalState.PENDING:
            raise NotFound
        return agreement, found

    def _settle(
        self, session: Session, change: SigningRuleChange, state: ProposalState, actor: str, at: datetime
    ) -> None:
        change.state, change.settled_by, change.settled_at = str(state), actor, at
        session.flush()
        self._note(session, change, f"agreement.signing_rule_{state}", actor, at)

    def _require_submitter(self, agreement: Agreement, rule: SigningRule) -> None:
        standing = {self.runtime.cipher.blind_index(one.person.digits) for one in rule.callable_signatories}
        if agreement.signatory_index not in standing:
            raise SubmitterNotInRule

    def _pending(self, session: Session, agreement_id: uuid.UUID) -> SigningRuleChange | None:
        return session.scalar(
            sa.select(SigningRuleChange).where(
                SigningRuleChange.agreement_id == agreement_id,
                SigningRuleChange.state == str(ProposalState.PENDING),
            )
        )

    def _rule_in(self, change: SigningRuleChange) -> SigningRule:
        return signing_rule_from_json(self.runtime.cipher.decrypt_json(change.content_encrypted, context=_CONTENT))

    def _view(self, session: Session, agreement: Agreement) -> SigningRuleView:
        rule, change = details_of(self.runtime, agreement).signing_rule, self._pending(session, agreement.id)
        if change is None:
            return SigningRuleView(agreement.id, rule, None, None, None)
        evidence = self.runtime.cipher.decrypt_json(change.content_encrypted, context=_CONTENT)["evidence"]
        return SigningRuleView(agreement.id, rule, change.id, self._rule_in(change), evidence)

    @staticmethod
    def _note(session: Session, change: SigningRuleChange, action: str, actor: str, at: datetime) -> None:
        subject, data = f"agreement:{change.agreement_id}", {"change": str(change.id)}
        audit_log.append(session, subject, action, actor=actor, at=at, data=data)
