"""Every operation of the HTTP interface."""

from underwriting.api_description.accounting import ACCOUNTING
from underwriting.api_description.customers import CUSTOMERS
from underwriting.api_description.desk import DESK
from underwriting.api_description.due_diligence import DUE_DILIGENCE
from underwriting.api_description.ending import ENDING
from underwriting.api_description.intake import INTAKE
from underwriting.api_description.integration import ACCESS, INTEGRATION
from underwriting.api_description.invoices import INVOICES
from underwriting.api_description.late_payment import LATE_PAYMENT
from underwriting.api_description.lending import LENDING
from underwriting.api_description.operation import Operation
from underwriting.api_description.parties import PARTIES
from underwriting.api_description.payouts import PAYOUTS
from underwriting.api_description.plan_changes import PLAN_CHANGES
from underwriting.api_description.policies import POLICIES

OPERATIONS: tuple[Operation, ...] = (
    *INTAKE,
    *DESK,
    *DUE_DILIGENCE,
    *CUSTOMERS,
    *POLICIES,
    *LENDING,
    *INVOICES,
    *LATE_PAYMENT,
    *ACCOUNTING,
    *PLAN_CHANGES,
    *ENDING,
    *PARTIES,
    *PAYOUTS,
    *ACCESS,
    *INTEGRATION,
)
