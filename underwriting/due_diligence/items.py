"""What a person looks into to know a customer, pure: its words, who settles it, which evidence is taken (rule K1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from underwriting.due_diligence.exposure import FoundExposure
from underwriting.due_diligence.ownership import Holding
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DiligenceKind, DiligenceResult, OwnerControl

NEEDS_AUTHORITY = frozenset({DiligenceKind.EXPOSURE_APPROVAL, DiligenceKind.ENHANCED_MEASURES})
"""What one underwriter proposes and another one with more authority approves (lag 2017:630, 3 kap. 19 §)."""
ANSWERED_BY_CUSTOMER = frozenset(
    {
        DiligenceKind.BENEFICIAL_OWNERS,
        DiligenceKind.POLITICALLY_EXPOSED,
        DiligenceKind.PURPOSE_OF_CREDIT,
        DiligenceKind.SOURCE_OF_REPAYMENT,
        DiligenceKind.RISK_CLASS,
    }
)
"""What the customer was asked and left open: information that is given when asked for fills it."""
SHORTEST_NOTE, LONGEST_NOTE = 10, 4000
LARGEST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
"""So many files are taken for one item."""
MEDIA_TYPES: Mapping[str, bytes] = MappingProxyType(
    {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
)
"""What evidence may be, and how its bytes begin."""
_MOST_OWNERS = 50
_LONGEST_ANSWER = 4000

KIND_TEXTS: Mapping[DiligenceKind, Text] = MappingProxyType(
    {
        DiligenceKind.BENEFICIAL_OWNERS: Text("Verklig huvudman saknas", "The beneficial owner is missing"),
        DiligenceKind.OWNER_DIFFERENCE: Text("Huvudmän avviker från registret", "Owners differ from the register"),
        DiligenceKind.POLITICALLY_EXPOSED: Text("Politiskt utsatt ställning obesvarad", "Exposure is not answered"),
        DiligenceKind.EXPOSURE_APPROVAL: Text("Person i politiskt utsatt ställning", "A politically exposed person"),
        DiligenceKind.ORIGIN_OF_FUNDS: Text("Medlens ursprung", "The origin of funds"),
        DiligenceKind.PURPOSE_OF_CREDIT: Text("Kreditens syfte saknas", "The purpose of the credit is missing"),
        DiligenceKind.SOURCE_OF_REPAYMENT: Text("Återbetalningens källa saknas", "The source of repayment is missing"),
        DiligenceKind.RISK_CLASS: Text("Underlag för riskklass saknas", "What the risk class rests on is missing"),
        DiligenceKind.ENHANCED_MEASURES: Text("Hög risk: skärpta åtgärder", "High risk: enhanced measures"),
        DiligenceKind.SIGNING_RIGHT: Text("Sökanden tecknar inte firman", "Who applied may not sign for the company"),
    }
)
"""The kinds as staff read them."""
KIND_TASKS: Mapping[DiligenceKind, Text] = MappingProxyType(
    {
        DiligenceKind.BENEFICIAL_OWNERS: Text(
            "Ta reda på vem som äger eller kontrollerar företaget, eller vem som är alternativ huvudman.",
            "Find out who owns or controls the company, or who stands in.",
        ),
        DiligenceKind.OWNER_DIFFERENCE: Text(
            "Jämför med registret, förklara skillnaden eller rätta uppgiften, och anmäl fel till Bolagsverket.",
            "Compare with the register, explain or correct the difference, and report an error to Bolagsverket.",
        ),
        DiligenceKind.POLITICALLY_EXPOSED: Text(
            "Fråga, och notera per person om ställningen finns, eller när den upphörde.",
            "Ask, and note for each person whether there is such a function or when it ended.",
        ),
        DiligenceKind.EXPOSURE_APPROVAL: Text(
            "Bedöm relationen och föreslå den; en behörig beslutsfattare godkänner.",
            "Judge the relation and propose it; somebody with authority approves.",
        ),
        DiligenceKind.ORIGIN_OF_FUNDS: Text(
            "Utred varifrån pengarna kommer och styrk det.", "Find out where the money comes from, with evidence."
        ),
        DiligenceKind.PURPOSE_OF_CREDIT: Text("Fråga vad krediten ska användas till.", "Ask what the credit is for."),
        DiligenceKind.SOURCE_OF_REPAYMENT: Text(
            "Fråga vad krediten betalas med.", "Ask what the credit is repaid with."
        ),
        DiligenceKind.RISK_CLASS: Text("Fråga om högrisktredjeländer.", "Ask about high-risk third countries."),
        DiligenceKind.ENHANCED_MEASURES: Text(
            "Gör skärpta åtgärder och föreslå relationen; en behörig beslutsfattare godkänner.",
            "Take enhanced measures and propose the relation; somebody with authority approves.",
        ),
        DiligenceKind.SIGNING_RIGHT: Text(
            "Den som ansökte finns inte i den registrerade firmateckningen. Kontrollera ett aktuellt "
            "registreringsbevis eller en fullmakt; saknas rätten inleds ingen relation.",
            "Whoever applied is not in the registered right to sign. Look at a current certificate of registration or "
            "a power of attorney; without that right no relation begins.",
        ),
    }
)
"""What is to be done about each."""
RESULT_TEXTS: Mapping[DiligenceResult, Text] = MappingProxyType(
    {
        DiligenceResult.SATISFIED: Text("Utrett utan hinder", "Looked into, nothing stands in the way"),
        DiligenceResult.CORRECTED: Text("Ifyllt eller rättat", "Filled in or corrected"),
        DiligenceResult.REFUSED: Text("Ingen relation får inledas", "No relation may begin"),
        DiligenceResult.LAPSED: Text("Inte längre aktuellt", "No longer called for"),
    }
)
"""The results as staff read them."""

_NUMBER = Text("Ange numret med tolv siffror, ett organisationsnummer med tio", "Give 12 digits, of a company 10")
_SHARE = Text("Andelen är mellan 0 och 1", "The share is between 0 and 1")
_TOO_MANY = Text("Högst femtio kan anges", "At most fifty can be given")
_TOO_LONG = Text("Högst 4000 tecken", "At most 4000 characters")
_INDUSTRY = Text("Ange en SNI-kod med två till fem siffror", "Give a code of SNI, two to five digits")
_NOTHING_FOUND = Text("Ange vad som rättas", "Say what is corrected")
_MISSING = Text("Ange uppgiften som saknas", "Give what is missing")
_BY_SYSTEM = Text("Välj ett resultat", "Choose a result")
_FILLED_BY: Mapping[DiligenceKind, str] = MappingProxyType(
    {
        DiligenceKind.BENEFICIAL_OWNERS: "owners",
        DiligenceKind.POLITICALLY_EXPOSED: "exposed",
        DiligenceKind.ORIGIN_OF_FUNDS: "origin_of_funds",
        DiligenceKind.PURPOSE_OF_CREDIT: "purpose_of_credit",
        DiligenceKind.SOURCE_OF_REPAYMENT: "source_of_repayment",
        DiligenceKind.RISK_CLASS: "trades_with_high_risk_countries",
    }
)


class ItemSettled(Conflict):
    """Somebody has settled it already, or it does not wait for this. Rule K1."""

    slug = "due-diligence-settled"
    title = Text("Punkten är redan avgjord", "This has been settled already")
    rule = "K1"


class ItemTaken(Conflict):
    """A colleague works on it. Rule K1."""

    slug = "due-diligence-taken"
    title = Text("En kollega arbetar med punkten", "A colleague works on this")
    rule = "K1"


class ItemOpen(Conflict):
    """The same is being looked into already. Rule K1."""

    slug = "due-diligence-open"
    title = Text("Detta utreds redan", "This is being looked into already")
    rule = "K1"


class ApprovingOwnFinding(NotPermitted):
    """Whoever proposed a finding does not approve it. Rule K1."""

    slug = "approving-own-finding"
    title = Text("Någon annan måste godkänna bedömningen", "Somebody else has to approve the finding")
    rule = "K1"


class FindingInvalid(InvalidInput):
    """What was found cannot be recorded as it was given. Rule K1."""

    slug = "due-diligence-finding-invalid"
    title = Text("Bedömningen är inte fullständig", "The finding is not complete")
    rule = "K1"


class EvidenceNotAccepted(InvalidInput):
    """The file is none that is taken as evidence. Rule K1."""

    slug = "evidence-not-accepted"
    title = Text(
        "Filen ska vara PDF, PNG eller JPEG på högst 10 MB", "The file has to be PDF, PNG or JPEG of at most 10 MB"
    )
    rule = "K1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOwner:
    """Somebody who holds or controls, as staff have found it, or as a register says: a person (12 digits) or a company
    (10). *of* is the company held, where that is not the customer itself; *relatives* are numbers of close relatives.
    """

    number: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    share: Decimal = Decimal(0)
    control: OwnerControl = OwnerControl.VOTES
    of: str | None = field(default=None, repr=False)
    relatives: tuple[str, ...] = field(default=(), repr=False)
    politically_exposed: bool | None = None

    def holding_in(self, company: str) -> Holding:
        """The holding, in *company* unless it is of another one."""
        return Holding(holder=self.number, company=self.of or company, share=self.share, control=self.control)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFinding:
    """What looking into it brought to light; None: nothing was said of it.

    *owners* are all that there are, *registered* is what the register of beneficial owners says.
    """

    owners: tuple[FoundOwner, ...] | None = None
    registered: tuple[FoundOwner, ...] | None = None
    exposed: tuple[FoundExposure, ...] | None = None
    purpose_of_credit: str | None = field(default=None, repr=False)
    source_of_repayment: str | None = field(default=None, repr=False)
    origin_of_funds: str | None = field(default=None, repr=False)
    trades_with_high_risk_countries: bool | None = None
    takes_cash: bool | None = None
    industry: str | None = None


NOTHING = StaffFinding()
"""A finding that says nothing."""


def check_note(note: str) -> str:
    """The note without blanks around it. Raises FindingInvalid."""
    kept = note.strip()
    if not SHORTEST_NOTE <= len(kept) <= LONGEST_NOTE:
        text = Text(
            "Skriv vad bedömningen vilar på, 10 till 4000 tecken", "Say what it rests on, 10 to 4000 characters"
        )
        raise FindingInvalid(errors=(FieldError("/note", text, "K1"),))
    return kept


def check_finding(kind: DiligenceKind, result: DiligenceResult, finding: StaffFinding) -> None:
    """Raises FindingInvalid with every fault of *finding*.

    A correction says something; what was left open is settled by what fills it, or by no relation at all.
    """
    errors = [*_owner_faults("owners", finding.owners), *_owner_faults("registered", finding.registered)]
    for place, one in enumerate(finding.exposed or ()):
        if not _is_number(one.number, lengths=(12,)):
            errors.append(FieldError(f"/exposed/{place}/number", _NUMBER, "K1"))
    answers = ("purpose_of_credit", "source_of_repayment", "origin_of_funds")
    long = (name for name in answers if len(getattr(finding, name) or "") > _LONGEST_ANSWER)
    errors.extend(FieldError(f"/{name}", _TOO_LONG, "K1") for name in long)
    code = finding.industry
    if code is not None and not (code.isascii() and code.isdigit() and 2 <= len(code) <= 5):
        errors.append(FieldError("/industry", _INDUSTRY, "K1"))
    if result is DiligenceResult.CORRECTED and finding == NOTHING:
        errors.append(FieldError("", _NOTHING_FOUND, "K1"))
    if result is DiligenceResult.LAPSED:
        errors.append(FieldError("/result", _BY_SYSTEM, "K1"))
    filled_by = _FILLED_BY.get(kind)
    if filled_by and result is not DiligenceResult.REFUSED and getattr(finding, filled_by) in (None, "", ()):
        errors.append(FieldError(f"/{filled_by}", _MISSING, "K1"))
    if errors:
        raise FindingInvalid(errors=tuple(errors))


def check_evidence(content: bytes, media_type: str) -> None:
    """Raises EvidenceNotAccepted for what is empty, too large or not what it says it is."""
    beginning = MEDIA_TYPES.get(media_type)
    if beginning is None or len(content) > LARGEST_BYTES or not content.startswith(beginning):
        raise EvidenceNotAccepted


def _owner_faults(name: str, owners: tuple[FoundOwner, ...] | None) -> list[FieldError]:
    errors = []
    if len(owners or ()) > _MOST_OWNERS:
        return [FieldError(f"/{name}", _TOO_MANY, "K1")]
    for place, one in enumerate(owners or ()):
        numbers = (one.number, *one.relatives, *filter(None, (one.of,)))
        if not all(_is_number(number, lengths=(10, 12)) for number in numbers):
            errors.append(FieldError(f"/{name}/{place}/number", _NUMBER, "K1"))
        if not 0 <= one.share <= 1:
            errors.append(FieldError(f"/{name}/{place}/share", _SHARE, "K1"))
    return errors


def _is_number(text: str, *, lengths: tuple[int, ...]) -> bool:
    return text.isascii() and text.isdigit() and len(text) in lengths
