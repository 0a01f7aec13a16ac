"""A small SMTP server on loopback that speaks the real protocol, and misbehaves at the point that a test names.

*answers* has what is said instead of the usual at a command: `{"RCPT": "550 5.1.1 nobody here"}`. `"hang"` says nothing
any more, `"cut"` closes the connection, `"drip"` sends one byte at a time for ever.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_READY = "220 mail.exempel.example ESMTP"
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Taken:
    """One message that the server has taken, and how it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    by_tls: bool
    login: str | None


@dataclass
class SmtpServer:
    """The server: what it was asked, what it has taken, how it is to answer."""

    port: int
    answers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    from_the_start: bool = False
    before_tls: str = ""
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{'smtps' if self.from_the_start else 'smtp'}://127.0.0.1:{self.port}"


class _Session:
    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        self.server, self.connection = server, connection
        self.connection.settimeout(_PATIENCE_SECONDS)
        self.by_tls = server.from_the_start
        self.login: str | None = None
        self.sender, self.recipients = "", list[str]()

    def run(self) -> None:
        if self.server.from_the_start and self.server.tls:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")
        if not self.say("CONNECT", _READY):
            return
        while line := self.lines.readline():
            command = line.decode("ascii", "replace").rstrip("\r\n")
            self.server.commands.append(command)
            if not self.answer(command):
                return

    def say(self, at: str, usual: str) -> bool:
        """Say the usual, or what the test wants at this point; whether the session goes on."""
        said = self.server.answers.get(at, usual)
        if said == "hang":
            self.server.closing.wait(_PATIENCE_SECONDS)
            return False
        if said == "drip":
            while not self.server.closing.wait(0.05):
                self.connection.sendall(b"2")
            return False
        if said == "cut":
            return False
        self.connection.sendall(f"{said}\r\n".encode())
        return True

    def answer(self, command: str) -> bool:
        match command.split()[0].upper() if command.strip() else "":
            case "EHLO":
                offers = ["mail.exempel.example", "SIZE 1000000", "AUTH PLAIN"]
                if self.server.tls and not self.by_tls:
                    offers.append("STARTTLS")
                lines = [f"250-{offer}" for offer in offers]
                lines[-1] = lines[-1].replace("-", " ", 1)
                return self.say("EHLO", "\r\n".join(lines))
            case "STARTTLS":
                return self.start_tls()
            case "AUTH":
                self.login = command
                return self.say("AUTH", "235 2.7.0 yes")
            case "MAIL":
                self.sender, self.recipients = command, []
                return self.say("MAIL", "250 2.1.0 ok")
            case "RCPT":
                self.recipients.append(command.partition(" ")[2])
                return self.say("RCPT", "250 2.1.5 ok")
            case "DATA":
                return self.say("DATA", "354 go on") and ("DATA" in self.server.answers or self.take())
            case "QUIT":
                self.say("QUIT", "221 2.0.0 bye")
                return False
            case "RSET" | "NOOP":
                return self.say("RSET", "250 ok")
        return self.say("OTHER", "500 5.5.1 what?")

    def start_tls(self) -> bool:
        if not self.say("STARTTLS", f"220 go on{self.server.before_tls}") or self.server.tls is None:
            return False
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")
        self.by_tls = True
        return True

    def take(self) -> bool:
        content = b""
        while (line := self.lines.readline()) not in (b".\r\n", b""):
            content += line[1:] if line.startswith(b"..") else line
        kept = Taken(self.sender, tuple(self.recipients), content, self.by_tls, self.login)
        said = self.server.answers.get("MESSAGE", "250")
        if said.startswith("2") or said == "taken and cut":
            self.server.taken.append(kept)
        return said != "taken and cut" and self.say("MESSAGE", "250 2.0.0 taken")


@contextlib.contextmanager
def smtp_server(
    answers: Mapping[str, str] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    from_the_start: bool = False,
    before_tls: str = "",
) -> Iterator[SmtpServer]:
    """A server that answers until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = SmtpServer(listening.getsockname()[1], answers or {}, tls, from_the_start, before_tls)
        sessions: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                sessions.append(threading.Thread(target=_serve, args=(server, connection)))
                sessions[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            server.closing.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for session in sessions:
                session.join()


def _serve(server: SmtpServer, connection: socket.socket) -> None:
    session = _Session(server, connection)
    with contextlib.suppress(OSError, ValueError):
        session.run()
    with contextlib.suppress(OSError):
        session.connection.close()
    connection.close()
