"""Files left for the bank, and what it leaves: certain at every instant whether a file was handed over."""

import contextlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.client import BankUnreachable, PayoutOutcomeUnknown
from agreements.payouts.drop import BankDrop
from agreements.payouts.formats import Debtor, PainVersion, PayoutOrder, pain_001
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money

LENDER = Debtor("Exempelkredit AB", OrganisationNumber("5599990008"), "SE4550000000058398257466", "ESSESESS")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TAKEN = PayoutStatus.ACCEPTED


def file_of(*end_to_end_ids: str, version: PainVersion = PainVersion.V03) -> bytes:
    orders = [
        PayoutOrder(one, Bankgiro("59990002"), "Åkeri AB", Money.kronor(1000), date(2026, 3, 2), "Kredit 1")
        for one in end_to_end_ids
    ]
    return pain_001(orders, message_id="P1", debtor=LENDER, created_at=AT, version=version)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.mark.parametrize("version", PainVersion)
def test_a_file_is_whole_as_soon_as_it_has_its_name(root: Path, version: PainVersion) -> None:
    """P2: nobody on the other side can see half of one."""
    content = file_of("a-1", "b-2", version=version)
    BankDrop(root).send(content, message_id="P1")
    assert {one.name: one.read_bytes() for one in (root / "out").iterdir()} == {"P1.xml": content}
    assert BankDrop(root).answer("a-1") == PayoutAnswer("a-1", TAKEN)
    assert BankDrop(root).answer("b-2") == PayoutAnswer("b-2", TAKEN)


def test_what_the_bank_has_taken_away_is_not_left_there_again(root: Path) -> None:
    """P3: the same file is sent again, and was handed over: nothing happens."""
    drop = BankDrop(root)
    drop.send(file_of("a-1"), message_id="P1")
    (root / "out" / "P1.xml").unlink()
    drop.send(file_of("a-1"), message_id="P1")
    assert list((root / "out").iterdir()) == []
    assert drop.answer("a-1") == PayoutAnswer("a-1", TAKEN)


def test_a_payment_that_was_never_handed_over_was_never_seen(root: Path) -> None:
    """P3: it may be sent again."""
    assert BankDrop(root).answer("a-1") is None


@pytest.mark.parametrize("step", range(1, 8))
def test_whenever_it_dies_it_is_known_whether_the_file_was_handed_over(
    root: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P3: each rename may be the last thing that is done; afterwards the file is out exactly where it is said to be."""
    done, rename = 0, os.replace

    def die_at_step(source: Path, target: Path) -> None:
        nonlocal done
        done += 1
        if done == step:
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "replace", die_at_step)
    with contextlib.suppress(KeyboardInterrupt):
        BankDrop(root).send(file_of("a-1", "b-2"), message_id="P1")
    monkeypatch.undo()
    is_out = (root / "out" / "P1.xml").exists()
    for one in ("a-1", "b-2"):
        assert (BankDrop(root).answer(one) is not None) is is_out
    BankDrop(root).send(file_of("a-1", "b-2"), message_id="P1")
    assert [one.name for one in (root / "out").iterdir()] == ["P1.xml"]


def test_a_folder_that_is_not_there_is_a_bank_that_is_not_reached(tmp_path: Path) -> None:
    """P3: nothing was handed over, and nothing is concluded from it."""
    drop = BankDrop(tmp_path / "unmounted")
    with pytest.raises(BankUnreachable):
        drop.send(file_of("a-1"), message_id="P1")
    for ask in (lambda: drop.answer("a-1"), drop.reports, lambda: drop.incoming_files(None)):
        with pytest.raises(BankUnreachable):
            ask()


def test_a_rename_that_fails_leaves_the_outcome_unknown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P3: then the folder is asked; it was not handed over."""
    rename = os.replace

    def full(source: Path, target: Path) -> None:
        if target.parent.name == "out":
            raise OSError(28, "full")
        rename(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PayoutOutcomeUnknown):
        BankDrop(root).send(file_of("a-1"), message_id="P1")
    assert BankDrop(root).answer("a-1") is None


def test_reports_are_read_in_order_and_put_aside(root: Path) -> None:
    """P2: what could not be read is kept apart."""
    for name in ("2.xml", "1.xml", "3.bgmax", ".4.xml.part"):
        (root / "in" / name).write_bytes(name.encode())
    drop = BankDrop(root)
    assert drop.reports() == [("1.xml", b"1.xml"), ("2.xml", b"2.xml")]
    drop.put_aside("1.xml", readable=True)
    drop.put_aside("2.xml", readable=False)
    assert drop.reports() == []
    assert (root / "in" / "read" / "1.xml").exists()
    assert (root / "in" / "quarantine" / "2.xml").exists()
    assert drop.incoming_files(None) == [("3.bgmax", b"3.bgmax")]
    assert drop.incoming_files("3.bgmax") == []


def test_a_camt_054_is_a_file_of_payments_by_what_it_says(root: Path) -> None:
    """F7: it has the ending of a report; names tell only the order."""
    camt = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"></Document>'
    for name, content in (("1.bgmax", b"01BGMAX"), ("2.xml", camt), ("3.xml", b"<Document/>"), ("4.txt", camt)):
        (root / "in" / name).write_bytes(content)
    drop = BankDrop(root)
    assert drop.incoming_files(None) == [("1.bgmax", b"01BGMAX"), ("2.xml", camt)]
    assert drop.incoming_files("1.bgmax") == [("2.xml", camt)]
    assert drop.reports() == [("3.xml", b"<Document/>")]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "x" * 36])
def test_a_name_stays_within_the_folder(root: Path, name: str) -> None:
    """P2: an id is a plain name."""
    with pytest.raises(ValueError, match="35 characters"):
        BankDrop(root).send(file_of("a-1"), message_id=name)
    assert BankDrop(root).answer(name) is None
