"""BankID without its network: the animated code, what people are told, what an order and its completion hold.

Facts are those of BankID's relying-party API, version 6.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text

VISIBLE_LIMIT = 40_000
"""The most base64 characters of visible text in one order; there is at least one."""
NON_VISIBLE_LIMIT = 200_000
"""The most base64 characters of data that is signed but not shown."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a person is told while an order runs; *rfa* is the number that BankID gives such a message."""

    rfa: str
    text: Text


_PENDING_OTHER = Message(
    "RFA21", Text("Legitimering eller underskrift pågår.", "Identification or signing is under way.")
)
_FAILED_OTHER = Message("RFA22", Text("Något gick fel. Försök igen.", "Something went wrong. Please try again."))
_OPEN_APP = Message(
    "RFA13",
    Text("Vi försöker öppna BankID-appen på din enhet.", "We are trying to open the BankID app on your device."),
)
_START_APP = Message("RFA1", Text("Öppna BankID-appen.", "Open your BankID app."))
_SIGN = Message(
    "RFA9",
    Text(
        "Läs texten i BankID-appen, skriv din säkerhetskod och bekräfta.",
        "Read the text in the BankID app, enter your security code and confirm.",
    ),
)
_NOT_STARTED = Message(
    "RFA17A",
    Text(
        "BankID-appen öppnades inte. Se efter att den finns på enheten och att ditt BankID gäller, och försök igen.",
        "The BankID app was not opened. See that it is on this device and that your BankID is valid, and try again.",
    ),
)
_NOT_SCANNED = Message(
    "RFA17B",
    Text(
        "QR-koden lästes inte av. Öppna BankID-appen, läs av koden och försök igen.",
        "The QR code was not scanned. Open the BankID app, scan the code and try again.",
    ),
)

_MESSAGES: Mapping[tuple[str, str], Message] = {
    ("pending", "outstandingTransaction"): _OPEN_APP,
    ("pending", "noClient"): _START_APP,
    ("pending", "started"): Message(
        "RFA15B",
        Text(
            "Vi letar efter ditt BankID. Hittas inget har du kanske inget BankID på den här enheten.",
            "We are looking for your BankID. If none is found, there may be none on this device.",
        ),
    ),
    ("pending", "userMrtd"): Message(
        "RFA23",
        Text(
            "Läs av ditt pass eller nationella id-kort så som BankID-appen visar.",
            "Scan your passport or national identity card as the BankID app shows.",
        ),
    ),
    ("pending", "userCallConfirm"): Message(
        "RFA21",
        Text("Bekräfta samtalet i BankID-appen.", "Confirm the phone call in the BankID app."),
    ),
    ("pending", "userSign"): _SIGN,
    ("pending", "processing"): Message("RFA21", Text("BankID behandlar din bekräftelse.", "BankID is processing.")),
    ("failed", "expiredTransaction"): Message(
        "RFA8", Text("Tiden gick ut. Försök igen.", "The time ran out. Please try again.")
    ),
    ("failed", "certificateErr"): Message(
        "RFA16",
        Text(
            "Ditt BankID är spärrat eller för gammalt. Använd ett annat eller hämta ett nytt hos din bank.",
            "Your BankID is blocked or too old. Use another one or order a new one from your bank.",
        ),
    ),
    ("failed", "userCancel"): Message("RFA6", Text("Du avbröt i BankID-appen.", "You cancelled in the BankID app.")),
    ("failed", "cancelled"): Message(
        "RFA3",
        Text("Avbrutet. Börja om när du är redo.", "Cancelled. Start again when you are ready."),
    ),
    ("failed", "startFailed"): _NOT_STARTED,
    ("failed", "userDeclinedCall"): Message(
        "RFA22",
        Text("Du svarade nej på frågan om samtalet.", "You said no to the question about the phone call."),
    ),
    ("failed", "notSupportedByUserApp"): Message(
        "RFA22",
        Text("BankID-appen behöver uppdateras. Försök sedan igen.", "Update the BankID app and try again."),
    ),
    ("failed", "transactionRiskBlocked"): Message(
        "RFA22",
        Text(
            "BankID stoppade ärendet av säkerhetsskäl. Kontakta din bank.",
            "BankID stopped this for security reasons. Contact your bank.",
        ),
    ),
}
_MESSAGES_WITH_QR: Mapping[tuple[str, str], Message] = {
    ("pending", "outstandingTransaction"): Message(
        "RFA1", Text("Öppna BankID-appen och läs av QR-koden.", "Open your BankID app and scan the QR code.")
    ),
    ("pending", "started"): Message(
        "RFA15A",
        Text(
            "Vi letar efter ditt BankID. Hittas inget har du kanske inget BankID på den enhet du använder.",
            "We are looking for your BankID. If none is found, there may be none on the device that you use.",
        ),
    ),
    ("failed", "startFailed"): _NOT_SCANNED,
}

_BEFORE_THE_APP = (None, "outstandingTransaction", "noClient")


class VisibleTextRefused(InvalidInput):
    """The text to sign is empty or longer than one BankID order holds."""

    slug = "visible-text-refused"
    title = Text("Texten att skriva under är tom eller för lång", "The text to sign is empty or too long")


@dataclass(frozen=True, slots=True)
class Completion:
    """What BankID hands over, once, when a person has identified or signed.

    *signature* (XML) and *ocsp_response* (DER) are base64 as received: they are the evidence and are kept untouched.
    """

    personal_number: PersonalNumber
    name: str = field(repr=False)
    given_name: str = field(repr=False)
    surname: str = field(repr=False)
    device_ip: str = field(repr=False)
    device_uhi: str | None = field(repr=False)
    bank_id_issued_on: date | None
    risk: str | None
    signature: str = field(repr=False)
    ocsp_response: str = field(repr=False)


def qr_content(qr_start_token: str, qr_start_secret: str, seconds: int) -> str:
    """The text of the animated QR code *seconds* whole seconds after the order was made; the secret stays here."""
    code = hmac.new(qr_start_secret.encode(), str(seconds).encode(), hashlib.sha256).hexdigest()
    return f"bankid.{qr_start_token}.{seconds}.{code}"


def message_for(status: str, hint_code: str | None, *, qr: bool) -> Message:
    """What a person is told of an order in *status* `pending` or `failed`; *qr* when it is started by a QR code.

    A code that is not known here gets the general message of its status.
    """
    key = (status, hint_code or "")
    known = (_MESSAGES_WITH_QR.get(key) if qr else None) or _MESSAGES.get(key)
    return known or (_PENDING_OTHER if status == "pending" else _FAILED_OTHER)


def waits_for_app(hint_code: str | None) -> bool:
    """Whether nobody has opened a pending order in the app yet: only so long has its QR code anything to say."""
    return hint_code in _BEFORE_THE_APP


def require_visible_text(text: str) -> str:
    """*text* itself, when it fits in a signing order: 1 to 40 000 characters as base64. Else VisibleTextRefused."""
    if not 1 <= _base64_length(text.encode()) <= VISIBLE_LIMIT:
        raise VisibleTextRefused
    return text


def non_visible_data(document: bytes) -> bytes:
    """What is signed without being shown: the SHA-256 of *document*'s exact bytes, in hexadecimal."""
    return hashlib.sha256(document).hexdigest().encode()


def _base64_length(data: bytes) -> int:
    return (len(data) + 2) // 3 * 4
