"""Who may do what: one table of every call, read before each request (rule D8 and what the caller owns are finer).

A call that does not stand here is refused to everybody. What the table cannot tell, whether a thing is the caller's,
the services do: a thing that is not yours answers 404. The table itself answers 401 to whoever is not known in any of
the ways that the call takes, and 403 to staff whose role and to machine clients whose scopes do not permit it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, request

from underwriting.kernel.errors import LoginRequired, NotFound
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, Role, Scope
from underwriting.platform.authentication import Caller, RoleMissing, ScopeMissing, current_caller


@dataclass(frozen=True, slots=True)
class Access:
    """Who may make one call: *anyone*, or whoever is one of the others.

    *persons* are identified by BankID, *drafts* are whoever shows a draft's secret; what is theirs the service says.
    *clients* are machine clients of whatever scopes; *halfway* are staff who have a right password and have still to
    show a second factor.
    """

    anyone: bool = False
    persons: bool = False
    drafts: bool = False
    halfway: bool = False
    clients: bool = False
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None

    def admits(self, caller: Caller) -> bool:
        """Whether *caller* may make the call. A machine client may make those of its scopes, and those without any."""
        if caller.client_id is not None and self.scope is not None:
            return self.scope in caller.scopes
        return (
            self.anyone
            or (self.clients and caller.client_id is not None)
            or (self.persons and caller.person_index is not None)
            or (self.drafts and caller.draft_secret_hash is not None)
            or (self.halfway and caller.awaits is not None)
            or caller.role in self.roles
        )


def _staff(
    *roles: Role, persons: bool = False, drafts: bool = False, halfway: bool = False, scope: Scope | None = None
) -> Access:
    """An administrator may whatever any of staff may."""
    with_administrator = frozenset((*roles, Role.ADMINISTRATOR))
    return Access(persons=persons, drafts=drafts, halfway=halfway, roles=with_administrator, scope=scope)


_BILLING_READERS = (Role.BILLING, Role.AUDITOR)

_ANYONE = Access(anyone=True)
_PERSON = Access(persons=True)
_HALFWAY = Access(halfway=True)
_APPLICANT = Access(persons=True, drafts=True)
_APPLICANT_OR_READER = _staff(*CASE_READERS, persons=True, drafts=True, scope=Scope.APPLICATIONS_READ)
_CASE_READER = _staff(*CASE_READERS)
_UNDERWRITER = _staff(*UNDERWRITERS)
_POLICY_WRITER = _staff(Role.SENIOR_UNDERWRITER)
_RECORDER = _staff(*UNDERWRITERS, Role.BILLING)
_PARTY_OR_STAFF = _staff(*Role, persons=True, scope=Scope.AGREEMENTS_READ)
_ALL_STAFF = _staff(*Role)
_BILLING = _staff(Role.BILLING)
_BILLING_READER = _staff(*_BILLING_READERS)
_ADMINISTRATOR = _staff()
_AUDITOR = _staff(Role.AUDITOR)
_EVENT_READER = _staff(Role.AUDITOR, scope=Scope.EVENTS_READ)
_ENDPOINT_READER = _staff(Role.AUDITOR, scope=Scope.WEBHOOK_ENDPOINTS_MANAGE)
_ENDPOINT_OWNER = _staff(scope=Scope.WEBHOOK_ENDPOINTS_MANAGE)

TABLE: Mapping[str, Access] = {
    # Operation
    "static": _ANYONE,
    "alive": _ANYONE,
    "ready": _ANYONE,
    "show": _ANYONE,  # /metrics: the operator's token
    "api_description.docs": _ANYONE,
    "api_description.openapi": _ANYONE,
    "layout.language": _ANYONE,
    "sandbox.show": _ANYONE,
    "sandbox.put_clock": _ADMINISTRATOR,
    "sandbox.move_clock": _ADMINISTRATOR,
    # Log-in
    "access.give_token": _ANYONE,
    "access.show_me": Access(persons=True, clients=True, roles=frozenset(Role)),
    "signing_page.login": _ANYONE,
    "signing_page.start_login": _ANYONE,
    "staff.show": _ANYONE,
    "staff.log_in": _ANYONE,
    "staff.log_out": _ANYONE,
    "sign_on.start": _ANYONE,
    "sign_on.back": _ANYONE,
    "account.ask_for_code": _HALFWAY,
    "account.pass_code": _HALFWAY,
    "account.enrol": _staff(*Role, halfway=True),
    "account.confirm": _staff(*Role, halfway=True),
    "account.show": _ALL_STAFF,
    "account.change_password": _ALL_STAFF,
    "account.end_session": _ALL_STAFF,
    "account.end_others": _ALL_STAFF,
    # Signing: whoever holds the order's secret; a thing to sign asks for its signer
    "signings.start_signing": _ANYONE,
    "signings.show_signing": _ANYONE,
    "signings.cancel_signing": _ANYONE,
    "signing_page.watch": _ANYONE,
    "signing_page.cancel": _ANYONE,
    # Applications
    "applications.create": Access(anyone=True, scope=Scope.APPLICATIONS_CREATE),
    "applications.show_list": _staff(*CASE_READERS, persons=True, scope=Scope.APPLICATIONS_READ),
    "applications.show": _APPLICANT_OR_READER,
    "applications.change": _APPLICANT,
    "applications.drop": _APPLICANT,
    "applications.submit": _APPLICANT,
    "applications.supplement": _APPLICANT,
    "applications.replace_guarantor": _APPLICANT,
    "applications.confirm": _ANYONE,  # the invitation's secret
    "applications.refuse": _ANYONE,
    "signup.start": _ANYONE,
    "signup.form": _ANYONE,
    "signup.apply": _ANYONE,
    "signup.edit": _APPLICANT,
    "signup.change": _APPLICANT,
    "signup.review": _APPLICANT,
    "signup.sign": _APPLICANT,
    "applicant.my": _PERSON,
    "applicant.show": _staff(*CASE_READERS, persons=True, drafts=True),
    "applicant.give_information": _APPLICANT,
    "applicant.accept": _PERSON,
    "applicant.ask_for_guarantor": _APPLICANT,
    "applicant.replace_guarantor": _APPLICANT,
    "applicant.invitation": _ANYONE,  # the invitation's secret
    "applicant.answer": _ANYONE,
    "review_pages.show": _PERSON,
    "review_pages.ask": _PERSON,
    # Decisions
    "decisions.show": _staff(*CASE_READERS, persons=True),
    "decisions.determine": _UNDERWRITER,
    "decisions.ask_for_information": _UNDERWRITER,
    "decisions.ask_again": _UNDERWRITER,
    "decisions.accept": _PERSON,
    "desk.show_proposals": _CASE_READER,
    "desk.approve": _UNDERWRITER,
    "desk.reject": _UNDERWRITER,
    "desk.request_review": _staff(*UNDERWRITERS, persons=True),
    "desk.show_review": _staff(*CASE_READERS, persons=True),
    "desk.show_reviews": _CASE_READER,
    "desk.answer_review": _UNDERWRITER,
    "desk.assign": _UNDERWRITER,
    "desk.give_back": _UNDERWRITER,
    "desk.show_assignments": _CASE_READER,
    "desk.dispute_fact": _UNDERWRITER,
    "desk.show_disputes": _CASE_READER,
    "desk.show_evidence": _CASE_READER,
    "console.home": _ALL_STAFF,
    "console.queue.show": _CASE_READER,
    "console.queue.take_next": _UNDERWRITER,
    "console.approvals.show": _CASE_READER,
    "console.approvals.approve": _UNDERWRITER,
    "console.approvals.reject": _UNDERWRITER,
    "console.reviews.show_all": _CASE_READER,
    "console.reviews.show": _CASE_READER,
    "console.reviews.answer": _UNDERWRITER,
    "console.reviews.ask_for_case": _CASE_READER,
    "console.reviews.record": _UNDERWRITER,
    "console.cases.case": _CASE_READER,
    "console.cases.determine": _UNDERWRITER,
    "console.cases.ask_applicant": _UNDERWRITER,
    "console.cases.ask_again": _UNDERWRITER,
    "console.cases.approve": _UNDERWRITER,
    "console.cases.reject": _UNDERWRITER,
    "console.cases.assign": _UNDERWRITER,
    "console.cases.give_back": _UNDERWRITER,
    "console.cases.dispute": _UNDERWRITER,
    "console.cases.evidence": _CASE_READER,
    "console.bureaus.show": _CASE_READER,
    # Know the customer
    "due_diligence.show_lists": _CASE_READER,
    "due_diligence.load_list": _ADMINISTRATOR,
    "due_diligence.show_matches": _CASE_READER,
    "due_diligence.show_match": _CASE_READER,
    "due_diligence.clear_match": _UNDERWRITER,
    "due_diligence.confirm_match": _UNDERWRITER,
    "customers.show_waiting": _CASE_READER,
    "customers.show": _CASE_READER,
    "customers.begin": _UNDERWRITER,
    "customers.take": _UNDERWRITER,
    "customers.give_back": _UNDERWRITER,
    "customers.settle": _UNDERWRITER,
    "customers.approve": _POLICY_WRITER,
    "customers.send_back": _POLICY_WRITER,
    "customers.add_evidence": _UNDERWRITER,
    "customers.show_evidence": _CASE_READER,
    "console.due_diligence.inbox": _CASE_READER,
    "console.due_diligence.begin": _UNDERWRITER,
    "console.due_diligence.item": _CASE_READER,
    "console.due_diligence.take": _UNDERWRITER,
    "console.due_diligence.give_back": _UNDERWRITER,
    "console.due_diligence.settle": _UNDERWRITER,
    "console.due_diligence.approve": _POLICY_WRITER,
    "console.due_diligence.send_back": _POLICY_WRITER,
    "console.due_diligence.add_evidence": _UNDERWRITER,
    "console.due_diligence.show_evidence": _CASE_READER,
    "console.due_diligence.show_match": _CASE_READER,
    "console.due_diligence.clear_match": _UNDERWRITER,
    "console.due_diligence.confirm_match": _UNDERWRITER,
    "console.due_diligence.show_lists": _CASE_READER,
    "console.due_diligence.load_list": _ADMINISTRATOR,
    # The policy
    "policies.show_all": _CASE_READER,
    "policies.show": _CASE_READER,
    "policies.draft": _POLICY_WRITER,
    "policies.approve": _POLICY_WRITER,
    "policies.publish": _POLICY_WRITER,
    "console.policies.show_all": _CASE_READER,
    "console.policies.show": _CASE_READER,
    "console.policies.draft": _POLICY_WRITER,
    "console.policies.approve": _POLICY_WRITER,
    "console.policies.publish": _POLICY_WRITER,
    # Agreements
    "agreements.show_agreement": _PARTY_OR_STAFF,
    "agreements.show_guarantees": _PARTY_OR_STAFF,
    "agreements.show_liable_parties": _PARTY_OR_STAFF,
    "agreements.show_ledger": _PARTY_OR_STAFF,
    "agreements.show_documents": _PARTY_OR_STAFF,
    "agreements.show_document": _PARTY_OR_STAFF,
    "guarantees.show_exposure": _ALL_STAFF,
    "parties.show_invitation": _PERSON,
    "parties.decline": _PERSON,
    "parties.stop": _UNDERWRITER,
    "parties.divide": _ALL_STAFF,
    "parties.show_signing_rule": _ALL_STAFF,
    "parties.enter_signing_rule": _UNDERWRITER,
    "parties.approve_signing_rule": _UNDERWRITER,
    "parties.reject_signing_rule": _UNDERWRITER,
    "parties.record_partner": _UNDERWRITER,
    "parties.record_exit": _UNDERWRITER,
    "parties.record_broken_limitation": _UNDERWRITER,
    "parties.ask_release": _UNDERWRITER,
    "parties.approve_release": _UNDERWRITER,
    "parties.consent_release": _PERSON,
    "parties.withdraw_release": _UNDERWRITER,
    "agreement_pages.show": _PERSON,
    "agreement_pages.sign": _PERSON,
    "agreement_pages.cancel": _PERSON,
    "agreement_pages.redeem": _PERSON,
    "agreement_pages.fee": _staff(*Role, persons=True),
    "agreement_pages.document": _staff(*Role, persons=True),
    "agreement_pages.guarantee": _PERSON,
    "agreement_pages.sign_guarantee": _PERSON,
    "console.console_agreements.index": _ALL_STAFF,
    "console.console_agreements.show": _ALL_STAFF,
    "console.console_agreements.record": _RECORDER,
    "console.console_agreements.second_person": _RECORDER,
    # Payouts
    "payouts.request_drawdown": _PERSON,
    "payouts.show_drawdowns": _PARTY_OR_STAFF,
    "payouts.change_account": _BILLING,
    "payouts.show_held": _BILLING_READER,
    "payouts.release_payout": _BILLING,
    "payouts.withdraw_payout": _BILLING,
    "payouts.order_again": _BILLING,
    "payouts.show_files": _BILLING_READER,
    "payouts.release_file": _BILLING,
    "payouts.take_report": _BILLING,
    # Fees and payments
    "billing.show_fees": _PARTY_OR_STAFF,
    "billing.explain_fee": _PARTY_OR_STAFF,
    "billing.show_runs": _BILLING_READER,
    "billing.run": _BILLING,
    "invoices.show_invoices": _PARTY_OR_STAFF,
    "invoices.show_delivery": _PARTY_OR_STAFF,
    "invoices.choose_delivery": _staff(Role.BILLING, persons=True),
    "invoices.show_statement": _PARTY_OR_STAFF,
    "invoices.print_statement": _PARTY_OR_STAFF,
    "invoices.show_invoice": _PARTY_OR_STAFF,
    "invoices.show_pdf": _PARTY_OR_STAFF,
    "invoices.credit_paper_fee": _BILLING,
    "invoices.show_runs": _BILLING_READER,
    "invoices.begin_run": _BILLING,
    "invoices.show_prices": _BILLING_READER,
    "invoices.set_price": _ADMINISTRATOR,
    "invoices.show_batches": _BILLING_READER,
    "invoices.make_batch": _BILLING,
    "invoices.fetch_batch": _BILLING_READER,
    "billing_desk.show": _BILLING_READER,
    "billing_desk.run": _BILLING,
    "payments.take_file": _staff(Role.BILLING, scope=Scope.PAYMENT_FILES_CREATE),
    "payments.show_payments": _staff(*_BILLING_READERS, scope=Scope.PAYMENTS_READ),
    # Cancellation and redemption
    "cancellation.show_quote": _PARTY_OR_STAFF,
    "cancellation.request_cancellation": _staff(*UNDERWRITERS, Role.BILLING, persons=True),
    "cancellation.confirm": _RECORDER,
    "cancellation.reject": _RECORDER,
    "redemption.show_quote": _PARTY_OR_STAFF,
    "redemption.request_redemption": _PERSON,
    # Machine clients
    "clients.show_all": _AUDITOR,
    "clients.show": _AUDITOR,
    "clients.add": _ADMINISTRATOR,
    "clients.rotate": _ADMINISTRATOR,
    "clients.set_scopes": _ADMINISTRATOR,
    "clients.revoke": _ADMINISTRATOR,
    "clients.disable": _ADMINISTRATOR,
    # Events
    "integrators.show_events": _EVENT_READER,
    "integrators.show_event": _EVENT_READER,
    "integrators.add": _ENDPOINT_OWNER,
    "integrators.show_endpoints": _ENDPOINT_READER,
    "integrators.show_endpoint": _ENDPOINT_READER,
    "integrators.remove": _ENDPOINT_OWNER,
    "integrators.rotate": _ENDPOINT_OWNER,
    "integrators.enable": _ENDPOINT_OWNER,
    "integrators.replay": _ENDPOINT_OWNER,
    "integrators.show_attempts": _ENDPOINT_READER,
    "jobs.show": _staff(Role.AUDITOR),
    "audit.show": _AUDITOR,
    "audit.chain": _AUDITOR,
    "messages.show_dead": _AUDITOR,
    "messages.show_log": _AUDITOR,
    "messages.show": _AUDITOR,
    "messages.retry": _ADMINISTRATOR,
    "messages.drop": _ADMINISTRATOR,
    "webhooks.show_all": _AUDITOR,
    "webhooks.add": _ADMINISTRATOR,
    "webhooks.show": _AUDITOR,
    "webhooks.rotate": _ADMINISTRATOR,
    "webhooks.enable": _ADMINISTRATOR,
    "webhooks.remove": _ADMINISTRATOR,
    "webhooks.replay": _ADMINISTRATOR,
}
"""Every call, by the name of its view."""


def register(app: Flask) -> None:
    """Refuse every request that the table does not permit, before its view is reached."""

    @app.before_request
    def check() -> None:
        if request.endpoint is not None:  # else there is no such address, which is answered so
            require(request.endpoint, current_caller())

    @app.context_processor
    def offered() -> dict[str, object]:
        return {"may": lambda endpoint: may(endpoint, current_caller())}


def may(endpoint: str, caller: Caller) -> bool:
    """Whether *caller* may make the call: what a page offers."""
    access = TABLE.get(endpoint)
    return access is not None and access.admits(caller)


def require(endpoint: str, caller: Caller) -> None:
    """Raise LoginRequired, RoleMissing or ScopeMissing unless *caller* may make the call; NotFound where nobody may."""
    access = TABLE.get(endpoint)
    if access is None:
        raise NotFound
    if access.admits(caller):
        return
    if caller.client_id is not None:
        raise ScopeMissing
    raise RoleMissing if caller.is_staff and access.roles else LoginRequired
