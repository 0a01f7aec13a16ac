"""What the applicant does on the pages about guarantors who do not answer and about a counter-offer."""

import re
from datetime import timedelta

from tests.support.beginnings import apply, decide, granted
from tests.support.house import HouseWorld
from tests.support.journey import link
from tests.support.lending import ANNA, BERTIL, application_json
from tests.support.visitor import Visitor, visit
from underwriting.kernel.vocabulary import CompanyForm

OWN_LINK = r"(/guarantees/[0-9a-f-]+/invitation/[\w-]+)"


def test_a_guarantors_link_is_sent_again_to_a_corrected_address(world: HouseWorld) -> None:
    """A3, G2: only the applicant, not again and again; the link that was sent before is over."""
    loan = granted(world, CompanyForm.HB)
    status, form = (
        f"/applications/{loan.application_id}",
        f"/applications/{loan.application_id}/guarantors/2/invitation",
    )
    first = link(world, "bertil@example.se", OWN_LINK)
    anna = visit(world, ANNA)
    assert f'href="{form}"' in anna.open(status)
    assert "guarantors/1/invitation" not in anna.open(status)  # the applicant's own
    assert 'value="bertil@example.se"' in anna.open(form)
    for language, words in (("sv", "giltig e-postadress"), ("en", "valid e-mail address")):
        wrong = visit(world, ANNA, language=language).send(form, form, email="bertil@")
        assert wrong.status_code == 422
        assert 'value="bertil@"' in wrong.text
        assert words in wrong.text
    world.move_to(world.runtime.clock.now() + timedelta(days=1))
    visit(world, BERTIL).open(form, 404)
    assert visit(world, BERTIL).send(form, "/login", email="x@example.se").status_code == 404
    assert anna.send(form, form, email="b.berg@example.se").status_code == 303
    again = link(world, "b.berg@example.se", OWN_LINK)
    Visitor(world).open(first, 404)
    assert visit(world, BERTIL).sent_on(again) == again.partition("/invitation/")[0]
    soon = anna.send(form, form, email="b.berg@example.se")
    assert soon.status_code == 409
    assert "Brevet skickades nyss" in soon.text
    assert 'value="b.berg@example.se"' in soon.text


def test_whoever_has_answered_is_not_written_to_again(world: HouseWorld) -> None:
    """G2: a guarantor who declined gets no new link; the applicant finds the form for another instead."""
    loan = granted(world, CompanyForm.HB)
    path = link(world, "bertil@example.se", r"(/guarantees/[0-9a-f-]{36})")
    assert visit(world, BERTIL).send(f"{path}/decline", path).status_code == 303
    anna, form = visit(world, ANNA), f"/applications/{loan.application_id}/guarantors/2/invitation"
    anna.open(form, 404)
    assert anna.send(form, "/login", email="b.berg@example.se").status_code == 404


def test_a_counter_offer_is_declined_on_the_page(world: HouseWorld) -> None:
    """D1: by the applicant alone, at once and for good; what was declined cannot be accepted."""
    loan = apply(world, application_json(requested_amount="250000.00"))
    assert decide(world, loan)["outcome"] == "counter_offer"
    status = f"/applications/{loan.application_id}"
    act = f"{status}/counter-offer/decline"
    assert visit(world, BERTIL).send(act, "/login").status_code == 404
    assert Visitor(world).send(act, "/login").status_code == 401
    anna = visit(world, ANNA)
    page = anna.open(status)
    assert re.search(rf'<details><summary>Tacka nej till motbudet</summary>.*?action="{act}"', page, re.DOTALL)
    assert anna.send(act, status).status_code == 303
    page = anna.open(status)
    assert "Förfallen" in page
    assert "counter-offer" not in page
    for late in (act, f"{status}/counter-offer"):
        assert anna.send(late, "/login").status_code == 409
