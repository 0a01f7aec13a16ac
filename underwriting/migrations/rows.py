"""Every row of every feature, so that the tables can be compared with the migrations."""

from agreements.accounting import models as accounting
from agreements.annulment import models as annulment
from agreements.billing import models as billing
from agreements.cancellation import models as cancellation
from agreements.credit import models as credit
from agreements.documents import models as documents
from agreements.guarantees import models as guarantees
from agreements.invoices import models as invoices
from agreements.late_payment import models as late_payment
from agreements.ledger import models as ledger
from agreements.payments import models as payments
from agreements.payouts import models as payouts
from agreements.plan_changes import models as plan_changes
from agreements.redemption import models as redemption
from agreements.signing import models as signing
from bureau_clients import models as bureaus
from underwriting.applications import models as applications
from underwriting.decisions import desk_models as desk
from underwriting.decisions import models as decisions
from underwriting.due_diligence import models as due_diligence
from underwriting.platform import client_models as clients
from underwriting.platform import job_models as jobs
from underwriting.platform import key_models as keys
from underwriting.platform import message_models as messages
from underwriting.platform import models as platform
from underwriting.platform import rate_limit_store as rate_limits
from underwriting.platform.database import Base

FEATURES = (
    platform,
    jobs,
    keys,
    messages,
    clients,
    rate_limits,
    bureaus,
    documents,
    ledger,
    signing,
    guarantees,
    credit,
    payouts,
    billing,
    invoices,
    late_payment,
    payments,
    redemption,
    cancellation,
    annulment,
    plan_changes,
    accounting,
    due_diligence,
    applications,
    decisions,
    desk,
)
"""The modules whose rows make up the database; importing them fills the metadata."""

metadata = Base.metadata
