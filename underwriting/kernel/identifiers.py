"""Numbers that name a company, a person, a payee and a payment. A value of these types has passed its check digit.

No message here repeats the number: what a person typed may be somebody's personal number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from organisationsnummer import organisationsnummer
from personnummer import personnummer
from stdnum import luhn

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm

GROUPS: Mapping[int, Text] = {
    1: Text("dödsbo", "estate of a deceased person"),
    2: Text("stat, region eller kommun", "state, region or municipality"),
    3: Text("utländskt företag", "foreign company"),
    5: Text("aktiebolag", "limited company"),
    6: Text("enkelt bolag", "simple partnership"),
    7: Text("ekonomisk förening eller bostadsrättsförening", "economic or housing association"),
    8: Text("ideell förening eller stiftelse", "non-profit association or foundation"),
    9: Text("handelsbolag eller kommanditbolag", "general or limited partnership"),
}
"""What the first digit of an organisation number says. Groups 5 and 9 do not settle the form: a register does."""

_GROUP_OF_FORM = {CompanyForm.AB: 5, CompanyForm.HB: 9, CompanyForm.KB: 9}
_BLANKS = re.compile("[ \u00a0\u202f]")
_LEGAL_PERSON = "16"  # the century position of an organisation number written with 12 digits
_ORGANISATION_MONTH = "2"  # the third digit of an organisation number is at least this, so it is never a birth month
_COORDINATION_DAYS = 60
_OCR_LENGTHS = range(2, 26)

_NOT_ORGANISATION = Text(
    "Ett organisationsnummer skrivs med 10 siffror, till exempel NNNNNN-NNNN",
    "An organisation number is written with 10 digits, such as NNNNNN-NNNN",
)
_NOT_PERSONAL = Text(
    "Ett personnummer eller samordningsnummer skrivs med 12 siffror, ÅÅÅÅMMDD-NNNN",
    "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN",
)
_CHECK_DIGIT = Text("Kontrollsiffran stämmer inte", "The check digit is wrong")
_NO_SUCH_BIRTH = Text(
    "Numret innehåller inget giltigt födelsedatum och födelsenummer",
    "The number holds no valid date of birth and birth number",
)
_NOT_BORN = Text("Födelsedatumet ligger i framtiden", "The date of birth lies in the future")
_NO_SUCH_GROUP = Text("Det finns ingen grupp med den första siffran", "There is no group with that first digit")
_WRONG_GROUP = Text(
    "Numret hör till gruppen {found.sv}; här behövs ett nummer för {wanted.sv}",
    "The number belongs to the group {found.en}; a number for {wanted.en} is needed here",
)
_NATURAL_PERSON = Text("fysisk person (personnummer)", "natural person (personal number)")
_SOLE_TRADER = Text("enskild firma (innehavarens personnummer)", "a sole trader (the owner's personal number)")
_NOT_BANKGIRO = Text(
    "Ett bankgironummer skrivs med 7 eller 8 siffror, NNN-NNNN eller NNNN-NNNN",
    "A bankgiro number is written with 7 or 8 digits, NNN-NNNN or NNNN-NNNN",
)


class IdentifierInvalid(InvalidInput):
    """A number is malformed, fails its check digit or names another kind of party than asked for."""

    slug = "identifier-invalid"
    title = Text("Numret är inte giltigt", "The number is not valid")


@dataclass(frozen=True, slots=True)
class OrganisationNumber:
    """A legal person's number (*organisationsnummer*, lag 1974:174): 10 digits. A bad one raises IdentifierInvalid."""

    digits: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{2}[2-9][0-9]{7}", self.digits):
            raise IdentifierInvalid(_NOT_ORGANISATION)
        if self.group not in GROUPS:
            raise IdentifierInvalid(_NO_SUCH_GROUP)
        if not organisationsnummer.valid(self.digits):
            raise IdentifierInvalid(_CHECK_DIGIT)

    @property
    def formatted(self) -> str:
        """As people write it: `NNNNNN-NNNN`."""
        return f"{self.digits[:6]}-{self.digits[6:]}"

    @property
    def vat_number(self) -> str:
        """The VAT number: `SE`, the ten digits, `01`."""
        return f"SE{self.digits}01"

    @property
    def group(self) -> int:
        """The first digit, a key of `GROUPS`."""
        return int(self.digits[0])

    def __str__(self) -> str:
        return self.formatted


@dataclass(frozen=True, slots=True, repr=False)
class PersonalNumber:
    """A *personnummer* (SFS 1991:481, 18 §) or *samordningsnummer* (SFS 2022:1697, 2:8): 12 digits, century first.

    A bad one raises IdentifierInvalid. `str` and `repr` give no digit of it, so that no log line does.
    """

    digits: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(18|19|20)[0-9]{10}", self.digits):
            raise IdentifierInvalid(_NOT_PERSONAL)
        if not luhn.is_valid(self.digits[2:]):
            raise IdentifierInvalid(_CHECK_DIGIT)
        # With the century written out the library reads no clock that matters here.
        if not personnummer.valid(self.digits):
            raise IdentifierInvalid(_NO_SUCH_BIRTH)

    @property
    def formatted(self) -> str:
        """The whole number, `YYYYMMDD-NNNN`; for those who may see it."""
        return f"{self.digits[:8]}-{self.digits[8:]}"

    @property
    def masked(self) -> str:
        """The date of birth alone, `YYYYMMDD-****`; for screens."""
        return f"{self.digits[:8]}-****"

    @property
    def is_coordination(self) -> bool:
        """Whether this is a coordination number: its day of birth is raised by 60."""
        return int(self.digits[6:8]) > _COORDINATION_DAYS

    @property
    def born_on(self) -> date:
        """The date of birth that the number states."""
        day = int(self.digits[6:8])
        return date(int(self.digits[:4]), int(self.digits[4:6]), day - _COORDINATION_DAYS * self.is_coordination)

    def age(self, on: date) -> int:
        """Whole years lived on *on*. Who is born on 29 February ages on 1 March in other years."""
        born = self.born_on
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

    def __str__(self) -> str:
        return "********-****"

    def __repr__(self) -> str:
        return f"PersonalNumber({self})"


@dataclass(frozen=True, slots=True)
class Bankgiro:
    """A payee's number with Bankgirot (*bankgironummer*): 7 or 8 digits. A bad one raises IdentifierInvalid."""

    digits: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[1-9][0-9]{6,7}", self.digits):
            raise IdentifierInvalid(_NOT_BANKGIRO)
        if not luhn.is_valid(self.digits):
            raise IdentifierInvalid(_CHECK_DIGIT)

    @property
    def formatted(self) -> str:
        """As people write it: `NNN-NNNN` or `NNNN-NNNN`."""
        return f"{self.digits[:-4]}-{self.digits[-4:]}"

    def __str__(self) -> str:
        return self.formatted


def parse_organisation_number(text: str) -> OrganisationNumber:
    """The organisation number that *text* states, with or without hyphen, blanks and the prefix 16.

    Raises IdentifierInvalid, which names the fault.
    """
    digits, sign = _digits_and_sign(text, _NOT_ORGANISATION)
    if sign == "+":
        raise IdentifierInvalid(_NOT_ORGANISATION)
    return OrganisationNumber(digits[2:] if len(digits) == 12 and digits.startswith(_LEGAL_PERSON) else digits)


def parse_personal_number(text: str, *, on: date) -> PersonalNumber:
    """The personal or coordination number that *text* states, as it reads on the day *on*.

    Without a century the year is the latest not in the future, with a plus sign 100 before it (SFS 1991:481, 18 §).
    Raises IdentifierInvalid for a malformed number and for a birth that *on* has not seen yet.
    """
    digits, sign = _digits_and_sign(text, _NOT_PERSONAL)
    number = PersonalNumber(digits if len(digits) == 12 else _with_century(digits, sign, on))
    if number.born_on > on:
        raise IdentifierInvalid(_NOT_BORN)
    return number


def parse_company_number(text: str, *, form: CompanyForm, on: date) -> OrganisationNumber | PersonalNumber:
    """The number of a company of *form*; for a sole trader that is the owner's personal number (rule A1).

    Raises IdentifierInvalid; with rule A1, and the name of the group, for a number of another group.
    """
    if not _is_organisation(text, _NOT_PERSONAL if form is CompanyForm.EF else _NOT_ORGANISATION):
        person = parse_personal_number(text, on=on)
        if form is CompanyForm.EF:
            return person
        raise _wrong_group(_NATURAL_PERSON, GROUPS[_GROUP_OF_FORM[form]])
    organisation = parse_organisation_number(text)
    if form is CompanyForm.EF:
        raise _wrong_group(GROUPS[organisation.group], _SOLE_TRADER)
    if organisation.group != _GROUP_OF_FORM[form]:
        raise _wrong_group(GROUPS[organisation.group], GROUPS[_GROUP_OF_FORM[form]])
    return organisation


def parse_bankgiro(text: str) -> Bankgiro:
    """The bankgiro number that *text* states, with or without hyphen and blanks. Raises IdentifierInvalid."""
    match = re.fullmatch(r"([0-9]{3,4})-?([0-9]{4})", _BLANKS.sub("", text.strip()))
    if match is None:
        raise IdentifierInvalid(_NOT_BANKGIRO)
    return Bankgiro(match[1] + match[2])


def ocr_number(number: int | str, *, length_digit: bool = True) -> str:
    """*number* as an OCR reference (*OCR-nummer*): followed by its length digit, unless told not, and its check digit.

    The length digit is the last digit of the whole reference's length. What is not 2 to 25 digits raises ValueError.
    """
    body = str(number)
    length = len(body) + 1 + length_digit
    if not re.fullmatch("[0-9]+", body) or length not in _OCR_LENGTHS:
        raise ValueError("an OCR reference has 2 to 25 digits")
    if length_digit:
        body += str(length % 10)
    return body + str(luhn.calc_check_digit(body))


def is_ocr_number(text: str, *, length_digit: bool = True) -> bool:
    """Whether *text* is an OCR reference with a right check digit and, unless told not, a right length digit."""
    if not re.fullmatch("[0-9]+", text) or len(text) not in _OCR_LENGTHS or not luhn.is_valid(text):
        return False
    return not length_digit or (len(text) > 2 and int(text[-2]) == len(text) % 10)


def _digits_and_sign(text: str, refusal: Text) -> tuple[str, str]:
    match = re.fullmatch(r"([0-9]{6}|[0-9]{8})([-+]?)([0-9]{4})", _BLANKS.sub("", text.strip()))
    if match is None:
        raise IdentifierInvalid(refusal)
    return match[1] + match[3], match[2]


def _is_organisation(text: str, refusal: Text) -> bool:
    digits, _ = _digits_and_sign(text, refusal)
    return digits.startswith(_LEGAL_PERSON) if len(digits) == 12 else digits[2] >= _ORGANISATION_MONTH


def _with_century(digits: str, sign: str, on: date) -> str:
    # By calendar year, since a hyphen becomes a plus on 1 January of the year in which the person turns 100.
    year = on.year - (on.year - int(digits[:2])) % 100
    return f"{year - 100 * (sign == '+')}{digits[2:]}"


def _wrong_group(found: Text, wanted: Text) -> IdentifierInvalid:
    return IdentifierInvalid(_WRONG_GROUP.filled(found=found, wanted=wanted), rule="A1")
