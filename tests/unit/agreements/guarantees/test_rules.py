"""The cap, the words of the text, and who is liable."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agreements.guarantees.rules import (
    GuaranteeTextIncomplete,
    Liability,
    check_guarantee_text,
    guarantee_cap,
    liable_parties,
)
from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import CompanyForm

CAP = Money.kronor(150_000)
TEXT = "Jag går i borgen såsom för egen skuld, solidariskt, med högst 150\u00a0000\u00a0kr."


@pytest.mark.parametrize(
    ("limit", "rate", "cap"),
    [
        ("100000", "1.5", "150000"),
        ("20000", "1.5", "30000"),
        ("2000000", "1.5", "3000000"),
        ("33333.33", "1.5", "50000"),  # 49 999.995 is rounded up
        ("100000", "1", "100000"),
    ],
)
def test_the_cap_is_a_multiple_of_the_limit(limit: str, rate: str, cap: str) -> None:
    """G2: 150 per cent unless the terms say otherwise."""
    terms = replace(DEFAULT_TERMS, guarantee_cap_rate=Decimal(rate))
    assert guarantee_cap(Money.kronor(limit), terms=terms) == Money.kronor(cap)


def test_a_text_with_the_words_and_the_cap_is_put_up_for_signature() -> None:
    """G3: nothing is raised."""
    check_guarantee_text(TEXT, cap=CAP)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "såsom för egen skuld"),
        (TEXT.replace("såsom för egen skuld", "som om skulden vore min egen"), "såsom för egen skuld"),
        (TEXT.replace("såsom för egen skuld", "såsom för\negen skuld"), "såsom för egen skuld"),
        (TEXT.replace("såsom", "Såsom"), "såsom för egen skuld"),
        (TEXT.replace("solidariskt, ", ""), "solidariskt"),
        (TEXT.replace("150\u00a0000", "15\u00a0000"), "150\u00a0000\u00a0kr"),
    ],
)
def test_a_text_without_the_exact_words_or_the_cap_is_refused(text: str, missing: str) -> None:
    """G2: a guarantee that does not say so is a simple one, or has no limit."""
    with pytest.raises(GuaranteeTextIncomplete) as caught:
        check_guarantee_text(text, cap=CAP)
    assert caught.value.rule == "G2"
    assert missing in caught.value.detail.sv


@pytest.mark.parametrize(
    ("form", "kinds"),
    [
        (CompanyForm.AB, [Liability.BORROWER, Liability.GUARANTOR, Liability.GUARANTOR]),
        (CompanyForm.EF, [Liability.BORROWER, Liability.GUARANTOR, Liability.GUARANTOR]),
        (CompanyForm.HB, [Liability.BORROWER, Liability.PARTNERS, Liability.GUARANTOR, Liability.GUARANTOR]),
        (CompanyForm.KB, [Liability.BORROWER, Liability.GENERAL_PARTNERS, Liability.GUARANTOR, Liability.GUARANTOR]),
    ],
)
def test_one_list_says_who_is_liable(form: CompanyForm, kinds: list[Liability]) -> None:
    """G5: the borrower and the guarantors, and by law the partners of an HB and the general partners of a KB."""
    parties = liable_parties(form, guarantees=[("g1", CAP), ("g2", CAP)])
    assert [party.liability for party in parties] == kinds
    assert [(party.reference, party.cap) for party in parties[-2:]] == [("g1", CAP), ("g2", CAP)]
    assert all(party.cap is None for party in parties[:-2])


@pytest.mark.parametrize(("form", "section"), [(CompanyForm.HB, "2 kap. 20 §"), (CompanyForm.KB, "1 kap. 2 §")])
def test_a_liability_by_law_names_its_section(form: CompanyForm, section: str) -> None:
    """G5: lag 1980:1102."""
    statute = liable_parties(form, guarantees=[])[1].statute
    assert statute is not None
    assert (statute.number, statute.section) == ("1980:1102", section)


def test_a_sole_trader_without_a_guarantor_is_liable_alone() -> None:
    """G5: the owner and the business are the same person."""
    assert [party.liability for party in liable_parties(CompanyForm.EF, guarantees=[])] == [Liability.BORROWER]
