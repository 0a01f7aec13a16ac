"""What each kind of document has to say, by the rule that demands it."""

from decimal import Decimal
from typing import Any

import pytest

from agreements.documents.plain_text import text_of, visible_text
from agreements.documents.rules import DocumentKind, words
from tests.support.documents import VALUES, K
from underwriting.kernel.text import Language

PAID_AT_ONCE: dict[str, Any] = {"outcome": "paid", "held": K(219_500)}
AWAITS_BANK: dict[str, Any] = {"outcome": "awaits_bank"}
BEFORE_PAYOUT: dict[str, Any] = {
    "outcome": "cancelled",
    "before_payout": True,
    "principal": K(0),
    "total": K(1_500),
    "pay_by": None,
}


def said(kind: DocumentKind, language: Language = "sv", **changes: object) -> str:
    """The document in running text."""
    text = text_of(words(kind, language, **(VALUES[kind] | changes)))
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.mark.parametrize("kind", [DocumentKind.GUARANTEE, DocumentKind.GUARANTEE_INFORMATION, DocumentKind.AGREEMENT])
def test_whoever_reads_of_a_guarantee_reads_the_laws_words_and_the_cap(kind: DocumentKind) -> None:
    """G2, G3: "såsom för egen skuld", jointly and severally, with the highest sum in kronor."""
    text = said(kind)
    assert "såsom för egen skuld" in text
    assert "solidariskt" in text
    assert "327 000 kr" in text


@pytest.mark.parametrize(
    "sentence",
    [
        "Du går i borgen såsom för egen skuld.",
        "utan att först kräva företaget",
        "Inom det ryms kapital, månadsavgifter, dröjsmålsränta och kostnader",
        "kostnader för påminnelse, inkasso, Kronofogden och domstol.",
        "Det du har betalat minskar taket lika mycket.",
        "Löptid 12 månader från den första utbetalningen",
        "under löptiden och därefter för det som då är obetalt",
        "Ni svarar solidariskt",
        "Hävs krediten, eller betalas den färdigt, upphör den.",
        "När alla underskrifter är klara: kopior av borgensförbindelsen och av kreditavtalet.",
        "Första gången företaget inte betalar i tid, senast när företaget får ett inkassokrav.",
        "När Kreditgivaren säger upp kreditavtalet.",
        "Om fordran överlåts till någon annan.",
        "Innan något ändras som gör borgen tyngre. Ändringen gäller mot dig bara om du undertecknar den.",
        "ett eget skriftligt krav, med minst åtta dagar att betala eller invända",
        "När du frågar: hur stor skulden är. Det kostar inget.",
        "Undertecknas senast måndagen den 7 december 2026",
        "Du binder dig först om du undertecknar borgensförbindelsen, och du är inte skyldig att göra det.",
    ],
)
def test_a_guarantor_is_told_before_signing_what_it_means_and_when_more_is_told(sentence: str) -> None:
    """G2: the information to a guarantor, who reads it before the guarantee."""
    assert sentence in said(DocumentKind.GUARANTEE_INFORMATION)


def test_a_guarantor_is_told_how_many_others_there_are() -> None:
    """G2, G4: nobody is called jointly liable with nobody."""
    assert "Utöver dig har en person tillfrågats" in said(DocumentKind.GUARANTEE_INFORMATION)
    assert "Utöver dig har 2 personer tillfrågats" in said(DocumentKind.GUARANTEE_INFORMATION, other_guarantors=2)
    alone = said(DocumentKind.GUARANTEE_INFORMATION, other_guarantors=0)
    assert "Du är ensam borgensman." in alone
    assert "solidariskt" not in alone


@pytest.mark.parametrize("kind", [DocumentKind.GUARANTEE, DocumentKind.GUARANTEE_INFORMATION])
@pytest.mark.parametrize(("language", "word"), [("sv", "konsument"), ("en", "consumer")])
def test_only_a_guarantor_without_a_role_is_a_consumer(kind: DocumentKind, language: Language, word: str) -> None:
    """G2: fair terms for a guarantor without a function or significant ownership in the company (sweden.md, G11)."""
    private, owner = (said(kind, language, has_role=has_role) for has_role in (False, True))
    assert word in private
    assert word not in owner


@pytest.mark.parametrize(
    "sentence",
    [
        "Jag har ingen uppgift i Kredittagarens ledning och inget väsentligt ägande i företaget.",
        "Inget i denna text tar ifrån mig det skydd som lagen ger en konsument.",
        "lagen (1994:1512) om avtalsvillkor i konsumentförhållanden",
        "Kreditgivaren har prövat min ekonomi innan jag tillfrågades om att underteckna.",
        "Är något i texten oklart gäller den tolkning som är bäst för mig.",
        "Jag kan kräva att en tvist prövas av domstolen där jag bor.",
    ],
)
def test_a_consumers_guarantee_is_fair_to_a_consumer(sentence: str) -> None:
    """G2: no term takes away what the law gives; what is unclear is read in the guarantor's favour."""
    assert sentence in said(DocumentKind.GUARANTEE, has_role=False)
    assert sentence not in said(DocumentKind.GUARANTEE, has_role=True)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("En höjd gräns eller avgift, en längre löptid eller en annan plan", DocumentKind.GUARANTEE),
        ("gäller mot mig bara om jag undertecknar det", DocumentKind.GUARANTEE),
        ("gäller mot dig bara om du undertecknar det", DocumentKind.GUARANTEE_INFORMATION),
        ("Mot en borgensman gäller den bara om borgensmannen också undertecknar.", DocumentKind.AGREEMENT),
    ],
)
def test_a_heavier_credit_binds_a_guarantor_only_who_signs_it(sentence: str, kind: DocumentKind) -> None:
    """G7: a higher limit or rate, a longer term or another plan."""
    assert sentence in said(kind)


def test_nobody_is_released_behind_the_other_guarantors_backs() -> None:
    """G4: only with the consent of the co-guarantors, or on settlement."""
    text = said(DocumentKind.GUARANTEE)
    assert "får inte släppa en annan borgensman utan att jag samtycker, utom när skulden är reglerad" in text


@pytest.mark.parametrize(
    "sentence",
    [
        "Beviljad måndagen den 23 november 2026 kl. 10.15",
        "Kreditgräns 218 000 kr",
        "Månadsavgift 1,50 % per kalendermånad av utnyttjad kredit",
        "Vid full användning 3 270 kr per månad",
        "21 255 kr",
        "Effektiv årsränta 19,56 %",
        "Borgen 2 st, var och en med högst 327 000 kr",
        "Undertecknas senast måndagen den 7 december 2026",
        "Saknas någon efter den sista dagen förfaller avtalet utan kostnad.",
        "Rätten att häva krediten och vad det kostar",
        "före kl. 16.00",
        "till och med kalenderdag 5 efter bokföringsdagen",
    ],
)
def test_the_offer_tells_the_price_the_last_day_and_the_right_to_cancel(sentence: str) -> None:
    """D6, G1, C1, C2: what was granted at which price, and what can still be undone."""
    assert sentence in said(DocumentKind.OFFER)


@pytest.mark.parametrize(
    "sentence",
    [
        "Kreditgräns 218 000 kr (sökt belopp 250 000 kr)",
        "Löptid 12 månader (sökt 15 månader)",
        "Godkänns senast måndagen den 30 november 2026",
        "binder därför företaget först när en firmatecknare godkänner det",
        "Erbjudandet förfaller när den sista dagen är slut, och det kostar inget.",
    ],
)
def test_a_counter_offer_says_what_is_worse_and_that_nobody_has_to_take_it(sentence: str) -> None:
    """D1: worse than asked, binding only when a signatory accepts it by the end of the seventh day."""
    assert sentence in said(DocumentKind.COUNTER_OFFER)


def test_a_receipt_says_when_and_how_the_request_was_received() -> None:
    """C5: what counts is when it reached the lender; staff record channel and time."""
    text = said(DocumentKind.CANCELLATION_RECEIPT)
    assert "Inkom måndagen den 23 november 2026 kl. 10.15" in text
    assert "Sätt på telefon" in text
    assert "Antecknad måndagen den 23 november 2026 kl. 10.15" in text


def test_a_receipt_of_a_conditional_cancellation_says_what_is_left_to_pay_and_by_when() -> None:
    """C3, C6: fee and principal, less what has been paid in already; it falls unless all of it is there in time."""
    text = said(DocumentKind.CANCELLATION_RECEIPT)
    assert "Avgift för hävning 1 500 kr" in text
    assert "Utbetalt att återbetala 218 000 kr" in text
    assert "Att betala 219 500 kr" in text
    assert "Bokfört hos oss senast torsdagen den 26 november 2026" in text
    assert "Hävningen är villkorad." in text
    assert "faller hävningen, och avtalet gäller som om den aldrig hade gjorts" in text
    assert "Redan inbetalt" not in text
    partly = said(DocumentKind.CANCELLATION_RECEIPT, held=K(3_270))
    assert "Redan inbetalt avgår 3 270 kr" in partly
    assert "Att betala 216 230 kr" in partly


def test_a_receipt_of_what_is_paid_at_once_asks_for_nothing() -> None:
    """C6: a credit balance that covers the sum ends agreement, fees and guarantees there and then."""
    text = said(DocumentKind.CANCELLATION_RECEIPT, **PAID_AT_ONCE)
    assert "Krediten är hävd." in text
    assert "Redan inbetalt 219 500 kr" in text
    assert "Att betala inget" in text
    assert "Månadsavgifterna är återförda, och avtalet och borgen har upphört." in text
    for absent in ("villkorad", "senast", "bankgiro"):
        assert absent not in text


def test_a_receipt_while_the_payout_is_with_the_bank_asks_for_nothing_yet() -> None:
    """C6: nobody repays what may not have been paid out."""
    text = said(DocumentKind.CANCELLATION_RECEIPT, **AWAITS_BANK)
    assert "På väg från banken 218 000 kr (återbetalas om banken bokför det)" in text
    assert "Inget behöver betalas dessförinnan." in text
    assert "Betalar banken inte ut är krediten hävd. Då återstår bara avgiften." in text
    assert "bankgiro" not in text


def test_a_receipt_before_payout_says_that_the_credit_is_cancelled_for_the_fee_alone() -> None:
    """C1, C3: the same-day window."""
    text = said(DocumentKind.CANCELLATION_RECEIPT, **BEFORE_PAYOUT)
    assert "Grund samma dag som krediten beviljades, före utbetalning" in text
    assert "Att betala 1 500 kr" in text
    assert "3.1 Krediten är hävd. Inget betalas ut, inga månadsavgifter tas ut och borgen har upphört." in text
    free = said(DocumentKind.CANCELLATION_RECEIPT, **(BEFORE_PAYOUT | {"fee": K(0), "total": K(0)}))
    assert "Att betala inget" in free


@pytest.mark.parametrize("outcome", [{}, PAID_AT_ONCE, AWAITS_BANK, BEFORE_PAYOUT])
def test_the_aid_to_a_receipt_tells_the_same_sums(outcome: dict[str, object]) -> None:
    """C6: row by row, and as many clauses."""
    both = [
        words(DocumentKind.CANCELLATION_RECEIPT, language, **(VALUES[DocumentKind.CANCELLATION_RECEIPT] | outcome))
        for language in ("sv", "en")
    ]
    swedish, english = ([block.marker for block in one.blocks if block.marker != "!"] for one in both)
    assert swedish == english


@pytest.mark.parametrize(
    "sentence",
    [
        "Kvarvarande kapital 218 000 kr",
        "Obetalda avgifter 3 270 kr",
        "Avgift för december 2026 3 270 kr (hel månad)",
        "Tillgodohavande avgår 120 kr",
        "Att betala 224 420 kr",
        "Bokförs måndagen den 21 december 2026",
        "inte kostar ännu en månads avgift är onsdagen den 30 december 2026",
        "tillkommer nästa månads avgift, i sin helhet",
        "När hela summan är bokförd upphör avtalet och borgen.",
    ],
)
def test_a_quote_says_the_sum_for_its_day_and_the_last_day_without_another_fee(sentence: str) -> None:
    """F3: principal, fees due and the running month's full fee; for a given day."""
    assert sentence in said(DocumentKind.REDEMPTION_QUOTE)


def test_a_quote_that_the_credit_balance_covers_asks_for_nothing() -> None:
    """F3: the balance redeems it at once."""
    text = said(DocumentKind.REDEMPTION_QUOTE, total=K(0), credit_balance=K(224_540))
    assert "Att betala inget" in text
    assert "Tillgodohavandet täcker hela summan." in text
    assert "bankgiro" not in text


@pytest.mark.parametrize("rate", ["0.0075", "0.045"])
def test_every_document_about_the_price_writes_the_rate_alike(rate: str) -> None:
    """D6: in per cent with two decimals, wherever it stands."""
    kinds = (DocumentKind.OFFER, DocumentKind.COUNTER_OFFER, DocumentKind.AGREEMENT, DocumentKind.GUARANTEE)
    written = f"{float(rate) * 100:.2f}".replace(".", ",") + " % per kalendermånad"
    for kind in kinds:
        assert written in said(kind, fee_rate=Decimal(rate))


REPAID_AT_TERM = "hela kapitalet på en gång, när löptiden slutar"
PLAN_TELLERS = (
    DocumentKind.APPLICATION,
    DocumentKind.CONFIRMATION,
    DocumentKind.COUNTER_OFFER,
    DocumentKind.OFFER,
    DocumentKind.AGREEMENT,
    DocumentKind.GUARANTEE,
    DocumentKind.GUARANTEE_INFORMATION,
)


@pytest.mark.parametrize("kind", PLAN_TELLERS)
@pytest.mark.parametrize(
    ("plan", "sv", "en"),
    [
        ("straight", "Återbetalning lika stora delar, en i månaden", "Repayment equal parts, one a month"),
        ("at_term", f"Återbetalning {REPAID_AT_TERM}", "Repayment the whole principal at once, when the term ends"),
    ],
)
def test_whoever_reads_of_the_credit_reads_how_it_is_repaid(kind: DocumentKind, plan: str, sv: str, en: str) -> None:
    """G1, A3, D6, G7: borrower and guarantor bind themselves to a plan, and the price rests on it."""
    assert sv in said(kind, repayment_plan=plan)
    assert en in said(kind, "en", repayment_plan=plan)


@pytest.mark.parametrize("kind", [DocumentKind.APPLICATION, DocumentKind.AGREEMENT, DocumentKind.GUARANTEE])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_signature_application_shows_how_the_credit_is_repaid_within_its_space(
    kind: DocumentKind, language: Language
) -> None:
    """S1, A3: beside the longest name that is shown whole."""
    values = VALUES[kind] | {"repayment_plan": "at_term", "company": "Å" * 200}
    shown = visible_text(kind, language, sha256="ab" * 32, **values)
    assert {"sv": REPAID_AT_TERM, "en": "the whole principal at once, when the term ends"}[language] in shown


@pytest.mark.parametrize("kind", [DocumentKind.OFFER, DocumentKind.COUNTER_OFFER, DocumentKind.AGREEMENT])
def test_the_fees_of_the_term_say_on_which_plan_they_are_counted(kind: DocumentKind) -> None:
    """D6: the total for the term rests on the plan."""
    assert "21 255 kr (betalt ut den 1:a, hela gränsen, rak amortering)" in said(kind)
    at_term = "21 255 kr (betalt ut den 1:a, hela gränsen, återbetalning när löptiden slutar)"
    assert at_term in said(kind, repayment_plan="at_term")


def test_an_agreement_at_term_says_what_falls_due_and_when() -> None:
    """G1, F2: all principal on one day, and the fees on the whole until then; nothing of monthly parts."""
    text = said(DocumentKind.AGREEMENT, repayment_plan="at_term")
    assert "Allt kapital återbetalas på en gång, när löptiden på 12 månader slutar" in text
    assert "Till dess betalas bara avgifterna. De räknas varje månad på hela det utnyttjade kapitalet." in text
    assert "förfaller den sista bankdagen i den kalendermånad då löptiden" in text
    assert "en i månaden" not in text
    assert "18 166,66 kr" not in text


def test_an_applicant_for_a_credit_at_term_reads_that_it_costs_more() -> None:
    """A3, D6: before anything is signed."""
    assert "blir sammanlagt högre än när kapitalet återbetalas i delar" in said(
        DocumentKind.APPLICATION, repayment_plan="at_term"
    )
    assert "sammanlagt högre" not in said(DocumentKind.APPLICATION)


def test_a_guarantor_of_a_credit_at_term_reads_that_it_stays_whole_until_its_end() -> None:
    """G2: the sum at risk does not fall month by month."""
    told = "Kapitalet återbetalas först när löptiden slutar: till dess blir det inte mindre"
    assert told in said(DocumentKind.GUARANTEE_INFORMATION, repayment_plan="at_term")
    assert told not in said(DocumentKind.GUARANTEE_INFORMATION)
