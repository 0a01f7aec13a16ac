"""The page of a case as a whole: what is read for it, and how an attempt to change the case comes back to it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from bureau_clients.gateway import Gateway
from underwriting.applications.service import Applications
from underwriting.applications.services.read_application import ApplicationView
from underwriting.audit import search
from underwriting.decisions.desk import Desk
from underwriting.decisions.override import REASON_TEXTS
from underwriting.decisions.policy import Policy
from underwriting.decisions.services.read_case import DeskCase
from underwriting.due_diligence.items import KIND_TEXTS
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted, Outdated, Unavailable
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, Role
from underwriting.platform import preconditions
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.encryption import Cipher
from underwriting.platform.permissions import may
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web import case_figures, case_forms
from underwriting.web.bureaus import failure_in_words
from underwriting.web.case_flags import flags_of
from underwriting.web.case_score import Names, names_in, rules_of, score_of
from underwriting.web.due_diligence import panel_of
from underwriting.web.history import history_of
from underwriting.web.layout import render
from underwriting.web.reports import subjects_of

_DETERMINABLE = (
    ApplicationState.REFERRED,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.DECLINED,
    ApplicationState.COUNTER_OFFER,
)
_DISPUTABLE = (ApplicationState.REFERRED, ApplicationState.INFORMATION_REQUESTED, ApplicationState.DECLINED)


@dataclass(frozen=True)
class CasePage:
    """The page of one case, for whoever reads it."""

    runtime: Runtime
    applications: Applications
    desk: Desk
    agreements: Agreements
    gateway: Gateway

    def show(
        self,
        application_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        """The case with everything that the reader needs and may do; with *errors* or what was *refused*."""
        caller, decisions = current_caller(), self.desk.decisions
        application, case = self.applications.view(application_id, caller), self.desk.case(application_id, caller)
        found, told = decisions.decisions(application_id, caller), decisions.reports(application_id, caller)
        entries, policy = decisions.history(application_id, caller), decisions.policy_in_force()
        names = names_in([(str(one.id), one.name) for one in application.guarantors])
        people = self._people({entry.actor for entry in entries}, case)
        return render(
            "console/case.html",
            status=status,
            application=application,
            case=case,
            decisions=found,
            flags=flags_of(application, found, case, at=self.runtime.clock.now()),
            rules=rules_of(found[0], names) if found else ((), ()),
            charts=case_figures.accounts_charts(told),
            enough=case_figures.enough_in_words(found[0].enough) if found else (),
            subjects=subjects_of(told, named=_named(self.runtime.cipher, application)),
            explain=partial(failure_in_words, self.gateway),
            history=history_of(entries, reader=caller.actor, names=people),
            called=lambda actor: people.get(actor or "", actor),
            names=names,
            know=panel_of(decisions, application_id, caller),
            item_texts=KIND_TEXTS,
            agreement_id=self.agreements.id_of_application(application_id, caller),
            signed=self._signed(application_id, caller),
            can=_can(application, case, caller),
            deciders=_deciders(policy, application),
            reason_codes=[(str(code), text.in_language(language_of_request())) for code, text in REASON_TEXTS.items()],
            reason_texts=REASON_TEXTS,
            rates=case_forms.rates(policy, found[0].grade if found else None),
            fact_in_words=case_forms.fact_in_words,
            values=request.form or case_forms.proposed(found),
            errors=errors,
            refused=refused,
            **_of_grounds(case, names),
        )

    def attempt(
        self,
        application_id: uuid.UUID,
        act: Callable[[], object],
        *,
        placed: Callable[[tuple[FieldError, ...]], tuple[FieldError, ...]] = lambda errors: errors,
    ) -> BaseResponse:
        """Do it to the version that the form shows, and show the case; what is refused is told, and nothing typed lost.

        *placed* puts errors where the form has their fields.
        """
        try:
            with preconditions.at_version(application_id, request.form.get("version", "")):
                act()
        except InvalidInput as refusal:
            return self.show(application_id, errors=placed(refusal.errors), status=422)
        except NotPermitted as refusal:
            return self.show(application_id, refused=refusal.detail, status=403)
        except (Conflict, Outdated, Unavailable) as refusal:
            return self.show(application_id, refused=refusal.detail, status=409)
        return redirect(f"/console/applications/{application_id}", 303)

    def _signed(self, application_id: uuid.UUID, caller: Caller) -> Text | None:
        """What the applicant has signed, None where there is no such text."""
        try:
            return self.applications.signed_text(application_id, caller)
        except NotFound:
            return None

    def _people(self, actors: set[str], case: DeskCase) -> dict[str, str]:
        """The usernames of everybody of staff who stands on the page."""
        if case.proposal is not None:
            actors.add(case.proposal.proposed_by)
        actors |= {dispute.disputed_by for dispute in case.disputes}
        with self.runtime.database.transaction() as session:
            return search.names_of(session, actors)


def _of_grounds(case: DeskCase, names: Names) -> dict[str, Any]:
    """What the newest decision rests on, as the page shows it; nothing before the first one."""
    grounds = case.grounds
    if grounds is None:
        return {"score": None, "price": (), "limits": (), "books": (), "disputable": ()}
    return {
        "score": score_of(grounds, names),
        "price": case_figures.price_rows(grounds),
        "limits": case_figures.limit_rows(grounds, names),
        "books": case_figures.book_rows(grounds.facts, names),
        "disputable": case_forms.disputable(grounds.facts, names),
    }


def _can(application: ApplicationView, case: DeskCase, caller: Caller) -> dict[str, bool]:
    """What the reader may do with the case as it is; the services refuse the rest anyway."""
    acts, state = not case.is_party, application.state
    holds = case.assignment is not None and case.assignment.staff_id == caller.staff_id
    leads = caller.has(Role.SENIOR_UNDERWRITER)
    settles = case.proposal is not None and case.proposal.proposed_by != caller.actor
    decided = bool(case.grounds)
    return {
        "determine": acts and decided and state in _DETERMINABLE and may("console.cases.determine", caller),
        "ask": acts and state is ApplicationState.REFERRED and may("console.cases.ask_applicant", caller),
        "dispute": acts and decided and state in _DISPUTABLE and may("console.cases.dispute", caller),
        "settle": acts and settles and may("console.cases.approve", caller),
        "take": acts and not holds and (case.assignment is None or leads) and may("console.cases.assign", caller),
        "give": acts and (holds or case.assignment is None or leads) and may("console.cases.assign", caller),
        "give_back": case.assignment is not None and (holds or leads) and may("console.cases.give_back", caller),
    }


def _deciders(policy: Policy, application: ApplicationView) -> list[Role]:
    """The roles that may give the amount asked for alone (rule D8)."""
    return [level.role for level in policy.authority if level.largest_limit >= application.requested_amount]


def _named(cipher: Cipher, application: ApplicationView) -> dict[bytes, str]:
    """The guarantors by what their answers are kept under."""
    return {cipher.blind_index(one.personal_number.digits): one.name for one in application.guarantors}
