"""The guarantor's own pages: read, sign, decline, what is at risk, and nothing of anybody else."""

import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.guarantees import service as guarantees
from agreements.signing.models import Signing
from tests.support.beginnings import apply, decide
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from tests.support.house import HouseWorld
from tests.support.journey import BODIES, link
from tests.support.lending import ANNA as SIGNATORY
from tests.support.lending import BERTIL, CECILIA
from tests.support.visitor import Visitor, grant_directly, text_of, visit
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm, GuaranteeState, Role
from underwriting.platform import outbox
from underwriting.platform.models import AuditEntry

REASON = "Jag vill inte riskera huset."
TOO_LONG = "x" * 2_001
CAP = "327\u00a0000\u00a0kr"  # 150 % of 218 000 kr


@pytest.fixture
def agreement(world: HouseWorld) -> Agreement:
    return grant_directly(world)


def guarantee_of(world: HouseWorld, agreement: Agreement, person: PersonalNumber) -> str:
    """The address of the person's guarantee."""
    index = world.runtime.cipher.blind_index(person.digits)
    with world.runtime.database.transaction() as session:
        given = guarantees.of_agreement(session, agreement.id)
        return next(f"/guarantees/{one.id}" for one in given if one.person_index == index)


def state_of(world: HouseWorld, path: str) -> str:
    with world.runtime.database.transaction() as session:
        return guarantees.get(session, uuid.UUID(path.split("/")[2])).state


def noted(world: HouseWorld) -> tuple[int, int]:
    """How many orders at BankID and entries of the audit log there are."""
    with world.runtime.database.transaction() as session:
        counted = [session.scalar(sa.select(sa.func.count()).select_from(row)) or 0 for row in (Signing, AuditEntry)]
    return counted[0], counted[1]


def sign_everything(world: HouseWorld, agreement: Agreement) -> None:
    for person in (ERIK, MARIA):
        subject = guarantee_of(world, agreement, person).split("/")[2]
        api = visit(world, person).api
        assert api is not None
        world.sign(api.post("/v1/signings", {"purpose": "guarantee", "subject_id": subject}))
    api = visit(world, ANNA).api
    assert api is not None
    world.sign(api.post("/v1/signings", {"purpose": "agreement", "subject_id": str(agreement.id)}))


def unnamed(page: str) -> str:
    """The page's words without the request's id."""
    return re.sub(r"[0-9a-f]{32}", "", text_of(page))


def letters_to(world: HouseWorld, recipient: str) -> list[outbox.Message]:
    return [letter for letter in world.letters() if letter.recipient == recipient]


def test_the_whole_deed_and_the_sum_are_shown_before_the_signature(world: HouseWorld, agreement: Agreement) -> None:
    """G2, G3: the exact words, the cap, joint liability, the credit agreement too; as page and as PDF."""
    erik, path = visit(world, ERIK), guarantee_of(world, agreement, ERIK)
    page = erik.open(path)
    before = page.index(f'action="{path}/sign"')
    for words in ("såsom för egen skuld", "solidariskt", CAP, "Exempelbolaget AB", "måndagen den 16 mars 2026"):
        assert words in page[:before]
    files = re.findall(r'href="(/v1/agreements/[0-9a-f-]+/documents/[0-9a-f-]+)"', page)
    assert len(set(files)) == 3  # deed, information and the credit agreement
    for file in set(files):
        answer = erik.client.get(file)
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
    assert "Maria" not in text_of(page)


def test_nobody_reads_signs_or_declines_anothers_guarantee(world: HouseWorld, agreement: Agreement) -> None:
    """G2: by its id alone a guarantee is not there for the co-guarantor, the signatory, a stranger; nothing starts."""
    path = guarantee_of(world, agreement, ERIK)
    pages = [path, f"{path}/decline"]
    acts = [f"{path}/sign", f"{path}/decline", f"{path}/releases/{uuid.uuid4()}/consent"]
    for person in (MARIA, ANNA, STRANGER):
        visitor = visit(world, person)
        before = noted(world)
        nobodys = unnamed(visitor.open(f"/guarantees/{uuid.uuid4()}", 404))
        assert [unnamed(visitor.open(page, 404)) for page in pages] == [nobodys] * 2
        assert {visitor.send(act, "/login", reason=REASON).status_code for act in acts} == {404}
        assert noted(world) == before
    nobody = Visitor(world)
    for page in pages:
        nobody.open(page, 401)
    assert {nobody.send(act, "/login").status_code for act in acts} == {401}
    assert visit(world, ERIK).send(f"/agreements/{agreement.id}/sign", "/login").status_code == 404
    assert state_of(world, path) == GuaranteeState.INVITED


def test_declining_is_asked_twice_and_what_was_typed_stays(world: HouseWorld, agreement: Agreement) -> None:
    """G2: a page of its own says what follows; the answer is final, and the applicant does not read the reason."""
    path = guarantee_of(world, agreement, ERIK)
    for language, words in (("sv", "Avböj att gå i borgen"), ("en", "Decline to stand as guarantor")):
        erik = visit(world, ERIK, language=language)
        assert words in erik.open(f"{path}/decline")
        refused = erik.send(f"{path}/decline", path, reason=TOO_LONG, tell="yes")
        assert refused.status_code == 422
        assert TOO_LONG in refused.text
        assert 'name="tell" value="yes" checked' in refused.text
        assert 'id="reason-error"' in refused.text
    assert state_of(world, path) == GuaranteeState.INVITED
    assert erik.send(f"{path}/decline", path, reason=REASON).status_code == 303
    page = visit(world, ERIK).open(path)
    assert "Du har avböjt" in page
    assert "men inte varför" in page
    assert "/sign" not in page
    assert REASON not in letters_to(world, "anna@exempel.example")[0].body
    erik = visit(world, ERIK)
    assert erik.sent_on(f"{path}/decline") == path
    assert erik.send(f"{path}/decline", path).status_code == 409
    assert erik.send(f"{path}/sign", path).status_code == 409
    assert "En annan borgensman behövs" in visit(world, ANNA).open(f"/agreements/{agreement.id}")
    assert "Erik" not in visit(world, MARIA).open(f"/agreements/{agreement.id}").partition("documents")[0]


def test_a_reason_that_may_be_told_is_told(world: HouseWorld, agreement: Agreement) -> None:
    """G2: only where the guarantor ticks the box; without a reason nothing is asked."""
    erik, maria = visit(world, ERIK), visit(world, MARIA)
    first, second = guarantee_of(world, agreement, ERIK), guarantee_of(world, agreement, MARIA)
    assert erik.send(f"{first}/decline", first, reason=REASON, tell="yes").status_code == 303
    assert maria.send(f"{second}/decline", second).status_code == 303
    page = visit(world, ANNA).open(f"/agreements/{agreement.id}")
    assert page.count(REASON) == 1
    assert "Maria Holmberg skriver inte under" in page
    assert REASON in letters_to(world, "anna@exempel.example")[1].body


def test_with_nobody_in_the_place_the_approval_lapses_and_is_told(world: HouseWorld, agreement: Agreement) -> None:
    """G2: fourteen days after it was granted, by letter to the company and to the other guarantor."""
    path = guarantee_of(world, agreement, ERIK)
    assert visit(world, ERIK).send(f"{path}/decline", path).status_code == 303
    world.move_to(agreement.sign_by - timedelta(seconds=1))
    world.work()
    assert "måndagen den 16 mars 2026" in visit(world, ANNA).open(f"/agreements/{agreement.id}")
    world.move_to(agreement.sign_by)
    world.work()
    assert "har förfallit" in letters_to(world, "anna@exempel.example")[0].body
    assert "binder dig inte" in letters_to(world, "maria@exempel.example")[0].body
    assert "En annan borgensman behövs" not in visit(world, ANNA).open(f"/agreements/{agreement.id}")


def test_the_applicant_names_another_on_the_page(world: HouseWorld) -> None:
    """A3, A4, G2: of age, not the one who already guarantees, not twice; what is wrong is told and stays typed."""
    loan = apply(world, BODIES[CompanyForm.HB])
    assert decide(world, loan)["outcome"] == "approved"
    path = link(world, "bertil@example.se", r"(/guarantees/[0-9a-f-]{36})")
    assert visit(world, BERTIL).send(f"{path}/decline", path).status_code == 303
    status = f"/applications/{loan.application_id}"
    form = f"{status}/guarantors/2"
    anna = visit(world, SIGNATORY)
    page = anna.open(status)
    assert "Bertil Berg skriver inte under" in page
    assert "måndagen den 16 mars 2026" in page
    assert f'href="{form}"' in page
    anna.open(f"{status}/guarantors/1", 404)  # who has not declined is not replaced
    visit(world, BERTIL).open(form, 404)
    typed = {"name": "Cecilia Ceder", "email": "cecilia@example.se", "phone": "070-111 22 33"}
    wrong = {
        "": ("sv", "Uppgiften saknas"),
        SIGNATORY.formatted: ("sv", "Samma person är redan angiven"),
        "20120105-2394": ("en", "18"),
        "19770125-2399": ("en", "check digit"),
        BERTIL.formatted: ("sv", "Samma person är redan angiven"),  # who has declined
    }
    for number, (language, words) in wrong.items():
        refused = visit(world, SIGNATORY, language=language).send(form, form, personal_number=number, **typed)
        assert refused.status_code == 422, number
        told = re.search(r'id="personal_number-error">(.*?)</p>', refused.text)
        assert told is not None
        assert words in told[1]
        assert all(f'value="{value}"' in refused.text for value in (number, *typed.values()) if value)
    named = anna.send(form, form, personal_number=CECILIA.formatted, **typed)
    assert (named.status_code, named.location) == (303, status)
    page = anna.open(status)
    assert "Cecilia Ceder har inte svarat än" in page
    assert "Till avtalet" not in page
    assert anna.send(form, "/login", personal_number=CECILIA.formatted, **typed).status_code == 303  # pressed twice
    (letter,) = letters_to(world, "cecilia@example.se")
    assert "/invitations/" in letter.body
    assert "En annan borgensman har tagit din plats" in visit(world, BERTIL).open(path)


def test_a_guarantor_sees_the_own_cap_and_what_is_at_risk_and_nothing_of_others(
    world: HouseWorld, agreement: Agreement
) -> None:
    """G6: nothing at risk before the payout, then what is owed; never more than the cap."""
    sign_everything(world, agreement)
    path = guarantee_of(world, agreement, ERIK)
    erik = visit(world, ERIK)
    assert '<p class="big">0\u00a0kr' in erik.open(path)
    world.work()
    page = erik.open(path)
    assert '<p class="big">218\u00a0000\u00a0kr' in page
    assert "Gäller" in page
    assert "Maria" not in text_of(page)
    mine = erik.open("/my")
    assert "Maria" not in mine
    of_agreement = erik.open(f"/agreements/{agreement.id}")
    for hidden in ("Häva krediten", "Lösa krediten", "OCR", "Maria"):
        assert hidden not in text_of(of_agreement), hidden


def test_a_co_guarantor_is_asked_and_allows_a_release(world: HouseWorld, agreement: Agreement) -> None:
    """G4: the name of who is let go and what it means; by the co-guarantor alone, and once."""
    sign_everything(world, agreement)
    world.work()
    eriks, marias = (guarantee_of(world, agreement, person) for person in (ERIK, MARIA))
    assert "vill bli fri" not in visit(world, MARIA).open(marias)
    asking, approving = (world.staff(Role.UNDERWRITER, username=name) for name in ("u-1", "u-2"))
    release = asking.post(f"/v1/guarantees/{eriks.split('/')[2]}/release", {"reason": "Skilsmässa."})["id"]
    approving.post(f"/v1/guarantee-releases/{release}/approval", status=200)
    assert "Vi prövar att släppa dig" in visit(world, ERIK).open(eriks)
    maria = visit(world, MARIA)
    page = maria.open(marias)
    assert "Erik Sandström vill bli fri från sin borgen" in page
    assert "Skilsmässa" not in page
    consent = f"{marias}/releases/{release}/consent"
    for person in (ERIK, ANNA, STRANGER):
        assert visit(world, person).send(consent, "/login").status_code == 404
    assert visit(world, ERIK).send(f"{eriks}/releases/{release}/consent", "/login").status_code == 404
    assert maria.send(consent, marias).status_code == 303
    assert maria.send(consent, marias).status_code == 404
    assert "Du är släppt" in visit(world, ERIK).open(eriks)
    assert state_of(world, marias) == GuaranteeState.IN_FORCE


def test_whoever_goes_back_and_presses_again_gets_a_new_order(world: HouseWorld, agreement: Agreement) -> None:
    """S1: the order that was left behind is over, the new one signs."""
    path, erik = guarantee_of(world, agreement, ERIK), visit(world, ERIK)
    first, second = (erik.send(f"{path}/sign", path) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location != second.location
    erik.open(first.location, 404)  # the browser holds the secret of the new one
    assert "Skriv under med BankID" in erik.open(second.location)
