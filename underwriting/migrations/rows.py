"""Every row of every feature, so that the tables can be compared with the migrations."""

import agreements.billing.models
import agreements.cancellation.models
import agreements.credit.models
import agreements.documents.models
import agreements.guarantees.models
import agreements.ledger.models
import agreements.payments.models
import agreements.payouts.models
import agreements.redemption.models
import agreements.signing.models
import bureau_clients.models
import underwriting.applications.models
import underwriting.decisions.models
import underwriting.platform.models  # noqa: F401
from underwriting.platform.database import Base

metadata = Base.metadata
