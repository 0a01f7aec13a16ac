"""The owners as Bisnode's segment OWNERSHIP: of a sole trader and of partners, what is told of them as persons."""

from bureau_clients.sandbox.bisnode_words import Document, day, function
from bureau_clients.sandbox.facts import CompanyFacts, Form, Member, PersonFacts, PersonRegister, Place

_ASSESSMENT_YEARS = (2025, 2024)
_UNMARRIED, _DECEASED = "X", "6"


def ownership(facts: CompanyFacts, *, english: bool) -> Document:
    """The segment: a sole trader's owner, the partners of an HB or KB, and no group."""
    document: Document = {
        "parentCompanies": {"count": 0, "parents": []},
        "subsidiaries": {"count": 0, "subsidiaries": []},
        "sisterCompanies": {"count": 0, "sisterCompanies": []},
    }
    if facts.owner is not None:
        document["proprietorInformation"] = {
            "proprietorDetails": _details(facts.owner, english=english),
            "incomeInformation": incomes(facts.owner.income),
            "businessAssignments": assignments(facts.owner.assignments, english=english),
        }
    if facts.form in (Form.HB, Form.KB):
        partners = [_partner(member) for member in facts.board]
        document["partOwnersInformation"] = {"count": len(partners), "partOwners": partners}
    return document


def incomes(income: int | None) -> Document:
    """The income of two years, the same in both; without an income, the years alone."""
    years = zip(("currentYear", "previousYear"), _ASSESSMENT_YEARS, strict=True)
    told = {} if income is None else {"totalIncome": income, "incomeFromEmployment": income, "finalTax": income // 3}
    return {name: {"assessmentYear": {"year": year}, **told} for name, year in years}


def assignments(places: tuple[Place, ...], *, english: bool) -> Document:
    """A person's places in companies."""
    return {
        "currentAssignments": [
            {
                "companyName": place.name,
                "identifiers": {"registrationNumber": place.number},
                "enteredDate": day(place.since),
                "function": function(place.role, english=english)[0],
            }
            for place in places
        ],
        "historicalAssignments": [],
    }


def _details(owner: PersonFacts, *, english: bool) -> Document:
    is_dead = owner.person_register is PersonRegister.DECEASED
    return {
        "identificationNumber": owner.number,
        "name": owner.name,
        "address": {
            "street": owner.address.street,
            "postalCode": owner.address.zipcode.replace(" ", ""),
            "town": owner.address.town,
            "countryCode": "SE",
        },
        "civilStatusCode": _DECEASED if is_dead else _UNMARRIED,
        "civilStatusDescription": ("DECEASED" if is_dead else "NOT MARRIED")
        if english
        else ("Avliden" if is_dead else "Ogift"),
    }


def _partner(member: Member) -> Document:
    return {"partOwnerDetails": {"identificationNumber": member.number, "name": member.name}}
