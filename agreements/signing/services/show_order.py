"""How an order stands, for whoever watches it: read without a lock, since it is looked at every other second."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.signing import rules
from agreements.signing.models import Signing
from agreements.signing.services.keep_order import AUTO_START_TOKEN, QR_START_SECRET, opened
from agreements.signing.services.take_completion import NOT_ACCEPTED
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform.runtime import Runtime

# The table and not its rows' class, whose statements take twice as long to send.
ORDERS = cast(sa.Table, Signing.__table__)
"""Where orders are kept, for what is done every other second."""
SHOWN = tuple(
    ORDERS.c[name]
    for name in (
        *("id", "purpose", "subject_id", "state", "hint_code", "started_at"),
        *("qr_start_token", "qr_start_secret_encrypted", "auto_start_token_encrypted", "session_given_at"),
        *("return_nonce_hash", "returned_at"),
    )
)
"""The columns that `Standing` is made of."""

_NOT_ACCEPTED_TEXT = Text(
    "Underskriften godtogs inte, och ingenting är undertecknat. Gå vidare för att se om det finns något kvar att "
    "underteckna, och försök då igen. Händer det igen, hör av dig till oss.",
    "The signature was not accepted, and nothing is signed. Continue to see whether there is anything left to sign, "
    "and then try again. Should it happen again, contact us.",
)
_NOT_RETURNED_TEXT = Text(
    "BankID är klart. Fortsätt i det fönster som BankID-appen öppnade, på samma enhet och i samma webbläsare: bara "
    "där loggas du in. Öppnades inget fönster, börja om.",
    "BankID is done. Continue in the window that the BankID app opened, on the same device and in the same browser: "
    "only there are you logged in. If no window was opened, start again.",
)
_OF_SECRET = sa.select(*SHOWN).where(
    ORDERS.c.id == sa.bindparam("signing_id"), ORDERS.c.secret_hash == sa.bindparam("secret_hash")
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as it stands, what it opens with still sealed."""

    id: uuid.UUID
    purpose: SigningPurpose
    subject_id: uuid.UUID
    state: SigningState
    hint_code: str | None
    started_at: datetime
    qr_start_token: str
    qr_start_secret_encrypted: bytes = field(repr=False)
    auto_start_token_encrypted: bytes = field(repr=False)
    session_given_at: datetime | None
    return_nonce_hash: bytes | None = field(repr=False)
    returned_at: datetime | None

    @property
    def same_device(self) -> bool:
        """Whether it is opened on the device that began it, and not by a QR code."""
        return self.return_nonce_hash is not None

    @property
    def awaits_return(self) -> bool:
        """Whether it is complete and its starter's browser has not come back from the app, so that nobody is let in."""
        return self.state is SigningState.COMPLETE and self.same_device and self.returned_at is None

    @classmethod
    def of(cls, row: Any) -> "Standing":
        """What a row of the columns `SHOWN` says."""
        identifier, purpose, subject_id, state, *rest = row
        return cls(identifier, SigningPurpose(purpose), subject_id, SigningState(state), *rest)


@dataclass(frozen=True, slots=True)
class SigningView:
    """How an order stands, for whoever started it. *qr_content* is another one each second until the app is opened.

    *next_qr_content* is the one of the second that follows. An order is opened one way: it has codes, or for the device
    that began it an *auto_start_token*. *session_token* is given once, to the first look after completion, unless it
    *awaits_return*: then after the starter's browser came back from the app.
    """

    signing_id: uuid.UUID
    purpose: SigningPurpose
    subject_id: uuid.UUID
    state: SigningState
    message: Text | None
    qr_content: str | None = field(repr=False)
    next_qr_content: str | None = field(repr=False)
    auto_start_token: str | None = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    awaits_return: bool = False


def standing_of(session: Session, signing_id: uuid.UUID, secret_hash: bytes) -> Standing | None:
    """How the order of that secret stands; None where there is none."""
    row = session.execute(_OF_SECRET, {"signing_id": signing_id, "secret_hash": secret_hash}).one_or_none()
    return None if row is None else Standing.of(row)


def view_of(runtime: Runtime, standing: Standing, *, session_token: str | None) -> SigningView:
    """What the watcher is shown."""
    is_pending = standing.state is SigningState.PENDING
    waits_for_app = is_pending and rules.waits_for_app(standing.hint_code)
    codes = _qr_contents(runtime, standing) if waits_for_app and not standing.same_device else (None, None)
    token = standing.auto_start_token_encrypted
    return SigningView(
        signing_id=standing.id,
        purpose=standing.purpose,
        subject_id=standing.subject_id,
        state=standing.state,
        message=_message(standing),
        qr_content=codes[0],
        next_qr_content=codes[1],
        auto_start_token=opened(runtime, token, AUTO_START_TOKEN) if is_pending and standing.same_device else None,
        session_token=session_token,
        awaits_return=standing.awaits_return,
    )


def _qr_contents(runtime: Runtime, standing: Standing) -> tuple[str, str]:
    """The codes of this second and of the next."""
    secret = opened(runtime, standing.qr_start_secret_encrypted, QR_START_SECRET)
    seconds = max(0, (runtime.wall.now() - standing.started_at) // timedelta(seconds=1))
    token = standing.qr_start_token
    return rules.qr_content(token, secret, seconds), rules.qr_content(token, secret, seconds + 1)


def _message(standing: Standing) -> Text | None:
    if standing.awaits_return:
        return _NOT_RETURNED_TEXT
    if standing.state is SigningState.COMPLETE:
        return None
    if standing.hint_code == NOT_ACCEPTED:
        return _NOT_ACCEPTED_TEXT
    return rules.message_for(standing.state, standing.hint_code, qr=not standing.same_device).text
