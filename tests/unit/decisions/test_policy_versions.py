"""The policy's versions: drafted, approved by a second person, in force from an instant, compared, rolled back."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.support.decision_facts import FIRST, kronor
from underwriting import migrations
from underwriting.decisions.comparison import Tally
from underwriting.decisions.models import PolicyApproval, PolicyPublication, PolicyVersion
from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import PolicyInvalid, limit_in_words
from underwriting.decisions.rules import Measure
from underwriting.decisions.services.change_policy import (
    OwnPolicyDraft,
    PolicyNotApproved,
    PublishedInThePast,
    TwoPoliciesInForce,
    VersionTaken,
)
from underwriting.decisions.services.find_policy import PolicyUnknown, in_force
from underwriting.decisions.services.keep_policies import Policies
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import Refusal
from underwriting.kernel.vocabulary import RepaymentPlan, Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller, RoleMissing
from underwriting.platform.message_models import Event
from underwriting.platform.runtime import Runtime

DRAFTER = Caller(actor="staff:drafter", role=Role.SENIOR_UNDERWRITER)
SECOND = Caller(actor="staff:second", role=Role.SENIOR_UNDERWRITER)
DAY = timedelta(days=1)


def document(version: str = "3", **members: Any) -> str:
    """The shipped policy under another version's name, with other *members*."""
    content = json.loads(files("underwriting.decisions.policies").joinpath("policy-2.json").read_text())
    return json.dumps(content | {"version": version} | members)


def later(runtime: Runtime, by: timedelta = timedelta(minutes=1)) -> datetime:
    assert isinstance(runtime.clock, FixedClock)
    runtime.clock.move_to(runtime.clock.now() + by)
    return runtime.clock.now()


@pytest.fixture
def policies(runtime: Runtime) -> Policies:
    return Policies(runtime)


@pytest.fixture
def approved(policies: Policies) -> Policies:
    """With a version 3 that nobody has put in force yet."""
    policies.draft(document(), DRAFTER)
    policies.approve("3", SECOND)
    return policies


def test_the_shipped_policy_is_the_first_one_in_force(policies: Policies) -> None:
    """D11: a fresh database has version 2 in force from the beginning, and version 1 for what it decided."""
    assert policies.in_force() == shipped_policy()
    states = {one.version: one.state(policies.runtime.clock.now()) for one in policies.versions()}
    assert states == {"1": "approved", "2": "in_force"}
    assert policies.open("1")[1] == shipped_policy("1")


def test_a_version_is_in_force_from_its_instant_until_the_next_one(approved: Policies) -> None:
    """D11: periods are half-open; the instant itself is the new one's."""
    at = approved.runtime.clock.now()
    approved.publish("3", SECOND, from_=at + DAY)
    with approved.runtime.database.transaction() as session:
        found = {
            late: in_force(session, at=at + DAY + late).version for late in (-timedelta(microseconds=1), timedelta(0))
        }
    assert list(found.values()) == ["2", "3"]
    second = next(one for one in approved.versions() if one.version == "2")
    assert second.publications[-1].until == at + DAY


def test_going_back_is_publishing_the_older_version(approved: Policies) -> None:
    """D11: it is a new publication; what was in force meanwhile stays told."""
    approved.publish("3", SECOND)
    later(approved.runtime)
    view = approved.publish("2", DRAFTER)
    assert approved.in_force() == shipped_policy()
    assert [one.until is None for one in view.publications] == [False, True]


def test_publishing_what_is_in_force_again_changes_nothing(approved: Policies) -> None:
    first = approved.publish("3", SECOND)
    later(approved.runtime)
    assert approved.publish("3", SECOND) == first


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        pytest.param(lambda it: it.approve("3", DRAFTER), OwnPolicyDraft, id="approving one's own draft"),
        pytest.param(lambda it: it.publish("3", SECOND), PolicyNotApproved, id="publishing what nobody approved"),
        pytest.param(lambda it: it.approve("4", SECOND), PolicyUnknown, id="a version that is not there"),
        pytest.param(lambda it: it.open("12345678"), PolicyUnknown, id="a hash that is not there"),
        pytest.param(
            lambda it: it.draft(document(smallest_amount="25000.00"), DRAFTER), VersionTaken, id="a name that is taken"
        ),
        pytest.param(
            lambda it: it.draft(document("4"), DRAFTER, sha256="0" * 64), PolicyInvalid, id="another hash than told"
        ),
        pytest.param(lambda it: it.draft("{}", DRAFTER), PolicyInvalid, id="nothing in it"),
        pytest.param(lambda it: it.draft(b"\xff", DRAFTER), PolicyInvalid, id="no text"),
        pytest.param(
            lambda it: it.draft(document("4"), replace(DRAFTER, role=Role.UNDERWRITER)), RoleMissing, id="another role"
        ),
        pytest.param(lambda it: it.approve("3", replace(SECOND, role=Role.AUDITOR)), RoleMissing, id="an auditor"),
    ],
)
def test_what_is_not_so_is_refused_and_nothing_is_kept(
    policies: Policies, act: Callable[[Policies], object], refusal: type[Refusal]
) -> None:
    """D11: of a draft that nobody has approved."""
    policies.draft(document(), DRAFTER)
    before = policies.versions()
    with pytest.raises(refusal):
        act(policies)
    assert policies.versions() == before


def test_ones_own_draft_is_not_published_even_when_another_person_approved_it(approved: Policies) -> None:
    """D11: four eyes on what is in force; one that has been in force before may be gone back to by anybody."""
    with pytest.raises(OwnPolicyDraft):
        approved.publish("3", DRAFTER)
    approved.publish("3", SECOND)
    later(approved.runtime)
    approved.publish("2", SECOND)
    later(approved.runtime)
    assert approved.publish("3", DRAFTER).is_in_force(approved.runtime.clock.now())


def test_nothing_is_published_in_the_past_nor_twice_from_one_instant(approved: Policies) -> None:
    """D11: two versions are never in force at once, and no decision changes its policy afterwards."""
    at = approved.runtime.clock.now()
    with pytest.raises(PublishedInThePast):
        approved.publish("3", SECOND, from_=at - timedelta(microseconds=1))
    approved.publish("3", SECOND, from_=at + DAY)
    approved.draft(document("4"), DRAFTER)
    approved.approve("4", SECOND)
    with pytest.raises(TwoPoliciesInForce):
        approved.publish("4", SECOND, from_=at + DAY)


def test_an_invalid_document_says_where(policies: Policies) -> None:
    """D2: by member and rule."""
    declines = [{"when": "remarks", "reason": {"sv": "Nej", "en": "No"}}]
    with pytest.raises(PolicyInvalid) as refused:
        policies.draft(document("4", declines=declines), DRAFTER)
    assert [(one.pointer, one.rule) for one in refused.value.errors] == [("/declines/0/when", "D2")]


def test_everything_is_noted_and_told(approved: Policies) -> None:
    approved.publish("3", SECOND)
    with approved.runtime.database.transaction() as session:
        row = session.scalars(sa.select(PolicyVersion).where(PolicyVersion.version == "3")).one()
        entries = audit_log.entries_of(session, f"policy:{row.id}")
        kinds = session.scalars(sa.select(Event.kind).where(Event.subject == f"policy:{row.id}").order_by(Event.number))
        assert list(kinds) == ["policy.drafted", "policy.approved", "policy.published"]
    assert [(one.action, one.actor) for one in entries] == [
        ("policy.drafted", DRAFTER.actor),
        ("policy.approved", SECOND.actor),
        ("policy.published", SECOND.actor),
    ]
    assert entries[0].data == {"version": "3", "sha256": row.sha256}


@pytest.mark.parametrize("table", [PolicyVersion, PolicyApproval, PolicyPublication])
def test_the_service_can_only_add(runtime: Runtime, table: type[Any]) -> None:
    """D11: append-only by the rights of its role."""
    for statement in (sa.delete(table), sa.update(table).values({next(iter(table.__table__.columns)).name: None})):
        with pytest.raises(ProgrammingError, match="permission denied"), runtime.database.transaction() as session:
            session.execute(statement)


def test_the_database_itself_refuses_ones_own_approval_and_two_from_one_instant(approved: Policies) -> None:
    """D11: whatever a program does."""
    at = approved.runtime.clock.now()
    drafted = approved.draft(document("4"), DRAFTER)
    by_oneself = PolicyApproval(
        policy_id=drafted.id, drafted_by=DRAFTER.actor, approved_by=DRAFTER.actor, approved_at=at
    )
    approved.publish("3", SECOND, from_=at + DAY)
    third = next(one.id for one in approved.versions() if one.version == "3")
    again = PolicyPublication(policy_id=third, in_force_from=at + DAY, published_by="x", published_at=at)
    backwards = PolicyPublication(policy_id=third, in_force_from=at - DAY, published_by="x", published_at=at)
    unapproved = PolicyPublication(policy_id=drafted.id, in_force_from=at + 2 * DAY, published_by="x", published_at=at)
    for row in (by_oneself, again, backwards, unapproved):
        with pytest.raises(IntegrityError), approved.runtime.database.transaction() as session:
            session.add(row)


def test_of_two_who_publish_at_once_from_one_instant_one_does(committed_runtime: Runtime) -> None:
    """D11: two versions are never in force at once."""
    policies = Policies(committed_runtime)
    names = ("3", "4")
    for name in names:
        policies.draft(document(name), DRAFTER)
        policies.approve(name, SECOND)
    begin, outcomes = threading.Barrier(len(names)), []
    start = committed_runtime.clock.now() + DAY

    def publish(name: str) -> None:
        begin.wait()
        try:
            policies.publish(name, SECOND, from_=start)
            outcomes.append("published")
        except TwoPoliciesInForce:
            outcomes.append("refused")

    threads = [threading.Thread(target=publish, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["published", "refused"]
    assert sum(len(one.publications) for one in policies.versions() if one.version in names) == 1


def test_a_database_with_decisions_is_upgraded_to_what_decided_them(empty_database_url: str) -> None:
    """D11: version 1 was in force until the first decision by version 2."""
    migrations.upgrade(empty_database_url, to="0014")
    decided = [("1", datetime(2026, 1, 5, tzinfo=UTC)), ("2", datetime(2026, 2, 5, tzinfo=UTC))]
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("SET session_replication_role = replica")  # decisions without their applications
        for version, at in decided:
            connection.execute(
                "INSERT INTO decision (application_id, sequence, outcome, term_months, policy_version, policy_hash,"
                " facts_encrypted, facts_hash, report_hashes, trace_encrypted, automatic, decided_at)"
                " VALUES (uuidv7(), 1, 'declined', 12, %s, '', '', '', '{}', '', true, %s)",
                (version, at),
            )
    migrations.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "SELECT version, in_force_from FROM policy_publication JOIN policy_version ON policy_version.id = policy_id"
            " ORDER BY in_force_from"
        ).fetchall()
    assert found == [("1", datetime(1970, 1, 1, tzinfo=UTC)), ("2", datetime(2026, 2, 5, tzinfo=UTC))]


def test_a_comparison_tells_who_flips_and_what_it_is_in_money() -> None:
    """D11: the first case (218 000 kr at 1.49 %) and the same without surplus, under a cap of 150 000 kr.

    Whole-kronor fees on a straight plan of twelve months: at 1.49 % of 218 000 falling by a twelfth each month.
    """
    capped = json.loads(document())
    capped["limits"]["by_form"]["AB"] = "150000.00"
    before, after = shipped_policy(), load_policy(json.dumps(capped))
    tally = Tally()
    asks_little = replace(FIRST, application=replace(FIRST.application, asked=kronor(200_000)))
    poor = replace(FIRST, application=replace(FIRST.application, costs=kronor(350_000)))
    changes = [
        tally.count(name, facts, before=before, after=after)
        for name, facts in (("a", FIRST), ("b", asks_little), ("c", poor))
    ]
    company = tally.forms["AB"]
    assert company.applications == 3
    assert [change and change.outcomes for change in changes] == [
        ("counter_offer", "counter_offer"),
        ("approved", "counter_offer"),
        None,
    ]
    assert (company.before.exposure_ore, company.after.exposure_ore) == (41_800_000, 30_000_000)
    assert (dict(company.flips), company.repriced) == ({("approved", "counter_offer"): 1}, 1)
    assert company.before.outcomes["declined"] == company.after.outcomes["declined"] == 1
    assert tally.whole.applications == 3
    assert tally.forms["EF"].applications == 0


def test_a_comparison_counts_the_fees_of_the_plan_that_was_asked_for() -> None:
    """D11, D6: 200 000 kr at 1.50 % for twelve months: 12 x 3 000 on the whole, 13/2 x 3 000 when it falls."""
    little = replace(FIRST.application, asked=kronor(200_000))
    fees = {}
    for plan in RepaymentPlan:
        tally = Tally()
        facts = replace(FIRST, application=replace(little, repayment_plan=plan))
        tally.count("a", facts, before=shipped_policy(), after=shipped_policy())
        fees[plan] = tally.forms["AB"].after.fees
    assert fees == {RepaymentPlan.STRAIGHT: kronor(19_500), RepaymentPlan.AT_TERM: kronor(36_000)}


@pytest.mark.parametrize(
    ("measure", "limit", "words"),
    [
        (Measure.SURPLUS_SHARE, (3, 20), ("15\N{NO-BREAK SPACE}%", "15%")),
        (Measure.SURPLUS_SHARE, (1, 80), ("1,25\N{NO-BREAK SPACE}%", "1.25%")),
        (Measure.SURPLUS_SHARE, (0, 1), ("0\N{NO-BREAK SPACE}%", "0%")),
        (Measure.INCOME, (40_000_000, 1), ("400\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr", "SEK 400,000")),
        (Measure.COMPANY_REMARKS, (3, 1), ("3", "3")),
        (Measure.RATING, "B", ("B", "B")),
    ],
)
def test_a_bins_limit_is_read_as_people_write_it(
    measure: Measure, limit: tuple[int, int] | str, words: tuple[str, str]
) -> None:
    assert limit_in_words(measure, limit) == words
