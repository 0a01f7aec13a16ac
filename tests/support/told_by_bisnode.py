"""What an answer of Bisnode's says, read a second time: slowly, and only to find our reader wrong.

Asked about one fact that our reader holds for known, it tells why the answer does not say so, if it does not. It knows
where facts are documented (`shared/bureaus/README.md`, 3.2) and where the shipped paths of a person lie.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from bureau_clients.facts import Known
from bureau_clients.reports import AnnualAccounts, BoardMember, CompanyStatus, SigningRight
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

Json: TypeAlias = Any

INFORMATION = "companyInformation"
GENERAL = f"{INFORMATION}.generalCompanyData"
DEBT = "risk.financialCommitments.debtBalance.currentDebtBalance"
GRADES = {"AAA": "A", "AA": "A", "A": "B", "B": "D", "C": "E"}
FORMS: Mapping[CompanyForm, tuple[str, Sequence[str]]] = {
    CompanyForm.AB: ("LIMITED_COMPANY", ("41", "42", "49")),
    CompanyForm.EF: ("SOLE_PROPRIETORSHIP", ("10",)),
    CompanyForm.HB: ("PARTNERSHIP", ("31",)),
    CompanyForm.KB: ("PARTNERSHIP", ("31",)),
}
REGISTERED = {"f_tax": "corporateTax", "vat": "registeredInVatList", "employer": "registeredAsEmployer"}
COUNTED = {"payment_remark": "paymentRemarks", "petition": "petitions"}
ACCOUNTS = {
    "turnover": "incomeStatement.turnover",
    "operating_result": "incomeStatement.operatingProfitAfterDepreciation",
    "net_result": "incomeStatement.netProfitLoss",
    "total_assets": "balanceSheet.assets.assetsTotal",
    "equity": "balanceSheet.liabilitiesAndEquity.shareholdersEquity.equityTotal",
    "current_assets": "balanceSheet.assets.currentAssets.currentAssetsTotal",
    "current_liabilities": "balanceSheet.liabilitiesAndEquity.liabilities.currentLiabilities.currentLiabilitiesTotal",
}
PERSON_FLAGS = {
    "protected": "protectedIdentity",
    "emigrated": "emigrated",
    "deceased": "deceased",
    "blocked": "blocked",
    "number_retired": "identificationNumberRetired",
    "trustee": "administrator",
    "debt_restructuring": "debtReconstruction",
    "trading_prohibition": "tradeProhibition",
    "dormant_coordination_number": "coordinationNumberDormant",
}


class Unclear(Exception):
    """The answer says nothing, or two things, where a fact stands."""


class _Twice:
    """A member that is given twice."""


def told(body: bytes) -> Json:
    """The one object in *body*. Raises Unclear."""
    try:
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_object, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Unclear("no JSON") from error
    if not isinstance(document, dict):
        raise Unclear("no object")
    return document


def at(document: Json, path: str) -> Json:
    """What stands at *path*. Raises Unclear where nothing does, or two things do."""
    for name in path.split("."):
        if not isinstance(document, dict) or document.get(name) is None or isinstance(document[name], _Twice):
            raise Unclear(f"nothing at {path}")
        document = document[name]
    return document


def numbers_in(document: Json, *, is_person: bool) -> Iterator[str]:
    """The digits of every number by which the answer says whom it is about."""
    company = (
        f"{INFORMATION}.identifiers.registrationNumber",
        "ownership.proprietorInformation.proprietorDetails.identificationNumber",
    )
    for path in ("personDetails.identificationNumber",) if is_person else company:
        said = _or_none(document, path)
        if said is not None:
            yield re.sub("[^0-9]", "", str(said))


def company_objections(document: Json, facts: Mapping[str, Any]) -> Iterator[str]:
    """Why *document* does not say each of the *facts* of a company that is known."""
    yield from _objections(document, facts, _says_of_company)


def owner_objections(document: Json, facts: Mapping[str, Any]) -> Iterator[str]:
    """The same of a sole trader's owner."""
    yield from _objections(document, facts, _says_of_owner)


def person_objections(document: Json, facts: Mapping[str, Any]) -> Iterator[str]:
    """The same of a person, by the shipped paths."""
    yield from _objections(document, facts, _says_of_person)


def _objections(document: Json, facts: Mapping[str, Any], says: Any) -> Iterator[str]:
    for name, fact in facts.items():
        if not isinstance(fact, Known):
            continue
        try:
            if not says(document, name, fact.value):
                yield f"{name} is {fact.value!r}, and the answer says something else"
        except Unclear as unclear:
            yield f"{name} is {fact.value!r}: {unclear}"


def _says_of_company(document: Json, name: str, value: Any) -> bool:
    match name:
        case "name":
            return _is_line(at(document, f"{INFORMATION}.companyName.registeredName.name"), value)
        case "form":
            return _is_form(document, value)
        case "status":
            return _is_status(document, value)
        case "registered_on":
            return bool(_day(at(document, f"{INFORMATION}.registrationInformation.foundationDate")) == value)
        case "f_tax" | "vat" | "employer":
            said = _or_none(document, f"{GENERAL}.{REGISTERED[name]}")
            return said is value or (not isinstance(said, bool) and _has_history(document))
        case "employees":
            return _is_count(at(document, f"{GENERAL}.employeeCount"), value)
        case "rating":
            code = _line(at(document, "risk.creditRatings.currentCreditRating.code"))
            return bool(code == value.score and GRADES.get(code) == value.grade.value)
        case "credit_limit":
            return _is_amount(at(document, "risk.ratingCreditLimits.currentRatingCreditLimit.amount"), value)
        case "bankruptcy":
            section = _or_none(document, "risk.bankruptcy")
            return (section is not None or _has_history(document)) if value else isinstance(at(document, "risk"), dict)
        case "distraint":
            listed = _or_none(document, "risk.actionsOfDistraint.actionsOfDistraint")
            return (bool(listed) or _has_history(document)) if value else listed == []
        case "accounts" | "accounts_closed_on" | "annual_turnover":
            return _are_accounts(document, name, value)
        case "board":
            return _is_board(document, value)
        case "signing_right":
            assert isinstance(value, SigningRight)
            said = _line(at(document, "management.boardMembers.authorizedSignatory"))
            return said == value.text and not value.alternatives
    if name.startswith("kronofogden"):
        return _is_debt(at(document, DEBT), name, value)
    if name.startswith(tuple(COUNTED)) or name == "latest_payment_remark_on":
        return _is_counted(_block(document, "risk.", name), name, value)
    return False


def _says_of_owner(document: Json, name: str, value: Any) -> bool:
    owner = "ownership.proprietorInformation"
    match name:
        case "name":
            return _is_line(at(document, f"{owner}.proprietorDetails.name"), value)
        case "income":
            return _is_whole_kronor(at(document, f"{owner}.incomeInformation.currentYear.totalIncome"), value)
        case "assignments":
            return _are_assignments(at(document, f"{owner}.businessAssignments.currentAssignments"), value)
        case "deceased":
            status = _or_none(document, f"{owner}.proprietorDetails.civilStatusCode")
            return (status == "6" or _has_history(document)) if value else isinstance(status, str) and status != "6"
        case "payment_remark_count" | "payment_remark_sum" | "latest_payment_remark_on" | "kronofogden_debt":
            return _says_of_company(document, name, value)
    return isinstance(value, bool) and _has_history(document)


def _says_of_person(document: Json, name: str, value: Any) -> bool:
    match name:
        case "name":
            return _is_line(at(document, "personDetails.name"), value)
        case "income":
            said = at(document, "incomeInformation.currentYear.totalIncome")
            return _is_amount(said, value) if isinstance(said, dict) else _is_whole_kronor(said, value)
        case "scoring":
            return _is_count(at(document, "score.value"), value) and 0 <= value <= 100
        case "assignments":
            return _are_assignments(at(document, "businessAssignments.currentAssignments"), value)
        case "kronofogden_debt":
            parts = [
                at(document, f"debtBalance.currentDebtBalance.{kind}ClaimsAmount") for kind in ("public", "private")
            ]
            amounts = [_amount(part) for part in parts]
            return None not in amounts and bool(sum(filter(None, amounts)) * 100 == value.ore)
    if name in PERSON_FLAGS:
        return at(document, f"personDetails.{PERSON_FLAGS[name]}") is value
    return _is_counted(_block(document, "", name), name, value, bare=True)


def _is_form(document: Json, form: CompanyForm) -> bool:
    code, local = FORMS[form]
    said = [_or_none(document, f"{INFORMATION}.legalForm.{name}") for name in ("code", "localCode")]
    words = [None if word is None else _line(word) for word in said]
    return words != [None, None] and words[0] in (None, code) and words[1] in (None, *local)


def _is_status(document: Json, status: CompanyStatus) -> bool:
    said = _or_none(document, f"{INFORMATION}.status.value")
    said = said if isinstance(said, str) else None
    match status:
        case CompanyStatus.ACTIVE:
            return said is not None and said.strip() == "ACTIVE" and isinstance(at(document, "events"), list)
        case CompanyStatus.INACTIVE:
            return said is not None and said.strip() in ("INACTIVE", "NOTSTARTED_OR_DORMANT")
    return _has_history(document)


def _has_history(document: Json) -> bool:
    """Whether anything is told that has happened: what it was is not read here."""
    return any(_or_none(document, path) for path in ("events", "risk.bankruptcy", "risk.paymentRemarks.paymentRemarks"))


def _block(document: Json, above: str, name: str) -> Json:
    kind = "petition" if name.startswith("petition") else "payment_remark"
    return at(document, f"{above}{COUNTED[kind]}")


def _is_counted(block: Json, name: str, value: Any, *, bare: bool = False) -> bool:
    count = _or_none(block, "count")
    if name.endswith("count"):
        return _is_count(count, value)
    if name.endswith("sum"):
        said = _or_none(block, "amount")
        return (count == 0 and value == Money.ZERO) if said is None else _is_amount(said, value, bare=bare)
    listed = _or_none(block, "paymentRemarks")
    return isinstance(listed, list) and bool(listed) and max(_day(at(entry, "date")) for entry in listed) == value


def _is_debt(balance: Json, name: str, value: Money) -> bool:
    kinds = [kind for kind in ("public", "private") if name in (f"kronofogden_{kind}_debt", "kronofogden_debt")]
    total = Fraction(0)
    for kind in kinds:
        said = _or_none(balance, f"{kind}ClaimsAmount")
        counts = [_or_none(balance, count) for count in (f"{kind}ClaimsCount", "claimsCount")]
        amount = Fraction(0) if said is None and 0 in counts else _amount(said)
        if amount is None:
            return False
        total += amount
    return total * 100 == value.ore


def _are_accounts(document: Json, name: str, value: Any) -> bool:
    statements = at(document, "finance.financialStatements.financialStatements")
    if not isinstance(statements, list) or not statements:
        return False
    by_day = {_closing_day(at(statement, "closingPeriod")): statement for statement in statements}
    days = sorted(by_day, reverse=True)
    newest = by_day[days[0]]
    if name == "accounts_closed_on":
        return bool(value == days[0])
    if name == "annual_turnover":
        return _is_figure(newest, ACCOUNTS["turnover"], value) and at(newest, "fiscalPeriod") == 12
    return [year.closed_on for year in value] == days[:5] and all(
        _is_year(by_day[year.closed_on], year) for year in value
    )


def _is_year(statement: Json, year: AnnualAccounts) -> bool:
    told_months = year.months is None or _is_count(_or_none(statement, "fiscalPeriod"), year.months)
    employees = _or_none(statement, "notesAndOtherInformation.employeeCount")
    return (
        told_months
        and (year.employees is None or _is_count(employees, year.employees))
        and all(
            getattr(year, figure) is None or _is_figure(statement, path, getattr(year, figure))
            for figure, path in ACCOUNTS.items()
        )
    )


def _is_figure(statement: Json, path: str, value: Money) -> bool:
    return at(statement, "currency") == "SEK" and _is_whole_kronor(at(statement, path), value)


def _is_board(document: Json, members: Sequence[BoardMember]) -> bool:
    places = at(document, "management.boardMembers.currentBoardMembers")
    if not isinstance(places, list) or len(places) != len(members):
        return False
    return all(_is_board_member(place, member) for place, member in zip(places, members, strict=True))


def _is_board_member(place: Json, member: BoardMember) -> bool:
    entity = at(place, "entity")
    number, born = _or_none(entity, "registrationNumber"), _or_none(entity, "birthDate")
    said = re.sub("[^0-9]", "", str(number)) if number is not None else born and _day(born).isoformat()
    since = _or_none(place, "enteredDate")
    return (
        _line(at(entity, "name")) == member.name
        and said == member.number
        and (member.since is None or _day(since) == member.since)
        and _is_function(place, member.function)
    )


def _are_assignments(places: Json, assignments: Sequence[Any]) -> bool:
    if not isinstance(places, list) or len(places) != len(assignments):
        return False
    return all(
        re.sub("[^0-9]", "", str(at(place, "identifiers.registrationNumber"))) == assignment.company_number
        and _line(at(place, "companyName")) == assignment.company_name
        and (assignment.since is None or _day(at(place, "enteredDate")) == assignment.since)
        and _is_function(place, assignment.function)
        for place, assignment in zip(places, assignments, strict=True)
    )


def _is_function(place: Json, function: str) -> bool:
    words = _or_none(place, "description")
    return _line(words) == function if words is not None else type(_or_none(place, "function")) is int


def _is_count(said: Json, value: int) -> bool:
    return type(said) is int and said == value and value >= 0


def _is_whole_kronor(said: Json, value: Money) -> bool:
    return type(said) is int and said * 100 == value.ore


def _is_amount(said: Json, value: Money, *, bare: bool = False) -> bool:
    amount = _amount(said) if bare or isinstance(said, dict) else None
    return amount is not None and amount * 100 == value.ore


def _amount(said: Json) -> Fraction | None:
    """The kronor of an amount with its currency; a person's paths may also lead to a bare number of kronor."""
    if isinstance(said, dict):
        if _or_none(said, "currency") != "SEK":
            return None
        said = _or_none(said, "amount")
    plain = str(said) if isinstance(said, str | Decimal) or type(said) is int else ""
    return Fraction(plain) if re.fullmatch(r"[0-9]*\.?[0-9]*", plain) and re.search("[0-9]", plain) else None


def _day(said: Json) -> date:
    try:
        return date(*(_part(at(said, name)) for name in ("year", "month", "day")))
    except (TypeError, ValueError) as error:
        raise Unclear("no day") from error


def _closing_day(said: Json) -> date:
    """The day, or the last of the month where none is told."""
    if _or_none(said, "day") is not None:
        return _day(said)
    month = _day({"year": at(said, "year"), "month": at(said, "month"), "day": 1})
    return date.fromordinal(date(month.year + month.month // 12, month.month % 12 + 1, 1).toordinal() - 1)


def _part(said: Json) -> int:
    if type(said) is int or (isinstance(said, str) and re.fullmatch("[0-9]+", said)):
        return int(said)
    raise ValueError("no number")


def _is_line(said: Json, value: str) -> bool:
    return _line(said) == value


def _line(said: Json) -> str:
    if not isinstance(said, str):
        raise Unclear("no text")
    return " ".join(said.split())


def _or_none(document: Json, path: str) -> Json:
    try:
        return at(document, path)
    except Unclear:
        return None


def _object(pairs: Sequence[tuple[str, Json]]) -> Json:
    members: dict[str, Json] = {}
    for name, value in pairs:
        members[name] = _Twice() if name in members else value
    return members
