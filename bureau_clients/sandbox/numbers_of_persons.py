"""The numbers of persons and of sole traders, and their stories."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bureau_clients.sandbox.facts import Form, Opinion, PersonRegister, Place, Register, Role, Verdict
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import company_name, company_numbers
from bureau_clients.sandbox.magic import Group, MagicNumber
from bureau_clients.sandbox.numbers_of_companies import DEBT, NEW, REMARKS_AND_DEBT
from bureau_clients.sandbox.questions import REPORTS, Kind
from underwriting.kernel.text import Text

_ABOUT_SOMEBODY = REPORTS | {Kind.OPINION}
_REJECTED = Opinion(Verdict.REJECTED, (("P24", "Scoring"),))
_MANUAL = Opinion(Verdict.MANUAL, (("P51", "Poste restante"),))
_EIGHT = tuple(
    Place(
        each, company_name(each, Form.AB), Role.CHAIR if position % 3 == 0 else Role.MEMBER, date(2012 + position, 9, 1)
    )
    for position, each in enumerate(company_numbers("7704", 8))
)


def _remarks(count: int, kronor: int) -> Mapping[str, Any]:
    return {"remark_count": count, "remark_sum": kronor, "latest_remark_on": date(2025, 11, 14)}


PERSONS: tuple[MagicNumber, ...] = (
    MagicNumber(
        number="197601092385",
        what=Text("EF utan anmärkning", "Clean EF"),
        group=Group.SOLE_TRADERS,
        facts={"points": "71", "letters": "AA"},
    ),
    MagicNumber(
        number="197601112399",
        what=Text("Person utan registrerad firma", "Person without a registered business"),
        group=Group.SOLE_TRADERS,
        trouble=ServiceError.NO_MATCH,
        troubled=frozenset({Kind.COMPANY, Kind.STATUS}),
    ),
    MagicNumber(
        number="197601122398",
        what=Text("EF med en betalningsanmärkning", "EF with one payment remark"),
        group=Group.SOLE_TRADERS,
        facts=_remarks(1, 4_200),
    ),
    MagicNumber(
        number="197601142396",
        what=Text("Nystartad EF, skuld hos Kronofogden okänd", "Newly started EF, debt at Kronofogden unknown"),
        group=Group.SOLE_TRADERS,
        facts={**NEW, "income": 180_000},
        untold=DEBT,
    ),
    MagicNumber(
        number="197601192391",
        what=Text("EF vars ägare är avliden", "EF whose owner is deceased"),
        group=Group.SOLE_TRADERS,
        facts={"person_register": PersonRegister.DECEASED},
    ),
    MagicNumber(
        number="197601232395",
        what=Text("EF vars ägare har förvaltare", "EF whose owner has a trustee"),
        group=Group.SOLE_TRADERS,
        facts={"trustee": True},
    ),
    MagicNumber(
        number="197601242386",
        what=Text("EF i konkurs", "EF in bankruptcy"),
        group=Group.SOLE_TRADERS,
        facts={"register": Register.BANKRUPT},
    ),
    MagicNumber(
        number="197601242394",
        what=Text("EF med skuld hos Kronofogden, 60 000 kr", "EF with a debt of 60 000 kr at Kronofogden"),
        group=Group.SOLE_TRADERS,
        facts={"public_debt": 45_000, "private_debt": 15_000},
    ),
    MagicNumber(
        number="197601252385",
        what=Text("EF med utmätning", "EF with a distraint"),
        group=Group.SOLE_TRADERS,
        facts={"distraint": True},
    ),
    MagicNumber(
        number="197602022381",
        what=Text("EF vars ägare har skuldsanering", "EF whose owner is in debt restructuring"),
        group=Group.SOLE_TRADERS,
        facts={"debt_restructuring": True},
    ),
    MagicNumber(
        number="197602042397",
        what=Text("EF vars ägare har utvandrat, med uppgifter", "EF whose owner has emigrated, with data"),
        group=Group.SOLE_TRADERS,
        facts={"person_register": PersonRegister.EMIGRATED, "emigrated_on": date(2025, 2, 1)},
        with_data=True,
    ),
    MagicNumber(
        number="197602082385",
        what=Text("EF med betyg 45 och B", "EF rated 45 and B"),
        group=Group.SOLE_TRADERS,
        facts={"points": "45", "letters": "B"},
    ),
    MagicNumber(
        number="197602109352",
        what=Text("Inaktiv EF", "Inactive EF"),
        group=Group.SOLE_TRADERS,
        facts={"register": Register.INACTIVE},
    ),
    MagicNumber(
        number="197602142387",
        what=Text("EF vars ägare har låg inkomst", "EF whose owner has a low income"),
        group=Group.SOLE_TRADERS,
        facts={"income": 88_000},
    ),
    MagicNumber(
        number="197602182391",
        what=Text("EF som mallen avslår", "EF that the template rejects"),
        group=Group.SOLE_TRADERS,
        facts={"opinion": _REJECTED},
    ),
    MagicNumber(
        number="197701072394",
        what=Text("Person utan anmärkning", "Clean person"),
        group=Group.PERSONS,
        facts={"income": 420_000, "scoring": 90},
    ),
    MagicNumber(
        number="197701112380",
        what=Text("Person med en anmärkning", "Person with one remark"),
        group=Group.PERSONS,
        facts=_remarks(1, 8_300),
    ),
    MagicNumber(
        number="197701132396",
        what=Text("Person med fem anmärkningar", "Person with five remarks"),
        group=Group.PERSONS,
        facts={**_remarks(5, 97_000), "scoring": 12},
    ),
    MagicNumber(
        number="197701252392",
        what=Text("Person med låg inkomst", "Person with a low income"),
        group=Group.PERSONS,
        facts={"income": 96_000},
    ),
    MagicNumber(
        number="197701312386",
        what=Text("Person utan inkomst", "Person without income"),
        group=Group.PERSONS,
        facts={"income": None},
    ),
    MagicNumber(
        number="197702012399",
        what=Text("Person med skuld hos Kronofogden", "Person with a debt at Kronofogden"),
        group=Group.PERSONS,
        facts={"public_debt": 100_000, "private_debt": 20_000},
    ),
    MagicNumber(
        number="197702022398",
        what=Text(
            "Person där anmärkningar, skuld och inkomst är okända", "Person whose remarks, debt and income are unknown"
        ),
        group=Group.PERSONS,
        untold=REMARKS_AND_DEBT | {"income"},
    ),
    MagicNumber(
        number="197702102380",
        what=Text("Person med förvaltare", "Person with a trustee"),
        group=Group.PERSONS,
        facts={"trustee": True},
    ),
    MagicNumber(
        number="197702112389",
        what=Text("Person med skuldsanering", "Person in debt restructuring"),
        group=Group.PERSONS,
        facts={"debt_restructuring": True},
    ),
    MagicNumber(
        number="197702182382",
        what=Text("Person med näringsförbud", "Person under a trading prohibition"),
        group=Group.PERSONS,
        facts={"trading_prohibition": True},
    ),
    MagicNumber(
        number="197703782396",
        what=Text("Vilande samordningsnummer", "Dormant coordination number"),
        group=Group.PERSONS,
        facts={"dormant_coordination_number": True},
    ),
    MagicNumber(
        number="197701862398", what=Text("Samordningsnummer i bruk", "Coordination number in use"), group=Group.PERSONS
    ),
    MagicNumber(
        number="197703052394",
        what=Text("Skyddade personuppgifter, utan uppgifter", "Protected identity, without data"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.PROTECTED},
    ),
    MagicNumber(
        number="197703152392",
        what=Text("Skyddade personuppgifter, med uppgifter", "Protected identity, with data"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.PROTECTED},
        with_data=True,
    ),
    MagicNumber(
        number="197703192398",
        what=Text("Spärrad för bedrägeri", "Blocked for fraud"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.BLOCKED},
    ),
    MagicNumber(
        number="197703242391",
        what=Text("Avliden person", "Deceased person"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.DECEASED},
    ),
    MagicNumber(
        number="197703282397",
        what=Text("Tekniskt avregistrerad", "Technically deregistered"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.DEREGISTERED},
    ),
    MagicNumber(
        number="197703312384",
        what=Text("Utvandrad, utan uppgifter", "Emigrated, without data"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.EMIGRATED, "emigrated_on": date(2025, 2, 1)},
    ),
    MagicNumber(
        number="197703312392",
        what=Text("Utvandrad, med uppgifter", "Emigrated, with data"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.EMIGRATED, "emigrated_on": date(2025, 2, 1)},
        with_data=True,
    ),
    MagicNumber(
        number="197704012397",
        what=Text("Ändrat personnummer", "Changed personal number"),
        group=Group.PERSONS,
        facts={"person_register": PersonRegister.NUMBER_CHANGED},
    ),
    MagicNumber(
        number="197704062384",
        what=Text("Person som inte finns", "Person who does not exist"),
        group=Group.PERSONS,
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    MagicNumber(
        number="197704072383",
        what=Text("Person med bara allmänna mål", "Person with public debt alone"),
        group=Group.PERSONS,
        facts={"public_debt": 41_000},
    ),
    MagicNumber(
        number="197704112387",
        what=Text("Person med bara enskilda mål", "Person with private debt alone"),
        group=Group.PERSONS,
        facts={"private_debt": 17_500},
    ),
    MagicNumber(
        number="197704112395",
        what=Text("Person med tjugo anmärkningar", "Person with twenty remarks"),
        group=Group.PERSONS,
        facts={**_remarks(20, 640_000), "scoring": 3},
    ),
    MagicNumber(
        number="197704142384",
        what=Text("Person med scoring 0", "Person scored 0"),
        group=Group.PERSONS,
        facts={"scoring": 0},
    ),
    MagicNumber(
        number="197704152383",
        what=Text("Person med scoring 100", "Person scored 100"),
        group=Group.PERSONS,
        facts={"scoring": 100},
    ),
    MagicNumber(
        number="197704242382",
        what=Text("Person utan scoring", "Person without a score"),
        group=Group.PERSONS,
        facts={"scoring": None},
    ),
    MagicNumber(
        number="197704252381",
        what=Text("Person med hög inkomst", "Person with a high income"),
        group=Group.PERSONS,
        facts={"income": 1_850_000},
    ),
    MagicNumber(
        number="197705082381",
        what=Text("Person utan uppdrag", "Person without assignments"),
        group=Group.PERSONS,
        facts={"assignments": ()},
    ),
    MagicNumber(
        number="197705102395",
        what=Text("Person med åtta uppdrag", "Person with eight assignments"),
        group=Group.PERSONS,
        facts={"assignments": _EIGHT},
    ),
    MagicNumber(
        number="197705142391",
        what=Text("Person vars uppdrag inte lämnas", "Person whose assignments are not told"),
        group=Group.PERSONS,
        untold=frozenset({"assignments"}),
    ),
    MagicNumber(
        number="197705162399",
        what=Text("Person som mallen avslår", "Person whom the template rejects"),
        group=Group.PERSONS,
        facts={"opinion": _REJECTED},
    ),
    MagicNumber(
        number="197705222383",
        what=Text("Person som mallen lämnar till en handläggare", "Person whom the template leaves to a person"),
        group=Group.PERSONS,
        facts={"opinion": _MANUAL},
    ),
)
