"""The stand-in bank, over HTTP.

| call under `/bank` | who | what |
|---|---|---|
| `POST /files` | customer | a pain.001; 202 with `message_id` and `duplicate` |
| `GET /answers/{end_to_end_id}` | customer | a pain.002 of that payment; 404 with `never_seen` |
| `GET /holders/{bankgiro}` | customer | the name on an account; 404 with `not_told` for most |
| `GET /incoming?after=` , `GET /incoming/{id}` | customer | ids of the BgMax files, oldest first; one file |
| `GET /accounts` | anyone | the lender's account and its balance |
| `POST /payments` | anyone | pays the lender: `bankgiro`, `reference`, `amount`; optional `booked_on`, `payer_name` |
| `GET /` | people | payments sent and received, and a form to pay |

The customer shows a bearer token. A payment is booked when it is taken, on whatever day, or on the later day that was
asked for. Payments to the numbers of `magic_numbers` meet trouble.
"""

import hmac
import socket
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from agreements.payouts.sandbox.bgmax import REFERENCE_LENGTH
from agreements.payouts.sandbox.book import HOLDERS, MAGIC, Book, Magic
from agreements.payouts.sandbox.messages import CustomerFile, FileRefused, read_pain_001, write_pain_002
from underwriting.kernel.identifiers import Bankgiro, IdentifierInvalid, parse_bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text

SLOW_SECONDS = 30.0
"""How long a payment to the slow number keeps the customer waiting."""

_LONGEST_FILE = 10_000_000
_TOO_MUCH = Money.kronor(10**12)

_MEANING: Mapping[Magic, Text] = {
    Magic.REJECTED: Text("Avvisas: kontot är avslutat (RJCT, AC04).", "Rejected: the account is closed (RJCT, AC04)."),
    Magic.ANSWER_LOST: Text(
        "Tas emot och betalas, men svaret på filen går förlorat.", "Taken and paid, but the answer to the file is lost."
    ),
    Magic.NOT_DELIVERED: Text(
        "Förbindelsen bryts första gången, och banken har aldrig sett filen. Andra gången går det bra.",
        "The connection breaks the first time and the bank has never seen the file. The second time it goes well.",
    ),
    Magic.SLOW: Text(
        "Tas emot och betalas, men svaret på filen dröjer en halv minut.",
        "Taken and paid, but the answer to the file takes half a minute.",
    ),
    Magic.BOOKED_NEXT_DAY: Text(
        "Tas emot, men bokförs först nästa dag (ACCP, sedan ACSC).",
        "Taken, but booked on the next day only (ACCP, then ACSC).",
    ),
}


class PaymentRefused(Exception):
    """A payment to the lender cannot be made; *field* is what is wrong, the message says how, in Swedish."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def magic_numbers() -> dict[Bankgiro, Text]:
    """The bankgiro numbers at which a payout meets trouble, and which trouble. Other numbers are paid at once."""
    return {Bankgiro(digits): _MEANING[magic] for digits, magic in MAGIC.items()}


def bank(
    state: Path,
    *,
    now: Callable[[], datetime],
    token: str,
    bankgiro: Bankgiro,
    slow_seconds: float = SLOW_SECONDS,
) -> Blueprint:
    """The bank under `/bank`, with its book in the file *state*, on the clock *now*.

    The customer is who shows *token*; *bankgiro* is where the customer's own customers pay.
    """
    book = Book(state, bankgiro=bankgiro)
    calls = Blueprint("bank", __name__, url_prefix="/bank")
    calls.register_blueprint(_customer_calls(book, now, token, slow_seconds))
    calls.register_blueprint(_open_calls(book, now))
    return calls


def _customer_calls(book: Book, now: Callable[[], datetime], token: str, slow_seconds: float) -> Blueprint:
    calls = Blueprint("customer", __name__)
    dropped: set[str] = set()

    @calls.before_request
    def require_token() -> Response | None:
        request.max_content_length = _LONGEST_FILE
        shown = request.headers.get("Authorization", "")
        if hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            return None
        return _problem(401, "unauthorized")

    @calls.post("/files")
    def take_file() -> Response:
        file = read_pain_001(request.get_data())
        magic = _magic_of(file)
        ids = {payment.end_to_end_id for payment in file.payments}
        if Magic.NOT_DELIVERED in magic and not ids <= dropped:
            dropped.update(ids)
            return _drop_connection()
        is_new = book.accept(file, at=now())
        if Magic.SLOW in magic and is_new:
            time.sleep(slow_seconds)
        if Magic.ANSWER_LOST in magic and is_new:
            return _drop_connection()
        response = jsonify({"message_id": file.message_id, "duplicate": not is_new})
        response.status_code = 202
        return response

    @calls.get("/answers/<end_to_end_id>")
    def answer(end_to_end_id: str) -> Response:
        at = now()
        found = book.answer(end_to_end_id, at=at)
        if found is None:
            response = jsonify({"never_seen": end_to_end_id})
            response.status_code = 404
            return response
        return Response(write_pain_002(found, at=at), mimetype="application/xml")

    @calls.get("/holders/<digits>")
    def holder(digits: str) -> Response:
        if name := HOLDERS.get(digits):
            return jsonify({"name": name})
        response = jsonify({"not_told": digits})
        response.status_code = 404
        return response

    @calls.get("/incoming")
    def incoming() -> Response:
        return jsonify({"files": book.file_ids(request.args.get("after"))})

    @calls.get("/incoming/<file_id>")
    def incoming_file(file_id: str) -> Response:
        content = book.file(file_id)
        return _problem(404, "no_such_file") if content is None else Response(content, mimetype="text/plain")

    @calls.errorhandler(FileRefused)
    def refused(error: FileRefused) -> Response:
        return _problem(400, str(error))

    return calls


def _open_calls(book: Book, now: Callable[[], datetime]) -> Blueprint:
    calls = Blueprint("open", __name__, template_folder="templates")

    @calls.get("/")
    def page() -> str:
        return _page(book, now())

    @calls.get("/accounts")
    def accounts() -> Response:
        return jsonify({"accounts": [{"bankgiro": book.bankgiro.formatted, "balance": str(book.balance(at=now()))}]})

    @calls.post("/payments")
    def pay() -> AnyResponse | tuple[str, int]:
        values = request.get_json(silent=True) if request.is_json else request.form
        at = now()
        try:
            file_id = _receive(book, values if isinstance(values, Mapping) else {}, at)
        except PaymentRefused as error:
            if request.is_json:
                return _problem(422, f"{error.field}_invalid")
            return _page(book, at, refused=error, typed=request.form), 422
        if request.is_json:
            response = jsonify({"file_id": file_id})
            response.status_code = 201
            return response
        return redirect(url_for(".page"), 303)

    return calls


def _magic_of(file: CustomerFile) -> set[Magic]:
    return {MAGIC[payment.bankgiro] for payment in file.payments if payment.bankgiro in MAGIC}


def _drop_connection() -> Response:
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _receive(book: Book, values: Mapping[str, Any], at: datetime) -> str:
    reference = str(values.get("reference") or "").strip()
    if len(reference) > REFERENCE_LENGTH or not reference.isprintable():
        raise PaymentRefused("reference", "Referensen är högst 25 tecken.")
    payer_name = str(values.get("payer_name") or "").strip()
    if not payer_name.isprintable():
        raise PaymentRefused("payer_name", "Namnet innehåller tecken som inte kan skrivas ut.")
    _require_lender(book, str(values.get("bankgiro") or ""))
    return book.receive(
        reference=reference,
        amount=_amount(values.get("amount")),
        payer_name=payer_name,
        booked_on=_booked_on(values.get("booked_on"), at),
        at=at,
    )


def _require_lender(book: Book, typed: str) -> None:
    try:
        known = parse_bankgiro(typed) == book.bankgiro
    except IdentifierInvalid:
        known = False
    if not known:
        raise PaymentRefused("bankgiro", f"Här går det bara att betala till {book.bankgiro.formatted}.")


def _amount(typed: object) -> Money:
    try:
        amount = Money.kronor("".join(str(typed).split()).replace(",", ".")) if isinstance(typed, str) else Money.ZERO
    except ValueError as error:
        raise PaymentRefused("amount", "Skriv beloppet med högst två decimaler, till exempel 1500,00.") from error
    if not Money.ZERO < amount < _TOO_MUCH:
        raise PaymentRefused("amount", "Skriv ett belopp över noll.")
    return amount


def _booked_on(typed: object, at: datetime) -> date:
    today = stockholm_date(at)
    try:
        day = date.fromisoformat(str(typed)) if typed else today
    except ValueError as error:
        raise PaymentRefused("booked_on", "Skriv dagen som ÅÅÅÅ-MM-DD.") from error
    if day > today:
        raise PaymentRefused("booked_on", "Dagen ligger i framtiden.")
    return day


def _page(
    book: Book, at: datetime, *, refused: PaymentRefused | None = None, typed: Mapping[str, str] | None = None
) -> str:
    return render_template(
        "bank/page.html",
        bankgiro=book.bankgiro,
        balance=book.balance(at=at),
        sent=book.sent(at=at),
        received=len(book.file_ids(None)),
        magic=magic_numbers(),
        refused=refused,
        typed=typed or {},
    )


def _problem(status: int, error: str) -> Response:
    response = jsonify({"error": error})
    response.status_code = status
    return response
