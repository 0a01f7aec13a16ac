"""What the gateway gives back: one answer per subject, and what each rests on."""

from dataclasses import dataclass, replace

from bureau_clients.evidence import Evidence
from bureau_clients.facts import Unknown
from bureau_clients.questions import Outcome, Subject
from bureau_clients.reports import CompanyReport, Report
from underwriting.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAnswer:
    """What became of the question about one subject. *report* is there for the outcomes REPORT and NO_MATCH.

    *evidence* is every kept answer that this one rests on; *explanation* says why there is none, for staff.
    *status_waits*: the register status of a kept report has grown old, and no bureau could be reached for it (B8).
    """

    subject: Subject
    outcome: Outcome
    report: Report | None
    evidence: tuple[Evidence, ...]
    explanation: Text | None = None
    status_waits: bool = False


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The answers, in the order of the subjects; *not_asked*: whom a hard stop in a kept report spared (B2)."""

    answers: tuple[SubjectAnswer, ...]
    not_asked: tuple[Subject, ...]

    @property
    def sha256s(self) -> tuple[str, ...]:
        """The hashes, in hexadecimal, of all that was received and that a decision on this rests on (B6)."""
        return tuple(sha256 for answer in self.answers for kept in answer.evidence for sha256 in kept.sha256s)


def with_status(reused: SubjectAnswer, status: SubjectAnswer) -> SubjectAnswer:
    """A kept report with the register status that was just asked for; without an answer the status is unknown (B5)."""
    report = reused.report
    if isinstance(report, CompanyReport):
        if isinstance(status.report, CompanyReport):
            report = report.with_status_of(status.report)
        else:
            last = status.evidence[-1]
            report = replace(report, status=Unknown(last.bureau, last.asked_at))
    waits = status.outcome is Outcome.UNAVAILABLE
    return replace(reused, report=report, evidence=(*reused.evidence, *status.evidence), status_waits=waits)
