"""The facts as Bisnode's answer about a person.

That answer is not published for Sweden: its shape here is ours, made after the published one of a sole trader's owner.
Where a register status comes alone, what is so by it is all that is told.
"""

from collections.abc import Mapping

from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.bisnode_company import debt_balance, leave_out, remarks
from bureau_clients.sandbox.bisnode_ownership import assignments, incomes
from bureau_clients.sandbox.bisnode_words import Document
from bureau_clients.sandbox.facts import PersonRegister

_BY_REGISTER: Mapping[PersonRegister, str] = {
    PersonRegister.PROTECTED: "protectedIdentity",
    PersonRegister.EMIGRATED: "emigrated",
    PersonRegister.DECEASED: "deceased",
    PersonRegister.BLOCKED: "blocked",
    PersonRegister.DEREGISTERED: "identificationNumberRetired",
    PersonRegister.NUMBER_CHANGED: "identificationNumberRetired",
}
_UNTOLD: Mapping[str, tuple[str, ...]] = {
    "remark_count": ("paymentRemarks", "count"),
    "remark_sum": ("paymentRemarks", "amount"),
    "latest_remark_on": ("paymentRemarks", "paymentRemarks"),
    "debt": ("debtBalance", "currentDebtBalance"),
    "income": ("incomeInformation",),
    "assignments": ("businessAssignments",),
}


def person_document(number: str, *, english: bool) -> Document:
    """The answer about the person with *number*."""
    facts, magic = numbers.person(number), numbers.magic_number(number)
    by_register = dict.fromkeys(_BY_REGISTER.values(), False)
    if facts.person_register in _BY_REGISTER:
        by_register[_BY_REGISTER[facts.person_register]] = True
        if magic is None or not magic.with_data:
            so = {name: True for name, is_so in by_register.items() if is_so}
            return {"personDetails": {"identificationNumber": facts.number, **so}}
    document: Document = {
        "personDetails": {
            "identificationNumber": facts.number,
            "name": facts.name,
            "address": {
                "street": facts.address.street,
                "postalCode": facts.address.zipcode.replace(" ", ""),
                "town": facts.address.town,
                "countryCode": "SE",
            },
            **by_register,
            "administrator": facts.trustee,
            "debtReconstruction": facts.debt_restructuring,
            "tradeProhibition": facts.trading_prohibition,
            "coordinationNumberDormant": facts.dormant_coordination_number,
        },
        "incomeInformation": incomes(facts.income),
        "paymentRemarks": remarks(
            facts.remark_count, facts.remark_sum, facts.latest_remark_on, "paymentRemarks", english=english
        ),
        "debtBalance": debt_balance(facts.public_debt, facts.private_debt),
        "businessAssignments": assignments(facts.assignments, english=english),
        "score": {} if facts.scoring is None else {"value": facts.scoring},
    }
    for fact in magic.untold if magic else ():
        leave_out(document, _UNTOLD.get(fact, ()))
    return document
