"""What statuses and codes of Bisnode mean."""

from pathlib import Path

import pytest

from bureau_clients.bisnode.codes import REPORT_CODES, Sign, meaning_of, outcome_of, sign_of_code, sign_of_event
from bureau_clients.questions import Outcome

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "bureaus" / "bisnode" / "se_report_codes.txt"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.REFUSED),
        (307, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (401, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (404, Outcome.NO_MATCH),
        (405, Outcome.REFUSED),
        (408, Outcome.UNAVAILABLE),
        (415, Outcome.REFUSED),
        (429, Outcome.UNAVAILABLE),
        (451, Outcome.REFUSED),
        (500, Outcome.UNKNOWN),
        (502, Outcome.UNKNOWN),
        (503, Outcome.UNAVAILABLE),
        (504, Outcome.UNKNOWN),
        (201, Outcome.UNKNOWN),
        (204, Outcome.UNKNOWN),
        (599, Outcome.UNKNOWN),
    ],
)
def test_each_status_has_one_outcome(status: int, outcome: Outcome) -> None:
    """B3: unavailable only where the service says that it did not handle the question."""
    assert outcome_of(status) is outcome


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("KK", Sign.BANKRUPT),
        ("kk ", Sign.BANKRUPT),
        ("KUÖ", Sign.BANKRUPTCY_CONCLUDED),
        ("KA", Sign.BANKRUPTCY_PETITION),
        ("KAÅ", Sign.BANKRUPTCY_PETITION_OVER),
        ("DLI", Sign.LIQUIDATION),
        ("RKI", Sign.RECONSTRUCTION),
        ("FST", Sign.F_TAX),
        ("FSO", Sign.NO_F_TAX),
        ("KF", None),  # a claim that the company has on a bankrupt one
        ("SNI", None),
        ("", None),
    ],
)
def test_what_a_report_code_says(code: str, sign: Sign | None) -> None:
    """B7: bankruptcy, liquidation and the like are facts."""
    assert sign_of_code(code) is sign


@pytest.mark.parametrize(
    ("kind", "description", "sign"),
    [
        ("Bolagsverksärende", "Konkurs inledd", Sign.BANKRUPT),
        ("Bolagsverksärende", "Konkurs avslutad utan överskott", Sign.BANKRUPTCY_CONCLUDED),
        ("Bolagsverksärende", "Konkursbeslut upphävt", Sign.BANKRUPTCY_CANCELLED),
        ("Tingsrätt", "Konkursansökan", Sign.BANKRUPTCY_PETITION),
        ("Tingsrätt", "Konkursansökan återkallad", Sign.BANKRUPTCY_PETITION_OVER),
        ("Tingsrätt", "Bevakning i konkurs", Sign.BANKRUPTCY_UNTOLD),
        ("Bolagsverksärende", "Likvidation beslutad", Sign.LIQUIDATION),
        ("Bolagsverksärende", "Likvidation avslutad", Sign.LIQUIDATION_CONCLUDED),
        ("Bolagsverksärende", "Ny likvidator", Sign.LIQUIDATION_UNTOLD),
        ("Bolagsverksärende", "Företagsrekonstruktion inledd", Sign.RECONSTRUCTION),
        ("Bolagsverksärende", "Företagsrekonstruktionen har upphört", Sign.RECONSTRUCTION_OVER),
        ("Bolagsverksärende", "Avregistrerat", Sign.DEREGISTERED),
        ("Skatteverket", "Avregistrerad för moms", Sign.NO_VAT),
        ("Skatteverket", "Ej godkänd för F-skatt", Sign.NO_F_TAX),
        ("Skatteverket", "Godkänd för F-skatt", Sign.F_TAX),
        ("KK", "", Sign.BANKRUPT),
        ("Registration office", "COMPANY BANKRUPT", Sign.BANKRUPT),
        ("Registration office", "BANKRUP.PETITION, REJECTED", Sign.BANKRUPTCY_PETITION_OVER),
        ("Registration office", "DECISION ABOUT BANKRUPTCY CANCELLED", Sign.BANKRUPTCY_CANCELLED),
        ("Registration office", "LIQUIDATION CANCELLED COMPANY DISSOLVED", Sign.LIQUIDATION_CONCLUDED),
        ("Registration office", "DECISION ABOUT LIQUIDATION CANCELLED", Sign.LIQUIDATION_CANCELLED),
        ("Registration office", "RECONSTRUCTION EXPIRED", Sign.RECONSTRUCTION_OVER),
        ("Registration office", "NOT REGISTRED FOR F-TAX", Sign.NO_F_TAX),
        ("Registration office", "NOT REGISTERED FOR VAT", Sign.NO_VAT),
        ("Bolagsverksärende", "Ändring av styrelse", None),
        ("", "", None),
    ],
)
def test_what_the_words_of_an_event_say(kind: str, description: str, sign: Sign | None) -> None:
    """B7: events of a company have no code."""
    assert sign_of_event(kind, description) is sign


def test_every_code_is_one_of_the_published_ones() -> None:
    """B7: a code of our own making would never be seen."""
    if not PUBLISHED.exists():
        pytest.skip(f"the published list is not here: {PUBLISHED}")
    published = {line.split()[0] for line in PUBLISHED.read_text().splitlines() if line.strip()}
    assert REPORT_CODES.keys() <= published


@pytest.mark.parametrize(
    "code",
    [
        *("http-400", "http-401", "http-403", "http-404", "http-408", "http-429", "http-451", "http-503"),
        *("token-refused", "token-address", "token-unavailable", "no-connection", "certificate", "read-timeout"),
        *("broken-connection", "too-large", "not-an-answer", "empty-answer", "another-subject"),
    ],
)
def test_every_code_of_ours_has_words_of_its_own(code: str) -> None:
    assert code not in meaning_of(code).sv
    assert meaning_of(code).sv != meaning_of(code).en


def test_another_code_is_named_as_it_is() -> None:
    assert meaning_of("http-418") == ("Felkod http-418", "Error code http-418")
