"""The personal links in letters to those who are to sign: what they tell before BankID, and whom they let in."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from agreements.credit.models import Agreement
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from tests.support.house import Api, HouseWorld
from tests.support.journey import link
from tests.support.visitor import Visitor, grant_directly, text_of, visit
from underwriting.app import create_app

ANNAS_MAIL, ERIKS_MAIL, MARIAS_MAIL = "anna@exempel.example", "erik@exempel.example", "maria@exempel.example"
OF_GUARANTOR = r"(/guarantees/[0-9a-f-]+/invitation/[\w-]+)"
OF_SIGNATORY = r"(/agreements/[0-9a-f-]+/invitation/[\w-]+)"
UNKNOWN = {"sv": "Länken stämmer inte", "en": "The link is not right"}


@pytest.fixture
def agreement(world: HouseWorld) -> Agreement:
    """An agreement that Anna signs and that Erik and Maria guarantee, granted and not signed."""
    return grant_directly(world)


def eriks(world: HouseWorld) -> str:
    return link(world, ERIKS_MAIL, OF_GUARANTOR)


def guarantee_at(path: str) -> str:
    return path.partition("/invitation/")[0]


@pytest.mark.usefixtures("agreement")
def test_before_bankid_the_link_tells_who_asks_for_what_and_no_more(world: HouseWorld) -> None:
    """G2: company, lender, applicant, last day; no sum, no number, and not who is asked."""
    shown = text_of(Visitor(world).open(eriks(world)))
    for told in (
        "Exempelbolaget AB",
        "Anna Lindqvist",
        world.runtime.settings.lender.name,
        "måndagen den 16 mars 2026",
    ):
        assert told in shown
    for hidden in ("Erik", "Maria", "218", "327", "1981", "559999"):
        assert hidden not in shown, hidden


@pytest.mark.usefixtures("agreement")
def test_whoever_was_invited_comes_by_bankid_to_the_guarantee(world: HouseWorld) -> None:
    """G2: only the person with the number that was named, whatever the holder of the link says."""
    visitor, path = Visitor(world), eriks(world)
    arrived = visitor.identify(path, ERIK)
    assert (arrived.status_code, arrived.location) == (303, guarantee_at(path))
    page = text_of(visitor.open(arrived.location))
    assert "Väntar på din underskrift" in page
    assert "327\u00a0000\u00a0kr" in visitor.open(arrived.location)  # 150 % of 218 000 kr


@pytest.mark.usefixtures("agreement")
def test_nobody_else_comes_through_the_link(world: HouseWorld) -> None:
    """G2: the other guarantor, the signatory and a stranger are told that the link is somebody else's."""
    path = eriks(world)
    for person in (MARIA, ANNA, STRANGER):
        visitor = visit(world, person)
        page = visitor.open(path, 404)
        assert "Länken är till någon annan" in page
        assert "Erik" not in page
        guarantee = guarantee_at(path)
        visitor.open(guarantee, 404)
        visitor.open(f"{guarantee}/decline", 404)
        assert visitor.send(f"{guarantee}/sign").status_code == 404
        assert visitor.send(f"{guarantee}/decline", reason="Nej.").status_code == 404
    assert visitor.identify(path, STRANGER).status_code == 404  # by BankID, from the button of the link itself


@pytest.mark.usefixtures("agreement")
def test_a_wrong_or_foreign_link_says_the_same_as_one_that_nobody_was_sent(world: HouseWorld) -> None:
    """G2: a token of another guarantee, of a signatory, changed, or with a guessed id leads nowhere."""
    own, others = eriks(world), link(world, MARIAS_MAIL, OF_GUARANTOR)
    signatory = link(world, ANNAS_MAIL, OF_SIGNATORY)
    token, foreign = own.rpartition("/")[2], others.rpartition("/")[2]
    wrong = [
        own.replace(token, foreign),
        own.replace(token, signatory.rpartition("/")[2]),
        own + "x",
        own.replace(token, "%00"),
        own.replace(token, "%C3%A5"),
        signatory.replace(signatory.rpartition("/")[2], token),
        signatory.replace(signatory.rpartition("/")[2], "%C3%A5"),
        signatory[:-2],
        f"/guarantees/{uuid.uuid4()}/invitation/{token}",
        f"/agreements/{uuid.uuid4()}/invitation/{token}",
    ]
    for language, words in UNKNOWN.items():
        visitor = Visitor(world, language=language)
        nobodys = text_of(visitor.open(f"/guarantees/{uuid.uuid4()}/invitation/{'A' * 43}", 404))
        assert words in nobodys
        assert [text_of(visitor.open(path, 404)) for path in wrong] == [nobodys] * len(wrong)
    assert {visitor.send(path).status_code for path in wrong[::4]} == {404}


def test_the_link_ends_with_the_time_for_signatures(world: HouseWorld, agreement: Agreement) -> None:
    """G2: the last second of the fourteenth day is in time; after it nobody is asked for BankID."""
    visitor, own = Visitor(world), eriks(world)
    world.move_to(agreement.sign_by - timedelta(seconds=1))
    visitor.open(own)
    world.move_to(agreement.sign_by)
    for path in (own, link(world, ANNAS_MAIL, OF_SIGNATORY)):
        assert "Inbjudan gäller inte längre" in visitor.open(path, 410)
        assert visitor.send(path).status_code == 410


@pytest.mark.usefixtures("agreement")
def test_a_used_link_says_so_and_leads_its_owner_to_the_copy(world: HouseWorld) -> None:
    """G2: once the guarantee is signed the link signs nothing more."""
    path, erik = eriks(world), visit(world, ERIK)
    assert isinstance(erik.api, Api)
    subject = guarantee_at(path).rpartition("/")[2]
    world.sign(erik.api.post("/v1/signings", {"purpose": "guarantee", "subject_id": subject}))
    assert "Inbjudan är besvarad" in Visitor(world).open(path)
    assert erik.sent_on(path) == guarantee_at(path)
    assert erik.send(f"{guarantee_at(path)}/sign").status_code == 409


def test_a_signatory_comes_by_the_own_link_to_what_is_to_be_signed(world: HouseWorld, agreement: Agreement) -> None:
    """S2: the agreement's link is the signatory's own; a guarantor does not get in by it."""
    path = link(world, ANNAS_MAIL, OF_SIGNATORY)
    shown = text_of(Visitor(world).open(path))
    assert "skriva under ett kreditavtal" in shown
    assert "218" not in shown
    visit(world, ERIK).open(path, 404)
    anna = visit(world, ANNA)
    assert anna.sent_on(path) == f"/agreements/{agreement.id}"
    assert f'href="/agreements/{agreement.id}/sign"' in anna.open(f"/agreements/{agreement.id}")


@pytest.mark.usefixtures("agreement")
def test_asking_for_bankid_again_and_again_is_slowed_down(world: HouseWorld) -> None:
    settings = world.runtime.settings
    few = replace(settings, edge=replace(settings.edge, sensitive_per_minute=3))
    house = replace(world.house, runtime=replace(world.runtime, settings=few))
    visitor, path = Visitor(replace(world, house=house, app=create_app(house))), eriks(world)
    assert [visitor.send(path, "/login").status_code for _ in range(4)] == [303, 303, 303, 429]


@pytest.mark.usefixtures("agreement")
def test_every_letter_has_a_link_of_its_own(world: HouseWorld) -> None:
    """G2, S2: no two people hold the same secret, of 256 bits."""
    found = [re.findall(r"/invitation/([\w-]+)", letter.body) for letter in world.letters()]
    tokens = [token for each in found for token in set(each)]
    assert len(tokens) == len(set(tokens)) == 3
    assert {len(token) for token in tokens} == {43}
