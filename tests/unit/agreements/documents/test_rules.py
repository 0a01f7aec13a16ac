"""The texts that are signed: what they say, how they are laid out, and that nothing can be smuggled into them."""

import hashlib
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from agreements.documents.plain_text import VISIBLE_LIMIT, text_of, visible_text
from agreements.documents.rules import SIGNED, DocumentKind, sha256, words
from agreements.guarantees.rules import check_guarantee_text
from tests.support.documents import VALUES, K
from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.text import Language
from underwriting.kernel.vocabulary import CompanyForm, SigningPurpose, WindowPolicy

KINDS = list(DocumentKind)
SIGNED_KINDS = sorted(SIGNED)
LANGUAGES: tuple[Language, ...] = get_args(Language)


def document(kind: DocumentKind, language: Language = "sv", **changes: object) -> str:
    return text_of(words(kind, language, **(VALUES[kind] | changes)))


def running(text: str) -> str:
    """The document without its lay-out, to be searched for sentences."""
    return " ".join(text.replace("\u00a0", " ").split())


def visible(kind: DocumentKind, language: Language = "sv", **changes: object) -> str:
    return visible_text(kind, language, sha256="ab" * 32, **(VALUES[kind] | changes))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_document_is_laid_out_in_lines_that_fit_a_page(kind: DocumentKind, language: Language) -> None:
    text = document(kind, language)
    assert max(map(len, text.splitlines())) <= 76
    assert text.endswith("\n")
    assert "\n\n\n\n" not in text
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert "{" not in text
    assert "|" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", CompanyForm)
def test_clauses_are_numbered_one_after_the_other_in_their_chapters(
    kind: DocumentKind, language: Language, form: CompanyForm
) -> None:
    """A reference to a clause that begins a line of a template would become one."""
    chapter, expected = 0, 0
    values = VALUES[kind] | {"has_role": form is CompanyForm.AB, "company_form": form}
    for block in words(kind, language, **values).blocks:
        if block.marker == "==":
            chapter, expected = chapter + 1, 1
            assert block.text.startswith(f"{chapter}  ")
        elif block.marker[:1].isdigit():
            assert block.marker == f"{chapter}.{expected}"
            expected += 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_values_give_the_same_bytes_in_any_order(kind: DocumentKind) -> None:
    """S1: the signature is on the exact bytes."""
    turned_around = dict(reversed(VALUES[kind].items()))
    first = words(kind, "sv", **VALUES[kind]).encoded()
    assert words(kind, "sv", **turned_around).encoded() == first
    assert sha256(first) == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in VALUES[kind]])
def test_a_document_is_not_made_while_a_value_is_missing(kind: DocumentKind, name: str) -> None:
    """S1: a gap in a text that is signed is a fault, never an empty place."""
    values = {key: value for key, value in VALUES[kind].items() if key != name}
    with pytest.raises(UndefinedError, match=name):
        words(kind, "sv", **values)
    with pytest.raises(UndefinedError, match=name):
        words(kind, "en", **values)


@pytest.mark.parametrize("value", [1.5, None, True, ("a",), object()])
def test_a_value_that_has_no_one_way_of_being_written_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        document(DocumentKind.AGREEMENT, ocr=value)


def test_the_kinds_that_are_signed_are_the_purposes_of_signing() -> None:
    assert {str(kind) for kind in SIGNED} == {str(purpose) for purpose in SigningPurpose} - {"identify"}


@pytest.mark.parametrize(
    "name",
    [
        "Bolaget AB\n\n9.1 Borgensmannen svarar inte.",
        "= Bolaget AB\r\n== 9",
        "Bolaget AB\u2028\u20289.1 Borgensmannen svarar inte.",
        "Bolaget \u202eBA\u202c AB",
        "Bolaget\u0000 AB\u200b",
        "Bolaget \ue000 AB",
        "{{ cap }} AB",
        "{% include 'x' %}",
    ],
)
def test_a_name_cannot_add_a_clause_or_turn_the_text_around(name: str) -> None:
    """S1: what a stranger writes in a field stays in its place on the page."""
    plain = document(DocumentKind.AGREEMENT)
    text = document(DocumentKind.AGREEMENT, payout_account=name)
    clauses = [line for line in text.splitlines() if line[:1].isdigit() or set(line) == {"="}]
    assert clauses == [line for line in plain.splitlines() if line[:1].isdigit() or set(line) == {"="}]
    assert all(character.isprintable() or character in "\n\u00a0" for character in text)


@pytest.mark.parametrize(
    "sentence",
    [
        "Belopp 250 000 kr",
        "Löptid 12 månader",
        "Återbetalning lika stora delar, en i månaden",
        "högst 4,50 % per kalendermånad av utnyttjad kredit",
        "högst 11 250 kr per månad",
        "om begäran når Kreditgivaren före kl. 16.00 den dagen",
        "En begäran som kommer in kl. 16.00 är för sen.",
        "till och med kalenderdag 5 efter bokföringsdagen, som är dag 0.",
        "Senare uttag ger ingen ny tid. Avgiften är 1 500 kr.",
        "inom 3 bankdagar från begäran",
        "Ansökan binder företaget i 30 dagar från undertecknandet.",
        "Har Kreditgivaren inte fattat beslut då förfaller den utan kostnad.",
        "kan belopp, löptid, återbetalning och företag inte ändras och ansökan inte återkallas",
        "Intäkter per månad 400 000 kr",
    ],
)
def test_the_application_states_what_it_binds_to(sentence: str) -> None:
    """A3: amount, term, the highest fee rate, the cancellation rules with their fees, and 30 days."""
    assert sentence in running(document(DocumentKind.APPLICATION))


@pytest.mark.parametrize(
    "sentence",
    [
        "Belopp: 250 000 kr",
        "Löptid: 12 månader",
        "Återbetalning: lika stora delar, en i månaden",
        "högst 4,50 % per kalendermånad",
        "Ansökan binder i 30 dagar och förfaller sedan.",
        "före kl. 16.00 samma dag som krediten beviljas och före utbetalning (1 500 kr)",
        "till och med kalenderdag 5 efter den första utbetalningen (1 500 kr",
    ],
)
def test_the_same_is_seen_in_the_signing_application(sentence: str) -> None:
    """A3: the signature is on a text that states it."""
    assert sentence in running(visible(DocumentKind.APPLICATION))


def test_the_two_cancellation_fees_are_stated_apart() -> None:
    """C3: the same-day fee is a setting of its own."""
    terms = replace(DEFAULT_TERMS, same_day_cancellation_fee=K(750), cancellation_fee=K(1_600))
    for kind in (DocumentKind.APPLICATION, DocumentKind.COUNTER_OFFER, DocumentKind.AGREEMENT):
        text = running(document(kind, terms=terms))
        assert "Den gäller alla dagar i veckan. Avgiften är 750 kr." in text
        assert "Senare uttag ger ingen ny tid. Avgiften är 1 600 kr." in text
        assert "(750 kr)" in running(visible(kind, terms=terms))
        assert "(1 600 kr" in running(visible(kind, terms=terms))


@pytest.mark.parametrize(
    ("policy", "swedish", "seen"),
    [
        (
            WindowPolicy.CALENDAR,
            "till och med kalenderdag 5 efter bokföringsdagen, som är dag 0. Senare",
            "kalenderdag 5 ",
        ),
        (
            WindowPolicy.CALENDAR_ROLLED,
            "Är den dagen inte en bankdag går tiden i stället ut nästa bankdag. Senare",
            "kalenderdag 5 (eller nästa bankdag) ",
        ),
        (WindowPolicy.BANKING_DAYS, "till och med bankdag 5 efter bokföringsdagen, som är dag 0. Senare", "bankdag 5 "),
    ],
)
def test_the_texts_count_the_payout_window_as_the_terms_do(policy: WindowPolicy, swedish: str, seen: str) -> None:
    """C2: all three policies."""
    terms = replace(DEFAULT_TERMS, window_policy=policy)
    for kind in (DocumentKind.APPLICATION, DocumentKind.COUNTER_OFFER, DocumentKind.AGREEMENT):
        assert swedish in running(document(kind, terms=terms))
        assert f"till och med {seen}" in running(visible(kind, terms=terms))


@pytest.mark.parametrize(
    "sentence",
    [
        "Skälet (det legitima behovet enligt 9 § kreditupplysningslagen) är att jag har tillfrågats som borgensman",
        "fysiska personer, handelsbolag och kommanditbolag",
        "Jag får en kopia av upplysningen",
        "Förfrågan på mig syns för andra i ett år.",
        "Detta är inte en borgensförbindelse.",
        "inom 14 dagar från inbjudan, hämtas ingen upplysning på mig",
    ],
)
def test_a_guarantor_is_told_why_and_who_sees_it_before_a_report(sentence: str) -> None:
    """A6: reason, the copy to persons, HB and KB, and the year in which an enquiry is visible."""
    assert sentence in running(document(DocumentKind.CONFIRMATION))


def test_the_notice_is_in_the_application_too() -> None:
    """A6: the submitter's own signature counts, so the same is said there."""
    text = running(document(DocumentKind.APPLICATION))
    assert "Den som är fysisk person, handelsbolag eller kommanditbolag får en kopia" in text
    assert "En förfrågan på en person syns för andra i ett år." in text
    assert "ägaren av den enskilda firman. Skälet" not in text
    sole_trader = document(DocumentKind.APPLICATION, company_form=CompanyForm.EF, guarantors=())
    assert "och på ägaren av den enskilda firman. Skälet är prövningen" in running(sole_trader)
    assert "Ingen borgensman är angiven." in running(sole_trader)


@pytest.mark.parametrize(
    "sentence",
    [
        "Jag går i borgen såsom för egen skuld för Kredittagarens skuld",
        "skuld enligt kreditavtalet (10 kap. 9 § handelsbalken).",
        "Delarna är lika stora, eller, om taken är olika, i förhållande till taken.",
        "kapital, månadsavgifter, dröjsmålsränta och kostnader för påminnelse, inkasso, Kronofogden och domstol",
        "Jag betalar sammanlagt högst 327 000 kr.",
        "Allt som står i 2.2 ryms inom taket: kapital, avgifter, dröjsmålsränta och kostnader.",
        "Är vi flera borgensmän svarar vi solidariskt.",
        "Borgen gäller under avtalets löptid på 12 månader",
        "Jag får besked första gången Kredittagaren inte betalar i tid, senast när Kredittagaren får ett inkassokrav",
        "gäller mot mig bara om jag undertecknar det",
        "Jag får besked om fordran överlåts",
    ],
)
def test_the_guarantee_says_what_it_covers_and_when_the_guarantor_is_told(sentence: str) -> None:
    """G2: own debt, joint and several, the cap and what lies inside it, the term, and what is told when."""
    assert sentence in running(document(DocumentKind.GUARANTEE))


@given(
    person=st.text(st.characters(categories=["L"]), min_size=1, max_size=40),
    company=st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=12), min_size=1, max_size=8),
    ore=st.integers(100_000, 500_000_000),
)
def test_the_laws_words_stand_on_one_line_whatever_else_is_in_the_text(
    person: str, company: list[str], ore: int
) -> None:
    """G3: "såsom för egen skuld" is found as it is written, with the cap in kronor."""
    cap = Money(ore)
    names = " ".join(company)
    check_guarantee_text(document(DocumentKind.GUARANTEE, person=person, company=names, cap=cap), cap=cap)
    assert "såsom för egen skuld" in visible(DocumentKind.GUARANTEE, person=person, company=names, cap=cap)


def test_a_guarantor_without_a_role_is_told_of_a_consumers_protection() -> None:
    """G2: the consumer-fair wording for a guarantor without a function in the company."""
    private = running(document(DocumentKind.GUARANTEE, has_role=False))
    assert "Jag är därför konsument i förhållande till Kreditgivaren." in private
    assert "36 § avtalslagen (1915:218)" in private
    assert "budget- och skuldrådgivning" in private
    owner = running(document(DocumentKind.GUARANTEE, has_role=True))
    assert "konsument" not in owner
    assert "Jag har en uppgift i Kredittagarens ledning eller ett väsentligt ägande i företaget" in owner
    assert "konsument" in visible(DocumentKind.GUARANTEE, has_role=False)
    assert "konsument" not in visible(DocumentKind.GUARANTEE, has_role=True)


@pytest.mark.parametrize(
    "sentence",
    [
        "1,50 % per kalendermånad av utnyttjad kredit",
        "3 270 kr per månad",
        "21 255 kr",
        "19,56 %",
        "Krediten har ingen ränta.",
    ],
)
def test_offer_and_agreement_show_the_price(sentence: str) -> None:
    """D6: the rate, the fee at full use, the total for the term, and the yearly effective rate."""
    for kind in (DocumentKind.COUNTER_OFFER, DocumentKind.AGREEMENT):
        assert sentence in running(document(kind))


def test_the_agreement_says_when_it_was_granted_and_when_it_must_be_signed() -> None:
    """G1: by the clocks of Stockholm; G2: to the end of the fourteenth day."""
    text = running(document(DocumentKind.AGREEMENT))
    assert "Beviljad måndagen den 23 november 2026 kl. 10.15" in text
    assert "Sista dag för alla underskrifter är måndagen den 7 december 2026." in text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (CompanyForm.HB, "Bolagsmännen i ett handelsbolag svarar solidariskt"),
        (CompanyForm.KB, "Komplementärerna i ett kommanditbolag svarar solidariskt"),
        (CompanyForm.EF, "Ägaren av en enskild firma svarar själv för skulden."),
    ],
)
def test_the_agreement_names_those_who_are_liable_by_law(form: CompanyForm, sentence: str) -> None:
    """G5: the partners of an HB, the general partners of a KB; an AB has none."""
    assert sentence in running(document(DocumentKind.AGREEMENT, company_form=form))
    assert sentence not in running(document(DocumentKind.AGREEMENT))


def test_an_agreement_without_a_guarantor_says_so() -> None:
    """A4: a sole trader may name none."""
    text = running(document(DocumentKind.AGREEMENT, company_form=CompanyForm.EF, guarantors=()))
    assert "7.1 Ingen borgen har lämnats för krediten." in text
    assert "Borgensmän, var och en" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_english_text_says_that_it_is_a_reading_aid(kind: DocumentKind) -> None:
    """S1: the Swedish text is the one that is signed."""
    notices = [block.text for block in words(kind, "en", **VALUES[kind]).blocks if block.marker == "!"]
    applies = "is signed and applies" if kind in SIGNED else "applies"
    assert notices[0] == f"Reading aid. The Swedish text is the one that {applies}."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SIGNED_KINDS)
def test_the_visible_text_is_short_and_names_the_document_and_its_hash(kind: DocumentKind, language: Language) -> None:
    """S1: what the person sees when signing; a company's name of 300 characters is cut."""
    text = visible(kind, language, company="Aktiebolaget Långt Namn " * 13)
    assert len(text) < VISIBLE_LIMIT
    assert text.endswith(f"SHA-256 {'ab' * 32}")
    assert str(VALUES[kind].get("reference", 100001)) in text.splitlines()[0]


def test_a_visible_text_that_would_be_too_long_is_refused() -> None:
    """S1: better no signature than one on a text that is cut off."""
    with pytest.raises(ValueError, match="shorter than 1500"):
        visible(DocumentKind.APPLICATION, lender="Kreditgivaren " * 100)


@pytest.mark.parametrize(("count", "sv", "en"), [(1, "1 månad", "1 month"), (12, "12 månader", "12 months")])
def test_one_month_is_written_in_the_singular(count: int, sv: str, en: str) -> None:
    assert f"Löptid {sv} från" in running(document(DocumentKind.AGREEMENT, term_months=count))
    assert f"Term {en} from" in running(document(DocumentKind.AGREEMENT, "en", term_months=count))


def test_a_long_title_does_not_run_into_what_stands_beside_it() -> None:
    lines = document(DocumentKind.APPLICATION, reference="X" * 60).splitlines()
    assert f"Ansökan om företagskredit {'X' * 60}" in lines
