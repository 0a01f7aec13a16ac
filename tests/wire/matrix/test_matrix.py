"""Every fault of the stand-ins at the first bureau, the second and both, about every kind of subject: through the real
gateway, clients and wire, with the outcome that docs/bureaus.md promises.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from bureau_clients.facts import Known
from bureau_clients.gateway import Gateway
from bureau_clients.questions import CopyNotice, Outcome, Subject
from bureau_clients.reports import CompanyReport, PersonReport, fact_types
from bureau_clients.sandbox.faults import TROUBLES, can_happen_at
from tests.conftest import LONG
from tests.wire.gateway.subjects import company, person
from tests.wire.matrix.conftest import BISNODE, CREDITSAFE, World
from tests.wire.matrix.promises import Promise, consequences, order, promises
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

REPORTS = ("company", "person")
NOT_IN_TIME = ("silent", "trickling")
TOLD_OFF = frozenset({"unauthorised", "token_expired", "wrong_password"})
"""Faults by which a question is answered with 401."""

SUBJECTS: Mapping[str, Subject] = {
    "AB": company(),
    "HB": company("9699990009", CompanyForm.HB),
    "KB": company("9699990017", CompanyForm.KB),
    "EF": company("197601092385", CompanyForm.EF),
    "person": person(),
}


@dataclass(frozen=True)
class Case:
    """One fault at some of two bureaus, which are asked about one subject in an order."""

    promise: Promise
    subject: str
    bureaus: tuple[str, str]
    faulty: frozenset[str]

    def outcome_at(self, bureau: str) -> Outcome:
        """What the question gives there."""
        return self.promise.outcomes[bureau] if bureau in self.faulty else Outcome.REPORT

    def __str__(self) -> str:
        where = "both" if len(self.faulty) == 2 else "first" if self.bureaus[0] in self.faulty else "second"
        return f"{self.promise.fault}-{self.subject}-{self.bureaus[0]}-{where}"


def cases() -> Iterator[Case]:
    """The whole matrix; a short run leaves out the partnerships, whose way is that of a sole trader."""
    for promise in promises():
        for subject in SUBJECTS if LONG else ("AB", "EF", "person"):
            for bureaus in ((CREDITSAFE, BISNODE), (BISNODE, CREDITSAFE)):
                for faulty in ({bureaus[0]}, {bureaus[1]}, set(bureaus)):
                    if faulty <= promise.outcomes.keys():
                        yield Case(promise, subject, bureaus, frozenset(faulty))


def test_the_table_has_every_fault_of_the_stand_ins_and_no_other() -> None:
    """X1: and says where each can happen."""
    assert {promise.fault: set(promise.outcomes) for promise in promises()} == {
        str(trouble): {bureau for bureau in (CREDITSAFE, BISNODE) if can_happen_at(trouble, bureau)}
        for trouble in TROUBLES
    }
    assert consequences().keys() == set(Outcome) == set(order())


def test_an_unknown_outcome_stops_everybody_but_an_ab() -> None:
    """B1, B4: whatever else the table says, this has to stand there."""
    assert [
        (outcome, row.next_after_ab, row.next_after_others)
        for outcome, row in consequences().items()
        if not (row.next_after_ab and row.next_after_others)
    ] == [(Outcome.REPORT, False, False), (Outcome.UNKNOWN, True, False)]


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_a_fault_has_the_outcome_that_is_promised(case: Case, fresh: World, runtime: Runtime) -> None:
    """B1, B3, B4: and nobody is asked about twice, nor anywhere else in doubt about somebody who gets a copy."""
    subject = SUBJECTS[case.subject]
    for bureau in case.faulty:
        fresh.inject(
            bureau, case.promise.fault, kinds=REPORTS, times=1 if case.promise.fault == "token_expired" else None
        )
    waits = case.promise.fault in NOT_IN_TIME
    bureaus = [(fresh.hasty if waits and name in case.faulty else fresh.patient)[name] for name in case.bureaus]
    gateway, application = Gateway(runtime, bureaus), uuid.uuid4()

    asked = bureaus_asked(case, gets_copy=subject.gets_copy)
    (answer,) = gateway.retrieve(application, [subject]).answers
    assert [(kept.bureau, kept.outcome) for kept in answer.evidence] == [
        (name, case.outcome_at(name)) for name in asked
    ]
    assert answer.outcome is settled([case.outcome_at(name) for name in asked], gets_copy=subject.gets_copy)
    for kept in answer.evidence:
        notices = consequences()[kept.outcome].notices if subject.gets_copy else {CopyNotice.NONE}
        assert kept.copy_notice in notices
    if answer.outcome is Outcome.REPORT:
        check_untold(case, answer.report, answer.evidence[-1].bureau)
    for name in case.bureaus:
        assert len(fresh.asked(name)) == times_asked(case, name) * (name in asked)

    fresh.heal()
    (again,) = gateway.retrieve(application, [subject]).answers
    for name in asked:
        may_ask_again = case.outcome_at(name) is Outcome.UNAVAILABLE or (
            case.outcome_at(name) is Outcome.UNKNOWN and not subject.gets_copy
        )
        if not may_ask_again or answer.outcome is not Outcome.UNAVAILABLE:
            assert len(fresh.asked(name)) == times_asked(case, name)
    if answer.outcome is not Outcome.UNAVAILABLE:
        assert again.outcome is answer.outcome


def bureaus_asked(case: Case, *, gets_copy: bool) -> Sequence[str]:
    """Who is asked, by the tables."""
    first, second = case.bureaus
    goes_on = consequences()[case.outcome_at(first)].goes_on(gets_copy=gets_copy)
    return [first, second] if goes_on else [first]


def settled(outcomes: Sequence[Outcome], *, gets_copy: bool) -> Outcome:
    """What counts of *outcomes*, by the sentence below the table; for an AB, unknown is unavailable."""
    seen = {Outcome.UNAVAILABLE if each is Outcome.UNKNOWN and not gets_copy else each for each in outcomes}
    return next(outcome for outcome in order() if outcome in seen)


def check_untold(case: Case, report: object, bureau: str) -> None:
    """The facts that the table names are not known, all others may be."""
    assert isinstance(report, CompanyReport | PersonReport)
    known = {name for name in fact_types(type(report)) if isinstance(getattr(report, name), Known)}
    if bureau not in case.faulty:
        assert known
        return
    assert not known & set(case.promise.untold)
    if case.promise.tells_nothing:
        # What is told by the answer's shape alone: a code that is not there, a section that is not there.
        assert known <= {"deceased", "blocked", "number_retired", "bankruptcy"}
    else:
        assert len(known) >= 5


def times_asked(case: Case, bureau: str) -> int:
    """How often a bureau is asked that is asked once: what was answered with 401, and so not carried out, is asked a
    second time with a new token, where there are tokens.
    """
    return 2 if bureau == BISNODE and bureau in case.faulty and case.promise.fault in TOLD_OFF else 1
