"""What an application may say, and every way in which it is refused."""

import dataclasses
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.applications import ApplicationSchema, GuarantorSchema, SupplementSchema, patched
from schemas.loading import EmptySchema, load
from schemas.values import ApplicationBody, Contact, DueDiligenceAnswers, Signatory
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.vocabulary import CompanyForm, CreditPurpose, InvoiceDelivery, RepaymentPlan

Valid = Callable[..., dict[str, Any]]
Read = Callable[..., ApplicationBody]
Refused = Callable[[object], tuple[FieldError, ...]]

TODAY = date(2026, 11, 22)
SUBMITTER = "198507099805"
GUARANTOR = {
    "personal_number": "192412319218",
    "name": "Greta Borg",
    "email": "greta@example.se",
    "phone": "+46701234568",
}
OTHER = GUARANTOR | {"personal_number": "189001019802", "name": "Otto Ask"}
CHILD = GUARANTOR | {"personal_number": "201803272382"}  # born on 27 March 2018
CHILDS_NUMBER = "201803272382"


def the_only(errors: tuple[FieldError, ...]) -> FieldError:
    assert len(errors) == 1, errors
    return errors[0]


@pytest.mark.parametrize("form", CompanyForm)
def test_every_company_form_may_apply(form: CompanyForm, valid: Valid, read: Read) -> None:
    """A1: AB, HB, KB and EF may apply."""
    assert read(valid(form)).company_form is form


def test_a_body_without_a_plan_asks_for_straight_instalments(valid: Valid, read: Read) -> None:
    """G1: as all did before there was a choice."""
    assert read(valid()).repayment_plan is RepaymentPlan.STRAIGHT
    assert read(valid() | {"repayment_plan": "at_term"}).repayment_plan is RepaymentPlan.AT_TERM


def test_a_body_becomes_frozen_values_of_the_kernel(valid: Valid, read: Read) -> None:
    """A10: what tells future ability to pay is carried with the rest."""
    application = read(valid())
    assert application.organisation_number == OrganisationNumber("5599990008")
    assert application.requested_amount == Money(25_000_000)
    assert (application.term_months, application.purpose) == (12, CreditPurpose.INVENTORY)
    assert application.expected_monthly_revenue == Money.kronor(400_000)
    assert application.expected_monthly_costs == Money.kronor(310_000)
    assert application.monthly_debt_payments == Money.kronor(15_000)
    assert application.contact == Contact(name="Sara Ek", email="sara@example.se", phone="+46701234567")
    assert application.payout_account.bankgiro == Bankgiro("59990002")
    assert application.invoice_delivery is InvoiceDelivery.EMAIL
    assert application.guarantors[0].personal_number == PersonalNumber("192412319218")
    assert application.beneficial_owners[0].share == Decimal("0.6")
    with pytest.raises(dataclasses.FrozenInstanceError):
        application.term_months = 24  # type: ignore[misc]


def test_an_ef_is_named_by_its_owner(valid: Valid, read: Read) -> None:
    """A1: the number of an EF is its owner's, a coordination number as well."""
    assert read(valid(CompanyForm.EF)).organisation_number == PersonalNumber(SUBMITTER)
    coordination = "197302889931"
    application = read(valid(CompanyForm.EF, organisation_number=coordination, signatory_personal_number=coordination))
    assert application.organisation_number == PersonalNumber(coordination)


def test_an_ef_may_name_another_person_as_guarantor(valid: Valid, read: Read) -> None:
    """A4: an EF names another person or none."""
    assert len(read(valid(CompanyForm.EF, guarantors=[OTHER])).guarantors) == 1


@pytest.mark.parametrize(
    ("form", "number", "swedish", "english"),
    [
        ("AB", "969999-0009", "gruppen handelsbolag eller kommanditbolag", "group general or limited partnership"),
        ("HB", "559999-0008", "gruppen aktiebolag", "group limited company"),
        ("KB", "559999-0016", "gruppen aktiebolag", "group limited company"),
        ("EF", "559999-0008", "gruppen aktiebolag", "group limited company"),
        ("AB", "850709-9805", "gruppen fysisk person (personnummer)", "group natural person (personal number)"),
        ("AB", "722000-0009", "gruppen ekonomisk förening", "group economic or housing association"),
        ("HB", "222000-0000", "gruppen stat, region eller kommun", "group state, region or municipality"),
    ],
)
def test_a_number_of_another_group_is_refused(
    form: str, number: str, swedish: str, english: str, valid: Valid, refused: Refused
) -> None:
    """A1: any other number group is refused with a message that names the group."""
    error = the_only(refused(valid(company_form=form, organisation_number=number)))
    assert (error.pointer, error.rule) == ("/organisation_number", "A1")
    assert swedish in error.detail.sv
    assert english in error.detail.en
    assert (error.detail.sv[-10:], error.detail.en[-9:]) == ("(regel A1)", "(rule A1)")


def test_an_owner_under_18_is_refused(valid: Valid, refused: Refused) -> None:
    """A1: an EF's owner is 18 or more."""
    errors = refused(valid(CompanyForm.EF, organisation_number=CHILDS_NUMBER, signatory_personal_number=CHILDS_NUMBER))
    error = the_only(errors)
    assert (error.pointer, error.rule) == ("/organisation_number", "A1")
    assert error.detail.sv == "Innehavaren ska ha fyllt 18 år (regel A1)"
    assert error.detail.en == "The owner must be 18 or older (rule A1)"


def test_a_private_purpose_is_refused(valid: Valid, refused: Refused) -> None:
    """A1: a private purpose is refused."""
    error = the_only(refused(valid(purpose="private")))
    assert (error.pointer, error.rule) == ("/purpose", "A1")
    assert error.detail.sv == "Krediten är bara till för företag; ett privat ändamål godtas inte (regel A1)"
    assert error.detail.en == "The credit is for businesses only; a private purpose is not accepted (rule A1)"


@pytest.mark.parametrize("form", [CompanyForm.AB, CompanyForm.HB, CompanyForm.KB])
def test_a_company_names_at_least_one_guarantor(form: CompanyForm, valid: Valid, refused: Refused) -> None:
    """A4: AB, HB and KB name at least one guarantor."""
    body = valid(form, guarantors=[])
    error = the_only(refused(body))
    assert (error.pointer, error.rule) == ("/guarantors", "A4")
    assert error.detail.sv == "Ange minst en borgensman (regel A4)"
    assert error.detail.en == "Name at least one guarantor (rule A4)"
    del body["guarantors"]
    assert refused(body) == (error,)


@pytest.mark.parametrize(
    ("guarantors", "pointer", "swedish", "english"),
    [
        (
            [CHILD],
            "/guarantors/0/personal_number",
            "Personen ska ha fyllt 18 år (regel A4)",
            "The person must be 18 or older (rule A4)",
        ),
        (
            [OTHER, GUARANTOR, OTHER],
            "/guarantors/2/personal_number",
            "Samma person är redan angiven som borgensman (regel A4)",
            "The same person is already named as guarantor (rule A4)",
        ),
        (
            # the same person, once with and once without the century
            [OTHER | {"personal_number": "850709-9805"}, OTHER | {"personal_number": "19850709-9805"}],
            "/guarantors/1/personal_number",
            "Samma person är redan angiven som borgensman (regel A4)",
            "The same person is already named as guarantor (rule A4)",
        ),
        (
            [GUARANTOR | {"personal_number": "559999-0016"}],
            "/guarantors/0/personal_number",
            "Ange en fysisk person; det här är ett organisationsnummer (regel A4)",
            "Name a natural person; this is an organisation number (rule A4)",
        ),
    ],
    ids=["a minor", "the same twice", "the same in two spellings", "a company"],
)
def test_a_guarantor_is_another_adult_natural_person(
    guarantors: list[dict[str, str]], pointer: str, swedish: str, english: str, valid: Valid, refused: Refused
) -> None:
    """A4: a natural person of 18 or more, named once."""
    error = the_only(refused(valid(guarantors=guarantors)))
    assert (error.pointer, error.rule) == (pointer, "A4")
    assert (error.detail.sv, error.detail.en) == (swedish, english)


def test_a_sole_trader_cannot_guarantee_the_own_debt(valid: Valid, refused: Refused) -> None:
    """A4: a sole trader's own guarantee adds nothing."""
    error = the_only(refused(valid(CompanyForm.EF, guarantors=[OTHER, GUARANTOR | {"personal_number": SUBMITTER}])))
    assert (error.pointer, error.rule) == ("/guarantors/1/personal_number", "A4")
    assert error.detail.sv.startswith("Innehavaren svarar redan själv för skulden")
    assert error.detail.en.startswith("The owner already answers for the debt")


def test_a_guarantor_comes_of_age_on_the_day_of_loading(valid: Valid, read: Read) -> None:
    """A4: 18 or more, by the legal day on which the body is read."""
    body = valid(guarantors=[CHILD])
    with pytest.raises(InvalidInput):
        read(body, on=date(2036, 3, 26))
    assert read(body, on=date(2036, 3, 27)).guarantors[0].personal_number == PersonalNumber(CHILDS_NUMBER)


@pytest.mark.parametrize("member", ["security", "collateral", "pledge", "mortgage"])
def test_no_security_is_accepted(member: str, valid: Valid, refused: Refused) -> None:
    """A5: no security from the company is asked for or accepted."""
    error = the_only(refused(valid() | {member: "företagsinteckning 500 000 kr"}))
    assert (error.pointer, error.rule) == (f"/{member}", "A5")
    assert error.detail.sv == "Företaget lämnar ingen säkerhet (regel A5)"
    assert error.detail.en == "The company gives no security (rule A5)"


def test_the_submitter_signs_for_the_company(valid: Valid, refused: Refused) -> None:
    """A9: the submitter stands in the alternative that was entered."""
    error = the_only(refused(valid(signing_rule=[{"personal_number": "189001019802", "name": "Otto Ask"}])))
    assert (error.pointer, error.rule) == ("/signing_rule", "A9")
    assert error.detail.sv.startswith("Den som lämnar in ansökan ska vara en av dem som tecknar firman")
    assert error.detail.en.startswith("Whoever submits the application must be one of those who sign")


def test_two_may_sign_together(valid: Valid, read: Read) -> None:
    """A9: where the rule needs more people, all of them stand in it."""
    rule = [{"personal_number": SUBMITTER, "name": "Sara Ek"}, {"personal_number": "189001019802", "name": "Otto Ask"}]
    assert [person.name for person in read(valid(signing_rule=rule)).signing_rule] == ["Sara Ek", "Otto Ask"]


def test_nobody_is_two_of_those_who_sign_together(valid: Valid, refused: Refused) -> None:
    """A9: one person never stands for two signatures."""
    rule = [{"personal_number": SUBMITTER, "name": "Sara Ek"}] * 2
    error = the_only(refused(valid(signing_rule=rule)))
    assert (error.pointer, error.rule) == ("/signing_rule/1/personal_number", "A9")


def test_without_a_rule_the_submitter_signs_alone(valid: Valid, read: Read) -> None:
    """A9: an empty alternative would be complete without a signature."""
    alone = (Signatory(personal_number=PersonalNumber(SUBMITTER), name="Sara Ek"),)
    assert read(valid()).signing_rule == read(valid(signing_rule=[])).signing_rule == alone


def test_for_an_ef_its_owner_signs(valid: Valid, refused: Refused) -> None:
    """A9: nobody else applies in the name of a sole trader."""
    error = the_only(refused(valid(CompanyForm.EF, signatory_personal_number="189001019802")))
    assert (error.pointer, error.rule) == ("/signatory_personal_number", "A9")
    assert error.detail.sv == "För en enskild firma undertecknar innehavaren (regel A9)"
    assert error.detail.en == "For a sole trader the owner signs (rule A9)"


@pytest.mark.parametrize("amount", ["20000", "20000.00", "2000000.00", "250000.5"])
def test_an_amount_within_the_limits_is_read(amount: str, valid: Valid, read: Read) -> None:
    """A11: 20 000 to 2 000 000 kr, both included."""
    assert read(valid(requested_amount=amount)).requested_amount == Money.kronor(amount)


@pytest.mark.parametrize("amount", ["19999.99", "2000000.01", "0.01"])
def test_an_amount_outside_the_limits_is_refused(amount: str, valid: Valid, refused: Refused) -> None:
    """A11: the refusal states the limits."""
    error = the_only(refused(valid(requested_amount=amount)))
    assert (error.pointer, error.rule) == ("/requested_amount", "A11")
    assert error.detail.sv == "Beloppet ska vara mellan 20\u00a0000\u00a0kr och 2\u00a0000\u00a0000\u00a0kr (regel A11)"
    assert (
        error.detail.en == "The amount must be between 20\u00a0000\u00a0kr and 2\u00a0000\u00a0000\u00a0kr (rule A11)"
    )


@pytest.mark.parametrize("months", [0, -1, 37, 10**30])
def test_a_term_outside_the_limits_is_refused(months: int, valid: Valid, refused: Refused) -> None:
    """A11: 1 to 36 months."""
    error = the_only(refused(valid(term_months=months)))
    assert (error.pointer, error.rule) == ("/term_months", "A11")
    assert error.detail.sv == "Löptiden ska vara mellan 1 och 36 månader (regel A11)"
    assert error.detail.en == "The term must be between 1 and 36 months (rule A11)"


def test_the_limits_are_settings_of_the_product(valid: Valid) -> None:
    """A11: other terms, other limits."""
    terms = ProductTerms(largest_amount=Money.kronor(100_000), longest_term=6)
    with pytest.raises(InvalidInput) as refusal:
        load(ApplicationSchema(), valid(), on=TODAY, terms=terms)
    assert [error.pointer for error in refusal.value.errors] == ["/requested_amount", "/term_months"]
    assert "100\u00a0000" in refusal.value.errors[0].detail.en


@pytest.mark.parametrize(
    ("member", "value", "swedish", "english"),
    [
        ("organisation_number", "559999-0009", "Kontrollsiffran stämmer inte", "The check digit is wrong"),
        ("signatory_personal_number", "198507099806", "Kontrollsiffran stämmer inte", "The check digit is wrong"),
        (
            "signatory_personal_number",
            "202612312393",
            "Födelsedatumet ligger i framtiden",
            "The date of birth lies in the future",
        ),
        ("requested_amount", 250_000, "Skriv beloppet som en text", "Write the amount as a string"),
        ("requested_amount", 250_000.5, "Skriv beloppet som en text", "Write the amount as a string"),
        ("requested_amount", True, "Skriv beloppet som en text", "Write the amount as a string"),
        ("requested_amount", None, "Uppgiften får inte vara tom", "This may not be null"),
        ("requested_amount", "0", "Beloppet ska vara större än noll", "The amount must be greater than zero"),
        ("requested_amount", "0.00", "Beloppet ska vara större än noll", "The amount must be greater than zero"),
        ("requested_amount", "-1", "Beloppet får inte vara negativt", "The amount may not be negative"),
        ("requested_amount", "250000.005", "Ett belopp har högst två decimaler", "An amount has at most two decimals"),
        ("requested_amount", "250 000", "Skriv beloppet i kronor", "Write the amount in kronor"),
        ("requested_amount", "250000,00", "Skriv beloppet i kronor", "Write the amount in kronor"),
        ("requested_amount", "2.5e5", "Skriv beloppet i kronor", "Write the amount in kronor"),
        ("requested_amount", "NaN", "Skriv beloppet i kronor", "Write the amount in kronor"),
        ("requested_amount", "٢٥٠٠٠٠", "Skriv beloppet i kronor", "Write the amount in kronor"),
        ("requested_amount", "9" * 13, "Beloppet är för stort", "The amount is too large"),
        ("expected_monthly_costs", "-0.01", "Beloppet får inte vara negativt", "The amount may not be negative"),
        ("monthly_debt_payments", 0, "Skriv beloppet som en text", "Write the amount as a string"),
        ("term_months", "12", "Här behövs ett heltal", "A whole number is needed here"),
        ("term_months", 12.0, "Här behövs ett heltal", "A whole number is needed here"),
        ("term_months", True, "Här behövs ett heltal", "A whole number is needed here"),
        ("purpose", "yacht", "Välj något av: inventory, ", "Choose one of: inventory, "),
        ("company_form", "Ltd", "Välj något av: AB, HB, KB, EF", "Choose one of: AB, HB, KB, EF"),
        ("repayment_plan", "interest_only", "Välj något av: straight, at_term", "Choose one of: straight, at_term"),
        ("repayment_plan", "", "Välj något av: straight, at_term", "Choose one of: straight, at_term"),
        ("invoice_delivery", "fax", "Välj något av: email, paper", "Choose one of: email, paper"),
        ("contact", "Sara Ek", "Här behövs ett JSON-objekt", "A JSON object is needed here"),
        ("contact", [], "Här behövs ett JSON-objekt", "A JSON object is needed here"),
        ("guarantors", {}, "Här behövs en lista", "A list is needed here"),
        ("guarantors", "192412319218", "Här behövs en lista", "A list is needed here"),
        ("guarantors", [GUARANTOR] * 21, "Listan får ha högst 20 poster", "The list may have at most 20 items"),
    ],
)
def test_a_malformed_member_is_refused_where_it_stands(
    member: str, value: object, swedish: str, english: str, valid: Valid, refused: Refused
) -> None:
    error = the_only(refused(valid() | {member: value}))
    assert (error.pointer, error.rule) == (f"/{member}", None)
    assert error.detail.sv.startswith(swedish)
    assert error.detail.en.startswith(english)


@pytest.mark.parametrize(
    ("members", "pointer", "swedish", "english"),
    [
        (
            {"payout_account": {"bankgiro": "5999-0003"}},
            "/payout_account/bankgiro",
            "Kontrollsiffran stämmer inte",
            "The check digit is wrong",
        ),
        (
            {"contact": {"name": "Sara\u0000Ek", "email": "sara@example.se", "phone": "+46701234567"}},
            "/contact/name",
            "Texten innehåller styrtecken",
            "The text contains control characters",
        ),
        (
            {"contact": {"name": "Sara\ud800", "email": "sara@example.se", "phone": "+46701234567"}},
            "/contact/name",
            "Texten innehåller styrtecken",
            "The text contains control characters",
        ),
        (
            {"contact": {"name": "  ", "email": "sara@example.se", "phone": "+46701234567"}},
            "/contact/name",
            "Uppgiften får inte vara tom",
            "This may not be empty",
        ),
        (
            {"contact": {"name": "S" * 101, "email": "sara@example.se", "phone": "+46701234567"}},
            "/contact/name",
            "Texten får ha högst 100 tecken",
            "The text may have at most 100 characters",
        ),
        (
            {"contact": {"name": "Sara Ek", "email": "sara@example.se\nBcc: x@example.se", "phone": "+46701234567"}},
            "/contact/email",
            "Texten innehåller styrtecken",
            "The text contains control characters",
        ),
        (
            {"contact": {"name": "Sara Ek", "email": "sara.example.se", "phone": "+46701234567"}},
            "/contact/email",
            "Ange en giltig e-postadress",
            "Enter a valid e-mail address",
        ),
        (
            {"contact": {"name": "Sara Ek", "email": "sara@example.se", "phone": "ring mig"}},
            "/contact/phone",
            "Ange ett telefonnummer, till exempel +46701234567",
            "Enter a phone number, such as +46701234567",
        ),
        (
            {"contact": {"name": "Sara Ek", "email": "sara@example.se"}},
            "/contact/phone",
            "Uppgiften saknas",
            "This is required",
        ),
        (
            {"guarantors": [OTHER, GUARANTOR | {"shoe_size": 43}]},
            "/guarantors/1/shoe_size",
            "Uppgiften finns inte i det här formuläret",
            "There is no such member",
        ),
        (
            {"guarantors": [None, OTHER, GUARANTOR]},
            "/guarantors/0",
            "Uppgiften får inte vara tom",
            "This may not be null",
        ),
        (
            {"beneficial_owners": [{"personal_number": SUBMITTER, "share": 0.6}]},
            "/beneficial_owners/0/share",
            'Skriv andelen som en text, till exempel "0.0275", inte som ett tal',
            'Write the rate as a string, such as "0.0275", not as a number',
        ),
        (
            {"beneficial_owners": [{"personal_number": SUBMITTER, "share": "1.01"}]},
            "/beneficial_owners/0/share",
            "Andelen ska vara från 0 till 1",
            "The share must be from 0 to 1",
        ),
        (
            {"beneficial_owners": [{"personal_number": SUBMITTER, "share": "1", "control": "friendship"}]},
            "/beneficial_owners/0/control",
            "Välj något av: votes, board, agreement, partner, alternative",
            "Choose one of: votes, board, agreement, partner, alternative",
        ),
        (
            {"due_diligence": {"industry": "5A.100"}},
            "/due_diligence/industry",
            "Skriv branschens SNI-kod, till exempel 56.100",
            "Write the industry's SNI code, such as 56.100",
        ),
        (
            {"beneficial_owners": [{"personal_number": SUBMITTER, "share": "0.3"}] * 2},
            "/beneficial_owners/1/personal_number",
            "Samma person är redan angiven",
            "The same person is already named",
        ),
        (
            {"due_diligence": {"politically_exposed": "no"}},
            "/due_diligence/politically_exposed",
            "Här behövs true eller false",
            "true or false is needed here",
        ),
    ],
)
def test_a_malformed_member_is_found_however_deep_it_lies(
    members: dict[str, Any], pointer: str, swedish: str, english: str, valid: Valid, refused: Refused
) -> None:
    error = the_only(refused(valid(**members)))
    assert error == FieldError(pointer, error.detail, None)
    assert (error.detail.sv, error.detail.en) == (swedish, english)


@pytest.mark.parametrize("member", ["age", "Company_form", "requestedAmount", "a/b", "m~n", ""])
def test_an_unknown_member_is_refused(member: str, valid: Valid, refused: Refused) -> None:
    error = the_only(refused(valid() | {member: 1}))
    escaped = {"a/b": "a~1b", "m~n": "m~0n"}.get(member, member)
    assert error.pointer == f"/{escaped}"
    assert error.detail.sv == "Uppgiften finns inte i det här formuläret"
    assert error.detail.en == "There is no such member"


@pytest.mark.parametrize("member", sorted(set(ApplicationSchema().fields)))
def test_a_missing_member_is_refused_unless_it_may_be_missing(
    member: str, valid: Valid, read: Read, refused: Refused
) -> None:
    """K1: due-diligence answers and owners may be missing; a gap refers the application."""
    body = valid(CompanyForm.EF)
    body.pop(member, None)
    optional = {
        "repayment_plan",
        "invoice_delivery",
        "invoice_address",
        "signing_rule",
        "guarantors",
        "beneficial_owners",
        "due_diligence",
    }
    if member in optional:
        read(body)
        return
    error = the_only(refused(body))
    assert error.pointer == f"/{member}"
    assert (error.detail.sv, error.detail.en) == ("Uppgiften saknas", "This is required")


@pytest.mark.parametrize("body", [None, [], "{}", 5, True, [{}]])
def test_what_is_no_object_is_refused_as_a_whole(body: object, refused: Refused) -> None:
    error = the_only(refused(body))
    assert error.pointer == ""
    assert (error.detail.sv, error.detail.en) == ("Här behövs ett JSON-objekt", "A JSON object is needed here")


def test_all_faults_are_told_at_once(valid: Valid, refused: Refused) -> None:
    """A4: a rule that can be judged is judged even where other members have faults."""
    body = valid(
        organisation_number="559999-0009",
        requested_amount="1.00",
        contact={"email": "sara@example.se", "phone": "x"},
        guarantors=[{"personal_number": SUBMITTER}, GUARANTOR | {"personal_number": SUBMITTER}],
    )
    assert [error.pointer for error in refused(body)] == [
        "/contact/name",
        "/contact/phone",
        "/guarantors/0/name",
        "/guarantors/0/email",
        "/guarantors/0/phone",
        "/guarantors/1/personal_number",
        "/organisation_number",
        "/requested_amount",
    ]


def test_an_item_that_is_no_object_does_not_shift_the_places_of_the_others(valid: Valid, refused: Refused) -> None:
    """A4: the pointer names the right guarantor."""
    errors = refused(valid(guarantors=[None, 5, OTHER, OTHER]))
    assert [error.pointer for error in errors] == ["/guarantors/0", "/guarantors/1", "/guarantors/3/personal_number"]


def test_the_refusal_carries_a_rule_that_refuses(valid: Valid, read: Read) -> None:
    """A4: the refusal carries the id in `rule`."""
    with pytest.raises(InvalidInput) as refusal:
        read(valid(guarantors=[], term_months="12"))
    assert (refusal.value.slug, refusal.value.rule) == ("invalid-input", "A4")
    with pytest.raises(InvalidInput) as refusal:
        read(valid(term_months="12"))
    assert refusal.value.rule is None


def test_a_body_with_endless_faults_is_told_the_first_hundred(refused: Refused) -> None:
    assert len(refused({f"member_{number}": 1 for number in range(5_000)})) == 100


@pytest.mark.parametrize("form", CompanyForm)
def test_what_was_read_is_written_so_that_it_reads_the_same(form: CompanyForm, valid: Valid, read: Read) -> None:
    application = read(valid(form, guarantors=[OTHER], due_diligence={"purpose_of_credit": "Lager\r\ninför jul"}))
    assert read(ApplicationSchema().dump(application)) == application
    assert application.due_diligence.purpose_of_credit == "Lager\ninför jul"


def test_due_diligence_answers_may_be_partly_missing(valid: Valid, read: Read) -> None:
    """K1: a question left open is None, which is neither yes nor no."""
    answers = read(valid(due_diligence={"politically_exposed": False, "owners_complete": None})).due_diligence
    assert answers == DueDiligenceAnswers(politically_exposed=False)
    assert read(valid()).due_diligence == DueDiligenceAnswers()


def test_names_and_numbers_stay_out_of_what_logs_would_show(valid: Valid, read: Read) -> None:
    shown = repr(read(valid(CompanyForm.EF, guarantors=[OTHER])))
    for private in (SUBMITTER, "9805", "19890", "Sara", "Otto", "example.se", "+4670", "59990002"):
        assert private not in shown


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({}, lambda draft: draft.term_months == 12),
        ({"term_months": 24}, lambda draft: draft.term_months == 24),
        ({"guarantors": [OTHER]}, lambda draft: draft.guarantors[0].name == "Otto Ask"),
        ({"due_diligence": {"owners_complete": True}}, lambda draft: draft.due_diligence.owners_complete),
        (
            {"signatory_personal_number": "189001019802"},
            lambda draft: draft.signing_rule[0].personal_number == PersonalNumber("189001019802"),
        ),
    ],
)
def test_a_draft_may_be_changed(
    changes: dict[str, Any], check: Callable[[ApplicationBody], bool], valid: Valid, read: Read
) -> None:
    """A3: a draft may be changed."""
    assert check(patched(read(valid()), changes, on=TODAY))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"term_months": 40}, "/term_months"),
        ({"guarantors": []}, "/guarantors"),
        ({"company_form": "EF"}, "/organisation_number"),
        ({"colour": "red"}, "/colour"),
        ({"contact": None}, "/contact"),
        ({"contact": {"name": "Sara Ek"}}, "/contact/email"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_changed_draft_is_checked_as_a_whole(changes: object, pointer: str, valid: Valid, read: Read) -> None:
    """A3: what a change makes of the draft is valid, or nothing is changed."""
    with pytest.raises(InvalidInput) as refusal:
        patched(read(valid()), changes, on=TODAY)
    assert pointer in [error.pointer for error in refusal.value.errors]


@pytest.mark.parametrize(
    "member", ["company_form", "organisation_number", "requested_amount", "term_months", "repayment_plan"]
)
def test_amount_term_and_company_are_fixed_by_submission(member: str) -> None:
    """A3: after submission amount, term, repayment and company cannot be changed."""
    with pytest.raises(InvalidInput) as refusal:
        load(SupplementSchema(), {member: "x", "information": "Bokslut bifogas"}, on=TODAY)
    error = the_only(refusal.value.errors)
    assert (error.pointer, error.rule, refusal.value.rule) == (f"/{member}", "A3", "A3")
    assert (
        error.detail.sv
        == "Belopp, löptid, återbetalning och företag kan inte ändras när ansökan är inlämnad (regel A3)"
    )


def test_contact_account_and_information_are_added_as_supplements() -> None:
    """A3: dated supplements."""
    supplement = load(
        SupplementSchema(), {"payout_account": {"bankgiro": "991-2346"}, "information": " Bokslut "}, on=TODAY
    )
    assert supplement.payout_account is not None
    assert supplement.payout_account.bankgiro == Bankgiro("9912346")
    assert (supplement.contact, supplement.information) == (None, "Bokslut")


def test_an_empty_supplement_adds_nothing_and_is_refused() -> None:
    """A3: a supplement says something."""
    with pytest.raises(InvalidInput) as refusal:
        load(SupplementSchema(), {}, on=TODAY)
    assert the_only(refusal.value.errors).detail.sv == "Ange något att lägga till"


def test_a_replacing_guarantor_is_read_like_a_named_one() -> None:
    """A4: the requirements hold for the replacement."""
    assert load(GuarantorSchema(), OTHER | {"phone": "070-123 45 67"}, on=TODAY).phone == "+46701234567"
    with pytest.raises(InvalidInput) as refusal:
        load(GuarantorSchema(), CHILD, on=TODAY)
    assert the_only(refusal.value.errors).pointer == "/personal_number"


def test_a_body_that_carries_nothing_is_empty() -> None:
    load(EmptySchema(), {}, on=TODAY)
    with pytest.raises(InvalidInput):
        load(EmptySchema(), {"consent": True}, on=TODAY)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(ApplicationSchema().fields)), json_values))
def test_whatever_is_sent_is_read_or_refused_with_both_languages(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        load(ApplicationSchema(), body, on=TODAY)
    for error in refusal.value.errors:
        assert error.detail.sv
        assert error.detail.en
