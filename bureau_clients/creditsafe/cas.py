"""CAS, Creditsafe's decisions by a template of the lender's own, over SOAP.

CAS gives no rating, remark or debt: a verdict and the codes of its reasons. Its list of templates is asked for with the
same account and is about nobody, which makes it the check of user name and password.
"""

import re
from functools import partial

from bureau_clients.bureau import Check
from bureau_clients.creditsafe.cas_formats import CasAnswer, Templates, read_decision, read_templates
from bureau_clients.creditsafe.checks import timed
from bureau_clients.creditsafe.codes import outcome_of
from bureau_clients.creditsafe.getdata import SOAP_DIGITS
from bureau_clients.creditsafe.soap import Account, SoapService, understood
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.questions import Outcome
from bureau_clients.transport import Transport
from underwriting.kernel.text import Text
from underwriting.platform.bureau_settings import CreditsafeSettings

CAS = "cas"

_BINDING = "{https://webservice.creditsafe.se/CAS/}Cas_ServiceSoap"


class Cas:
    """CAS at *url*, with the settings' templates."""

    def __init__(self, settings: CreditsafeSettings, url: str, transport: Transport) -> None:
        """ValueError for an address that is neither https nor on loopback; the WSDL's own is never used."""
        self._settings = settings
        self._account = Account(settings)
        self._service = SoapService("cas_service.wsdl", binding=_BINDING, url=url, transport=transport)

    def ask(self, template: str, number: str, reference: str, *, is_company: bool) -> bytes:
        """The answer about *number*, as it arrived. Raises a BureauFailure."""
        question = {
            "account": self._account.named(reference),
            "SearchNumber": number[-SOAP_DIGITS:],
            "Templates": template,
            "LODCustFreeText": self._settings.letter_text,
        }
        request = "cas_company" if is_company else "cas_person"
        return self._service.send(_operation(is_company), {request: question}, part=CAS)

    def check(self) -> tuple[Check, ...]:
        """Whether the account is right, and whether it has each template that the settings name."""
        named = (("Company", self._settings.company_template), ("Consumer", self._settings.person_template))
        templates = [(report_type, template) for report_type, template in named if template is not None]
        report_type = templates[0][0] if templates else "Company"
        account = Text("CAS: användarnamn och lösenord", "CAS: user name and password")
        return (
            timed(account, partial(self._templates, report_type)),
            *(
                timed(Text(f"Mall {name}", f"Template {name}"), partial(self._find, name, kind))
                for kind, name in templates
            ),
        )

    def _find(self, template: str, report_type: str) -> None:
        if (template, report_type) not in self._templates(report_type).names:
            raise BureauRefused("12", part=CAS)

    def _templates(self, report_type: str) -> Templates:
        request = {"Account": self._account.named(""), "ReportType": report_type}
        body = self._service.send("GetTemplateList", {"cas_service": request}, part=CAS)
        templates = understood(body, read_templates, part=CAS)
        if templates.error_code is not None:
            raise _failure_of(templates.error_code, body)
        return templates


def read_opinion(body: bytes, number: str, *, is_company: bool) -> CasAnswer:
    """The decision about *number* in *body*. Raises a BureauFailure where there is none."""
    answer = understood(body, lambda raw: read_decision(raw, operation=_operation(is_company)), part=CAS)
    if answer.error_code is not None:
        raise _failure_of(answer.error_code, body)
    named = re.sub("[^0-9]", "", answer.number or "")[-SOAP_DIGITS:]
    if named not in ("", number[-SOAP_DIGITS:]):
        raise OutcomeUnknown("another-subject", raw=body, part=CAS)
    return answer


def _operation(is_company: bool) -> str:
    return "CasCompanyService" if is_company else "CasPersonService"


def _failure_of(code: str, body: bytes) -> BureauFailure:
    failure = BureauUnavailable if outcome_of(code) is Outcome.UNAVAILABLE else BureauRefused
    return failure(code, raw=body, part=CAS)
