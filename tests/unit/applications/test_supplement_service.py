"""What may still be added after the signature."""

import pytest
import sqlalchemy as sa

from schemas.values import Contact, PayoutAccount, SupplementBody
from tests.support.lending import ANNA, BERTIL, LendingWorld
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.kernel.errors import NotFound, NotPermitted
from underwriting.kernel.identifiers import parse_bankgiro
from underwriting.kernel.vocabulary import ApplicationState

NEW_CONTACT = Contact(name="Anna A", email="ny@example.se", phone="+46700000000")
NEW_ACCOUNT = PayoutAccount(bankgiro=parse_bankgiro("991-2346"))


def put_state(world: LendingWorld, application_id: object, state: ApplicationState) -> None:
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(Application).where(Application.id == application_id).values(state=str(state)))


def test_contact_and_account_are_added_as_dated_supplements(world: LendingWorld) -> None:
    """A3: the newest counts; the signed text stays as it was signed."""
    application_id = world.submitted()
    anna = world.person(ANNA)
    before = world.applications.signed_text(application_id, anna)
    added = world.applications.add_supplement(
        application_id, SupplementBody(contact=NEW_CONTACT, payout_account=NEW_ACCOUNT), anna
    )
    view = world.applications.view(application_id, anna)
    assert (view.contact, view.payout_account) == (NEW_CONTACT, NEW_ACCOUNT)
    assert (added.kind, added.added_at) == ("contact+payout_account", world.runtime.clock.now())
    assert world.applications.signed_text(application_id, anna) == before


def test_information_that_was_asked_for_sends_the_case_back(world: LendingWorld) -> None:
    """A3: information requested becomes referred again; other supplements change no state."""
    application_id = world.submitted()
    anna = world.person(ANNA)
    put_state(world, application_id, ApplicationState.INFORMATION_REQUESTED)
    world.applications.add_supplement(application_id, SupplementBody(contact=NEW_CONTACT), anna)
    assert world.applications.view(application_id, anna).state is ApplicationState.INFORMATION_REQUESTED
    world.applications.add_supplement(application_id, SupplementBody(information="Bokslutet bifogas"), anna)
    assert world.applications.view(application_id, anna).state is ApplicationState.REFERRED


def test_a_draft_is_changed_instead(world: LendingWorld) -> None:
    """A3: supplements are for what is signed."""
    application_id, holder = world.draft()
    with pytest.raises(ApplicationStateRefuses) as refused:
        world.applications.add_supplement(application_id, SupplementBody(contact=NEW_CONTACT), holder)
    assert refused.value.rule == "A3"


@pytest.mark.parametrize("state", [ApplicationState.APPROVED, ApplicationState.DECLINED, ApplicationState.LAPSED])
def test_nothing_is_added_to_what_is_over(world: LendingWorld, state: ApplicationState) -> None:
    """A3: the agreement has its own ways."""
    application_id = world.submitted()
    put_state(world, application_id, state)
    with pytest.raises(ApplicationStateRefuses):
        world.applications.add_supplement(application_id, SupplementBody(contact=NEW_CONTACT), world.person(ANNA))


def test_only_the_applicant_adds(world: LendingWorld) -> None:
    application_id = world.submitted()
    with pytest.raises(NotFound):
        world.applications.add_supplement(application_id, SupplementBody(contact=NEW_CONTACT), world.person(BERTIL))
    with pytest.raises(NotPermitted):
        world.applications.add_supplement(application_id, SupplementBody(contact=NEW_CONTACT), world.staff())
