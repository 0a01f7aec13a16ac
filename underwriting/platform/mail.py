"""E-mail by SMTP: one message to one recipient, the same bytes with the same Message-ID each time it is sent.

1. Nothing is said beyond this machine before TLS is up and held against the server's name; what came before it is
   forgotten.
2. A name, an address or a subject cannot add a header or a recipient: an address that is not exactly one address is
   refused, a subject is one line.
3. The server's answer to the message itself decides. An answer that did not come leaves the message to be sent again.
"""

import contextlib
import smtplib
import socket
import ssl
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from underwriting.platform.cut_off import cut_off
from underwriting.platform.deliveries import Outcome
from underwriting.platform.mail_settings import MailSettings
from underwriting.platform.message_models import AttemptOutcome
from underwriting.platform.outbox import Attachment

EACH_ANSWER_SECONDS = 20
WHOLE_SECONDS = 60
_ENCODED_WORD = "=?"  # in which a header would hide line breaks: the library reads it again
_READY = 220
_TAKEN = 250


class RecipientInvalid(Exception):
    """What stands where the recipient's address should be is not one address."""


class ServerTrouble(Exception):
    """The server is not there, not the one it should be, or does not do what is needed."""


@dataclass(frozen=True)
class Smtp:
    """The way to the server. An outcome without a status tells of the server, not of the message."""

    settings: MailSettings
    sender_name: str
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    each_answer_seconds: float = EACH_ANSWER_SECONDS
    whole_seconds: float = WHOLE_SECONDS

    def send(self, message: EmailMessage) -> Outcome:
        """Hand *message* to the server; what came of it. Never raises for what the server does."""
        try:
            with self._session() as session:
                session.sendmail(self.settings.sender, str(message["To"]), message.as_bytes())
        except ServerTrouble as trouble:
            return Outcome(AttemptOutcome.TEMPORARY, fault=str(trouble))
        except smtplib.SMTPRecipientsRefused as refused:
            return _answered(next(iter(refused.recipients.values()))[0])
        except smtplib.SMTPSenderRefused as refused:
            answered = _answered(refused.smtp_code)  # a matter of settings, not of this message
            return replace(answered, outcome=AttemptOutcome.TEMPORARY)
        except smtplib.SMTPDataError as refused:
            return _answered(refused.smtp_code)
        except (smtplib.SMTPException, OSError):
            return Outcome(AttemptOutcome.TEMPORARY, fault="no_answer")
        return Outcome(AttemptOutcome.DELIVERED, _TAKEN)

    def message(
        self,
        message_id: uuid.UUID,
        recipient: str,
        subject: str,
        body: str,
        *,
        at: datetime,
        attachments: Iterable[Attachment] = (),
    ) -> EmailMessage:
        """The message; its bytes follow from the arguments alone. Raises RecipientInvalid."""
        sender = Address(_one_line(self.sender_name), addr_spec=self.settings.sender)
        written = EmailMessage(policy=SMTP)
        written["From"] = sender
        written["To"] = _one_address(recipient)
        written["Subject"] = _one_line(subject)
        written["Date"] = at
        written["Message-ID"] = f"<{message_id}@{sender.domain}>"
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(_text(body), charset="utf-8", cte="quoted-printable")
        for one in attachments:
            main, _, sub = one.media_type.partition("/")
            written.add_attachment(one.content, maintype=main, subtype=sub, filename=_one_line(one.name))
        if written.is_multipart():
            written.set_boundary(f"=_{message_id.hex}")  # else the library takes one by chance
        return written

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session with the server, ready for a message; raises ServerTrouble."""
        try:
            address = (self.settings.host, self.settings.port)
            connection = socket.create_connection(address, timeout=self.each_answer_seconds)
        except OSError as error:
            raise ServerTrouble("connection") from error
        session = smtplib.SMTP(local_hostname=self._own_name, timeout=self.each_answer_seconds)
        with (
            contextlib.closing(connection),
            contextlib.closing(session),
            cut_off(connection, after_seconds=self.whole_seconds),
        ):
            self._greet(session, connection)
            yield session
            with contextlib.suppress(smtplib.SMTPException, OSError):
                session.quit()

    def _greet(self, session: smtplib.SMTP, connection: socket.socket) -> None:
        try:
            session.sock = self._wrapped(connection) if self.settings.is_tls else connection
            if session.getreply()[0] != _READY:
                raise ServerTrouble("greeting")
            session.ehlo_or_helo_if_needed()
            if not self.settings.is_tls:
                self._start_tls(session, connection)
            if self.settings.user is not None:
                session.login(self.settings.user, self.settings.password.reveal())
        except ssl.SSLError as error:
            raise ServerTrouble("tls") from error
        except smtplib.SMTPAuthenticationError as error:
            raise ServerTrouble("login") from error
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble("timeout" if isinstance(error, TimeoutError) else "greeting") from error

    def _start_tls(self, session: smtplib.SMTP, connection: socket.socket) -> None:
        """TLS where the server offers it; without it nothing is said to a server beyond this machine."""
        if not session.has_extn("starttls"):
            if self.settings.is_loopback:
                return
            raise ServerTrouble("no_tls")
        if session.docmd("STARTTLS")[0] != _READY:
            raise ServerTrouble("no_tls")
        if session.file is not None:
            session.file.close()  # and with it what was sent before TLS
        session.sock, session.file = self._wrapped(connection), None
        session.helo_resp = session.ehlo_resp = None
        session.esmtp_features, session.does_esmtp = {}, False
        session.ehlo()

    def _wrapped(self, connection: socket.socket) -> ssl.SSLSocket:
        return self.tls.wrap_socket(connection, server_hostname=self.settings.host)

    @property
    def _own_name(self) -> str:
        """What this machine calls itself to the server: the sender's domain, never a name of the inner network."""
        return self.settings.sender.rpartition("@")[2]


def _answered(status: int) -> Outcome:
    """5xx is final for this message, 4xx is not; anything else is no answer."""
    if 500 <= status < 600:
        return Outcome(AttemptOutcome.PERMANENT, status)
    if 400 <= status < 500:
        return Outcome(AttemptOutcome.TEMPORARY, status)
    return Outcome(AttemptOutcome.TEMPORARY, fault="no_answer")


def _one_address(text: str) -> Address:
    """*text* as exactly one address; a domain with å, ä or ö in the letters that every server takes."""
    try:
        address = Address(addr_spec=text)
        domain = address.domain.encode("idna").decode()
    except (ValueError, IndexError, HeaderParseError):
        raise RecipientInvalid from None
    if (
        _ENCODED_WORD in text
        or not address.username.isascii()
        or not address.username
        or not domain
        or not text.isprintable()
    ):
        raise RecipientInvalid
    return Address(username=address.username, domain=domain)


def _one_line(text: str) -> str:
    """*text* on one line, without what cannot be shown."""
    line = " ".join(text.split())
    return _text("".join(letter for letter in line if letter.isprintable())).replace(_ENCODED_WORD, "= ?")


def _text(text: str) -> str:
    """*text* without halves of letters, which no encoding can write."""
    return text.encode("utf-8", "replace").decode()
