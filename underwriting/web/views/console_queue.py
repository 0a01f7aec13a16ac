"""The underwriter's queue: the cases that wait, by state."""

from flask import Blueprint, Response, request

from underwriting.applications.service import Applications
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_PAGE = 50
_FIRST = ApplicationState.REFERRED
"""What the queue shows when nothing is chosen: that which waits for a person."""
_SHOWN = (
    ApplicationState.REFERRED,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.ASSESSING,
    ApplicationState.SUBMITTED,
    ApplicationState.COUNTER_OFFER,
    ApplicationState.APPROVED,
    ApplicationState.DECLINED,
    ApplicationState.LAPSED,
)


def blueprint(runtime: Runtime, applications: Applications) -> Blueprint:
    """The list under `/console/applications`."""
    pages = Blueprint("queue", __name__, url_prefix="/applications")

    @pages.get("")
    def show() -> Response:
        caller, chosen = current_caller(), request.args.get("state", str(_FIRST))
        state = ApplicationState(chosen) if chosen in list(_SHOWN) else None
        page = applications.list_applications(caller, state=state, cursor=request.args.get("cursor"), limit=_PAGE)
        return render(
            "console/queue.html",
            rows=page.items,
            next_cursor=page.next_cursor,
            chosen=str(state) if state else "all",
            counts=applications.count_by_state(caller),
            states=_SHOWN,
            days_since=lambda at: (stockholm_date(runtime.clock.now()) - stockholm_date(at)).days,
        )

    return pages
