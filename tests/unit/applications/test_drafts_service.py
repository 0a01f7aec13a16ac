"""Drafts: who opens them, and what may be done with them before the signature."""

import pytest
import sqlalchemy as sa

from tests.support.lending import ANNA, BERTIL, CLEAN_AB, STRANGER, LendingWorld, guarantor_json
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, Role
from underwriting.platform.authentication import Caller, token_hash


def test_a_draft_holds_what_was_sent(world: LendingWorld) -> None:
    body = world.body()
    application_id, holder = world.draft(body)
    assert world.applications.draft(application_id, holder) == body
    view = world.applications.view(application_id, holder)
    assert view.state is ApplicationState.DRAFT
    assert view.expected_monthly_revenue == Money.kronor(400_000)
    assert [guarantor.name for guarantor in view.guarantors] == ["Anna Andersson"]


def test_a_draft_is_opened_by_its_secret_alone(world: LendingWorld) -> None:
    """A3: neither the signatory nor staff see what is not signed yet."""
    application_id, _ = world.draft()
    others = (
        STRANGER,
        Caller(actor="draft", draft_secret_hash=token_hash("bd_of-another-draft")),
        world.person(ANNA),
        world.staff(),
        world.staff(Role.ADMINISTRATOR),
    )
    for caller in others:
        with pytest.raises(NotFound):
            world.applications.view(application_id, caller)
        with pytest.raises(NotFound):
            world.applications.submit(application_id, caller, end_user_ip="127.0.0.1")


def test_after_the_signature_it_is_the_signatorys_and_the_underwriters(world: LendingWorld) -> None:
    """A3: the draft's secret opens nothing any more."""
    application_id, holder = world.draft()
    world.sign(world.applications.submit(application_id, holder, end_user_ip="127.0.0.1"))
    for caller in (world.person(ANNA), world.staff(), world.staff(Role.ADMINISTRATOR)):
        assert world.applications.view(application_id, caller).id == application_id
    for caller in (holder, STRANGER, world.person(BERTIL), world.staff(Role.BILLING)):
        with pytest.raises(NotFound):
            world.applications.view(application_id, caller)


def test_a_draft_may_be_changed(world: LendingWorld) -> None:
    """A3: as long as it is a draft."""
    application_id, holder = world.draft()
    changed = world.body(requested_amount="50000.00", guarantors=[guarantor_json(BERTIL, "Bertil Berg")])
    view = world.applications.change_draft(application_id, lambda _: changed, holder)
    assert view.requested_amount == Money.kronor(50_000)
    assert world.applications.draft(application_id, holder) == changed


def test_a_draft_may_be_dropped(world: LendingWorld) -> None:
    """A3: nothing of it is left."""
    application_id, holder = world.draft()
    world.applications.delete_draft(application_id, holder)
    with world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Application)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(ApplicationGuarantor)) == 0


def test_after_the_signature_nothing_is_changed_or_withdrawn(world: LendingWorld) -> None:
    """A3: 409 with the rule, for the one who signed."""
    application_id = world.submitted()
    anna = world.person(ANNA)
    with pytest.raises(ApplicationStateRefuses) as changed:
        world.applications.change_draft(application_id, lambda body: body, anna)
    with pytest.raises(ApplicationStateRefuses) as dropped:
        world.applications.delete_draft(application_id, anna)
    assert (changed.value.rule, dropped.value.rule) == ("A3", "A3")
    assert world.applications.view(application_id, anna).requested_amount == Money.kronor(200_000)


def test_two_drafts_of_one_company_do_not_hinder_each_other(world: LendingWorld) -> None:
    """A8: drafts do not count."""
    first, _ = world.draft()
    second, _ = world.draft()
    assert first != second


def test_no_number_of_company_or_person_stands_readable_in_the_row(world: LendingWorld) -> None:
    world.draft()
    with world.runtime.database.transaction() as session:
        for table in ("application", "application_guarantor"):
            row = str(session.execute(sa.text(f"SELECT to_jsonb(t)::text FROM {table} t")).all())
            for secret in (CLEAN_AB.replace("-", ""), ANNA.digits, ANNA.digits[2:], "Anna", "example.se", "59990002"):
                assert secret not in row
                assert secret.encode().hex() not in row  # bytes are shown in hexadecimal
