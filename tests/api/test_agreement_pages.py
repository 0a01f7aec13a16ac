"""The company's page of an agreement: its state, who has signed, documents, payouts, and the ways out of it."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from agreements.cancellation.models import Cancellation
from agreements.credit.models import Agreement
from agreements.redemption.models import Redemption
from agreements.signing.models import Signing
from tests.api.test_guarantee_pages import sign_everything, unnamed
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from tests.support.house import HouseWorld
from tests.support.visitor import Visitor, grant_directly, text_of, visit
from underwriting.kernel.periods import STOCKHOLM

FOUR = {"hour": 16, "minute": 0, "second": 0, "microsecond": 0}


@pytest.fixture
def agreement(world: HouseWorld) -> Agreement:
    return grant_directly(world)


@pytest.fixture
def paid(world: HouseWorld, agreement: Agreement) -> Agreement:
    """Signed by everybody and paid out."""
    sign_everything(world, agreement)
    world.work()
    return agreement


def at_four(world: HouseWorld) -> datetime:
    """16.00 in Stockholm on the day of the test."""
    return world.runtime.clock.now().astimezone(STOCKHOLM).replace(**FOUR)  # type: ignore[arg-type]


def written(world: HouseWorld) -> list[int]:
    tables = (Cancellation, Redemption, Signing)
    with world.runtime.database.transaction() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def section(page: str, heading: str) -> str:
    """The words of the card under *heading*."""
    found = re.search(rf"<section[^>]*>\s*<h2[^>]*>{heading}</h2>.*?</section>", page, re.DOTALL)
    assert found is not None, heading
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_the_whole_agreement_is_read_before_it_is_signed(world: HouseWorld, agreement: Agreement) -> None:
    """A3, G1, S1: limit, fee and every word stand before the button; the same as a PDF."""
    anna, path = visit(world, ANNA), f"/agreements/{agreement.id}"
    page = anna.open(f"{path}/sign")
    before = page[: page.index(f'action="{path}/sign"')]
    for words in ("218\u00a0000\u00a0kr", "1,50", "Löptid", "Inget betalas ut förrän"):
        assert words in before
    file = re.search(r'href="(/v1/agreements/[^"?]+)"', before)
    assert file is not None
    assert anna.client.get(file[1]).mimetype == "application/pdf"
    assert anna.send(f"{path}/sign", f"{path}/sign").location.startswith("/signings/")


def test_who_has_signed_is_no_longer_asked(world: HouseWorld, paid: Agreement) -> None:
    """G2, S2: the page that asked says why nothing is left to sign."""
    anna, path = visit(world, ANNA), f"/agreements/{paid.id}"
    assert "Löpande" in anna.open(path)
    assert "/sign" not in anna.open(path)
    assert "väntar inte på underskrifter" in anna.open(f"{path}/sign", 409)
    assert anna.send(f"{path}/sign", "/login").status_code == 409


def test_the_page_tells_state_signatures_payout_and_documents(world: HouseWorld, paid: Agreement) -> None:
    """G2, P1, S1: who signed, when the money came, every document as page and as sealed PDF."""
    anna = visit(world, ANNA)
    page = anna.open(f"/agreements/{paid.id}")
    signed = section(page, "Underskrifter")
    for name in ("Anna Lindqvist", "Erik Sandström", "Maria Holmberg"):
        assert name in signed
    assert "väntar på underskrift" not in signed
    assert "Utbetald" in section(page, "Utbetalningar")
    documents = re.findall(r'href="(/v1/agreements/[0-9a-f-]+/documents/[0-9a-f-]+)"', page)
    assert len(documents) == page.count('aria-label="Kreditavtal') + page.count('aria-label="Besked om beviljad')
    assert all(anna.client.get(file).data.startswith(b"%PDF-") for file in documents)
    visit(world, ANNA, language="en").open(f"/agreements/{paid.id}")


PAGES: tuple[Callable[[object], str], ...] = (
    lambda agreement_id: f"/agreements/{agreement_id}",
    lambda agreement_id: f"/agreements/{agreement_id}/sign",
    lambda agreement_id: f"/agreements/{agreement_id}/fees/2026-03",
    lambda agreement_id: f"/agreements/{agreement_id}/documents/{uuid.uuid4()}",
)
ACTS = ("sign", "cancel", "redeem")


def test_nobody_reads_or_acts_on_anothers_agreement(world: HouseWorld, agreement: Agreement) -> None:
    """C4, F3, G2: a stranger finds no agreement by its id; a guarantor neither signs, cancels nor redeems."""
    stranger, nobody, before = visit(world, STRANGER), Visitor(world), written(world)
    for page in PAGES:
        theirs = stranger.open(page(agreement.id), 404)
        assert unnamed(theirs) == unnamed(stranger.open(page(uuid.uuid4()), 404))
        nobody.open(page(agreement.id), 401)
    for act in ACTS:
        path = f"/agreements/{agreement.id}/{act}"
        assert [visit(world, person).send(path, "/login").status_code for person in (STRANGER, ERIK, MARIA)] == [
            404
        ] * 3
        assert nobody.send(path, "/login").status_code == 401
    assert written(world) == before
    anna = visit(world, ANNA)
    own = re.findall(
        r'href="(/v1/agreements/[0-9a-f-]+/documents/[0-9a-f-]+)"', anna.open(f"/agreements/{agreement.id}")
    )
    assert {stranger.client.get(file).status_code for file in own} == {404}


def test_a_cancellation_a_second_late_is_refused_on_the_page(world: HouseWorld, agreement: Agreement) -> None:
    """C1, C4, C8: at 16.00.00 nothing is cancelled, and the page says which window closed when and what is left."""
    anna, path = visit(world, ANNA), f"/agreements/{agreement.id}"
    page = anna.open(path)
    assert "kl.\u00a015.59.59" in page
    assert '<output aria-live="off">05:59:59</output>' in page  # from 10.00
    assert "1 500 kr" in section(page, "Häva krediten")
    world.move_to(at_four(world))
    before = written(world)
    late = anna.send(f"{path}/cancel", path)
    assert late.status_code == 409
    assert "16.00" in late.text
    assert written(world) == before
    assert "Väntar på underskrifter" in late.text


def test_a_cancellation_in_the_last_second_stands_with_its_receipt(world: HouseWorld, agreement: Agreement) -> None:
    """C1, C3, C7: 15.59.59 is in time; fee and receipt are at hand, and a second request changes nothing."""
    anna, path = visit(world, ANNA), f"/agreements/{agreement.id}"
    world.move_to(at_four(world) - timedelta(seconds=1))
    assert anna.send(f"{path}/cancel", path).status_code == 303
    page = anna.open(path)
    told = section(page, "Häva krediten")
    assert "Hävd" in told
    assert "1 500 kr" in told
    receipt = re.search(r'href="(/v1/agreements/[^"]+)">Kvittot som PDF', page)
    assert receipt is not None
    assert anna.client.get(receipt[1]).data.startswith(b"%PDF-")
    before = written(world)
    assert anna.send(f"{path}/cancel", path).status_code in (303, 409)
    assert written(world) == before
    assert "upphörd" in text_of(page) or "gäller inte" in text_of(page)


def test_the_open_window_is_looked_at_again_without_scripts(world: HouseWorld, paid: Agreement) -> None:
    """C2, C7: paid out on Monday, to the end of Saturday; the page asks anew before the last second has passed."""
    anna, path = visit(world, ANNA), f"/agreements/{paid.id}"
    page = anna.open(path)
    assert "lördagen den 7 mars 2026" in page
    assert 'http-equiv="refresh" content="300"' in page
    closes = datetime(2026, 3, 8, tzinfo=STOCKHOLM)
    world.move_to(closes - timedelta(seconds=30))
    assert 'http-equiv="refresh" content="30"' in anna.open(path)
    before = written(world)
    world.move_to(closes)
    assert "Ja, häv krediten" not in anna.open(path)
    assert anna.send(f"{path}/cancel", path).status_code == 409
    assert written(world) == before


def test_a_redemption_is_quoted_with_its_last_day_and_kept_as_pdf(world: HouseWorld, paid: Agreement) -> None:
    """F3: what is typed wrong is told beside its field; what is asked for is told with day, account and document."""
    anna, path = visit(world, ANNA), f"/agreements/{paid.id}"
    wrong = anna.open(f"{path}?on=2020-01-01")
    assert 'id="on-error"' in wrong
    assert "Att betala" in section(anna.open(f"{path}?on=2026-03-10"), "Lösa krediten i förtid")
    assert anna.send(f"{path}/redeem", path, on="2026-03-10").status_code == 303
    page = anna.open(f"{path}?on=2026-03-10")
    told = section(page, "Lösa krediten i förtid")
    assert "tisdagen den 10 mars 2026" in told
    assert "OCR" in told
    quote = re.search(r'href="(/v1/agreements/[^"]+)">Beskedet som PDF', page)
    assert quote is not None
    assert anna.client.get(quote[1]).data.startswith(b"%PDF-")
