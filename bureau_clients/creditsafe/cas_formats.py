"""What Creditsafe's CAS answers: a decision by a template with its reasons, or the templates of the account."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from bureau_clients.creditsafe.codes import code_in, is_service_error
from bureau_clients.creditsafe.envelopes import has_text, result_in, text_in
from bureau_clients.reports import Verdict

NAMESPACE = "https://webservice.creditsafe.se/CAS/"

_VERDICTS: Mapping[str, Verdict] = {"1": Verdict.APPROVED, "2": Verdict.REJECTED, "4": Verdict.MANUAL}


@dataclass(frozen=True, slots=True)
class CasAnswer:
    """One decision: the number it is about, its verdict, and the codes of its reasons; or the code of an error.

    *verdict* is None for a status that nobody has told us the meaning of.
    """

    number: str | None = field(repr=False)
    verdict: Verdict | None
    reasons: tuple[str, ...]
    error_code: str | None


@dataclass(frozen=True, slots=True)
class Templates:
    """The account's templates as name and kind of report (`Company`, `Consumer`), or the code of an error."""

    names: frozenset[tuple[str, str]]
    error_code: str | None


def read_decision(body: bytes, *, operation: str) -> CasAnswer:
    """The answer to CasCompanyService or CasPersonService in *body*. Raises SoapFault, or NotAnAnswer."""
    result = result_in(body, namespace=NAMESPACE, operation=operation)
    codes = [_code(error) for error in result.iterfind(f"{{{NAMESPACE}}}ErrorList/{{{NAMESPACE}}}ERROR")]
    told = [code for code in codes if code is not None]
    return CasAnswer(
        number=text_in(result, "Org_nr") or text_in(result, "Personnr"),
        verdict=_VERDICTS.get(text_in(result, "Status") or ""),
        reasons=tuple(dict.fromkeys(code for code in told if not is_service_error(code))),
        error_code=next((code for code in told if is_service_error(code)), None),
    )


def read_templates(body: bytes) -> Templates:
    """The answer to GetTemplateList in *body*. Raises SoapFault, or NotAnAnswer."""
    result = result_in(body, namespace=NAMESPACE, operation="GetTemplateList")
    error = result.find(f"{{{NAMESPACE}}}error")
    templates = result.iterfind(f"{{{NAMESPACE}}}templates/{{{NAMESPACE}}}Template")
    return Templates(
        names=frozenset((text_in(each, "TemplateName") or "", text_in(each, "ReportType") or "") for each in templates),
        error_code=None if error is None else _code(error),
    )


def _code(error: etree._Element) -> str | None:
    return code_in(text_in(error, "Cause_of_Reject")) if has_text(error) else None
