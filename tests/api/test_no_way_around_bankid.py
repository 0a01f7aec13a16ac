"""A signature is BankID's or there is none: not by telephone, not by a link in a letter, not by staff (S1, G2)."""

import ast

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from agreements.signing.client import BankId, BankIdClient
from agreements.signing.models import Signing
from tests.architecture.test_rules_traceable import ROOT
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.house import Api, HouseWorld
from tests.support.journey import link
from tests.support.lending import ANNA, BERTIL, application_json, guarantor_json
from underwriting.kernel.vocabulary import Role, SigningPurpose

CALLS = {"authenticate", "sign", "collect", "cancel"}
PRODUCT = [
    path
    for room in ("agreements", "underwriting", "bureau_clients", "schemas")
    for path in (ROOT / room).rglob("*.py")
    if "sandbox" not in path.parts and "migrations" not in path.parts
]


def writers_of(attribute: str) -> set[str]:
    """The modules of the product that know orders of BankID and give a row's *attribute* a value."""
    found = set()
    for path, source in ((path, path.read_text()) for path in PRODUCT):
        for node in ast.walk(ast.parse(source)) if "agreements.signing.models" in source else ():
            targets = node.targets if isinstance(node, ast.Assign) else ()
            named = any(isinstance(target, ast.Attribute) and target.attr == attribute for target in targets)
            keyword = isinstance(node, ast.keyword) and node.arg == attribute and path.name != "models.py"
            if named or keyword:
                found.add(str(path.relative_to(ROOT)))
    return found


def test_the_product_asks_bankid_for_nothing_by_telephone() -> None:
    """BankID's interface has orders by telephone, in which a caller says the number: the client has no such call."""
    assert {name for name in vars(BankId) if not name.startswith("_")} == CALLS
    assert {name for name in vars(BankIdClient) if not name.startswith("_")} == CALLS | {"close"}
    asks_by_phone = [path for path in PRODUCT if "phone_sign" in path.read_text() or "phone_auth" in path.read_text()]
    assert asks_by_phone == []


@pytest.mark.parametrize("call", ["phone/auth", "phone/sign"])
def test_the_stand_in_has_no_orders_by_telephone(bankid: BankIdWorld, call: str) -> None:
    client = bankid.client()
    body = {"personalNumber": ANNA.digits, "callInitiator": "RP"}
    answer = client._wire.client.post(f"{bankid.base_url}{call}", json=body)
    client.close()
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "notFound")


@pytest.mark.parametrize("more", [{"channel": "phone"}, {"channel": "email"}, {"personal_number": BERTIL.digits}])
def test_a_signature_cannot_be_asked_for_by_another_channel(world: HouseWorld, more: dict[str, str]) -> None:
    """S1: there is no member that names a channel, or a person other than whoever is logged in."""
    answer = world.anyone().call("POST", "/v1/signings", {"purpose": "identify", **more})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("role", list(Role))
def test_staff_cannot_sign_for_anybody(world: HouseWorld, role: Role) -> None:
    """S1, D8: what a person signs is started by that person, whom BankID has identified."""
    thing = "0192f0c1-2d3e-7000-8000-000000000000"
    for purpose in (
        SigningPurpose.AGREEMENT,
        SigningPurpose.GUARANTEE,
        SigningPurpose.PLAN_CHANGE,
        SigningPurpose.PLAN_CHANGE_CONSENT,
    ):
        answer = world.staff(role, username=f"{role}-{purpose}").call(
            "POST", "/v1/signings", {"purpose": purpose, "subject_id": thing}
        )
        assert answer.status_code in (401, 403), answer.text


def test_the_link_in_a_letter_confirms_nothing(world: HouseWorld) -> None:
    """A6, G2: whoever reads the letter can begin; only the invited person, by BankID, can end it."""
    body = application_json(guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")])
    draft = world.anyone().post("/v1/applications", body)
    borrower = world.sign(Api(world.app, draft["access_secret"]).post(f"/v1/applications/{draft['id']}/submit"))
    token = link(world, body["guarantors"][1]["email"], r"/invitations/([\w-]+)")
    assert world.app.test_client().get(f"/invitations/{token}").status_code == 200
    started = world.anyone().post(f"/v1/invitations/{token}/confirmation")
    other = world.bankid.act(f"orders/{started['qr_content']}/sign", {"personal_number": ANNA.digits})
    assert other.status_code == 409
    world.work()
    states = {one["state"] for one in borrower.get(f"/v1/applications/{draft['id']}")["guarantors"]}
    assert "invited" in states


def test_a_signature_without_evidence_cannot_be_kept(world: HouseWorld) -> None:
    """S1: the database itself refuses a complete order for which BankID handed over nothing."""
    started = world.anyone().post("/v1/signings", {"purpose": "identify"})
    complete = sa.update(Signing).where(Signing.id == started["signing_id"]).values(state="complete")
    with pytest.raises(IntegrityError), world.runtime.database.transaction() as session:
        session.execute(complete)


def test_evidence_is_written_where_bankids_answer_was_checked_and_nowhere_else() -> None:
    """S1: one module takes what BankID hands over; to whom it was said by telephone or letter, no code listens."""
    checked = {"agreements/signing/services/take_completion.py"}
    assert writers_of("evidence_encrypted") == checked
    assert writers_of("session_given_at") == {"agreements/signing/service.py"}
