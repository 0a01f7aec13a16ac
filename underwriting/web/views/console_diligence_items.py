"""The page of what is looked into: taken, settled with a finding and evidence, approved by a second person."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.customers import BeginItemSchema, SettlementSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.audit import search
from underwriting.decisions.diligence import Diligence
from underwriting.decisions.diligence_routes import finding_of, require_of
from underwriting.due_diligence.items import KIND_TASKS, KIND_TEXTS, RESULT_TEXTS
from underwriting.due_diligence.services.read_customer import ItemView
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DiligenceResult, DiligenceState, OwnerControl
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web import diligence_forms, due_diligence
from underwriting.web.layout import render
from underwriting.web.texts import translate

_ITEM = "/applications/<uuid:application_id>/items/<uuid:item_id>"
_CHOSEN = (DiligenceResult.SATISFIED, DiligenceResult.CORRECTED, DiligenceResult.REFUSED)
_NO_FILE = Text("Välj en fil", "Choose a file")


def add_to(pages: Blueprint, runtime: Runtime, applications: Applications, diligence: Diligence) -> None:
    """Add the views of items to the pages of know-your-customer."""

    def page(
        application_id: uuid.UUID,
        item_id: uuid.UUID,
        *,
        status: int = 200,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
    ) -> Response:
        caller = current_caller()
        item = _item(diligence, application_id, item_id)
        actors = {
            item.opened_by,
            item.taken_by,
            item.settled_by,
            item.approved_by,
            *(one.added_by for one in item.evidence),
        }
        with runtime.database.transaction() as session:
            names = search.names_of(session, {actor for actor in actors if actor})
        free = item.taken_by in (None, caller.actor)
        return render(
            "console/item.html",
            status=status,
            errors=errors,
            refused=refused,
            item=item,
            me=caller.actor,
            names=names,
            state=due_diligence.item_in_words(item, names, caller),
            title=due_diligence.in_words(KIND_TEXTS[item.kind]),
            task=due_diligence.in_words(KIND_TASKS[item.kind]),
            results=[(str(one), due_diligence.in_words(RESULT_TEXTS[one])) for one in _CHOSEN],
            result=item.result and due_diligence.in_words(RESULT_TEXTS[item.result]),
            control_words=[(str(one), translate(f"diligence.control.{one}")) for one in OwnerControl],
            forms=diligence_forms,
            can_settle=item.state is DiligenceState.OPEN and free and may("console.due_diligence.settle", caller),
            can_add=item.state is not DiligenceState.SETTLED and may("console.due_diligence.add_evidence", caller),
            can_approve=item.state is DiligenceState.PROPOSED
            and item.settled_by != caller.actor
            and may("console.due_diligence.approve", caller),
            application=applications.summaries({application_id}, caller).get(application_id),
            values=request.form,
            here=due_diligence.address_of(item),
        )

    def attempt(application_id: uuid.UUID, item_id: uuid.UUID, act: Callable[[], object]) -> BaseResponse:
        """Do it to one of the application's items; what is refused is told, and nothing typed is lost."""
        require_of(diligence, application_id, item_id)
        try:
            act()
        except InvalidInput as refusal:
            refused = None if refusal.errors else refusal.detail
            errors = diligence_forms.placed(refusal.errors)
            return page(application_id, item_id, status=422, errors=errors, refused=refused)
        except NotPermitted as refusal:
            return page(application_id, item_id, status=403, refused=refusal.detail)
        except Conflict as refusal:
            return page(application_id, item_id, status=409, refused=refusal.detail)
        return redirect(request.path.rpartition("/")[0], 303)

    @pages.post("/applications/<uuid:application_id>/items")
    def begin(application_id: uuid.UUID) -> BaseResponse:
        sent = {name: value for name in ("kind", "note") if (value := request.form.get(name, "").strip())}
        kind, note = load(BeginItemSchema(), sent, on=stockholm_date(runtime.clock.now()))
        begun = diligence.begin(application_id, kind, note, current_caller())
        return redirect(due_diligence.address_of(begun), 303)

    @pages.get(_ITEM)
    def item(application_id: uuid.UUID, item_id: uuid.UUID) -> Response:
        return page(application_id, item_id)

    @pages.post(f"{_ITEM}/take")
    def take(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        return attempt(application_id, item_id, lambda: diligence.take(item_id, current_caller()))

    @pages.post(f"{_ITEM}/give-back")
    def give_back(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        return attempt(application_id, item_id, lambda: diligence.give_back(item_id, current_caller()))

    @pages.post(f"{_ITEM}/settle")
    def settle(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            kind = _item(diligence, application_id, item_id).kind
            sent = diligence_forms.settlement_body(kind, request.form)
            body = load(SettlementSchema(), sent, on=stockholm_date(runtime.clock.now()))
            diligence.settle(item_id, body.result, body.note, current_caller(), finding=finding_of(body))

        return attempt(application_id, item_id, act)

    @pages.post(f"{_ITEM}/approve")
    def approve(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        note = request.form.get("note", "")
        return attempt(application_id, item_id, lambda: diligence.approve(item_id, note, current_caller()))

    @pages.post(f"{_ITEM}/send-back")
    def send_back(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        note = request.form.get("note", "")
        return attempt(application_id, item_id, lambda: diligence.send_back(item_id, note, current_caller()))

    @pages.post(f"{_ITEM}/evidence")
    def add_evidence(application_id: uuid.UUID, item_id: uuid.UUID) -> BaseResponse:
        sent = request.files.get("file")
        if not sent or not sent.filename:
            return page(application_id, item_id, status=422, refused=_NO_FILE)
        name, content, kind = sent.filename, sent.read(), sent.mimetype
        return attempt(
            application_id, item_id, lambda: diligence.add_evidence(item_id, name, content, kind, current_caller())
        )

    @pages.get(f"{_ITEM}/evidence/<uuid:evidence_id>")
    def show_evidence(application_id: uuid.UUID, item_id: uuid.UUID, evidence_id: uuid.UUID) -> Response:
        require_of(diligence, application_id, item_id)
        file = diligence.evidence(item_id, evidence_id, current_caller())
        response = make_response(file.content)
        response.headers["Content-Type"] = "application/octet-stream"
        response.headers.set("Content-Disposition", "attachment", filename=file.name)
        return response


def _item(diligence: Diligence, application_id: uuid.UUID, item_id: uuid.UUID) -> ItemView:
    for one in diligence.customer(application_id, current_caller()).items:
        if one.id == item_id:
            return one
    raise NotFound
