"""E-mail over a real SMTP server: what it is handed, and what comes of every way in which it can answer."""

import email
import email.policy
import ipaddress
import socket
import time
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certificates import Ends, both_ends
from tests.support.smtp_server import SmtpServer, Taken, smtp_server
from underwriting.platform.environment import EnvironmentReader, Secret
from underwriting.platform.mail import RecipientInvalid, Smtp
from underwriting.platform.mail_settings import MailSettings, read_mail
from underwriting.platform.message_models import AttemptOutcome
from underwriting.platform.outbox import Attachment

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSAGE_ID = uuid.UUID("019ca000-0000-7000-8000-000000000001")
SENDER = "kredit@exempel.example"
SWEDISH = "Räntan är 2,75 % på 100 000 kr.\n\nÅsa Öberg får svar här:\nhttps://lan.example/agreements/" + "a" * 60


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    here = ipaddress.ip_address("127.0.0.1")
    return both_ends(tmp_path_factory.mktemp("tls"), x509.IPAddress(here))


def client(server: SmtpServer, *, ends: Ends | None = None, loopback: bool = True, login: bool = False) -> Smtp:
    settings = MailSettings(
        host="127.0.0.1",
        port=server.port,
        is_tls=server.from_the_start,
        is_loopback=loopback,
        user="borgen" if login else None,
        password=Secret("hemligt"),
        sender=SENDER,
    )
    trusting = {} if ends is None else {"tls": ends.client}
    return Smtp(settings, "Exempel Kredit AB", each_answer_seconds=0.3, whole_seconds=0.6, **trusting)


def letter(
    smtp: Smtp, *, recipient: str = "greta@example.se", subject: str = "Inbjudan", body: str = SWEDISH
) -> EmailMessage:
    return smtp.message(MESSAGE_ID, recipient, subject, body, at=AT)


def read(taken: Taken) -> EmailMessage:
    """The message as the recipient's program reads it."""
    message = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(taken: Taken) -> str:
    """The text, with the ends of lines as on this machine."""
    text: str = read(taken).get_content()
    return text.replace("\r\n", "\n")


def test_a_letter_arrives_as_it_was_written() -> None:
    with smtp_server() as server:
        smtp = client(server)
        outcome = smtp.send(letter(smtp, subject="Räntan för Åhléns / The rate"))
    assert (outcome.outcome, outcome.status) == (AttemptOutcome.DELIVERED, 250)
    (taken,) = server.taken
    assert taken.sender.split()[1] == f"FROM:<{SENDER}>"
    assert taken.recipients == ("TO:<greta@example.se>",)
    message = read(taken)
    assert message["Subject"] == "Räntan för Åhléns / The rate"
    assert message["From"] == f"Exempel Kredit AB <{SENDER}>"
    assert message["To"] == "greta@example.se"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == AT
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert body_of(taken).rstrip("\n") == SWEDISH


def test_every_line_on_the_way_is_short_and_in_ascii() -> None:
    """RFC 5321 and 5322: whatever stands on the way, no line is longer than 998 and no server changes a letter."""
    with smtp_server() as server:
        smtp = client(server)
        smtp.send(letter(smtp, body="å" * 5000 + "\n.\n..\nFrom här\n"))
    (taken,) = server.taken
    assert taken.content.isascii()
    assert max(map(len, taken.content.split(b"\r\n"))) <= 78
    assert b"\n" not in taken.content.replace(b"\r\n", b"")
    assert body_of(taken) == "å" * 5000 + "\n.\n..\nFrom här\n"


def test_a_file_goes_with_a_letter_the_same_bytes_each_time() -> None:
    """F4: a PDF by e-mail."""
    pdf = b"%PDF-1.7\r\n" + bytes(range(256)) * 20
    enclosed = Attachment("faktura-1.pdf", "application/pdf", pdf)
    with smtp_server() as server:
        for _ in range(2):
            smtp = client(server)
            letter = smtp.message(MESSAGE_ID, "greta@example.se", "Faktura", SWEDISH, at=AT, attachments=[enclosed])
            assert smtp.send(letter).outcome is AttemptOutcome.DELIVERED
    first, second = server.taken
    assert first.content == second.content
    text, file = read(first).iter_parts()
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == SWEDISH
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        "faktura-1.pdf",
        "application/pdf",
        pdf,
    )


def test_a_second_delivery_is_the_same_to_the_byte() -> None:
    with smtp_server() as server:
        for _ in range(2):
            smtp = client(server)
            smtp.send(letter(smtp))
    first, second = server.taken
    assert first.content == second.content
    assert read(first)["Message-ID"] == f"<{MESSAGE_ID}@exempel.example>"


@pytest.mark.parametrize(
    "hostile",
    [
        "Hej\r\nBcc: offer@example.se",
        "Hej\nBcc: offer@example.se",
        "Hej\r\n\r\n<script>",
        "Hej\rBcc: offer@example.se",
        "Hej\u2028Bcc: offer@example.se",
        "Hej\x00\x0b\x0c\x1bBcc: offer@example.se",
        "=?utf-8?q?Hej=0D=0ABcc=3A_offer=40example.se?=",
        "=\x00?utf-8?q?Hej=0D=0ABcc=3A_offer=40example.se?\x00=",
        "=?utf-8?b?SGVqDQpCY2M6IG9mZmVyQGV4YW1wbGUuc2U=?= =?utf-8?b?SGVqDQpCY2M6IG9mZmVyQGV4YW1wbGUuc2U=?=",
        "==??utf-8?q?Hej=0D=0ABcc=3A_offer=40example.se?=",
        "Hej\ud800",
        "x" * 3000,
    ],
)
def test_a_subject_adds_no_header_and_no_recipient(hostile: str) -> None:
    with smtp_server() as server:
        smtp = client(server)
        assert smtp.send(letter(smtp, subject=hostile)).is_delivered
    (taken,) = server.taken
    message = read(taken)
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert message["Bcc"] is None
    assert len(taken.recipients) == 1
    assert body_of(taken).rstrip("\n") == SWEDISH


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "greta",
        "greta@",
        "@example.se",
        "greta@example.se\r\nBcc: offer@example.se",
        "greta@example.se\nRCPT TO:<offer@example.se>",
        "greta@example.se, offer@example.se",
        "greta@example.se offer@example.se",
        "Greta <greta@example.se>",
        "<greta@example.se>",
        "greta@example.se>",
        "greta@example.se\x00",
        "greta@exa mple.se",
        "grupp: a@example.se, b@example.se;",
        "greta@example.se (offer@example.se",
        "=?utf-8?q?x=0D=0ABcc:offer=40example.se?=@example.se",
        "åsa@example.se",  # few servers can write it
        "x" * 70 + "@" + "y" * 70 + ".se",
    ],
)
def test_what_is_not_one_address_is_refused_before_anybody_is_asked(recipient: str) -> None:
    with smtp_server() as server, pytest.raises(RecipientInvalid):
        letter(client(server), recipient=recipient)
    assert server.commands == []


def test_a_domain_with_swedish_letters_is_written_so_that_every_server_takes_it() -> None:
    with smtp_server() as server:
        smtp = client(server)
        assert smtp.send(letter(smtp, recipient="greta@räksmörgås.example")).is_delivered
    assert server.taken[0].recipients == ("TO:<greta@xn--rksmrgs-5wao1o.example>",)


@pytest.mark.parametrize(
    ("at", "answer", "outcome", "status"),
    [
        ("MAIL", "451 4.3.0 later", AttemptOutcome.TEMPORARY, 451),
        ("MAIL", "550 5.7.1 not you", AttemptOutcome.TEMPORARY, 550),  # the sender is a matter of settings
        ("RCPT", "450 4.2.1 greylisted", AttemptOutcome.TEMPORARY, 450),
        ("RCPT", "452 4.2.2 mailbox full", AttemptOutcome.TEMPORARY, 452),
        ("RCPT", "550 5.1.1 nobody here", AttemptOutcome.PERMANENT, 550),
        ("DATA", "451 4.3.0 later", AttemptOutcome.TEMPORARY, 451),
        ("DATA", "554 5.7.1 no", AttemptOutcome.PERMANENT, 554),
        ("MESSAGE", "451 4.7.1 later", AttemptOutcome.TEMPORARY, 451),
        ("MESSAGE", "552 5.3.4 too large", AttemptOutcome.PERMANENT, 552),
    ],
)
def test_the_servers_answer_says_whether_to_try_again(
    at: str, answer: str, outcome: AttemptOutcome, status: int
) -> None:
    with smtp_server({at: answer}) as server:
        smtp = client(server)
        found = smtp.send(letter(smtp))
    assert (found.outcome, found.status, found.fault) == (outcome, status, None)
    assert server.taken == []


@pytest.mark.parametrize(
    "answers",
    [
        {"CONNECT": "421 4.3.2 closing"},
        {"CONNECT": "554 5.7.1 go away"},
        {"CONNECT": "cut"},
        {"CONNECT": "hang"},
        {"CONNECT": "drip"},
        {"EHLO": "cut"},
        {"EHLO": "hang"},
        {"EHLO": "drip"},
        {"MAIL": "cut"},
        {"RCPT": "hang"},
        {"RCPT": "drip"},
        {"DATA": "cut"},
        {"DATA": "drip"},
        {"MESSAGE": "hang"},
        {"MESSAGE": "taken and cut"},
    ],
    ids=str,
)
def test_a_server_that_hangs_drips_or_is_cut_off_leaves_the_message_to_be_sent_again(answers: dict[str, str]) -> None:
    start = time.monotonic()
    with smtp_server(answers) as server:
        smtp = client(server)
        outcome = smtp.send(letter(smtp))
    assert (outcome.outcome, outcome.status) == (AttemptOutcome.TEMPORARY, None)
    assert outcome.fault
    assert time.monotonic() - start < 5


def test_a_server_that_is_not_there_leaves_the_message_to_be_sent_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    smtp = client(SmtpServer(port))
    assert smtp.send(letter(smtp)).fault == "connection"


def test_a_farewell_that_does_not_come_takes_nothing_back() -> None:
    with smtp_server({"QUIT": "cut"}) as server:
        smtp = client(server)
        assert smtp.send(letter(smtp)).is_delivered
    assert len(server.taken) == 1


def test_beyond_this_machine_nothing_is_said_without_tls() -> None:
    with smtp_server() as server:
        smtp = client(server, loopback=False, login=True)
        assert smtp.send(letter(smtp)).fault == "no_tls"
    assert [command.split()[0].upper() for command in server.commands] == ["EHLO", "QUIT"][: len(server.commands)]
    assert not any("AUTH" in command for command in server.commands)


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "500 what?", "cut"])
def test_a_server_that_takes_back_its_offer_of_tls_is_left(ends: Ends, answer: str) -> None:
    with smtp_server({"STARTTLS": answer}, tls=ends.server) as server:
        smtp = client(server, ends=ends, login=True)
        assert smtp.send(letter(smtp)).outcome is AttemptOutcome.TEMPORARY
    assert not any("AUTH" in command or "MAIL" in command for command in server.commands)


@pytest.mark.parametrize("from_the_start", [False, True])
def test_tls_carries_log_in_and_letter(ends: Ends, from_the_start: bool) -> None:
    with smtp_server(tls=ends.server, from_the_start=from_the_start) as server:
        smtp = client(server, ends=ends, loopback=False, login=True)
        assert smtp.send(letter(smtp)).is_delivered
    (taken,) = server.taken
    assert taken.by_tls
    assert taken.login is not None
    assert taken.login.startswith("AUTH PLAIN ")


@pytest.mark.parametrize("from_the_start", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(ends: Ends, from_the_start: bool) -> None:
    with smtp_server(tls=ends.server, from_the_start=from_the_start) as server:
        smtp = client(server, loopback=False, login=True)
        assert smtp.send(letter(smtp)).fault == "tls"
    assert server.taken == []


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    other = both_ends(tmp_path / "other", x509.DNSName("mail.invalid"))
    with smtp_server(tls=other.server) as server:
        smtp = client(server, ends=other, loopback=False)
        assert smtp.send(letter(smtp)).fault == "tls"


def test_what_is_slipped_in_before_tls_is_forgotten(ends: Ends) -> None:
    """An attacker between us and the server adds answers in the clear; TLS does not vouch for them."""
    with smtp_server(tls=ends.server, before_tls="\r\n250-mail.evil.example\r\n250 AUTH LOGIN") as server:
        smtp = client(server, ends=ends, loopback=False, login=True)
        smtp.send(letter(smtp))
    assert all(command.upper() != "AUTH LOGIN" for command in server.commands)
    assert [taken.login for taken in server.taken if "LOGIN" in (taken.login or "")] == []


def test_a_wrong_password_is_no_fault_of_the_message(ends: Ends) -> None:
    with smtp_server({"AUTH": "535 5.7.8 wrong"}, tls=ends.server) as server:
        smtp = client(server, ends=ends, login=True)
        outcome = smtp.send(letter(smtp))
    assert (outcome.outcome, outcome.fault) == (AttemptOutcome.TEMPORARY, "login")


def settings_of(sandbox: bool, **environment: str) -> tuple[MailSettings | None, list[tuple[str, str]]]:
    reader = EnvironmentReader(environment)
    return read_mail(reader, sandbox=sandbox), [tuple(problem) for problem in reader.problems]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "user", "password"),
    [
        ("smtp://mail.invalid", "mail.invalid", 587, False, None, ""),
        ("smtp://mail.invalid:25", "mail.invalid", 25, False, None, ""),
        ("smtps://mail.invalid", "mail.invalid", 465, True, None, ""),
        ("smtp://borgen:p%40ss%3Aord@mail.invalid:2525", "mail.invalid", 2525, False, "borgen", "p@ss:ord"),
        ("smtps://k%40x.example:%C3%A5@[2001:db8::1]", "2001:db8::1", 465, True, "k@x.example", "å"),
    ],
)
def test_the_address_of_the_server_is_read(
    url: str, host: str, port: int, is_tls: bool, user: str | None, password: str
) -> None:
    found, problems = settings_of(False, SMTP_URL=url, MAIL_FROM=SENDER)
    assert problems == []
    assert found == MailSettings(host, port, is_tls, False, user, Secret(password), SENDER)
    assert password == "" or password not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        *("mail.invalid", "http://mail.invalid", "smtp://", "smtp://mail.invalid:0", "smtp://mail.invalid:99999"),
        *("smtp://mail.invalid/path", "smtp://mail.invalid?a=b", "smtp://user@mail.invalid", "smtp://[::1"),
        *("smtp://mail.invalid:abc", "smtp://a b@mail.invalid"),
    ],
)
def test_a_malformed_address_is_refused_and_not_repeated(url: str) -> None:
    found, problems = settings_of(False, SMTP_URL=url, MAIL_FROM=SENDER)
    assert found is None
    assert [name for name, _ in problems] == ["SMTP_URL"]
    assert url not in problems[0][1].replace("smtp://user:password@host:587", "")


@pytest.mark.parametrize(
    "sender", ["", "kredit", "a@b.se, c@d.se", "Kredit <a@b.se>", "a@b.se\r\nBcc: c@d.se", "å@b.se"]
)
def test_a_sender_that_is_not_one_address_is_refused(sender: str) -> None:
    _, problems = settings_of(False, SMTP_URL="smtp://mail.invalid", MAIL_FROM=sender)
    assert [name for name, _ in problems] == ["MAIL_FROM"]


def test_the_sandbox_does_without_and_stays_on_this_machine() -> None:
    """X1: a mail server is an outside party."""
    assert settings_of(True) == (None, [])
    found, problems = settings_of(True, SMTP_URL="smtp://127.0.0.1:1025", MAIL_FROM=SENDER)
    assert (found is not None and found.is_loopback, problems) == (True, [])
    _, problems = settings_of(True, SMTP_URL="smtp://mail.invalid", MAIL_FROM=SENDER)
    assert problems == [("SMTP_URL", "is not on loopback, which BORGEN_SANDBOX=true demands")]


def test_outside_the_sandbox_both_are_demanded() -> None:
    assert settings_of(False) == (None, [("SMTP_URL", "is missing"), ("MAIL_FROM", "is missing")])
