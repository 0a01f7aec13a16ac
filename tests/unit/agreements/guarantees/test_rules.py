"""The cap, the words of the text, and who is liable."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.guarantees.rules import (
    Debt,
    GuaranteeTextIncomplete,
    Liability,
    Partner,
    check_guarantee_text,
    divide,
    guarantee_cap,
    liable_parties,
    may_release,
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


DAY = date(2026, 11, 23)
EXIT = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("partner", "arisen_on", "on", "answers"),
    [
        (Partner("p", date(2026, 9, 1)), date(2020, 1, 1), DAY, True),  # a new partner, an older debt
        (Partner("p", date(2026, 9, 1)), DAY, DAY, True),
        (Partner("p", date(2026, 12, 1)), DAY, DAY, False),  # not yet registered
        (Partner("p", date(2020, 1, 1), EXIT), date(2026, 6, 29), DAY, True),
        (Partner("p", date(2020, 1, 1), EXIT), EXIT, DAY, False),  # a debt from after the exit
        (Partner("p", date(2020, 1, 1), EXIT), date(2026, 1, 1), date(2031, 6, 30), True),
        (Partner("p", date(2020, 1, 1), EXIT), date(2026, 1, 1), date(2031, 7, 1), False),  # five years are over
        (Partner("p", date(2020, 1, 1), EXIT, date(2030, 2, 1)), date(2026, 1, 1), date(2035, 2, 1), True),
        (Partner("p", date(2020, 1, 1), EXIT, date(2030, 2, 1)), date(2026, 1, 1), date(2035, 2, 2), False),
        (Partner("p", date(2020, 1, 1), date(2024, 2, 29)), date(2024, 1, 1), date(2029, 2, 28), True),
    ],
)
def test_a_partner_answers_by_the_days_of_the_register(
    partner: Partner, arisen_on: date, on: date, answers: bool
) -> None:
    """G5: a new partner also for older debts, a former one for those from before the exit, five years at most."""
    assert partner.answers(arisen_on=arisen_on, on=on) is answers


def test_recorded_partners_stand_on_the_list_one_by_one() -> None:
    """G5: a former partner is listed until the limitation, with the day before which the debts have to be from."""
    here, gone, barred = (
        Partner("here", date(2020, 1, 1)),
        Partner("gone", date(2020, 1, 1), EXIT),
        Partner("barred", date(2010, 1, 1), date(2021, 11, 22)),
    )
    found = liable_parties(CompanyForm.HB, guarantees=[("g", CAP)], partners=[here, gone, barred], on=DAY)
    assert [(one.reference, one.debts_before, one.until) for one in found] == [
        (None, None, None),
        ("here", None, None),
        ("gone", EXIT, date(2031, 6, 30)),
        ("g", None, None),
    ]
    assert {str(one.statute) for one in found if one.liability is Liability.PARTNERS} != {"None"}


def kronor(**amounts: str) -> dict[object, Money]:
    """Amounts by the letter of whoever it is."""
    return {letter: Money.kronor(amount) for letter, amount in amounts.items()}


@pytest.mark.parametrize(
    ("debt", "caps", "insolvent", "barred", "shares", "lost"),
    [
        ("100000", kronor(a="150000", b="150000", c="150000"), "", "", ("33333.34", "33333.33", "33333.33"), "0"),
        ("90000", kronor(a="100000", b="50000"), "", "", ("60000", "30000"), "0"),
        ("300000", kronor(a="300000", b="300000", c="300000"), "", "b", ("100000", "0", "100000"), "100000"),
        ("300000", kronor(a="300000", b="300000", c="300000"), "a", "b", ("0", "0", "150000"), "150000"),
        ("90000", kronor(a="90000", b="90000", c="90000"), "b", "", ("45000", "0", "45000"), "0"),
        ("90000", kronor(a="100000", b="50000", c="50000"), "a", "", ("0", "45000", "45000"), "0"),
        ("120000", kronor(a="100000", b="50000", c="50000"), "a", "", ("0", "50000", "50000"), "20000"),  # caps
        ("100000", kronor(a="100000", b="10000", c="100000"), "c", "", ("90909.10", "9090.90", "0"), "0"),
        ("50000", kronor(a="50000", b="50000"), "ab", "", ("0", "0"), "50000"),
        ("50000", kronor(a="50000", b="50000"), "", "ab", ("0", "0"), "50000"),
        ("50000", {}, "", "", (), "50000"),
        ("0", kronor(a="50000"), "", "", ("0",), "0"),
    ],
)
def test_guarantors_share_by_what_they_undertook(
    debt: str, caps: dict[object, Money], insolvent: str, barred: str, shares: tuple[str, ...], lost: str
) -> None:
    """G3: what one carries in the end is in proportion to the caps (NJA 2017 s. 482; preskriptionslagen 9 §)."""
    found = divide(Money.kronor(debt), caps, insolvent=set(insolvent), barred=set(barred))
    assert tuple(found.shares.values()) == tuple(Money.kronor(share) for share in shares)
    assert found.lost == Money.kronor(lost)


@given(
    debt=st.integers(0, 10**9),
    caps=st.lists(st.integers(1, 10**9), max_size=5),
    out=st.sets(st.integers(0, 4)),
    barred=st.sets(st.integers(0, 4)),
)
def test_no_krona_of_a_divided_debt_disappears(debt: int, caps: list[int], out: set[int], barred: set[int]) -> None:
    """G3: shares and loss sum to the debt; nobody carries more than the cap, the insolvent and the barred nothing."""
    found = divide(Money(debt), {place: Money(cap) for place, cap in enumerate(caps)}, insolvent=out, barred=barred)
    assert Money.sum(found.shares.values()) + found.lost == Money(debt)
    for place, cap in enumerate(caps):
        assert Money.ZERO <= found.shares[place] <= Money(cap)
        assert not (found.shares[place] and place in out | barred)


@pytest.mark.parametrize(
    ("approved", "consenting", "allowed"),
    [(True, "bc", True), (True, "b", False), (False, "bc", False), (True, "bcd", True)],
)
def test_a_release_needs_the_lender_and_every_co_guarantor(approved: bool, consenting: str, allowed: bool) -> None:
    """G4: one consent that is missing would dissolve the others' joint liability (NJA 1989 s. 269)."""
    assert may_release(approved=approved, co_guarantors=set("bc"), consenting=set(consenting)) is allowed


@pytest.mark.parametrize(
    ("partner", "paid", "answers_for"),
    [
        (Partner("p", date(2020, 1, 1)), "0", "150000"),  # still there: for all of it
        (Partner("p", date(2026, 9, 1)), "0", "150000"),  # new: for older debts too
        (Partner("p", date(2026, 12, 1)), "0", "0"),  # not registered yet
        (Partner("p", date(2020, 1, 1), EXIT), "0", "100000"),  # nothing of what was drawn after the exit
        (Partner("p", date(2020, 1, 1), EXIT), "30000", "70000"),  # the oldest is paid first
        (Partner("p", date(2020, 1, 1), EXIT), "120000", "0"),
        (Partner("p", date(2020, 1, 1), date(2026, 1, 1)), "0", "0"),  # left on the day of the first payout
        (Partner("p", date(2010, 1, 1), date(2021, 11, 22)), "0", "0"),  # five years are over
    ],
)
def test_a_former_partner_answers_for_what_arose_before_the_exit(partner: Partner, paid: str, answers_for: str) -> None:
    """G5: 100 000 drawn before the exit and 50 000 on its day; what has been paid settles the oldest first."""
    drawn = ((date(2026, 1, 1), Money.kronor(100_000)), (EXIT, Money.kronor(50_000)))
    debt = Debt({"principal": drawn}, {"principal": Money.kronor(paid)})
    assert debt.owed_by(partner, on=DAY) == Money.kronor(answers_for)


def test_payments_of_one_kind_of_debt_settle_no_other() -> None:
    """G5: a fee of 1 000 that is paid leaves the principal as it was."""
    before = date(2026, 1, 1)
    debt = Debt(
        {"principal": ((before, Money.kronor(5_000)),), "fee": ((before, Money.kronor(1_000)),)},
        {"fee": Money.kronor(1_000)},
    )
    assert debt.owed_by(Partner("p", date(2020, 1, 1), EXIT), on=DAY) == debt.owed == Money.kronor(5_000)
