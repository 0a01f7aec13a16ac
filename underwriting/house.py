"""The composition root: every part is made here once and handed to those that need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agreements.accounting.service import Accounting
from agreements.annulment.service import Annulments
from agreements.billing import service as billing
from agreements.cancellation.service import Cancellations
from agreements.credit.services.show_agreement import Agreements
from agreements.documents.seal_check import certificates_in
from agreements.documents.sealing import SealKeyUnusable, load_key
from agreements.invoices.service import Invoices
from agreements.late_payment.service import LatePayment
from agreements.payments.service import Payments
from agreements.payouts.client import Bank, BankClient
from agreements.payouts.drop import BankDrop
from agreements.payouts.formats import Debtor, PainVersion
from agreements.payouts.service import Payouts
from agreements.payouts.services.write_file import FileTerms
from agreements.plan_changes.service import PlanChanges
from agreements.redemption.service import Redemptions
from agreements.signing.certificate_path import Roots, read_roots
from agreements.signing.client import BankId, BankIdClient
from agreements.signing.service import Handler, Signings
from bureau_clients.bisnode import paths
from bureau_clients.bisnode.client import Bisnode
from bureau_clients.budgets import Prices
from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.creditsafe.configuration import MappingInvalid
from bureau_clients.gateway import Gateway
from bureau_clients.limits import BreakerPolicy
from bureau_clients.questions import SubjectGroup
from bureau_clients.rules import ReusePolicy
from underwriting.applications.service import Applications
from underwriting.decisions.service import Decisions
from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.personal_data import key_state
from underwriting.platform import test_time
from underwriting.platform.blind_index import require_index_version
from underwriting.platform.bureau_settings import BureauSettings
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.dispatcher import Dispatcher, dispatcher_of
from underwriting.platform.environment import SettingProblem
from underwriting.platform.key_store import key_store_of
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings, SettingsRefused
from underwriting.platform.webhook_endpoints import WebhookEndpoints

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class House:
    """Everything that a process of the service is made of."""

    runtime: Runtime
    gateway: Gateway
    bank: Bank
    signings: Signings
    applications: Applications
    decisions: Decisions
    agreements: Agreements
    payouts: Payouts
    invoices: Invoices
    payments: Payments
    redemptions: Redemptions
    cancellations: Cancellations
    annulments: Annulments
    plan_changes: PlanChanges
    late_payment: LatePayment
    accounting: Accounting
    dispatcher: Dispatcher
    webhook_endpoints: WebhookEndpoints


def compose(
    runtime: Runtime,
    *,
    bankid: BankId,
    bank: Bank,
    bureaus: tuple[Bureau, ...],
    roots: Roots = (),
) -> House:
    """The house over *runtime* with these outside parties; *roots* vouch for those who sign."""
    handlers: dict[SigningPurpose, Handler] = {}
    signings = Signings(runtime, bankid, handlers, roots)
    gateway = gateway_of(runtime, bureaus)
    applications = Applications(runtime, signings)
    decisions = Decisions(runtime, gateway, signings)
    redemptions, cancellations = Redemptions(runtime), Cancellations(runtime)
    plan_changes = PlanChanges(runtime)
    payments = Payments(runtime, bank, (cancellations, redemptions), _bank_asked_every(runtime))
    payouts = Payouts(
        runtime,
        bank,
        gateway,
        _file_terms(runtime.settings),
        asked_every=_bank_asked_every(runtime),
        returned=billing.reverse_unutilised,
        others=payments.take_answer,
    )
    handlers |= {
        SigningPurpose.APPLICATION: applications.application_signed,
        SigningPurpose.CONFIRMATION: applications.confirmation_signed,
        SigningPurpose.COUNTER_OFFER: decisions.counter_offer_signed,
        SigningPurpose.AGREEMENT: payouts.signature_received,
        SigningPurpose.GUARANTEE: payouts.signature_received,
        SigningPurpose.PLAN_CHANGE: plan_changes.signature_received,
        SigningPurpose.PLAN_CHANGE_CONSENT: plan_changes.signature_received,
    }
    return House(
        runtime=runtime,
        gateway=gateway,
        bank=bank,
        signings=signings,
        applications=applications,
        decisions=decisions,
        agreements=Agreements(runtime),
        payouts=payouts,
        invoices=Invoices(runtime),
        payments=payments,
        redemptions=redemptions,
        cancellations=cancellations,
        annulments=Annulments(runtime),
        plan_changes=plan_changes,
        late_payment=LatePayment(runtime),
        accounting=Accounting(runtime),
        dispatcher=dispatcher_of(runtime),
        webhook_endpoints=WebhookEndpoints(runtime),
    )


def gateway_of(runtime: Runtime, bureaus: Sequence[Bureau]) -> Gateway:
    """The way to *bureaus* in the orders, at the prices and within the limits of the settings."""
    settings = runtime.settings
    asked, agreed = settings.bureaus, {"creditsafe": settings.creditsafe, "bisnode": settings.bisnode}
    return Gateway(
        runtime,
        bureaus,
        orders={
            SubjectGroup.COMPANY: asked.companies,
            SubjectGroup.SOLE_TRADER: asked.sole_traders,
            SubjectGroup.PERSON: asked.persons,
        },
        reuse=ReusePolicy(limited_company=timedelta(days=asked.reuse_days)),
        prices=Prices(
            tariffs={name: one.tariff for name, one in agreed.items() if one is not None},
            application_budget=asked.application_budget,
        ),
        breaker=BreakerPolicy(failures=asked.breaker_failures, pause=timedelta(seconds=asked.breaker_pause_seconds)),
    )


def _file_terms(settings: Settings) -> FileTerms:
    lender, bank = settings.lender, settings.bank
    debtor = Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic)
    return FileTerms(debtor, PainVersion(bank.pain_version), bank.release_above)


def _bank_asked_every(runtime: Runtime) -> timedelta:
    """The pause between two questions about one payout; none where test time may jump over the answer."""
    return timedelta(0) if runtime.settings.sandbox else timedelta(seconds=30)


def runtime_of(settings: Settings) -> Runtime:
    """Database, clock and keys as *settings* say; the database is connected to when it is first used."""
    database = Database(settings.database_url.reveal())
    return Runtime(settings, database, test_time.clock_of(settings, database), cipher_of(settings, database))


def require_keys(runtime: Runtime) -> None:
    """Raise KeyVersionNeeded when something is under a version of the key that the settings do not give.

    Where the database cannot be asked now the service starts all the same, as it does whatever the database is at.
    """
    store = key_store_of(runtime.settings.encryption)
    try:
        with runtime.database.transaction() as session:
            key_state.require_versions(session, store, at=runtime.wall.now())
            require_index_version(session, frozenset(runtime.settings.index.keys))
    except SQLAlchemyError:
        _log.warning("key_versions_not_checked")


def house_of(runtime: Runtime) -> House:
    """The house with the outside parties that the settings name."""
    settings = runtime.settings
    _require_seal_key(settings)
    bankid = BankIdClient(
        settings.bankid.url,
        certificate=settings.bankid.certificate,
        key=settings.bankid.key,
        ca=settings.bankid.ca,
    )
    drop = settings.bank.drop
    bank: Bank = BankDrop(drop) if drop else BankClient(settings.bank.url, settings.bank.token.reveal())
    roots = _roots_of(settings)
    return compose(runtime, bankid=bankid, bank=bank, bureaus=bureaus_of(settings), roots=roots)


def _require_seal_key(settings: Settings) -> None:
    try:
        load_key(settings.document_seal.key, settings.document_seal.certificate)
    except SealKeyUnusable as error:
        raise SettingsRefused((SettingProblem("DOCUMENT_SEAL_KEY", f"cannot seal: {error}"),)) from error
    roots = settings.document_seal.timestamps_roots
    if roots is not None and not certificates_in(roots.read_bytes()):
        raise SettingsRefused((SettingProblem("DOCUMENT_SEAL_TIMESTAMPS_ROOTS", "holds no certificates in PEM"),))


def _roots_of(settings: Settings) -> Roots:
    try:
        return read_roots(settings.bankid.roots)
    except ValueError as error:
        raise SettingsRefused((SettingProblem("BANKID_ROOTS", "holds no certificates in PEM"),)) from error


def bureaus_of(settings: Settings) -> tuple[Bureau, ...]:
    """The bureaus as the settings say; raises SettingsRefused for a mapping that cannot be read, and for an order that
    names nobody.
    """
    _check_orders(settings.bureaus)
    found: list[Bureau] = []
    if settings.creditsafe is not None:
        try:
            found.append(Creditsafe(settings.creditsafe))
        except MappingInvalid as error:
            raise _not_valid("CREDITSAFE_MAPPING", error) from error
    if settings.bisnode is not None:
        orders = settings.bureaus
        try:
            found.append(
                Bisnode(
                    settings.bisnode,
                    companies=Bisnode.name in (*orders.companies, *orders.sole_traders),
                    persons=Bisnode.name in orders.persons,
                )
            )
        except paths.MappingInvalid as error:
            raise _not_valid("BISNODE_PERSON_MAPPING", error) from error
    return tuple(found)


def _not_valid(name: str, error: Exception) -> SettingsRefused:
    return SettingsRefused((SettingProblem(name, f"is not valid: {error}"),))


def _check_orders(orders: BureauSettings) -> None:
    named = {
        "BUREAUS_COMPANIES": orders.companies,
        "BUREAUS_SOLE_TRADERS": orders.sole_traders,
        "BUREAUS_PERSONS": orders.persons,
    }
    problems = tuple(SettingProblem(name, "names no bureau") for name, order in named.items() if not order)
    if problems:
        raise SettingsRefused(problems)
