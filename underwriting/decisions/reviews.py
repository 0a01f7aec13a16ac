"""Human review (rule D9): by when it is answered, when its underwriters are warned, and what is refused."""

from datetime import datetime, timedelta

from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted
from underwriting.kernel.periods import add_months, end_of_day, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RequestChannel

ANSWERED_WITHIN_MONTHS = 1
WARNED_BEFORE = timedelta(days=7)
"""So long before its deadline a review that nobody has answered is warned of."""

_IN_THE_FUTURE = Text("Begäran kan inte ha kommit in i framtiden", "The request cannot have come in the future")
_BEFORE_DECISION = Text(
    "Begäran kan inte ha kommit in före beslutet", "The request cannot have come before the decision"
)
_SERVERS_CLOCK = Text("I portalen gäller serverns klocka", "In the portal the server's clock counts")
_TIME_NEEDED = Text("Ange när begäran kom in", "Say when the request came in")


class NothingToReview(Conflict):
    """There is no decision that a person could look at again yet. Rule D9."""

    slug = "nothing-to-review"
    title = Text("Det finns inget beslut att ompröva", "There is no decision to review")
    rule = "D9"


class ReviewUnderWay(Conflict):
    """The person's earlier request has not been answered. Rule D9."""

    slug = "review-under-way"
    title = Text(
        "En begäran om omprövning är redan under behandling", "A request for review is being dealt with already"
    )
    rule = "D9"


class ReviewAnswered(Conflict):
    """The request has been answered. Rule D9."""

    slug = "review-answered"
    title = Text("Begäran är redan besvarad", "The request has been answered already")
    rule = "D9"


class ReviewingOnesOwn(NotPermitted):
    """Whoever took part in the decision does not answer its review. Rules D8, D9."""

    slug = "reviewing-ones-own"
    title = Text(
        "Omprövningen besvaras av någon annan än den som har avgjort ärendet",
        "The review is answered by somebody else than whoever determined the case",
    )
    rule = "D9"


class NobodyDecidedOn(NotPermitted):
    """The applicant is a company, and who asks is none of its guarantors: no person was decided on. Rule D9."""

    slug = "nobody-decided-on"
    title = Text(
        "Omprövning begärs av den som går i borgen eller driver enskild firma; beslutet om ett bolag rör ingen person",
        "Review is asked for by a guarantor or a sole trader; a decision on a company is about no person",
    )
    rule = "D9"


class NoNewDecision(Conflict):
    """The review is said to have changed a decision that nobody has changed. Rule D9."""

    slug = "no-new-decision"
    title = Text(
        "Avgör ärendet på nytt först; svaret säger att beslutet har ändrats",
        "Determine the case anew first; the answer says that the decision has changed",
    )
    rule = "D9"


def answer_by(requested_at: datetime) -> datetime:
    """The instant by which a request is answered: the end of the day one month later."""
    return end_of_day(add_months(stockholm_date(requested_at), ANSWERED_WITHIN_MONTHS))


def received_at(channel: RequestChannel, told: datetime | None, *, decided_at: datetime, now: datetime) -> datetime:
    """When a request reached the lender: by the server's clock in the portal, else as staff have *told*.

    Never in the future, nor before the decision that it is about; InvalidInput.
    """
    fault = None
    if channel is RequestChannel.PORTAL:
        if told is None:
            return now
        fault = _SERVERS_CLOCK
    elif told is None:
        fault = _TIME_NEEDED
    elif told > now:
        fault = _IN_THE_FUTURE
    elif told < decided_at:
        fault = _BEFORE_DECISION
    if fault is not None or told is None:
        raise InvalidInput(errors=(FieldError("/received_at", fault or _TIME_NEEDED, "D9"),), rule="D9")
    return told
