"""The operations of changes of repayment plans."""

from schemas.plan_changes import PlanChangeQuoteSchema, PlanChangeRequestSchema, PlanChangeSchema
from underwriting.api_description.operation import (
    CASE_READERS,
    STAFF,
    UNDERWRITERS,
    Answer,
    Area,
    Audience,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RepaymentPlan, Scope

_AGREEMENT_PATH = "/v1/agreements/{agreement_id}"
_CHANGE = Answer(text=Text("Ändringen", "The change"), schemas=(PlanChangeSchema,))
_PLAN = Parameter(
    name="repayment_plan",
    place="query",
    text=Text(
        "Planen: lika delar eller allt vid löptidens slut", "The plan: equal parts or all at the end of the term"
    ),
    required=True,
    schema={"type": "string", "enum": [str(plan) for plan in RepaymentPlan]},
)
_TERM = Parameter(
    name="term_months",
    place="query",
    text=Text("Hela löptiden från den första utbetalningen", "The whole term from the first payout"),
    required=True,
    schema={"type": "integer"},
)
_MONTH = Parameter(
    name="first_month",
    place="query",
    text=Text(
        "Den första månad vars delar flyttas; utan den räknas den första som lämnar alla dagar för underskrifter",
        "The first month whose instalments move; without it the first that leaves all days for signatures",
    ),
    schema={"type": "string", "examples": ["2026-12"]},
)

PLAN_CHANGES = (
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/plan-change-quote",
        summary=Text("Vad en annan plan för återbetalning innebär", "What another repayment plan would be"),
        who=CASE_READERS,
        parameters=(_PLAN, _TERM, _MONTH),
        answers={200: Answer(text=Text("De båda planerna", "Both plans"), schemas=(PlanChangeQuoteSchema,))},
        rules=("A11", "G7"),
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/plan-changes",
        summary=Text("Ändringar av planen, den nyaste först", "Changes of the plan, the newest first"),
        who=(Audience.BORROWER, Audience.GUARANTOR, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Ändringarna", "The changes"), schemas=(PlanChangeSchema,), listed=True)},
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="POST",
        path="/v1/agreements/{agreement_id}/plan-changes",
        summary=Text(
            "Föreslå en annan plan; den gäller när företaget och varje borgensman har undertecknat",
            "Propose another plan; it applies once the company and every guarantor have signed",
        ),
        who=UNDERWRITERS,
        body=PlanChangeRequestSchema,
        answers={201: _CHANGE},
        rules=("A7", "A11", "G7"),
        takes_key=True,
        takes_tag_of=_AGREEMENT_PATH,
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="POST",
        path="/v1/plan-changes/{change_id}/withdrawal",
        summary=Text("Ta tillbaka ett förslag om en annan plan", "Withdraw a proposal of another plan"),
        who=UNDERWRITERS,
        answers={200: _CHANGE},
        rules=("A7", "G7"),
        takes_key=True,
    ),
)
"""In the order in which one asks for them."""
