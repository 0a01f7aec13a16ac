"""Who may sign by the register, and an applicant who may not (rules A9, S2)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from bureau_clients.facts import Known
from bureau_clients.reports import Answer, CompanyReport, Coverage, Signatory, SigningRight
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.bureau import Exchangeable
from tests.support.lending import ANNA, BERTIL, CECILIA, LendingWorld, lending_world
from underwriting.decisions.services.read_signing_rule import signing_rule_of
from underwriting.due_diligence.services.assess_relation import items_of
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.signing_rule import RuleSource, SigningRule
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome, DiligenceKind
from underwriting.platform.runtime import Runtime


class Registered(Exchangeable):
    """A bureau by which each of *alternatives* may sign for every company."""

    alternatives: tuple[tuple[PersonalNumber, ...], ...] = ()
    coverage = Coverage.COMPLETE

    def company(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        """The report with the right to sign."""
        answer = self.behind.company(number, form=form, reference=reference, at=at)
        assert isinstance(answer.report, CompanyReport)
        told = tuple(
            tuple(Signatory(name="X", number=one.digits, roles=()) for one in each) for each in self.alternatives
        )
        right = SigningRight(text="", alternatives=told, coverage=self.coverage)
        return replace(answer, report=replace(answer.report, signing_right=Known(right, self.name, at)))


@pytest.fixture
def register(bureau: Exchangeable) -> Registered:
    return Registered(bureau.behind)


@pytest.fixture
def real(runtime: Runtime, bankid: BankIdWorld, register: Registered) -> Iterator[LendingWorld]:
    """Outside the sandbox, where registers are not invented."""
    outside = replace(runtime, settings=replace(runtime.settings, sandbox=False))
    with lending_world(outside, bankid, (register,)) as world:
        yield world


def assessed(world: LendingWorld) -> tuple[set[str], SigningRule]:
    """What a person has to look into about an application by Anna, and the rule its agreement would be signed under."""
    application_id = world.submitted()
    assert world.decisions.assess_due() == 1
    (decision,) = world.decisions.decisions(application_id, world.staff())
    assert decision.outcome is DecisionOutcome.REFERRED  # no sanctions lists are loaded
    on = stockholm_date(world.runtime.clock.now())
    with world.runtime.database.transaction() as session:
        kinds = {item.kind for item in items_of(session, application_id)}
        rule = signing_rule_of(session, world.runtime, application_id, world.body(), on=on)
    assert ("referral.due_diligence_gap" in {line.key for line in decision.trace}) is bool(kinds)
    return kinds, rule


@pytest.mark.parametrize(
    ("alternatives", "coverage", "looked_into", "source"),
    [
        (((BERTIL,), (BERTIL, CECILIA)), Coverage.COMPLETE, True, RuleSource.APPLICANT),
        (((BERTIL,), (ANNA, CECILIA)), Coverage.COMPLETE, False, RuleSource.BUREAU),
        (((ANNA,),), Coverage.COMPLETE, False, RuleSource.BUREAU),
        (((BERTIL,),), Coverage.PARTIAL, False, RuleSource.APPLICANT),  # not told whole: that says nothing of Anna
        ((), Coverage.COMPLETE, False, RuleSource.APPLICANT),
    ],
)
def test_a_submitter_outside_the_registered_right_is_referred(
    real: LendingWorld,
    register: Registered,
    alternatives: tuple[tuple[PersonalNumber, ...], ...],
    coverage: Coverage,
    looked_into: bool,
    source: RuleSource,
) -> None:
    """A9: a person looks into it, and the agreement's rule counts only after two of staff have read the register."""
    register.alternatives, register.coverage = alternatives, coverage
    kinds, rule = assessed(real)
    assert kinds == ({DiligenceKind.SIGNING_RIGHT} if looked_into else set())
    assert (rule.source, rule.checked) == (source, not looked_into)
    assert rule.stands_in(ANNA)


def test_in_the_sandbox_an_invented_register_refers_nobody(
    runtime: Runtime, bankid: BankIdWorld, register: Registered
) -> None:
    """A9: whoever tries the sandbox stands in no register there."""
    register.alternatives = ((BERTIL,),)
    with lending_world(runtime, bankid, (register,)) as world:
        application_id = world.submitted()
        assert world.decisions.assess_due() == 1
        (decision,) = world.decisions.decisions(application_id, world.staff())
    assert decision.outcome is DecisionOutcome.APPROVED
