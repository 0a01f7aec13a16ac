"""Where BankID's app leads when it is done on the device that opened it, and what shows that it led there.

An order's link opens it on any device. Were that enough, whoever sends theirs to somebody else would be logged in as
that person. BankID alone is told the nonce of the address, and gives it to the device on which the person acted.
"""

import secrets
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.signing.services.show_order import ORDERS
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningState
from underwriting.platform.authentication import token_hash
from underwriting.platform.runtime import Runtime


class StartedElsewhere(Conflict):
    """BankID's app led to a browser that did not begin the order, or with another order's nonce: nothing is given."""

    slug = "signing-started-elsewhere"
    title = Text(
        "Den här webbläsaren loggas inte in: den började inte legitimeringen eller underskriften. Var det du själv, "
        "börja om i den här webbläsaren. Fick du en länk av någon annan, kontakta oss: den personen loggas inte in.",
        "This browser is not logged in: it did not begin the identification or signature. If that was you, start again "
        "in this browser. If somebody else sent you a link, contact us: that person is not logged in.",
    )


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """The address with its nonce, which is kept nowhere, and the hash that is kept."""

    url: str = field(repr=False)
    nonce_hash: bytes


def return_to(runtime: Runtime, signing_id: uuid.UUID) -> ReturnTo:
    """A new address to return to for an order of *signing_id*."""
    nonce = secrets.token_urlsafe(32)
    base = runtime.settings.base_url.rstrip("/")
    return ReturnTo(f"{base}/signings/{signing_id}/return?nonce={nonce}", token_hash(nonce))


def note_return(session: Session, runtime: Runtime, signing_id: uuid.UUID, secret: str, nonce: str) -> None:
    """Note that the starter's browser, which shows *secret*, came back with the order's *nonce*.

    Coming a second time changes nothing. Raises StartedElsewhere.
    """
    of_both = (
        ORDERS.c.id == signing_id,
        ORDERS.c.secret_hash == token_hash(secret),
        ORDERS.c.return_nonce_hash == token_hash(nonce),
        ORDERS.c.state != str(SigningState.FAILED),
    )
    first = sa.func.coalesce(ORDERS.c.returned_at, runtime.clock.now())
    noted = session.execute(sa.update(ORDERS).where(*of_both).values(returned_at=first).returning(ORDERS.c.id))
    if noted.first() is None:
        raise StartedElsewhere
