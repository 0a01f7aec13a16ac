"""The web application: pages and the HTTP interface over one house."""

import os
from collections.abc import Iterator
from functools import partial

from flask import Blueprint, Flask
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from agreements.accounting import routes as accounting_routes
from agreements.annulment import routes as annulment_routes
from agreements.billing import routes as billing_routes
from agreements.cancellation import routes as cancellation_routes
from agreements.credit import party_routes
from agreements.credit import routes as credit_routes
from agreements.credit.services.change_signing_rule import SigningRules
from agreements.guarantees import routes as guarantee_routes
from agreements.invoices import routes as invoice_routes
from agreements.late_payment import routes as late_payment_routes
from agreements.payments import routes as payment_routes
from agreements.payouts import routes as payout_routes
from agreements.payouts.sandbox import bank as bank_sandbox
from agreements.plan_changes import routes as plan_change_routes
from agreements.redemption import routes as redemption_routes
from agreements.signing import routes as signing_routes
from bureau_clients.sandbox import numbers
from schemas.customers import LARGEST_EVIDENCE_BODY
from schemas.desk import LARGEST_DISPUTE_BYTES
from schemas.due_diligence import LARGEST_LIST_BYTES
from underwriting import api_description, migrations
from underwriting.access import routes as access_routes
from underwriting.applications import routes as application_routes
from underwriting.business_metrics import figures_of
from underwriting.decisions import desk_routes, diligence_routes, policy_routes
from underwriting.decisions import routes as decision_routes
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.diligence import Diligence
from underwriting.decisions.services.keep_policies import Policies
from underwriting.due_diligence import routes as due_diligence_routes
from underwriting.due_diligence.service import SanctionsDesk
from underwriting.house import House, house_of, runtime_of
from underwriting.integrators import routes as integrator_routes
from underwriting.jobs import jobs_of, move_test_time, read_bank_answers
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.platform import (
    authentication,
    bodies,
    deprecations,
    hardening,
    health,
    logs,
    metrics,
    permissions,
    problems,
    rate_limits,
    read_log,
    request_ids,
    retries,
    tracing,
)
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.web import layout
from underwriting.web.views import (
    account,
    applicant,
    audit,
    billing,
    clients,
    console,
    guarantees,
    invitations,
    jobs,
    messages,
    named_guarantors,
    plan_changes,
    reviews,
    sandbox,
    sign_on,
    signing,
    signup,
    staff,
    webhooks,
)
from underwriting.web.views import agreements as agreement_views
from underwriting.web.views.console_agreement_page import AgreementPage

LARGEST_PAYMENT_FILE_BYTES = 5 * 1024 * 1024
_LARGER = {
    "payments.take_file": LARGEST_PAYMENT_FILE_BYTES,
    "payouts.take_report": LARGEST_PAYMENT_FILE_BYTES,
    "console.payout_desk.take_report": LARGEST_PAYMENT_FILE_BYTES,
    "desk.dispute_fact": LARGEST_DISPUTE_BYTES,
    "console.cases.dispute": 10 * LARGEST_DISPUTE_BYTES,  # so that a page can say that a document is too large
    "customers.add_evidence": LARGEST_EVIDENCE_BODY,
    "console.due_diligence.add_evidence": LARGEST_EVIDENCE_BODY,
    "due_diligence.load_list": LARGEST_LIST_BYTES,
    "console.due_diligence.load_list": LARGEST_LIST_BYTES,
}
"""What takes a larger body than others, and the bytes of it."""


def create_app(house: House | None = None) -> Flask:
    """The web application; without a *house* the one that the environment describes."""
    if house is None:
        settings = Settings.from_environment(os.environ)
        logs.configure(settings.log_level)
        tracing.configure(settings.traces_url, process="web")
        house = house_of(runtime_of(settings))
    runtime = house.runtime
    app = Flask("underwriting", static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SECRET_KEY=runtime.settings.session_key.reveal(),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    request_ids.register(app)
    hardening.register(app, runtime)
    deprecations.register(app)
    tracing.follow(app)
    bodies.register(app, larger=_LARGER)
    authentication.register(app, runtime)
    rate_limits.register(app, runtime)
    permissions.register(app)
    problems.register(app, page=layout.problem_page)
    health.register(app, runtime, serves=migrations.serves)
    metrics.register(app, runtime, figures_of(runtime))
    for blueprint in (*_interface(house), *_pages(house)):
        app.register_blueprint(blueprint)
    _for_every_page(app, runtime)
    retries.register(app, runtime.database)
    read_log.register(app, runtime)
    return app


def _for_every_page(app: Flask, runtime: Runtime) -> None:
    def csrf() -> Markup:
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())

    @app.context_processor
    def shared() -> dict[str, object]:
        return {
            "csrf": csrf,
            "now": runtime.clock.now(),
            "sandbox": runtime.settings.sandbox,
            "has_sign_on": runtime.settings.staff.sign_on is not None,
            "lender_name": runtime.settings.lender.name,
        }


def _interface(house: House) -> Iterator[Blueprint]:
    """The HTTP interface, version 1."""
    runtime, agreements = house.runtime, house.agreements
    preparers = {
        SigningPurpose.AGREEMENT: agreements.prepare_agreement,
        SigningPurpose.GUARANTEE: agreements.prepare_guarantee,
        SigningPurpose.PLAN_CHANGE: house.plan_changes.prepare_for_company,
        SigningPurpose.PLAN_CHANGE_CONSENT: house.plan_changes.prepare_as_guarantor,
    }
    yield application_routes.blueprint(runtime, house.applications)
    yield decision_routes.blueprint(runtime, house.decisions)
    yield policy_routes.blueprint(runtime, Policies(runtime))
    yield desk_routes.blueprint(runtime, Desk(house.decisions))
    yield due_diligence_routes.blueprint(runtime, SanctionsDesk(runtime))
    yield diligence_routes.blueprint(runtime, Diligence(house.decisions))
    yield signing_routes.blueprint(runtime, house.signings, preparers)
    yield credit_routes.blueprint(agreements)
    yield guarantee_routes.blueprint(runtime)
    yield party_routes.blueprint(runtime, SigningRules(runtime, house.payouts.agreement_signed))
    yield payout_routes.blueprint(runtime, agreements, house.payouts)
    yield billing_routes.blueprint(runtime, agreements, read_answers=partial(read_bank_answers, house))
    yield invoice_routes.blueprint(runtime, agreements, house.invoices)
    yield payment_routes.blueprint(runtime, house.payments)
    yield redemption_routes.blueprint(runtime, agreements, house.redemptions)
    yield cancellation_routes.blueprint(runtime, agreements, house.cancellations)
    yield annulment_routes.blueprint(runtime, house.annulments)
    yield plan_change_routes.blueprint(runtime, agreements, house.plan_changes)
    yield late_payment_routes.blueprint(runtime, agreements, house.invoices, house.late_payment)
    yield accounting_routes.blueprint(runtime, house.accounting)
    yield access_routes.blueprint(runtime)
    yield integrator_routes.blueprint(runtime, house.webhook_endpoints)
    yield api_description.blueprint()


def _pages(house: House) -> Iterator[Blueprint]:
    """What people see."""
    runtime = house.runtime
    yield layout.blueprint()
    yield signup.blueprint(runtime, house.applications)
    yield signing.blueprint(runtime, house.signings)
    yield applicant.blueprint(runtime, house.applications, house.decisions, house.agreements)
    yield named_guarantors.blueprint(runtime, house.applications, house.agreements)
    yield reviews.blueprint(runtime, Desk(house.decisions), DeskReviews(house.decisions))
    yield agreement_views.blueprint(
        runtime,
        house.agreements,
        house.signings,
        house.cancellations,
        house.redemptions,
        house.payouts,
        house.invoices,
        house.plan_changes,
    )
    yield guarantees.blueprint(runtime, house.agreements, house.signings, house.plan_changes)
    yield plan_changes.blueprint(house.agreements, house.plan_changes, house.signings)
    yield invitations.blueprint(runtime, house.signings)
    yield staff.blueprint(runtime)
    yield sign_on.blueprint(runtime)
    yield account.blueprint(runtime)
    yield clients.blueprint(runtime)
    yield console.blueprint(
        runtime,
        house.applications,
        house.decisions,
        house.agreements,
        house.gateway,
        AgreementPage(
            runtime,
            house.agreements,
            house.cancellations,
            house.redemptions,
            house.annulments,
            SigningRules(runtime, house.payouts.agreement_signed),
            house.plan_changes,
        ),
        house.payouts,
        house.signings.roots,
    )
    yield billing.blueprint(
        runtime,
        house.payments,
        house.invoices,
        house.accounting,
        house.late_payment,
        read_answers=partial(read_bank_answers, house),
    )
    yield messages.blueprint(runtime)
    yield audit.blueprint(runtime)
    yield jobs.blueprint(runtime, jobs_of(house).periodic)
    yield webhooks.blueprint(house.webhook_endpoints)
    yield sandbox.blueprint(runtime, partial(move_test_time, house), _magic_numbers())


def _magic_numbers() -> sandbox.MagicNumbers:
    """What the stand-ins do at which numbers, group by group."""
    bureaus = ((group.value, stories) for group, stories in numbers.by_group())
    bank = tuple((what, (number.formatted,)) for number, what in bank_sandbox.magic_numbers().items())
    return (*bureaus, (Text("Utbetalning till bankgiro", "Payout to a bankgiro number"), bank))
