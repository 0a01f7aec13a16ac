"""Whatever arrives from the interfaces beside the two main ones (CAS, REST, the right to sign), as the stand-ins write
them: no exception of another kind, and nothing told that does not stand there.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure
from bureau_clients.facts import Known
from bureau_clients.formats import report_from_json, report_to_json
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import CompanyReport, NoMatch, PersonReport, Received, Report, Verdict
from bureau_clients.sandbox import bisnode, creditsafe
from bureau_clients.sandbox.server import make_server
from bureau_clients.sandbox.stand_in import StandIn
from tests.conftest import LONG
from tests.support.damage import damaged
from tests.support.serving import serving
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import BisnodeSettings, CreditsafeSettings
from underwriting.platform.environment import Secret

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMPANY, PERSON = OrganisationNumber("5599990008"), PersonalNumber("197701072394")
VERDICTS = {"1": Verdict.APPROVED, "2": Verdict.REJECTED, "4": Verdict.MANUAL}

settings = hypothesis.settings(
    max_examples=5_000 if LONG else 100,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    derandomize=not LONG,
)


@dataclass(frozen=True)
class Sample:
    """What one bureau answered about a healthy company or person, in parts, and how these are read again."""

    bureau: Bureau
    received: Sequence[Received]
    form: CompanyForm | None

    def read(self, part: str, body: bytes) -> Report | None:
        """The report with *body* in the place of one *part*; None where it gives none."""
        received = [replace(each, body=body) if each.part == part else each for each in self.received]
        number = PERSON if self.form is None else COMPANY
        try:
            return self.bureau.read(received, kind=QuestionKind.REPORT, number=number, form=self.form, at=AT)
        except BureauFailure:
            return None

    def body(self, part: str) -> bytes:
        """What was received in *part*."""
        return next(each.body for each in self.received if each.part == part)


@pytest.fixture(scope="module")
def samples() -> Mapping[str, Sample]:
    """An answer of each interface: of Creditsafe over SOAP with CAS, over REST with signatories, of Bisnode."""
    stand_in = StandIn(username="borgen", password="hemligt")
    servers = [make_server(module.create_app(stand_in)) for module in (creditsafe, bisnode)]
    with serving(servers[0]), serving(servers[1]):
        at_creditsafe, at_bisnode = (f"http://127.0.0.1:{server.server_port}" for server in servers)
        soap = creditsafe_at(
            f"{at_creditsafe}{creditsafe.PATH}",
            cas_url=f"{at_creditsafe}{creditsafe.CAS_PATH}",
            company_template="BORGEN_CAS_C1",
            person_template="BORGEN_CAS_P1",
        )
        rest = creditsafe_at(
            f"{at_creditsafe}{creditsafe.REST_PATH}",
            transport="rest",
            token_url=f"{at_creditsafe}{creditsafe.TOKEN_PATH}",
            signatories=True,
        )
        answered = {
            "soap-company": of_company(soap),
            "soap-person": of_person(soap),
            "rest-company": of_company(rest),
            "rest-person": of_person(rest),
            "bisnode-company": of_company(bisnode_at(at_bisnode)),
        }
    for server in servers:
        server.server_close()
    return answered


def creditsafe_at(url: str, **more: object) -> Creditsafe:
    values = {"company_block": "BORGEN_C_CREDIT", "person_block": "BORGEN_P_CREDIT", "username": "borgen"}
    times = {"connect_timeout_seconds": 20.0, "read_timeout_seconds": 20.0}
    return Creditsafe(CreditsafeSettings(url=url, password=Secret("hemligt"), **values, **times, **more))  # type: ignore[arg-type]


def bisnode_at(url: str) -> Bisnode:
    return Bisnode(
        BisnodeSettings(
            url=url,
            token_url=f"{url}{bisnode.TOKEN_PATH}",
            client_id="borgen",
            client_secret=Secret("hemligt"),
            connect_timeout_seconds=20.0,
            read_timeout_seconds=20.0,
            right_to_sign=True,
        )
    )


def of_company(bureau: Bureau) -> Sample:
    received = bureau.company(COMPANY, form=CompanyForm.AB, reference="r", at=AT).received
    return Sample(bureau, received, CompanyForm.AB)


def of_person(bureau: Bureau) -> Sample:
    return Sample(bureau, bureau.person(PERSON, reference="r", at=AT).received, None)


@pytest.mark.parametrize("of", ["rest-company", "rest-person"])
@settings
@given(data=st.data())
def test_no_bytes_over_rest_make_another_failure_or_a_report_on_another(
    samples: Mapping[str, Sample], of: str, data: st.DataObject
) -> None:
    """B3: and what is read can be kept."""
    sample = samples[of]
    body = data.draw(damaged([sample.body("getdata")]))
    report = sample.read("getdata", body)
    if isinstance(report, CompanyReport | PersonReport):
        check_stored(report)
        told = json.loads(body.decode("utf-8-sig")).get("report")
        about = told.get("basicInformation") if isinstance(told, dict) else None
        for name in ("organizationNumber", "personalNumber"):
            digits = re.sub("[^0-9]", "", str(about.get(name) or "")) if isinstance(about, dict) else ""
            assert digits[-10:] in ("", report.number[-10:])


@pytest.mark.parametrize("of", ["soap-company", "soap-person"])
@settings
@given(data=st.data())
def test_no_bytes_of_cas_make_a_verdict_that_it_does_not_state(
    samples: Mapping[str, Sample], of: str, data: st.DataObject
) -> None:
    """B3, D13: the report stands in any case."""
    sample = samples[of]
    body = data.draw(damaged([sample.body("cas")]))
    report = sample.read("cas", body)
    assert isinstance(report, CompanyReport | PersonReport)
    check_stored(report)
    if isinstance(report.opinion, Known):
        root = ElementTree.fromstring(body.replace(b"\xef\xbb\xbf", b""))  # noqa: S314 - what our reader took
        (status,) = {(each.text or "").strip() for each in root.iterfind(".//{*}Status")}
        assert VERDICTS[status] is report.opinion.value.verdict
        said = {(each.text or "").strip() for each in root.iterfind(".//{*}Cause_of_Reject")}
        assert set(report.opinion.value.reasons) <= said


@pytest.mark.parametrize(("of", "part"), [("rest-company", "signatories"), ("bisnode-company", "right-to-sign")])
@settings
@given(data=st.data())
def test_no_bytes_of_a_right_to_sign_make_a_signatory_who_does_not_stand_there(
    samples: Mapping[str, Sample], of: str, part: str, data: st.DataObject
) -> None:
    """B3, D13: the report stands in any case."""
    sample = samples[of]
    body = data.draw(damaged([sample.body(part)]))
    report = sample.read(part, body)
    assert isinstance(report, CompanyReport)
    check_stored(report)
    whole = sample.read(part, sample.body(part))
    assert isinstance(whole, CompanyReport)
    assert replace(report, signing_right=whole.signing_right) == whole
    if isinstance(report.signing_right, Known):
        strings = strings_in(json.loads(body.decode("utf-8-sig"))) if report.signing_right.value.alternatives else set()
        for signatory in {each for way in report.signing_right.value.alternatives for each in way}:
            # What nothing could store (NUL, half a surrogate pair) is replaced where it is read.
            storable = [re.sub("[^\x20-\ud7ff\ue000-\U0010ffff]", "\ufffd", text) for text in strings]
            words = {word for text in (*strings, *storable) for word in text.split()}
            assert set(signatory.name.split()) <= words
            assert signatory.number is None or any(
                re.sub("[^0-9]", "", text)[-10:] == signatory.number[-10:] for text in strings
            )


def strings_in(document: object) -> set[str]:
    """Every text and every number in *document*."""
    if isinstance(document, dict):
        return {text for value in document.values() for text in strings_in(value)}
    if isinstance(document, list):
        return {text for value in document for text in strings_in(value)}
    return {str(document)} if isinstance(document, str | int) else set()


def check_stored(report: Report) -> None:
    """What was read can be kept, and is the same when it is read again (B6)."""
    assert not isinstance(report, NoMatch)
    kept = json.dumps(report_to_json(report), ensure_ascii=False).encode()
    assert report_from_json(json.loads(kept)) == report
