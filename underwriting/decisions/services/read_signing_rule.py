"""Who may sign for an applicant: by law, as a bureau tells the register whole, or as the applicant says (A9, S2)."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from bureau_clients import evidence, reports
from bureau_clients.facts import Known
from bureau_clients.reports import CompanyReport, Coverage, SigningRight
from schemas.values import ApplicationBody
from underwriting.decisions.services.gather_case import Case
from underwriting.kernel.identifiers import IdentifierInvalid, PersonalNumber, parse_personal_number
from underwriting.kernel.signing_rule import Alternative, RuleSource, Signatory, SigningRule, SigningRuleInvalid
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime


def signing_rule_of(session: Session, runtime: Runtime, case: Case, *, on: date) -> SigningRule:
    """The rule under which the credit's agreement is signed, granted on the day *on*.

    A sole trader signs alone. A registered right is taken where a bureau has told all of it, with everybody's number,
    and the submitter stands in it. Otherwise those sign together whom the applicant has named, and where the settings
    say so that is complete only after staff have read the registration.
    """
    body = case.body
    if body.company_form is CompanyForm.EF and len(body.signing_rule) == 1:
        return SigningRule.jointly(_named(body), source=RuleSource.LAW)
    for report in (told.report for told in evidence.of_application(session, runtime.cipher, case.application_id)):
        if isinstance(report, CompanyReport) and isinstance(report.signing_right, Known):
            rule = registered_rule(report.signing_right.value, body, on=on)
            if rule is not None and rule.stands_in(body.signatory_personal_number):
                return rule
    return SigningRule.jointly(_named(body), checked=not runtime.settings.signing_rule_is_checked)


def registered_rule(right: SigningRight, body: ApplicationBody, *, on: date) -> SigningRule | None:
    """The registered *right* as a rule; None where it is not told whole, or somebody without a number."""
    if right.coverage is not Coverage.COMPLETE or not right.alternatives:
        return None
    try:
        signatories = {one.person: one for one in _signatories(right, body, on)}
        alternatives = tuple(
            Alternative(frozenset(_person(member, on) for member in members)) for members in right.alternatives
        )
        return SigningRule(
            tuple(signatories.values()), alternatives, RuleSource.BUREAU, checked=True, wording=right.text or None
        )
    except (IdentifierInvalid, SigningRuleInvalid):
        return None


def _named(body: ApplicationBody) -> Iterator[Signatory]:
    return (Signatory(one.personal_number, one.name) for one in body.signing_rule)


def _signatories(right: SigningRight, body: ApplicationBody, on: date) -> Iterator[Signatory]:
    """Everybody in *right*; whom the application names is called by the name that stands there."""
    named = {one.person: one for one in _named(body)}
    for members in right.alternatives:
        for member in members:
            person = _person(member, on)
            yield named.get(person) or Signatory(person, member.name)


def _person(member: reports.Signatory, on: date) -> PersonalNumber:
    return parse_personal_number(member.number or "", on=on)
