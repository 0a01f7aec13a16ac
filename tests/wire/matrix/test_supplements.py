"""Every fault of what is asked for beside a report: the report stands, and nothing is told that was not read."""

import uuid
from collections.abc import Iterator

import pytest

from bureau_clients.facts import Known
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome, Subject
from bureau_clients.reports import CompanyReport, PersonReport
from tests.wire.gateway.subjects import company, person
from tests.wire.matrix.conftest import BISNODE, CREDITSAFE, World
from tests.wire.matrix.promises import Promise, leave_supplements_whole, promises
from tests.wire.matrix.test_matrix import NOT_IN_TIME
from underwriting.platform.runtime import Runtime

SUPPLEMENTS = {CREDITSAFE: "opinion", BISNODE: "signatories"}
SUBJECTS = {"company": company(), "person": person()}


def cases() -> Iterator[tuple[str, Promise, str]]:
    """Where, what, and of whom: the right to sign is a company's."""
    for bureau in SUPPLEMENTS:
        for promise in promises():
            for subject in SUBJECTS if bureau == CREDITSAFE else ("company",):
                if bureau in promise.outcomes:
                    yield bureau, promise, subject


def name(value: object) -> str:
    return value.fault if isinstance(value, Promise) else str(value)


@pytest.mark.parametrize(("bureau", "promise", "subject"), list(cases()), ids=name)
def test_a_fault_of_a_supplement_never_costs_the_report(
    fresh: World, runtime: Runtime, bureau: str, promise: Promise, subject: str
) -> None:
    """B3, D13: and the answer to it is kept, whatever it is."""
    times = 1 if promise.fault == "token_expired" else None
    fresh.inject(bureau, promise.fault, kinds=(SUPPLEMENTS[bureau],), times=times)
    clients = fresh.hasty_with_supplements if promise.fault in NOT_IN_TIME else fresh.with_supplements
    told = answered(Gateway(runtime, [clients[bureau]]), SUBJECTS[subject])
    assert told is (promise.fault in leave_supplements_whole() or is_of_another_wire(bureau, promise.fault))
    asked = [question["kind"] for question in fresh.asked(bureau)]
    assert asked.count(subject) == 1
    assert SUPPLEMENTS[bureau] in asked


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
@pytest.mark.parametrize("bureau", SUPPLEMENTS)
def test_without_a_fault_the_supplement_is_told(fresh: World, runtime: Runtime, bureau: str, subject: Subject) -> None:
    """D13: so that the rest of this table says something."""
    told = answered(Gateway(runtime, [fresh.with_supplements[bureau]]), subject)
    assert told is (bureau == CREDITSAFE or subject.form is not None)


def is_of_another_wire(bureau: str, fault: str) -> bool:
    """A fault of JSON leaves XML as it is."""
    return bureau == CREDITSAFE and fault == "nested"


def answered(gateway: Gateway, subject: Subject) -> bool:
    """Whether the report, which is there in any case, tells what was asked for beside it."""
    (answer,) = gateway.retrieve(uuid.uuid4(), [subject]).answers
    assert answer.outcome is Outcome.REPORT
    report = answer.report
    assert isinstance(report, CompanyReport | PersonReport)
    assert isinstance(report.name, Known)
    if isinstance(report.opinion, Known):
        return True
    right = report.signing_right if isinstance(report, CompanyReport) else None
    # The registered wording stands in the report itself; who may sign, only in the answer to the question for it.
    return isinstance(right, Known) and bool(right.value.alternatives)
