"""Both keys are rotated over payments and refunds: every value opens, everybody is found, and says the same (K2)."""

import base64
import uuid
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.beginnings import running
from tests.support.bgmax_files import BgMax, paid
from tests.support.environment import complete_environment
from tests.support.house import HouseWorld
from tests.support.lending import ANNA, BERTIL
from tests.support.stored_values import FIRST_KEY, opened, put_in_first_form, stored_values
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role
from underwriting.personal_data import index_state, person
from underwriting.personal_data.index_rotation import IndexRotation
from underwriting.personal_data.rotation import Rotation
from underwriting.platform.blind_index import index_under
from underwriting.platform.callers import Caller
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.encryption import Cipher
from underwriting.platform.key_store import GivenKeys
from underwriting.platform.settings import Settings

SECOND_KEY = b"2" * 32
INDEX_KEYS = {1: b"i" * 32, 2: b"j" * 32}
TABLES = {"payment_file", "incoming_payment", "refund"}
COLUMNS = {
    *(f"incoming_payment.{name}_index" for name in ("sender", "payer", "reference", "end_to_end")),
    "refund.asker_index",
}
ADMINISTRATOR = Caller("staff:9", role=Role.ADMINISTRATOR)
CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-03-02T17:30:35</CreDtTm></GrpHdr>
    <Ntfctn><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id></Acct>
    <Ntry><Amt Ccy="SEK">700.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
    <BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>E-1</AcctSvcrRef><NtryDtls><TxDtls>
    <Refs><EndToEndId>PAYER-7</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Ntfctn>
    </BkToCstmrDbtCdtNtfctn></Document>"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As before a rotation of the index key: the version to come is given beside the one that counts."""
    listed = ",".join(f"{version}:{base64.b64encode(key).decode()}" for version, key in INDEX_KEYS.items())
    return Settings.from_environment({**complete_environment(tmp_path), "BORGEN_INDEX_KEYS": listed})


@pytest.fixture
def refunded(world: HouseWorld) -> HouseWorld:
    """A running agreement whose balance and a stranger's payment are being paid back, and a payment by camt.054."""
    loan = running(world)
    ocr = loan.borrower.get(loan.agreement)["ocr"]
    world.staff(Role.BILLING, person=BERTIL)
    index = world.runtime.cipher.blind_index(BERTIL.digits)
    asker = Caller("staff:1", role=Role.BILLING, own_index=index)
    other = Caller("staff:2", role=Role.BILLING)
    today, some, payments = world.clock.now().date(), Money.kronor(700), world.house.payments
    own = paid(1, ocr, some, sender="3783511", name="Anna Andersson", number=ANNA.digits[2:])
    typed = paid(2, ANNA.digits, some, sender="59990002", code=4, texts=["tack för lånet"])
    payments.read_file(BgMax(today).of(own, typed), actor="bank")
    payments.read_file(CAMT.encode(), actor="bank")
    waiting = next(one for one in payments.unmatched() if payments.look_into(one.id).payer.account == "59990002")
    asked = [
        payments.ask_return(waiting.id, reason="Fel mottagare", caller=asker),
        payments.ask_refund(uuid.UUID(loan.agreement_id), some, reason="Betalat för mycket", caller=asker),
    ]
    for one in asked:
        payments.release_refund(one.id, caller=other)
    return world


def test_every_value_of_payments_opens_under_the_key_of_its_file_or_matter(refunded: HouseWorld) -> None:
    """K2: what is the file's is erased with it; a balance's refund is the application's."""
    seen = set()
    with refunded.runtime.database.transaction() as session:
        for value in stored_values(session):
            refunded.runtime.cipher.decrypt(value.stored, context=value.context)
            if value.table.name in TABLES:
                assert refunded.runtime.cipher.subject_of(value.stored) == value.subject
                seen.add((value.table.name, value.subject.partition(":")[0]))
    assert seen == {
        ("payment_file", "payment_file"),
        ("incoming_payment", "payment_file"),
        ("refund", "payment_file"),
        ("refund", "application"),
    }


def test_payments_of_the_first_form_come_under_data_keys_and_say_the_same(refunded: HouseWorld) -> None:
    """K2: `borgen keys rotate`, over rows of payments and refunds too."""
    database, cipher = refunded.runtime.database, refunded.runtime.cipher
    with database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        before = opened(session, cipher)
        put_in_first_form(session, cipher)
        keys = StoredDataKeys(database, GivenKeys({2: SECOND_KEY, 1: FIRST_KEY}))
        anew = Cipher(keys, index_key=b"i" * 32, first_key=FIRST_KEY)
        assert Rotation(database, anew, keys).run(at=refunded.clock.now()).is_whole
        without_first = Cipher(keys, index_key=b"i" * 32)
        assert opened(session, without_first) == before
        assert {place[0] for place in before} >= TABLES


def test_payers_are_found_by_the_new_index(refunded: HouseWorld) -> None:
    """K2: by account, number, reference and the payer's own id; the person is told the same before and after."""
    before = person.export(refunded.runtime, ANNA, ADMINISTRATOR)
    assert len(before["payments"]) == 2
    with refunded.runtime.database.transaction() as session:
        held = index_state.state(session, frozenset(INDEX_KEYS)).columns
        assert {name: set(held[name]) for name in COLUMNS} == {name: {1} for name in COLUMNS}
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        rotation = IndexRotation(refunded.runtime.database, refunded.runtime.cipher, INDEX_KEYS)
        assert rotation.run(at=refunded.clock.now()).is_whole
        held = index_state.state(session, frozenset(INDEX_KEYS)).columns
        assert {name: set(held[name]) for name in COLUMNS} == {name: {2} for name in COLUMNS}
    assert person.export(refunded.runtime, ANNA, ADMINISTRATOR)["payments"] == before["payments"]


def test_who_has_paid_is_told_how_long_that_is_kept(refunded: HouseWorld) -> None:
    """K2, GDPR 17.3 b: books are kept through the seventh year after that of the last payment."""
    *_, kept = person.erase(refunded.runtime, ANNA, ADMINISTRATOR)
    assert (kept.kind, kept.application_id, kept.erased) == ("payments", None, False)
    assert (kept.through, "1999:1078" in str(kept.source)) == (date(2033, 12, 31), True)


def test_a_file_is_taken_while_the_index_key_is_rotated(world: HouseWorld) -> None:
    """K2, F7: each payer then has the index that the database says, asked for before the rows are streamed in."""
    with world.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(sa.text("INSERT INTO index_rotation (version, begun_at) VALUES (2, '2026-03-02 09:00Z')"))
        old, anew = (index_under(key, version, ANNA.digits) for version, key in INDEX_KEYS.items())
        session.execute(sa.text("INSERT INTO index_alias VALUES (:old, :anew)"), {"old": old, "anew": anew})
        session.execute(sa.text("SET LOCAL ROLE borgen_service"))
        own = paid(1, "", Money.kronor(700), code=0, sender="3783511", number=ANNA.digits[2:])
        world.house.payments.read_file(BgMax(world.clock.now().date()).of(own), actor="bank")
        (row,) = session.execute(sa.text("SELECT payer_index, sender_index FROM incoming_payment")).all()
    assert tuple(row) == (anew, index_under(INDEX_KEYS[1], 1, "account:3783511"))
