"""The numbers of persons and of sole traders, and their stories."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from bureau_clients.sandbox.facts import Form, Opinion, PersonRegister, Place, Register, Role, Verdict
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import company_name, company_numbers
from bureau_clients.sandbox.magic import Group, MagicNumber, story
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


_person = partial(story, Group.PERSONS)
_sole_trader = partial(story, Group.SOLE_TRADERS)

PERSONS: tuple[MagicNumber, ...] = (
    _sole_trader("197601092385", Text("EF utan anmärkning", "Clean EF"), points="71", letters="AA"),
    _sole_trader(
        "197601112399",
        Text("Person utan registrerad firma", "Person without a registered business"),
        trouble=ServiceError.NO_MATCH,
        troubled=frozenset({Kind.COMPANY, Kind.STATUS}),
    ),
    _sole_trader(
        "197601122398", Text("EF med en betalningsanmärkning", "EF with one payment remark"), **_remarks(1, 4_200)
    ),
    _sole_trader(
        "197601142396",
        Text("Nystartad EF, skuld hos Kronofogden okänd", "Newly started EF, debt at Kronofogden unknown"),
        **NEW,
        income=180_000,
        untold=DEBT,
    ),
    _sole_trader(
        "197601192391",
        Text("EF vars ägare är avliden", "EF whose owner is deceased"),
        person_register=PersonRegister.DECEASED,
    ),
    _sole_trader("197601232395", Text("EF vars ägare har förvaltare", "EF whose owner has a trustee"), trustee=True),
    _sole_trader("197601242386", Text("EF i konkurs", "EF in bankruptcy"), register=Register.BANKRUPT),
    _sole_trader(
        "197601242394",
        Text("EF med skuld hos Kronofogden, 60 000 kr", "EF with a debt of 60 000 kr at Kronofogden"),
        public_debt=45_000,
        private_debt=15_000,
    ),
    _sole_trader("197601252385", Text("EF med utmätning", "EF with a distraint"), distraint=True),
    _sole_trader(
        "197602022381",
        Text("EF vars ägare har skuldsanering", "EF whose owner is in debt restructuring"),
        debt_restructuring=True,
    ),
    _sole_trader(
        "197602042397",
        Text("EF vars ägare har utvandrat, med uppgifter", "EF whose owner has emigrated, with data"),
        person_register=PersonRegister.EMIGRATED,
        emigrated_on=date(2025, 2, 1),
        with_data=True,
    ),
    _sole_trader("197602082385", Text("EF med betyg 45 och B", "EF rated 45 and B"), points="45", letters="B"),
    _sole_trader("197602109352", Text("Inaktiv EF", "Inactive EF"), register=Register.INACTIVE),
    _sole_trader(
        "197602142387", Text("EF vars ägare har låg inkomst", "EF whose owner has a low income"), income=88_000
    ),
    _sole_trader("197602182391", Text("EF som mallen avslår", "EF that the template rejects"), opinion=_REJECTED),
    _person("197701072394", Text("Person utan anmärkning", "Clean person"), income=420_000, scoring=90),
    _person("197701112380", Text("Person med en anmärkning", "Person with one remark"), **_remarks(1, 8_300)),
    _person(
        "197701132396",
        Text("Person med fem anmärkningar", "Person with five remarks"),
        **_remarks(5, 97_000),
        scoring=12,
    ),
    _person("197701252392", Text("Person med låg inkomst", "Person with a low income"), income=96_000),
    _person("197701312386", Text("Person utan inkomst", "Person without income"), income=None),
    _person(
        "197702012399",
        Text("Person med skuld hos Kronofogden", "Person with a debt at Kronofogden"),
        public_debt=100_000,
        private_debt=20_000,
    ),
    _person(
        "197702022398",
        Text(
            "Person där anmärkningar, skuld och inkomst är okända", "Person whose remarks, debt and income are unknown"
        ),
        untold=REMARKS_AND_DEBT | {"income"},
    ),
    _person("197702102380", Text("Person med förvaltare", "Person with a trustee"), trustee=True),
    _person("197702112389", Text("Person med skuldsanering", "Person in debt restructuring"), debt_restructuring=True),
    _person(
        "197702182382", Text("Person med näringsförbud", "Person under a trading prohibition"), trading_prohibition=True
    ),
    _person(
        "197703782396",
        Text("Vilande samordningsnummer", "Dormant coordination number"),
        dormant_coordination_number=True,
    ),
    _person("197701862398", Text("Samordningsnummer i bruk", "Coordination number in use")),
    _person(
        "197703052394",
        Text("Skyddade personuppgifter, utan uppgifter", "Protected identity, without data"),
        person_register=PersonRegister.PROTECTED,
    ),
    _person(
        "197703152392",
        Text("Skyddade personuppgifter, med uppgifter", "Protected identity, with data"),
        person_register=PersonRegister.PROTECTED,
        with_data=True,
    ),
    _person("197703192398", Text("Spärrad för bedrägeri", "Blocked for fraud"), person_register=PersonRegister.BLOCKED),
    _person("197703242391", Text("Avliden person", "Deceased person"), person_register=PersonRegister.DECEASED),
    _person(
        "197703282397",
        Text("Tekniskt avregistrerad", "Technically deregistered"),
        person_register=PersonRegister.DEREGISTERED,
    ),
    _person(
        "197703312384",
        Text("Utvandrad, utan uppgifter", "Emigrated, without data"),
        person_register=PersonRegister.EMIGRATED,
        emigrated_on=date(2025, 2, 1),
    ),
    _person(
        "197703312392",
        Text("Utvandrad, med uppgifter", "Emigrated, with data"),
        person_register=PersonRegister.EMIGRATED,
        emigrated_on=date(2025, 2, 1),
        with_data=True,
    ),
    _person(
        "197704012397",
        Text("Ändrat personnummer", "Changed personal number"),
        person_register=PersonRegister.NUMBER_CHANGED,
    ),
    _person(
        "197704062384",
        Text("Person som inte finns", "Person who does not exist"),
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    _person("197704072383", Text("Person med bara allmänna mål", "Person with public debt alone"), public_debt=41_000),
    _person(
        "197704112387", Text("Person med bara enskilda mål", "Person with private debt alone"), private_debt=17_500
    ),
    _person(
        "197704112395",
        Text("Person med tjugo anmärkningar", "Person with twenty remarks"),
        **_remarks(20, 640_000),
        scoring=3,
    ),
    _person("197704142384", Text("Person med scoring 0", "Person scored 0"), scoring=0),
    _person("197704152383", Text("Person med scoring 100", "Person scored 100"), scoring=100),
    _person("197704242382", Text("Person utan scoring", "Person without a score"), scoring=None),
    _person("197704252381", Text("Person med hög inkomst", "Person with a high income"), income=1_850_000),
    _person("197705082381", Text("Person utan uppdrag", "Person without assignments"), assignments=()),
    _person("197705102395", Text("Person med åtta uppdrag", "Person with eight assignments"), assignments=_EIGHT),
    _person(
        "197705142391",
        Text("Person vars uppdrag inte lämnas", "Person whose assignments are not told"),
        untold=frozenset({"assignments"}),
    ),
    _person("197705162399", Text("Person som mallen avslår", "Person whom the template rejects"), opinion=_REJECTED),
    _person(
        "197705222383",
        Text("Person som mallen lämnar till en handläggare", "Person whom the template leaves to a person"),
        opinion=_MANUAL,
    ),
)
