"""The underwriter's queue: the cases by state, filtered and sorted, a page at a time; and the next one to take."""

import uuid

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.decisions.desk_queue import DeskQueue
from underwriting.decisions.queue import Assigned, QueueOrder, place_in
from underwriting.decisions.services.list_queue import CLOSED, MOST_COUNTED, OPEN, QueuePage
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, ReferralKind
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web import queue_filter
from underwriting.web.layout import render

_NOTHING_FREE = Text("Inget ärende är ledigt just nu", "No case is free at the moment")


def blueprint(runtime: Runtime, queue: DeskQueue) -> Blueprint:
    """The list under `/console/applications`, and what takes its first."""
    pages = Blueprint("queue", __name__, url_prefix="/applications")

    def page(*, refused: Text | None = None, status: int = 200) -> Response:
        caller, now = current_caller(), runtime.clock.now()
        wanted = queue_filter.read(request.args, at=now)
        found = QueuePage((), None)
        if not wanted.errors:
            after = request.args.get("after")
            found = queue.page(wanted.asked, caller, after=place_in(after) if after else None)
        return render(
            "console/queue.html",
            status=422 if wanted.errors else status,
            wanted=wanted,
            errors=wanted.errors,
            refused=refused,
            rows=found.rows,
            next_link=wanted.link(after=str(found.next_place)) if found.next_place else None,
            is_first="after" not in request.args,
            counts=queue.counts(caller),
            most_counted=MOST_COUNTED,
            states=(*OPEN, *CLOSED),
            kinds=list(ReferralKind),
            forms=list(CompanyForm),
            assigned=list(Assigned),
            orders=list(QueueOrder),
            ticket=uuid.uuid4(),
            days_since=lambda at: (stockholm_date(now) - stockholm_date(at)).days,
        )

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.post("/next")
    def take_next() -> BaseResponse:
        try:
            ticket = uuid.UUID(request.form.get("ticket", ""))
        except ValueError:
            raise InvalidInput from None
        taken = queue.take_next(ticket, current_caller())
        if taken is None:
            return page(refused=_NOTHING_FREE, status=409)
        return redirect(f"/console/applications/{taken}", 303)

    return pages
