"""The sandbox's page: test time, the mailbox, the outside parties and their magic numbers (rule X1)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from schemas.loading import load
from schemas.sandbox import ClockSchema
from underwriting.kernel.errors import NotFound, Refusal
from underwriting.kernel.periods import STOCKHOLM, stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform import outbox, test_time
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_MESSAGES_SHOWN = 50
MagicNumbers = Sequence[tuple[Text, Sequence[tuple[Text, Sequence[str]]]]]
"""Groups with their headings: in each, what is told of which numbers."""


def blueprint(runtime: Runtime, move: Callable[[datetime], None], numbers: MagicNumbers) -> Blueprint:
    """The page and `PUT /v1/sandbox/clock`; *move* puts test time and runs what is due on the way."""
    pages = Blueprint("sandbox", __name__)

    @pages.before_request
    def only_in_the_sandbox() -> None:
        if not runtime.settings.sandbox:
            raise NotFound

    @pages.put("/v1/sandbox/clock")
    def put_clock() -> ResponseReturnValue:
        body = load(ClockSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        move(body.at)
        return jsonify(ClockSchema().dump(body))

    @pages.get("/sandbox")
    def show() -> Response:
        return _page(runtime, numbers)

    @pages.post("/sandbox/clock")
    def move_clock() -> BaseResponse:
        if request.form.get("release"):
            test_time.release(runtime.settings, runtime.database)
            return redirect("/sandbox", 303)
        try:
            move(_local_instant(request.form.get("at", "")))
        except ValueError:
            return _page(runtime, numbers, error=_NOT_A_TIME, status=422)
        except Refusal as refusal:
            return _page(runtime, numbers, error=refusal.detail, status=409)
        return redirect("/sandbox", 303)

    return pages


_NOT_A_TIME = Text("Ange dag och klockslag", "Give a day and a time")


def _local_instant(text: str) -> datetime:
    """The instant that a field of type `datetime-local` holds, by Stockholm's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def _page(runtime: Runtime, numbers: MagicNumbers, *, error: Text | None = None, status: int = 200) -> Response:
    now = runtime.clock.now()
    with runtime.database.transaction() as session:
        messages = outbox.latest(session, runtime, count=_MESSAGES_SHOWN)
    language = language_of_request()
    bankid = runtime.settings.bankid.app_url
    parties = [("BankID", f"{bankid}/")] if bankid else []
    return render(
        "sandbox/index.html",
        status=status,
        now=now,
        now_local=now.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S"),
        standing=test_time.current(runtime.database) is not None,
        may_move=may("sandbox.move_clock", current_caller()),
        move_error=error.in_language(language) if error else None,
        messages=messages,
        parties=[*parties, ("Bank", f"{runtime.settings.bank.url}/")],
        groups=[
            (heading.in_language(language), [(map(_grouped, told), what.in_language(language)) for what, told in group])
            for heading, group in numbers
        ],
    )


def _grouped(number: str) -> str:
    """A company's or person's digits as people write them."""
    return f"{number[:-4]}-{number[-4:]}" if len(number) in (10, 12) else number
