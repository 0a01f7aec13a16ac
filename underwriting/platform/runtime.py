"""What every use case needs: one database, one clock, one set of keys, the product's terms."""

from dataclasses import dataclass, field

from underwriting.kernel.clock import Clock
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher
from underwriting.platform.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """Handed to every service when the process is composed; holds no state of its own."""

    settings: Settings
    database: Database
    clock: Clock
    cipher: Cipher
    terms: ProductTerms = field(default=DEFAULT_TERMS)
