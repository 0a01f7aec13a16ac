"""From application to payout: applied, confirmed, decided, accepted, signed and paid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agreements.signing.sandbox.people import Person
from underwriting.demo.cast import Applicant, email_of, masked
from underwriting.demo.stage import Stage
from underwriting.demo.wire import Unexpected
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RepaymentPlan
from underwriting.kernel.wording import day_in_words, percent_in_words

_UUID = r"([0-9a-f]{8}-[0-9a-f-]{27})"


@dataclass
class Loan:
    """One application and what became of it; *chapter* is its name in the story."""

    chapter: str
    applicant: Applicant
    application_id: str
    agreement_id: str = ""
    ocr: str = ""


def apply(stage: Stage, chapter: str, applicant: Applicant) -> Loan:
    """The signatory applies and signs; those who guarantee are invited (rules A3, A6)."""
    signatory = stage.citizen(applicant.signatory)
    draft = stage.web.send("POST", "/v1/applications", applicant.body())
    loan = Loan(chapter, applicant, draft["id"])
    signatory.carry_out(
        stage.web.send("POST", f"/v1/applications/{loan.application_id}/submit", token=draft["access_secret"])
    )
    shown = stage.web.get(f"/v1/applications/{loan.application_id}", token=signatory.token)
    stage.check(f"{chapter}: state after the signature", shown["state"], "submitted")
    stage.tell(
        chapter,
        Text(
            "{name} ansöker för {company} om {asked} på {term} månader, {plan.sv}, och undertecknar med BankID. "
            "Ansökan {reference} binder i 30 dagar. Inbjuden som borgensman: {invited.sv}.",
            "{name} applies for {company}: {asked} over {term} months, {plan.en}, and signs with BankID. "
            "Application {reference} binds for 30 days. Invited as guarantor (borgensman): {invited.en}.",
        ),
        name=applicant.signatory.name,
        company=f"{applicant.form} {masked(applicant)}",
        asked=applicant.asked.formatted(),
        term=applicant.term_months,
        plan=_PLANS[applicant.repayment_plan],
        reference=shown["reference"],
        invited=_names(applicant.invited),
    )
    return loan


def confirm(stage: Stage, loan: Loan) -> None:
    """Everyone who was invited follows the link in the letter and confirms with BankID (rule A6)."""
    for person in loan.applicant.invited:
        token = _link(stage, email_of(person), r"/invitations/([\w-]+)")
        stage.citizen(person).carry_out(stage.web.send("POST", f"/v1/invitations/{token}/confirmation"))
        stage.tell(
            loan.chapter,
            Text(
                "{name} har fått en länk och bekräftar med BankID att en kreditupplysning får hämtas.",
                "{name} got a link and confirms with BankID that a credit report may be asked for.",
            ),
            name=person.name,
        )


def read_decision(stage: Stage, loan: Loan, *, outcome: str, limit: Money, fee_rate: str, monthly_fee: Money) -> None:
    """What the policy has said, as staff see it, checked against what was meant."""
    found = stage.web.get(f"/v1/applications/{loan.application_id}/decision", token=stage.underwriter.token)
    offer = found["offer"]
    stage.check(f"{loan.chapter}: outcome", found["outcome"], outcome)
    _check_terms(stage, loan, offer, limit, fee_rate, monthly_fee)
    stage.note(
        loan.chapter,
        outcome=found["outcome"],
        limit=offer["limit"],
        fee_rate=f"{Decimal(offer['fee_rate']):.4f}",
        monthly_fee=offer["monthly_fee"],
        reports=len(found["report_hashes"]),
    )
    stage.tell(
        loan.chapter,
        Text(
            "Kreditupplysningar på företaget och på var och en som går i borgen är hämtade samtidigt ({reports} svar). "
            "{points} poäng ger prisklass {grade}. {word.sv}",
            "Credit reports on the company and on everyone who guarantees were retrieved at once ({reports} answers). "
            "{points} points give price class {grade}. {word.en}",
        ),
        reports=len(found["report_hashes"]),
        points=found["points"],
        grade=found["grade"],
        word=_OUTCOMES[outcome].filled(**_terms(offer), asked=loan.applicant.asked.formatted()),
    )


def accept_counter_offer(stage: Stage, loan: Loan) -> None:
    """The signatory accepts the worse terms with BankID (rule D1)."""
    signatory = stage.citizen(loan.applicant.signatory)
    path = f"/v1/applications/{loan.application_id}/counter-offer/acceptance"
    signatory.carry_out(stage.web.send("POST", path, token=signatory.token))
    stage.tell(
        loan.chapter,
        Text(
            "{name} läser motbudet och godtar det med BankID; det hade annars förfallit efter sju dagar.",
            "{name} reads the counter-offer (motbud) and accepts it with BankID; it would have lapsed after a week.",
        ),
        name=loan.applicant.signatory.name,
    )


def determine(stage: Stage, loan: Loan, *, limit: Money, fee_rate: str) -> None:
    """The underwriter approves what was referred, with a reason (rule D8)."""
    body = {
        "outcome": "approved",
        "limit": str(limit),
        "fee_rate": fee_rate,
        "reason_code": "documents_seen",
        "reason": "Anmärkningarna är betalda och kontoutdrag har visats.",
    }
    path = f"/v1/applications/{loan.application_id}/overrides"
    found = stage.web.send("POST", path, body, token=stage.underwriter.token)
    stage.check(f"{loan.chapter}: determined", found["outcome"], "approved")
    stage.note(loan.chapter, determined=found["outcome"], automatic=found["automatic"])
    stage.tell(
        loan.chapter,
        Text(
            "Handläggaren {who} avgör ärendet: beviljat med {limit} till {rate.sv} per månad. Betalningsanmärkningar "
            "är aldrig ensamma skäl till avslag; skälet är: ”{reason}”",
            "Underwriter {who} determines the case: approved, {limit} at {rate.en} a month. Payment remarks "
            "(betalningsanmärkningar) are never alone a ground for a decline; the reason given: “{reason}”",
        ),
        who=stage.underwriter.member.username,
        reason=body["reason"],
        **_terms(found["offer"]),
    )


def find_agreement(stage: Stage, loan: Loan) -> dict[str, Any]:
    """The agreement that the signatory was sent a link to (rule G1)."""
    loan.agreement_id = _link(stage, loan.applicant.email, rf"/agreements/{_UUID}")
    found: dict[str, Any] = view(stage, loan)
    loan.ocr = found["ocr"]
    stage.note(loan.chapter, agreement_id=loan.agreement_id)
    return found


def sign(stage: Stage, loan: Loan) -> None:
    """The company and every guarantor sign, each their own document (rules G2, S2)."""
    agreement = find_agreement(stage, loan)
    stage.check(f"{loan.chapter}: state before the signatures", agreement["state"], "signing")
    stage.citizen(loan.applicant.signatory).sign("agreement", loan.agreement_id)
    for person in loan.applicant.guarantors:
        stage.citizen(person).sign("guarantee", _link(stage, email_of(person), rf"/guarantees/{_UUID}"))
    signed = view(stage, loan)
    stage.check(f"{loan.chapter}: state after the signatures", signed["state"], "signed")
    cap = Money.kronor(agreement["limit"]).at_rate(Decimal("1.5"))
    stage.tell(
        loan.chapter,
        Text(
            "{signatory} undertecknar kreditavtal {number} med BankID. I borgen ”såsom för egen skuld”, högst {cap}: "
            "{guarantors.sv}.",
            "{signatory} signs credit agreement {number} with BankID. In a personal guarantee “såsom för egen skuld” "
            "(as for a debt of their own), at most {cap}: {guarantors.en}.",
        ),
        signatory=loan.applicant.signatory.name,
        number=agreement["number"],
        cap=cap.formatted(),
        guarantors=_names(loan.applicant.guarantors),
    )


def be_paid(stage: Stage, loan: Loan, *, window_ends: str) -> None:
    """The worker's jobs send the payout to the bank and read its answer (rules P1, P3); the second window opens."""
    stage.run_jobs()
    agreement = view(stage, loan)
    stage.check(f"{loan.chapter}: state after the payout", agreement["state"], "running")
    stage.check(f"{loan.chapter}: utilised", agreement["utilised"], agreement["limit"])
    quote = stage.web.get(
        f"/v1/agreements/{loan.agreement_id}/cancellation-quote",
        token=stage.citizen(loan.applicant.signatory).token,
    )
    stage.check(f"{loan.chapter}: last second of the payout window", quote["window"]["last_second"], window_ends)
    first = agreement["plan"][0]
    stage.note(loan.chapter, paid_out=agreement["utilised"], paid_out_on=agreement["first_paid_out_on"])
    stage.tell(
        loan.chapter,
        Text(
            "Sista underskriften finns: {amount} är utbetalt till bankgiro {bankgiro}, en gång. {which.sv} är {part}, "
            "{due.sv}. Krediten kan hävas i fem dagar.",
            "The last signature is there: {amount} is paid out to bankgiro {bankgiro}, once. {which.en} (amortering) "
            "is {part}, on {due.en}. The credit can be cancelled for five days.",
        ),
        amount=Money.kronor(agreement["utilised"]).formatted(),
        bankgiro=loan.applicant.bankgiro.formatted,
        which=_FIRST if len(agreement["plan"]) > 1 else _ONLY,
        part=Money.kronor(first["amount"]).formatted(),
        due=day_in_words(date.fromisoformat(first["due_on"])),
    )


def view(stage: Stage, loan: Loan) -> dict[str, Any]:
    """The agreement as its signatory sees it."""
    found: dict[str, Any] = stage.web.get(
        f"/v1/agreements/{loan.agreement_id}", token=stage.citizen(loan.applicant.signatory).token
    )
    return found


_PLANS: Mapping[RepaymentPlan, Text] = {
    RepaymentPlan.STRAIGHT: Text("i lika delar", "in equal parts"),
    RepaymentPlan.AT_TERM: Text("återbetalda när löptiden slutar", "repaid when the term ends"),
}
_FIRST = Text("Första amorteringen", "The first instalment")
_ONLY = Text("Den enda amorteringen", "The only instalment")
_OUTCOMES = {
    "approved": Text(
        "Beviljad: {limit} till {rate.sv} per kalendermånad av utnyttjad kredit, {fee} vid full kredit.",
        "Approved: {limit} at {rate.en} per calendar month of utilised credit, {fee} at full use.",
    ),
    "counter_offer": Text(
        "Motbud: överskottet bär {limit}, inte {asked}, till {rate.sv} per månad, {fee} vid full kredit.",
        "Counter-offer (motbud): the surplus carries {limit}, not {asked}, at {rate.en} a month, {fee} at full use.",
    ),
    "referred": Text(
        "Fyra betalningsanmärkningar avslås inte: en handläggare ska se på ansökan. Förslaget är {limit} till "
        "{rate.sv} per månad.",
        "Four payment remarks are not declined: an underwriter (handläggare) is to look. The proposal is {limit} at "
        "{rate.en} a month.",
    ),
}


def _terms(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "limit": Money.kronor(offer["limit"]).formatted(),
        "rate": percent_in_words(Decimal(offer["fee_rate"])),
        "fee": Money.kronor(offer["monthly_fee"]).formatted(),
    }


def _check_terms(
    stage: Stage, loan: Loan, offer: dict[str, Any], limit: Money, fee_rate: str, monthly_fee: Money
) -> None:
    stage.check(f"{loan.chapter}: limit", offer["limit"], str(limit))
    stage.check(f"{loan.chapter}: fee rate", Decimal(offer["fee_rate"]), Decimal(fee_rate))
    stage.check(f"{loan.chapter}: monthly fee", offer["monthly_fee"], str(monthly_fee))


def _link(stage: Stage, recipient: str, pattern: str) -> str:
    """What *pattern* finds in the newest letter to *recipient* that has it."""
    for letter in stage.letters():
        found = re.search(pattern, letter.body) if letter.recipient == recipient else None
        if found:
            return found[1]
    raise Unexpected(f"nobody has written {pattern} to {recipient}")


def _names(people: tuple[Person, ...]) -> Text:
    names = [person.name for person in people]
    return Text(" och ".join(names), " and ".join(names))
