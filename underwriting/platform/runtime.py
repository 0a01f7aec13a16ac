"""What every use case needs: one database, one clock, one set of keys, the product's terms."""

from dataclasses import dataclass, field

from underwriting.kernel.clock import Clock, SystemClock
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher
from underwriting.platform.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """Handed to every service when the process is composed; holds no state of its own.

    *clock* gives business instants and may be test time; *wall* is the machine's clock for leases, log-ins, pauses
    between two questions and animated codes, and never decides anything that a party is held to.
    """

    settings: Settings
    database: Database
    clock: Clock
    cipher: Cipher
    terms: ProductTerms = field(default=DEFAULT_TERMS)
    wall: Clock = field(default_factory=SystemClock)
