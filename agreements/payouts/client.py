"""The lender's bank as the lender reaches it: files of payments there, answers and incoming payments back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from agreements.payouts.answers import BankAnswerUnreadable, PayoutAnswer, read_pain_002
from underwriting.kernel.errors import Conflict, Unavailable
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.text import Text

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError)


class BankUnreachable(Unavailable):
    """The bank was not reached, or did not take the question up: nothing was delivered. *reason* is a word for logs."""

    slug = "bank-unreachable"
    title = Text("Banken svarar inte just nu", "The bank does not answer at the moment")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class PayoutOutcomeUnknown(Unavailable):
    """A file was sent and no answer came: it may have been taken. Ask the bank before anything is sent again."""

    slug = "payout-outcome-unknown"
    title = Text(
        "Det är okänt om banken har tagit emot utbetalningen", "It is not known whether the bank has taken the payout"
    )
    rule = "P3"


class PayoutFileRefused(Conflict):
    """The bank has read the file and takes nothing of it. *reason* is its word for why."""

    slug = "payout-file-refused"
    title = Text("Banken tog inte emot betalfilen", "The bank did not take the payment file")
    rule = "P2"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Bank(Protocol):
    """What the product asks of its bank."""

    def send(self, file: bytes, *, message_id: str) -> None:
        """Hand over a pain.001. Returns when the bank has taken it.

        Raises BankUnreachable (certainly not delivered), PayoutFileRefused (certainly not taken) or
        PayoutOutcomeUnknown (rule P3).
        """
        ...

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        """What became of a payment; None when the bank itself says that it has never seen it.

        Raises BankUnreachable when there is no certain answer.
        """
        ...

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        """The BgMax files, oldest first, each with the bank's id; with *after* those that came after that one.

        Raises BankUnreachable.
        """
        ...

    def holder_of(self, account: Bankgiro) -> str | None:
        """The name on *account*, or None where the bank does not tell it. Raises BankUnreachable."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """A bank that leaves its reports to be fetched."""

    def reports(self) -> list[tuple[str, bytes]]:
        """The reports that were not put aside, in the order of their names. Raises BankUnreachable."""
        ...

    def put_aside(self, name: str, *, readable: bool) -> None:
        """The report has been taken, or is in quarantine until a person has looked. Raises BankUnreachable."""
        ...


@dataclass(frozen=True)
class BankClient:
    """`Bank` over HTTP at *base_url* (`…/bank`), with a bearer token. Threads may share one client.

    Seconds are for each connection and each wait for data. *ca* is a file of authorities, otherwise the usual ones are
    trusted. Plain http is refused (ValueError) except on loopback: the token would be in the open.
    """

    base_url: str
    token: str = field(repr=False)
    connect_timeout_seconds: float = 3.05
    read_timeout_seconds: float = 20
    ca: Path | None = None

    def __post_init__(self) -> None:
        address = urlsplit(self.base_url)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
            raise ValueError("the bank is asked over https, or on loopback")

    def send(self, file: bytes, *, message_id: str) -> None:
        """See `Bank`."""
        try:
            response = self._request("POST", "files", data=file, headers={"Content-Type": "application/xml"})
        except requests.RequestException as error:
            if _was_not_sent(error):
                raise BankUnreachable("no_connection") from error
            raise PayoutOutcomeUnknown from error
        body = _json(response)
        if response.status_code == requests.codes.accepted and body.get("message_id") == message_id:
            return
        # Only the bank's own words are certain; anything else may come from what stands between.
        if response.status_code in (requests.codes.bad_request, requests.codes.conflict) and "error" in body:
            raise PayoutFileRefused(str(body["error"]))
        if response.status_code == requests.codes.unauthorized:
            raise BankUnreachable("unauthorized")
        raise PayoutOutcomeUnknown

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        """See `Bank`."""
        response = self._ask(f"answers/{quote(end_to_end_id, safe='')}")
        # A 404 alone could be a gateway's, and would have a payment sent again that was made.
        if response.status_code == requests.codes.not_found and _json(response) == {"never_seen": end_to_end_id}:
            return None
        if response.status_code != requests.codes.ok:
            raise BankUnreachable(f"status_{response.status_code}")
        try:
            answers = read_pain_002(response.content)
        except BankAnswerUnreadable as error:
            raise BankUnreachable("not_understood") from error
        if end_to_end_id not in answers:
            raise BankUnreachable("not_understood")
        return answers[end_to_end_id]

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        """See `Bank`."""
        listing = self._ask("incoming", params={"after": after} if after else {})
        ids = _json(listing).get("files")
        if listing.status_code != requests.codes.ok or not isinstance(ids, list):
            raise BankUnreachable("not_understood")
        return [(str(file_id), self._incoming_file(str(file_id))) for file_id in ids]

    def holder_of(self, account: Bankgiro) -> str | None:
        """See `Bank`."""
        response = self._ask(f"holders/{account.digits}")
        body = _json(response)
        if response.status_code == requests.codes.not_found and body == {"not_told": account.digits}:
            return None
        if response.status_code != requests.codes.ok or not isinstance(body.get("name"), str):
            raise BankUnreachable("not_understood")
        return str(body["name"])

    def _incoming_file(self, file_id: str) -> bytes:
        response = self._ask(f"incoming/{quote(file_id, safe='')}")
        if response.status_code != requests.codes.ok:
            raise BankUnreachable(f"status_{response.status_code}")
        return response.content

    def _ask(self, path: str, *, params: Mapping[str, str] | None = None) -> requests.Response:
        try:
            return self._request("GET", path, params=params)
        except requests.RequestException as error:
            raise BankUnreachable("no_answer") from error

    def _request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        # A session for each call: a connection kept open and closed at the far end would make a delivery uncertain.
        with requests.Session() as session:
            session.trust_env = False  # neither proxies nor a .netrc that replaces the token
            session.mount("http://", HTTPAdapter(max_retries=0))
            session.mount("https://", HTTPAdapter(max_retries=0))
            session.headers["Authorization"] = f"Bearer {self.token}"
            return session.request(
                method,
                f"{self.base_url.rstrip('/')}/{path}",
                timeout=(self.connect_timeout_seconds, self.read_timeout_seconds),
                allow_redirects=False,
                verify=str(self.ca) if self.ca else True,
                **arguments,
            )


def _was_not_sent(error: requests.RequestException) -> bool:
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, _NOT_SENT)


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
