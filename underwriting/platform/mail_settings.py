"""The settings of e-mail: through which server it goes, and from whom."""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from urllib.parse import unquote, urlsplit

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.text import Text
from underwriting.platform.environment import EnvironmentReader, Secret, is_on_loopback

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The server for outgoing mail. *is_tls* from the first byte; else STARTTLS, without which only loopback may do."""

    host: str
    port: int
    is_tls: bool
    is_loopback: bool
    user: str | None
    password: Secret[str]
    sender: str


def read_mail(reader: EnvironmentReader, *, sandbox: bool) -> MailSettings | None:
    """`SMTP_URL` and `MAIL_FROM`; None without the first, which only the sandbox may do without."""
    if sandbox and reader.optional_text("SMTP_URL") is None:
        return None
    url = reader.secret("SMTP_URL").reveal()
    sender = reader.parsed("MAIL_FROM", parse_sender)
    fault = _fault(url) if url else None
    if fault is not None:
        reader.refuse("SMTP_URL", fault)
    if fault is not None or not url:
        return None
    if sandbox and not is_on_loopback(url):
        reader.refuse("SMTP_URL", "is not on loopback, which BORGEN_SANDBOX=true demands")
    parts = urlsplit(url)
    return MailSettings(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        is_loopback=is_on_loopback(url),
        user=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password or "")),
        sender=sender,
    )


def parse_sender(text: str) -> str:
    """The address that mail is sent from; InvalidInput when it is none, or holds more than one."""
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):
        raise InvalidInput(Text("ingen e-postadress", "it is no e-mail address")) from None
    if not address.domain or not text.isascii() or not text.isprintable():
        raise InvalidInput(Text("ingen e-postadress", "it is no e-mail address"))
    return text


def _fault(url: str) -> str | None:
    form = "is not an address of the form smtp://user:password@host:587 or smtps://…"
    try:
        parts = urlsplit(url)
        well_formed = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return form
    if not well_formed or parts.scheme not in _PORTS or parts.path.strip("/") or parts.query or parts.fragment:
        return form
    if any(letter.isspace() for letter in url):
        return form
    if (parts.username is None) != (parts.password is None):
        return "has a user name or a password, but not both"
    return None
