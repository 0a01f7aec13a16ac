"""Who is told what of a decision, over every channel: API, pages, mail and events (rule D7)."""

import html
import json

import sqlalchemy as sa

from tests.support.beginnings import assessed
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.policy import Policy
from underwriting.decisions.rules import Card
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.message_models import Event

ASKS_MORE = BODIES[CompanyForm.HB] | {"requested_amount": "250000.00"}


def reasons_of(policy: Policy, *cards: Card) -> set[str]:
    """Every reason of the cards, in both languages."""
    bins = (each for card in cards for characteristic in policy.scorecards[card] for each in characteristic.every_bin)
    return {text for each in bins for text in (each.reason.sv, each.reason.en)}


def seen_by(caller: Api, *paths: str) -> str:
    return "\n".join(html.unescape(caller.call("GET", path).text) for path in paths)


def test_each_is_told_their_own_part_over_every_channel(world: HouseWorld) -> None:
    """D7, D14: the applicant nothing of guarantors' facts, points or reasons, nor the reverse; events no ground."""
    policy = shipped_policy()
    of_guarantors = reasons_of(policy, Card.GUARANTOR)
    of_company = reasons_of(policy, Card.COMPANY, Card.ABILITY) - of_guarantors
    of_guarantors -= reasons_of(policy, Card.COMPANY, Card.ABILITY)
    loan = assessed(world, ASKS_MORE)
    told = loan.borrower.get(f"{loan.application}/decision")
    assert told["outcome"] == "counter_offer"
    assert told["enough"] == {"amount": "218000.00", "term_months": 15, "guarantor_is_enough": False}
    assert "guarantor_income" not in json.dumps(told)

    applicant = seen_by(loan.borrower, f"{loan.application}/decision", f"/applications/{loan.application_id}", "/my")
    guarantor = seen_by(loan.people["bertil@example.se"], f"{loan.application}/decision", "/my")
    underwriter = world.staff(Role.UNDERWRITER)
    staff = json.dumps(underwriter.get(f"{loan.application}/decision"), ensure_ascii=False)
    mail = "\n".join(f"{letter.subject}\n{letter.body}" for letter in world.letters())
    with world.runtime.database.transaction() as session:
        events = json.dumps([message.data for message in session.scalars(sa.select(Event))], default=str)

    assert any(reason in staff for reason in of_guarantors)
    assert any(reason in staff for reason in of_company)
    assert any(reason in guarantor for reason in of_guarantors)
    for reason in of_guarantors:
        assert reason not in applicant, reason
    for reason in of_company:
        assert reason not in guarantor, reason
    for reason in of_guarantors | of_company:
        assert reason not in mail, reason
        assert reason not in events, reason
    for word in ('"points"', '"trace"', '"grade"', '"facts_hash"', "guarantor_income", "amount_with_guarantor"):
        assert word not in applicant, word
        assert word not in guarantor, word
    assert '"enough"' not in guarantor
