"""The facts as Bisnode's report on a Swedish company, segment by segment, as its published description has them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.bisnode_accounts import finance
from bureau_clients.sandbox.bisnode_ownership import ownership
from bureau_clients.sandbox.bisnode_words import (
    BANKRUPTCY_CODES,
    EVENTS,
    LEGAL_FORMS,
    STATUSES,
    Document,
    amount,
    day,
    function,
)
from bureau_clients.sandbox.facts import CompanyFacts, Form, Member, PersonRegister, Register, Role
from underwriting.kernel.text import Text

SEGMENTS = ("RISK", "FINANCE", "MANAGEMENT", "OWNERSHIP", "EVENTS", "COMPANY_INFORMATION")

_HAPPENED_ON = date(2026, 1, 20)
_RATED_ON = date(2026, 2, 16)
_WEEK = "2026W08"
_MOST_LISTED = 10
_PETITION_POINTS = "-29"
_CREDITORS = ("Nordlunds Grossist AB", "Skatteverket", "Storgatans Fastighets AB")
_RATINGS: Mapping[str, Text] = {
    "AAA": Text("Högsta kreditvärdighet", "Highest creditworthiness"),
    "AA": Text("God kreditvärdighet", "Good creditworthiness"),
    "A": Text("Kreditvärdig", "Creditworthy"),
    "AN": Text("Nybildat", "Newly established"),
    "B": Text("Kredit mot säkerhet", "Credit against security"),
    "C": Text("Kredit avrådes", "Credit advised against"),
}
_UNTOLD: Mapping[str, tuple[str, ...]] = {
    "letters": ("risk", "creditRatings"),
    "remark_count": ("risk", "paymentRemarks", "count"),
    "remark_sum": ("risk", "paymentRemarks", "amount"),
    "latest_remark_on": ("risk", "paymentRemarks", "paymentRemarks"),
    "debt": ("risk", "financialCommitments", "debtBalance", "currentDebtBalance"),
    "public_debt": ("risk", "financialCommitments", "debtBalance", "currentDebtBalance", "publicClaimsAmount"),
    "private_debt": ("risk", "financialCommitments", "debtBalance", "currentDebtBalance", "privateClaimsAmount"),
    "accounts": ("finance", "financialStatements", "financialStatements"),
    "board": ("management", "boardMembers", "currentBoardMembers"),
    "income": ("ownership", "proprietorInformation", "incomeInformation"),
    "register": ("companyInformation", "status"),
}
"""Where a fact stands, so that it can be left out."""


def company_document(number: str, segments: Sequence[str], *, english: bool) -> Document:
    """The report on the company with *number*: the wanted segments, and always the company's register data."""
    facts = numbers.company(number)
    whole: Mapping[str, tuple[str, Callable[[], object]]] = {
        "RISK": ("risk", lambda: _risk(facts, english=english)),
        "MANAGEMENT": ("management", lambda: _management(facts, english=english)),
        "COMPANY_INFORMATION": ("companyInformation", lambda: _information(facts, english=english)),
        "FINANCE": ("finance", lambda: finance(facts)),
        "OWNERSHIP": ("ownership", lambda: ownership(facts, english=english)),
        "EVENTS": ("events", lambda: _events(facts, english=english)),
    }
    document = {
        name: write() for segment, (name, write) in whole.items() if segment in (*segments, "COMPANY_INFORMATION")
    }
    magic = numbers.magic_number(number)
    for fact in magic.untold if magic else ():
        leave_out(document, _UNTOLD.get(fact, ()))
    if facts.register is Register.UNLISTED:
        leave_out(document, _UNTOLD["register"])
    return document


def leave_out(document: Document, path: Sequence[str]) -> None:
    """Take away what stands at *path*, if anything does."""
    for name in path[:-1]:
        found = document.get(name)
        if not isinstance(found, dict):
            return
        document = found
    if path:
        document.pop(path[-1], None)


def remarks(count: int, kronor: int, latest_on: date | None, name: str, *, english: bool) -> Document:
    """So many remarks, or petitions, listed under *name* with the latest first; at most ten are listed."""
    shares = [kronor // count] * (count - 1) + [kronor - kronor // count * (count - 1)] if count else []
    listed = [
        {
            "amount": amount(share),
            "date": day((latest_on or _HAPPENED_ON) - timedelta(days=40 * position)),
            "creditor": {"name": _CREDITORS[position % len(_CREDITORS)]},
            "type": {"code": "BA" if name == "petitions" else "BD"},
            "description": _description(name, english=english),
        }
        for position, share in enumerate(shares[:_MOST_LISTED])
    ]
    return {"count": count, "amount": amount(kronor), name: listed}


def debt_balance(public: int, private: int) -> Document:
    """The debt at Kronofogden, public and private claims apart."""
    public_count, private_count = int(public > 0) + int(public > 50_000), int(private > 0) + int(private > 50_000)
    return {
        "currentDebtBalance": {
            "date": _WEEK,
            "claimsCount": public_count + private_count,
            "publicClaimsCount": public_count,
            "publicClaimsAmount": amount(public),
            "privateClaimsCount": private_count,
            "privateClaimsAmount": amount(private),
        },
        "historicalDebtBalance": [],
    }


def _description(name: str, *, english: bool) -> str:
    if name == "petitions":
        return "PETITION INJ. TO PAY" if english else "Ansökan om betalningsföreläggande"
    return "INJUNCTION TO PAY" if english else "Betalningsföreläggande"


def _risk(facts: CompanyFacts, *, english: bool) -> Document:
    accounts = {"annualReportDate": day(facts.accounts[0].closed_on)} if facts.accounts else {}
    rating = {"code": facts.letters, "date": day(_RATED_ON), **accounts}
    if facts.letters in _RATINGS:
        rating["description"] = _RATINGS[facts.letters][english]
    limits: Document = {"historicalRatingCreditLimits": []}
    if facts.credit_limit is not None:
        limits["currentRatingCreditLimit"] = {"amount": amount(facts.credit_limit), "date": day(_RATED_ON), **accounts}
    risk: Document = {
        "creditRatings": {"currentCreditRating": rating, "historicalCreditRatings": []},
        "ratingCreditLimits": limits,
        "paymentRemarks": remarks(
            facts.remark_count, facts.remark_sum, facts.latest_remark_on, "paymentRemarks", english=english
        ),
        "creditInquiries": {"count": 0, "creditInquiries": []},
        "financialCommitments": {"debtBalance": debt_balance(facts.public_debt, facts.private_debt)},
        "actionsOfDistraint": {"actionsOfDistraint": _distraints(facts, english=english)},
    }
    if facts.form is not Form.EF:
        risk["petitions"] = remarks(facts.petition_count, facts.petition_sum, None, "petitions", english=english)
    if events := _bankruptcy_events(facts, english=english):
        risk["bankruptcy"] = {"events": events}
    if facts.bankrupt:
        trustee = {"companyName": "Advokatfirman Exempel KB", "name": "Konkursförvaltare Exempel"}
        risk["bankruptcy"] |= {"date": day(_HAPPENED_ON), "trustees": [trustee]}
    return risk


def _distraints(facts: CompanyFacts, *, english: bool) -> list[Document]:
    if not facts.distraint:
        return []
    text = "Complete investigation of debtor's assets." if english else "Fullständig tillgångsundersökning"
    return [{"code": {"code": "R"}, "description": text}]


def _bankruptcy_events(facts: CompanyFacts, *, english: bool) -> list[Document]:
    if facts.bankrupt:
        code, text = BANKRUPTCY_CODES[facts.register], EVENTS[facts.register]
    elif facts.points == _PETITION_POINTS:
        code, text = "KA", Text("Konkursansökan", "BANKRUPTCY PETITION")
    else:
        return []
    return [{"date": day(_HAPPENED_ON), "description": text[english], "eventCode": {"code": code}}]


def _management(facts: CompanyFacts, *, english: bool) -> Document:
    members = [_position(member, english=english) for member in facts.board]
    deputies = sum(member.role is Role.DEPUTY for member in facts.board)
    board: Document = {
        "boardMemberCount": len(members),
        "deputyCount": deputies,
        "bankruptcyCommitmentsCount": 0,
        "paymentRemarksCount": 0,
        "currentBoardMembers": members,
        "historicalBoardMembers": [],
    }
    if facts.signing.text:
        board["authorizedSignatory"] = facts.signing.text
    return {"boardMembers": board, "auditors": {"currentAuditors": [], "historicalAuditors": []}}


def _position(member: Member, *, english: bool) -> Document:
    number, description = function(member.role, english=english)
    entity: Document = {"name": member.name, "countryCode": "SE"}
    match len(member.number):
        case 8:
            entity |= {"birthDate": day(date.fromisoformat(member.number)), "countryCode": "FR"}
        case 10 | 12:
            entity["registrationNumber"] = member.number
    return {
        "entity": entity,
        "function": number,
        "description": description,
        "type": "LIMITED_COMPANY" if len(member.number) == 10 else "PERSON",
        "enteredDate": day(member.since),
    }


def _information(facts: CompanyFacts, *, english: bool) -> Document:
    code, local, description = LEGAL_FORMS[facts.form]
    digits = facts.number[-10:]
    return {
        "companyName": {"registeredName": {"name": facts.name, "date": day(facts.registered_on)}},
        "contactPoints": {
            "registeredAddress": {
                "streetAddress": {
                    "street": facts.address.street,
                    "postalCode": facts.address.zipcode.replace(" ", ""),
                    "town": facts.address.town,
                    "countryCode": "SE",
                }
            }
        },
        "identifiers": {"registrationNumber": facts.number, "vatNumber": f"SE{digits}01"},
        "legalForm": {"code": code, "localCode": local, "description": description[english]},
        "status": {"value": STATUSES[facts.register], "date": day(facts.registered_on)},
        "registrationInformation": {"foundationDate": day(facts.registered_on)},
        "generalCompanyData": {
            "employeeCount": facts.employees,
            "countryCode": "SE",
            "corporateTax": facts.f_tax,
            "registeredInVatList": facts.vat,
            "activeInVat": facts.vat,
            "registeredAsEmployer": facts.employer,
            "officeType": "BRANCH" if facts.form is Form.BRANCH else "HEADQUARTER",
            "location": facts.address.town,
        },
        "branches": {"count": 0, "branches": []},
        "bankgiroAccounts": [],
    }


def _events(facts: CompanyFacts, *, english: bool) -> list[Document]:
    """What has happened to the company, and to a sole trader's owner, the newest first."""
    happened = [(EVENTS[facts.register], "Bolagsverksärende")] if facts.register in EVENTS else []
    if facts.points == _PETITION_POINTS:
        happened.append((Text("Konkursansökan", "BANKRUPTCY PETITION"), "Tingsrättsärende"))
    happened += [(text, code) for code, text in _owner_events(facts)]
    recent = [{"date": day(_HAPPENED_ON), "description": text[english], "type": kind} for text, kind in happened]
    begun = Text("Nyregistrering", "PRESENT NAME REGISTERED")[english]
    return [*recent, {"date": day(facts.registered_on), "description": begun, "type": "Bolagsverksärende"}]


def _owner_events(facts: CompanyFacts) -> list[tuple[str, Text]]:
    owner = facts.owner
    if owner is None:
        return []
    signs = (
        (owner.person_register is PersonRegister.DECEASED, "AVLIDEN", Text("Avliden", "DECEASED")),
        (owner.person_register is PersonRegister.EMIGRATED, "UTV", Text("Utvandrad", "EMIGRATED")),
        (owner.person_register is PersonRegister.BLOCKED, "PSPARR", Text("Personen är spärrad", "BLOCKED")),
        (owner.trustee, "FORV", Text("Förvaltare", "ADMINISTRATOR")),
        (owner.trading_prohibition, "NF", Text("Näringsförbud", "TRADE PROHIBITION")),
        (owner.debt_restructuring, "RBE", Text("Skuldsanering beslutad", "INDIVIDUAL DEBT RECONSTR. DETERMINED")),
    )
    return [(code, text) for is_so, code, text in signs if is_so]
