"""Who may sign for an applicant: by law, as a bureau tells the register whole, or as the applicant says (A9, S2)."""

import uuid
from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from agreements.credit.services.decline_guarantee import checked_rule_given_up
from bureau_clients import evidence, reports
from bureau_clients.facts import Known
from bureau_clients.reports import CompanyReport, Coverage, SigningRight
from schemas.values import ApplicationBody
from underwriting.kernel.identifiers import IdentifierInvalid, PersonalNumber, parse_personal_number
from underwriting.kernel.signing_rule import Alternative, RuleSource, Signatory, SigningRule, SigningRuleInvalid
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime


def signing_rule_of(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody, *, on: date
) -> SigningRule:
    """The rule under which the credit's agreement is signed, granted on the day *on*.

    What two of staff have read before a guarantor was replaced stands. A sole trader signs alone. A registered right is
    taken where a bureau has told all of it, with everybody's number, and the submitter stands in it. Otherwise those
    sign together whom the applicant has named. That is complete only after staff have read the registration where the
    settings say so, and always where the register says otherwise.
    """
    read_by_staff = checked_rule_given_up(session, runtime, application_id)
    if read_by_staff is not None:
        return read_by_staff
    if body.company_form is CompanyForm.EF and len(body.signing_rule) == 1:
        return SigningRule.jointly(_named(body), source=RuleSource.LAW)
    told = told_rule(session, runtime, application_id, body, on=on)
    if told is not None and told.stands_in(body.signatory_personal_number):
        return told
    contradicted = told is not None and not runtime.settings.sandbox
    return SigningRule.jointly(_named(body), checked=not (contradicted or runtime.settings.signing_rule_is_checked))


def told_rule(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody, *, on: date
) -> SigningRule | None:
    """The registered right as the newest report tells it whole; None where none does."""
    for report in (told.report for told in evidence.of_application(session, runtime.cipher, application_id)):
        if isinstance(report, CompanyReport) and isinstance(report.signing_right, Known):
            rule = registered_rule(report.signing_right.value, body, on=on)
            if rule is not None:
                return rule
    return None


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
