"""The console's pages of know-your-customer: what waits, a match beside its list entry, the sanctions lists."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.applications.service import Applications
from underwriting.audit import search
from underwriting.decisions.diligence import Diligence
from underwriting.due_diligence.service import SanctionsDesk
from underwriting.due_diligence.services.settle_match import MatchView
from underwriting.kernel.errors import Conflict, InvalidInput, NotPermitted, Outdated
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform import preconditions
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web import due_diligence
from underwriting.web.layout import render
from underwriting.web.views import console_diligence_items

SETTLED = "settled"
_NO_FILE = Text("Välj en fil", "Choose a file")


def blueprint(runtime: Runtime, applications: Applications, desk: SanctionsDesk, diligence: Diligence) -> Blueprint:
    """The pages under `/console/due-diligence`."""
    pages = Blueprint("due_diligence", __name__, url_prefix="/due-diligence")
    console_diligence_items.add_to(pages, runtime, applications, diligence)

    def called(*actors: str | None) -> dict[str, str]:
        """The usernames of staff among *actors*."""
        with runtime.database.transaction() as session:
            return search.names_of(session, {actor for actor in actors if actor})

    def match_page(match_id: uuid.UUID, *, status: int = 200, refused: Text | None = None) -> Response:
        caller = current_caller()
        match = desk.match(match_id, caller)
        return render(
            "console/match.html",
            status=status,
            refused=refused,
            page=due_diligence.page_of(match, caller),
            state=due_diligence.state_in_words(match, caller),
            me=caller.actor,
            application=applications.summaries({match.application_id}, caller).get(match.application_id),
            names=called(match.settled_by, match.approved_by),
            note=request.form.get("note", "") if refused else "",
        )

    def lists_page(*, status: int = 200, refused: Text | None = None) -> Response:
        lists = desk.lists(current_caller())
        names = called(*(one.loaded_by for one in lists))
        return render(
            "console/sanctions_lists.html",
            status=status,
            lists=lists,
            me=current_caller().actor,
            names=names,
            refused=refused,
            most_days=runtime.settings.sanctions_days,
        )

    @pages.get("")
    def inbox() -> Response:
        caller, chosen = current_caller(), request.args.get("kind", "")
        items = diligence.waiting(caller)
        rows = [
            *due_diligence.waiting_matches(desk.waiting(caller), caller),
            *due_diligence.waiting_items(items, called(*(one.taken_by for one in items)), caller),
        ]
        settled = desk.settled(caller) if chosen == SETTLED else ()
        shown = due_diligence.waiting_matches(settled, caller) if settled else _of_kind(rows, chosen)
        return render(
            "console/due_diligence.html",
            rows=shown,
            counts=due_diligence.counted(rows),
            chosen=chosen,
            cases=applications.summaries({row.application_id for row in shown}, caller),
            on=stockholm_date(runtime.clock.now()),
        )

    @pages.get("/matches/<uuid:match_id>")
    def show_match(match_id: uuid.UUID) -> Response:
        return match_page(match_id)

    def settle(match_id: uuid.UUID, act: Callable[[], MatchView]) -> BaseResponse:
        """Do it to the match that the form shows; what is refused is told, and the note is not lost."""
        try:
            with preconditions.at_version(match_id, request.form.get("version", "")):
                act()
        except InvalidInput as refusal:
            return match_page(match_id, status=422, refused=refusal.detail)
        except NotPermitted as refusal:
            return match_page(match_id, status=403, refused=refusal.detail)
        except (Conflict, Outdated) as refusal:
            return match_page(match_id, status=409, refused=refusal.detail)
        return redirect(f"/console/due-diligence/matches/{match_id}", 303)

    @pages.post("/matches/<uuid:match_id>/clear")
    def clear_match(match_id: uuid.UUID) -> BaseResponse:
        return settle(match_id, lambda: desk.clear(match_id, request.form.get("note", ""), current_caller()))

    @pages.post("/matches/<uuid:match_id>/confirm")
    def confirm_match(match_id: uuid.UUID) -> BaseResponse:
        return settle(match_id, lambda: desk.confirm(match_id, request.form.get("note", ""), current_caller()))

    @pages.get("/lists")
    def show_lists() -> Response:
        return lists_page()

    @pages.post("/lists")
    def load_list() -> BaseResponse:
        upload = request.files.get("file")
        if not upload or not upload.filename:
            return lists_page(status=422, refused=_NO_FILE)
        try:
            desk.load(upload.stream, current_caller())
        except InvalidInput as refusal:
            return lists_page(status=422, refused=refusal.detail)
        except Conflict as refusal:
            return lists_page(status=409, refused=refusal.detail)
        return redirect("/console/due-diligence/lists", 303)

    return pages


def _of_kind(rows: list[due_diligence.Waiting], kind: str) -> list[due_diligence.Waiting]:
    found = [row for row in rows if row.kind == kind]
    return sorted(found or ([] if kind else rows), key=lambda row: row.since)
