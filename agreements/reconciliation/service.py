"""Whether money, invoices and books agree (*avstämning*): every invariant of every feature, on one and the same moment.

A feature's own stand in its module `invariants`; one that is new is added to the list here.
"""

from collections.abc import Callable

from agreements.accounting import invariants as accounting
from agreements.billing import invariants as billing
from agreements.invoices import invariants as invoices
from agreements.late_payment import invariants as late_payment
from agreements.ledger import invariants as ledger
from agreements.ledger.service import Finding, Offence, check_each
from agreements.payments import invariants as payments
from agreements.payouts import invariants as payouts
from agreements.plan_changes import invariants as plan_changes
from underwriting.platform.database import Database

__all__ = ["INVARIANTS", "Finding", "Offence", "broken", "prove"]

INVARIANTS = (
    *ledger.INVARIANTS,
    *payouts.INVARIANTS,
    *billing.INVARIANTS,
    *invoices.INVARIANTS,
    *late_payment.INVARIANTS,
    *payments.INVARIANTS,
    *plan_changes.INVARIANTS,
    *accounting.INVARIANTS,
)
"""All of them, in the order in which they are proven."""


def prove(database: Database, *, told: Callable[[Finding], object] = lambda _: None) -> tuple[Finding, ...]:
    """What became of each invariant in *database*, which may be at work; *told* hears of each as it is proven.

    Changes nothing, and takes no lock that anybody waits for. Reads every row of the books, once for each invariant.
    """
    findings = []
    with database.snapshot() as session:
        for finding in check_each(session, INVARIANTS):
            findings.append(finding)
            told(finding)
    return tuple(findings)


def broken(database: Database) -> tuple[Finding, ...]:
    """What does not hold in *database*; nothing, when all is well."""
    return tuple(finding for finding in prove(database) if not finding.holds)
