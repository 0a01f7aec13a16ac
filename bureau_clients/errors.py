"""How a question to a bureau fails (rule B3).

These are plain exceptions, not refusals of a request: they pass between a bureau's client and the gateway, which keeps
each as the outcome of its question. What a caller is refused derives from `kernel.errors.Refusal`.
"""

from typing import ClassVar

from bureau_clients.questions import Outcome
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text


class BureauFailure(Exception):
    """A question that gave no report.

    *raw* is what was received, if anything; no message ever contains it. *part* names it among several answers.

    *code* is the bureau's own code, the status of the HTTP answer or a word of ours; it holds no personal data.
    """

    outcome: ClassVar[Outcome]

    def __init__(self, code: str, *, raw: bytes | None = None, part: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.raw = raw
        self.part = part


class BureauUnavailable(BureauFailure):
    """The question was certainly not carried out: it may be asked again, here or at another bureau."""

    outcome = Outcome.UNAVAILABLE


class BureauRefused(BureauFailure):
    """The bureau declined to answer: the same question may not be asked there again until something is mended."""

    outcome = Outcome.REFUSED


class OutcomeUnknown(BureauFailure):
    """The question may have been carried out, charged and told to the subject, and its answer is lost (rule B4)."""

    outcome = Outcome.UNKNOWN


class QuestionNotBlocked(Conflict):
    """Only a question that was refused, or whose outcome is unknown, can be allowed again (rule B4)."""

    slug = "question-not-blocked"
    title = Text("Det finns ingen spärrad fråga att tillåta på nytt", "There is no blocked question to allow again")
    rule = "B4"
