"""The numbers about which something goes wrong: at Creditsafe, at Bisnode, or at both. Of everything else, the facts
are healthy.
"""

from collections.abc import Iterator, Sequence

from bureau_clients.sandbox.faults import TROUBLES, Fault, ServiceError, Trouble
from bureau_clients.sandbox.magic import Group, MagicNumber
from bureau_clients.sandbox.questions import BISNODE, BUREAUS, CREDITSAFE, Kind
from underwriting.kernel.text import Text

_AT_CREDITSAFE: Sequence[tuple[Trouble, tuple[str, ...]]] = (
    (Fault.SLOW, ("5599999009", "197707042391")),
    (Fault.SILENT, ("5599999017", "9699999018", "197612082391", "197707052382")),
    (Fault.TRICKLING, ("5599999025", "197707122391")),
    (Fault.SERVER_ERROR, ("5599999033", "197707132390")),
    (Fault.NOT_HANDLED, ("5599999041", "197707162397")),
    (Fault.PAGE, ("5599999058", "197707182395")),
    (Fault.REDIRECT, ("5599999066", "197707312398")),
    (Fault.SOAP_FAULT, ("5599999074", "197708032391")),
    (Fault.TRUNCATED, ("5599999082", "197708072397")),
    (Fault.BROKEN_OFF, ("5599999090", "197708102392")),
    (Fault.TOO_LARGE, ("5599999108", "197708112391")),
    (Fault.ENTITIES, ("5599999116", "197708122382")),
    (Fault.EMPTY, ("5599999124", "197708122390")),
    (Fault.SEVERAL_ROWS, ("5599999132", "197708192393")),
    (Fault.ANOTHER_SUBJECT, ("5599999140", "197708202390")),
    (ServiceError.TRY_LATER, ("5599999157", "197708242388")),
    (ServiceError.NO_REPORTS_LEFT, ("5599999165", "197708242396")),
    (ServiceError.WRONG_PASSWORD, ("5599999173", "197708272393")),
    (Fault.CUT, ("5599999181", "197705232382")),
    (Fault.TOO_MANY, ("5599999199", "197706042384")),
    (Fault.UNAUTHORISED, ("5599999207", "197706062390")),
    (Fault.TOKEN_EXPIRED, ("5599999215", "197706072399")),
    (Fault.GARBLED, ("5599999223", "197706152399")),
    (Fault.WRONG_ENCODING, ("5599999231", "197706172389")),
    (Fault.NESTED, ("5599999249", "197706272395")),
    (Fault.CHANGED_FIELDS, ("5599999256", "197708312389")),
    (Fault.EXTRA_FIELDS, ("5599999264", "197708312397")),
    (Fault.MISSING_SEGMENT, ("5599999272", "197709082387")),
    (ServiceError.UNREADABLE, ("5599999280", "197709092394")),
    (ServiceError.NO_ACCESS, ("5599999298", "197709102383")),
    (ServiceError.WRONG_BLOCK, ("5599999306", "197709112382")),
    (ServiceError.SECURITY, ("5599999314", "197709122399")),
    (ServiceError.COMPANY_NOT_SHOWN, ("5599999322", "197709152388")),
    (ServiceError.FORM_NOT_SHOWN, ("5599999330", "197709162395")),
)
_AT_BISNODE: Sequence[tuple[Trouble, tuple[str, ...]]] = (
    (Fault.SLOW, ("5599998001", "197801012399")),
    (Fault.SILENT, ("5599998019", "9699998002", "197801032397")),
    (Fault.TRICKLING, ("5599998027", "197801042396")),
    (Fault.CUT, ("5599998035", "197801052387")),
    (Fault.BROKEN_OFF, ("5599998043", "197801072393")),
    (Fault.SERVER_ERROR, ("5599998050", "197801132395")),
    (Fault.NOT_HANDLED, ("5599998068", "197801222394")),
    (Fault.TOO_MANY, ("5599998076", "197801262382")),
    (Fault.UNAUTHORISED, ("5599998084", "197801262390")),
    (Fault.TOKEN_EXPIRED, ("5599998092", "197801292397")),
    (Fault.REDIRECT, ("5599998100", "197801312393")),
    (Fault.PAGE, ("5599998118", "197802012398")),
    (Fault.TRUNCATED, ("5599998126", "197802132386")),
    (Fault.GARBLED, ("5599998134", "197802192380")),
    (Fault.WRONG_ENCODING, ("5599998142", "197802262399")),
    (Fault.TOO_LARGE, ("5599998159", "197802282389")),
    (Fault.NESTED, ("5599998167", "197803012397")),
    (Fault.EMPTY, ("5599998175", "197803022388")),
    (Fault.CHANGED_FIELDS, ("5599998183", "197803022396")),
    (Fault.EXTRA_FIELDS, ("5599998191", "197803052385")),
    (Fault.MISSING_SEGMENT, ("5599998209", "197803162382")),
    (Fault.ANOTHER_CURRENCY, ("5599998217", "197803172399")),
    (Fault.ANOTHER_SUBJECT, ("5599998225", "197803182398")),
    (ServiceError.UNREADABLE, ("5599998233", "197803202394")),
    (ServiceError.NO_ACCESS, ("5599998241", "197803222384")),
    (ServiceError.NO_REPORTS_LEFT, ("5599998258", "197803252399")),
    (ServiceError.WRONG_PASSWORD, ("5599998266", "197803272389")),
    (ServiceError.WRONG_BLOCK, ("5599998274", "197804012396")),
    (ServiceError.SECURITY, ("5599998282", "197804022387")),
    (ServiceError.TRY_LATER, ("5599998290", "197804092380")),
    (ServiceError.COMPANY_NOT_SHOWN, ("5599998308", "197804112386")),
    (ServiceError.FORM_NOT_SHOWN, ("5599998316", "197804112394")),
    (ServiceError.LEGAL_REASONS, ("5599998324", "197804132384")),
)
_AT_BOTH: Sequence[tuple[Trouble, tuple[str, ...]]] = (
    (Fault.SLOW, ("5599997003", "197804152390")),
    (Fault.SILENT, ("5599997011", "9699997004", "197602202397", "197804172380")),
    (Fault.CUT, ("5599997029", "197804182389")),
    (Fault.SERVER_ERROR, ("5599997037", "197804189319")),
    (Fault.NOT_HANDLED, ("5599997045", "197804192388")),
    (Fault.PAGE, ("5599997052", "197804222383")),
    (Fault.CHANGED_FIELDS, ("5599997060", "197805022394")),
    (ServiceError.NO_REPORTS_LEFT, ("5599997078", "197805042392")),
    (ServiceError.TRY_LATER, ("5599997086", "197805062382")),
)
_SUPPLEMENTS: Sequence[tuple[Trouble, Kind, tuple[str, ...]]] = (
    (Fault.SILENT, Kind.OPINION, ("5599992806", "197709192392")),
    (Fault.SERVER_ERROR, Kind.OPINION, ("5599992814", "197709262393")),
    (Fault.CHANGED_FIELDS, Kind.OPINION, ("5599992822", "197709292382")),
    (ServiceError.WRONG_TEMPLATE, Kind.OPINION, ("5599992830", "197710042388")),
    (Fault.SILENT, Kind.SIGNATORIES, ("5599992848",)),
    (Fault.SERVER_ERROR, Kind.SIGNATORIES, ("5599992855",)),
    (Fault.CHANGED_FIELDS, Kind.SIGNATORIES, ("5599992863",)),
    (ServiceError.NO_MATCH, Kind.SIGNATORIES, ("5599992871",)),
    (ServiceError.NO_ACCESS, Kind.SIGNATORIES, ("5599992889",)),
)


def _rows(
    group: Group, table: Sequence[tuple[Trouble, tuple[str, ...]]], bureaus: tuple[str, ...]
) -> Iterator[MagicNumber]:
    for trouble, numbers in table:
        for number in numbers:
            yield MagicNumber(number=number, what=TROUBLES[trouble], group=group, trouble=trouble, bureaus=bureaus)


def _supplements() -> Iterator[MagicNumber]:
    for trouble, kind, numbers in _SUPPLEMENTS:
        of, trouble_text = _OF_SUPPLEMENTS[kind], TROUBLES[trouble]
        what = Text(f"{of.sv}: {trouble_text.sv}", f"{of.en}: {trouble_text.en}")
        for number in numbers:
            yield MagicNumber(
                number=number, what=what, group=Group.SUPPLEMENTS, trouble=trouble, troubled=frozenset({kind})
            )


_OF_SUPPLEMENTS = {
    Kind.OPINION: Text("Omdömet (CAS)", "The verdict (CAS)"),
    Kind.SIGNATORIES: Text("Firmateckningen", "The right to sign"),
}

FAULTS: tuple[MagicNumber, ...] = (
    *_rows(Group.FAULTS_AT_CREDITSAFE, _AT_CREDITSAFE, (CREDITSAFE,)),
    *_rows(Group.FAULTS_AT_BISNODE, _AT_BISNODE, (BISNODE,)),
    *_rows(Group.FAULTS_AT_BOTH, _AT_BOTH, BUREAUS),
    *_supplements(),
)
