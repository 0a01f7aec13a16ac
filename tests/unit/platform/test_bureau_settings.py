"""The bureaus' settings: who is asked is a matter of settings alone, and only whoever is asked has to be described."""

from pathlib import Path

import pytest

from tests.support.environment import complete_environment
from underwriting.kernel.money import Money
from underwriting.platform.bureau_settings import BureauSettings, TariffSettings
from underwriting.platform.settings import Settings, SettingsRefused

BISNODE = {
    "BISNODE_URL": "http://127.0.0.1:9/bisnode",
    "BISNODE_TOKEN_URL": "http://127.0.0.1:9/bisnode/token",
    "BISNODE_CLIENT_ID": "borgen",
    "BISNODE_CLIENT_SECRET": "b1snodes-hemlighet",
}
REST = {"CREDITSAFE_TRANSPORT": "rest", "CREDITSAFE_TOKEN_URL": "http://127.0.0.1:9/authenticate"}
CAS = {"CREDITSAFE_CAS_URL": "http://127.0.0.1:9/cas", "CREDITSAFE_COMPANY_TEMPLATE": "BORGEN_CAS_C1"}
BOTH = {"BUREAUS_COMPANIES": "creditsafe,bisnode"}
ORDERS = ("BUREAUS_COMPANIES", "BUREAUS_SOLE_TRADERS", "BUREAUS_PERSONS")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Complete settings in which both bureaus are described."""
    return {**complete_environment(tmp_path), **BISNODE}


@pytest.fixture
def without_creditsafe(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("CREDITSAFE_")}


def problems_of(environment: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment(environment)
    return dict(refused.value.problems)


def test_creditsafe_alone_is_asked_where_no_order_is_given(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    assert settings.bureaus == BureauSettings()
    assert settings.bureaus.named == {"creditsafe"}
    assert settings.bisnode is None


def test_the_order_for_companies_holds_for_everybody_else_who_has_none(environment: dict[str, str]) -> None:
    """B1: a configured order."""
    bureaus = Settings.from_environment({**environment, **BOTH, "BUREAUS_PERSONS": "bisnode"}).bureaus
    assert bureaus.companies == bureaus.sole_traders == ("creditsafe", "bisnode")
    assert bureaus.persons == ("bisnode",)


@pytest.mark.parametrize("order", ORDERS)
def test_a_bureau_named_in_any_order_has_to_be_described(environment: dict[str, str], order: str) -> None:
    """B1: a deployment switches a bureau on by naming it."""
    bare = {name: value for name, value in environment.items() if not name.startswith("BISNODE_")}
    assert problems_of({**bare, order: "creditsafe,bisnode"}) == dict.fromkeys(BISNODE, "is missing")
    bisnode = Settings.from_environment({**environment, order: "creditsafe,bisnode"}).bisnode
    assert bisnode is not None
    assert bisnode.client_secret.reveal() == "b1snodes-hemlighet"


def test_a_bureau_that_no_order_names_needs_no_settings(without_creditsafe: dict[str, str]) -> None:
    """B1: a deployment without Creditsafe sets nothing of it."""
    settings = Settings.from_environment({**without_creditsafe, "BUREAUS_COMPANIES": "bisnode"})
    assert settings.creditsafe is None
    assert settings.bureaus.named == {"bisnode"}


def test_what_is_malformed_about_a_bureau_that_is_not_asked_is_not_looked_at(environment: dict[str, str]) -> None:
    assert Settings.from_environment({**environment, "BISNODE_URL": "ftp://nowhere"}).bisnode is None


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("value", [",", "creditsafe,", "creditsafe,creditsafe", "uc", "creditsafe bisnode"])
def test_an_order_that_cannot_be_followed_is_refused(environment: dict[str, str], order: str, value: str) -> None:
    detail = "is not a list, with commas, of some of creditsafe, bisnode, each once"
    assert problems_of({**environment, order: value}) == {order: detail}


def test_what_is_agreed_with_creditsafe_is_read(environment: dict[str, str], tmp_path: Path) -> None:
    """B1: one customer's blocks and columns are configuration."""
    ca = tmp_path / "ca.pem"
    ca.touch()
    agreed = {
        **REST,
        **CAS,
        "CREDITSAFE_PERSON_TEMPLATE": "BORGEN_CAS_P1",
        "CREDITSAFE_STATUS_BLOCK": "STATUS",
        "CREDITSAFE_SOLE_TRADER_BLOCK": "TRADER",
        "CREDITSAFE_SIGNATORIES": "true",
        "CREDITSAFE_LANGUAGE": "en",
        "CREDITSAFE_LETTER_TEXT": "Frågan gäller en ansökan om kredit.",
        "CREDITSAFE_MAPPING": '{"company": {"f_tax": "FSKATT"}}',
        "CREDITSAFE_CA": str(ca),
        "CREDITSAFE_CONNECT_TIMEOUT_SECONDS": "2.5",
        "CREDITSAFE_READ_TIMEOUT_SECONDS": "30",
    }
    creditsafe = Settings.from_environment({**environment, **agreed}).creditsafe
    assert creditsafe is not None
    assert (creditsafe.transport, creditsafe.token_url) == ("rest", "http://127.0.0.1:9/authenticate")
    assert (creditsafe.status_block, creditsafe.sole_trader_block) == ("STATUS", "TRADER")
    assert (creditsafe.cas_url, creditsafe.company_template) == ("http://127.0.0.1:9/cas", "BORGEN_CAS_C1")
    assert (creditsafe.person_template, creditsafe.signatories) == ("BORGEN_CAS_P1", True)
    assert (creditsafe.language, creditsafe.letter_text) == ("EN", "Frågan gäller en ansökan om kredit.")
    assert creditsafe.mapping == {"company": {"f_tax": "FSKATT"}}
    assert (creditsafe.ca, creditsafe.connect_timeout_seconds, creditsafe.read_timeout_seconds) == (ca, 2.5, 30)


def test_without_more_ado_creditsafe_is_asked_for_getdata_over_soap_alone(environment: dict[str, str]) -> None:
    creditsafe = Settings.from_environment(environment).creditsafe
    assert creditsafe is not None
    assert (creditsafe.transport, creditsafe.token_url, creditsafe.language) == ("soap", None, "SWE")
    assert (creditsafe.cas_url, creditsafe.company_template, creditsafe.person_template) == (None, None, None)
    assert (creditsafe.status_block, creditsafe.sole_trader_block, creditsafe.signatories) == (None, None, False)
    assert (creditsafe.letter_text, creditsafe.mapping, creditsafe.ca) == (None, {}, None)
    assert (creditsafe.connect_timeout_seconds, creditsafe.read_timeout_seconds) == (5, 20)
    assert creditsafe.tariff == TariffSettings()


def test_what_is_agreed_with_bisnode_is_read(environment: dict[str, str], tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    agreed = {
        "BISNODE_LANGUAGE": "en",
        "BISNODE_ON_BEHALF_OF": "Exempel Kredit AB",
        "BISNODE_RIGHT_TO_SIGN": "true",
        "BISNODE_PERSON_MAPPING": '{"income": "taxation.income"}',
        "BISNODE_CA": str(ca),
        "BISNODE_CONNECT_TIMEOUT_SECONDS": "1",
        "BISNODE_READ_TIMEOUT_SECONDS": "2",
    }
    plain = Settings.from_environment({**environment, **BOTH}).bisnode
    bisnode = Settings.from_environment({**environment, **BOTH, **agreed}).bisnode
    assert plain is not None
    assert (plain.language, plain.on_behalf_of, plain.right_to_sign) == ("SV", None, False)
    assert (plain.person_mapping, plain.ca) == ({}, None)
    assert (plain.connect_timeout_seconds, plain.read_timeout_seconds) == (5, 20)
    assert bisnode is not None
    assert (bisnode.url, bisnode.token_url) == ("http://127.0.0.1:9/bisnode", "http://127.0.0.1:9/bisnode/token")
    assert (bisnode.language, bisnode.on_behalf_of, bisnode.right_to_sign) == ("EN", "Exempel Kredit AB", True)
    assert (bisnode.person_mapping, bisnode.ca) == ({"income": "taxation.income"}, ca)
    assert (bisnode.connect_timeout_seconds, bisnode.read_timeout_seconds) == (1, 2)


def test_prices_and_limits_are_read_in_kronor(environment: dict[str, str]) -> None:
    agreed = {
        **{f"{bureau}_PRICE_COMPANY": "39.50" for bureau in ("CREDITSAFE", "BISNODE")},
        **{f"{bureau}_PRICE_SOLE_TRADER": "42" for bureau in ("CREDITSAFE", "BISNODE")},
        **{f"{bureau}_PRICE_PERSON": "28" for bureau in ("CREDITSAFE", "BISNODE")},
        **{f"{bureau}_PRICE_STATUS": "0" for bureau in ("CREDITSAFE", "BISNODE")},
        **{f"{bureau}_DAY_BUDGET": "25000" for bureau in ("CREDITSAFE", "BISNODE")},
        "BUREAUS_APPLICATION_BUDGET": "500",
    }
    settings = Settings.from_environment({**environment, **BOTH, **agreed})
    tariff = TariffSettings(
        company=Money(3_950),
        sole_trader=Money(4_200),
        person=Money(2_800),
        status=Money(0),
        day_budget=Money(2_500_000),
    )
    assert settings.creditsafe is not None
    assert settings.bisnode is not None
    assert settings.creditsafe.tariff == settings.bisnode.tariff == tariff
    assert settings.bureaus.application_budget == Money(50_000)


def test_when_asking_stops_is_read(environment: dict[str, str]) -> None:
    agreed = {
        "BUREAUS_BREAKER_FAILURES": "5",
        "BUREAUS_BREAKER_PAUSE_SECONDS": "7.5",
        "BUREAUS_REUSE_DAYS": "0",
    }
    bureaus = Settings.from_environment({**environment, **agreed}).bureaus
    assert (bureaus.breaker_failures, bureaus.breaker_pause_seconds, bureaus.reuse_days) == (5, 7.5, 0)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("BUREAUS_APPLICATION_BUDGET", "mycket", "is not an amount in kronor"),
        ("BUREAUS_BREAKER_FAILURES", "0", "is not a whole number from 1 to 100"),
        ("BUREAUS_BREAKER_FAILURES", "101", "is not a whole number from 1 to 100"),
        ("BUREAUS_BREAKER_PAUSE_SECONDS", "0.0", "is not a number of seconds"),
        ("BUREAUS_REUSE_DAYS", "91", "is not a whole number from 0 to 90"),
        ("CREDITSAFE_TRANSPORT", "ftp", "is none of soap, rest"),
        ("CREDITSAFE_LANGUAGE", "SV", "is none of SWE, EN"),
        ("CREDITSAFE_LETTER_TEXT", "å" * 501, "is longer than 500 characters"),
        ("CREDITSAFE_CAS_URL", "http://webservice.creditsafe.se/CAS/cas_service.asmx", "is not https"),
        ("CREDITSAFE_TOKEN_URL", "http://connect.creditsafe.com/v1/authenticate", "is not https"),
        ("CREDITSAFE_SIGNATORIES", "ja", "is none of true, false"),
        ("CREDITSAFE_CA", "/finns/inte.pem", "names a file that does not exist"),
        ("CREDITSAFE_PRICE_COMPANY", "39,50", "is not an amount in kronor"),
        ("CREDITSAFE_PRICE_SOLE_TRADER", "39.505", "is not an amount in kronor"),
        ("CREDITSAFE_PRICE_PERSON", "-1", "is not an amount in kronor"),
        ("CREDITSAFE_PRICE_STATUS", "fritt", "is not an amount in kronor"),
        ("CREDITSAFE_DAY_BUDGET", "25 000", "is not an amount in kronor"),
        ("BISNODE_URL", "http://api.bisnode.com", "is not https"),
        ("BISNODE_TOKEN_URL", "login.bisnode.com", "is not an address of the form https://"),
        ("BISNODE_LANGUAGE", "SWE", "is none of SV, EN"),
        ("BISNODE_RIGHT_TO_SIGN", "ja", "is none of true, false"),
        ("BISNODE_PERSON_MAPPING", "income", "is not a JSON object"),
        ("BISNODE_CONNECT_TIMEOUT_SECONDS", "0.0", "is not a number of seconds"),
        ("BISNODE_READ_TIMEOUT_SECONDS", "121", "is not a number of seconds"),
        ("BISNODE_CA", "/finns/inte.pem", "names a file that does not exist"),
        ("BISNODE_PRICE_COMPANY", "1,5", "is not an amount in kronor"),
        ("BISNODE_PRICE_SOLE_TRADER", "1e3", "is not an amount in kronor"),
        ("BISNODE_PRICE_PERSON", "ett", "is not an amount in kronor"),
        ("BISNODE_PRICE_STATUS", "-0", "is not an amount in kronor"),
        ("BISNODE_DAY_BUDGET", "∞", "is not an amount in kronor"),
    ],
)
def test_a_malformed_setting_of_a_bureau_is_refused_and_not_repeated(
    environment: dict[str, str], name: str, value: str, detail: str
) -> None:
    problems = problems_of({**environment, **BOTH, **REST, **CAS, name: value})
    assert list(problems) == [name]
    assert problems[name].startswith(detail)
    assert value not in problems[name].removeprefix(detail)


@pytest.mark.parametrize("template", ["CREDITSAFE_COMPANY_TEMPLATE", "CREDITSAFE_PERSON_TEMPLATE"])
def test_a_template_needs_the_address_of_cas(environment: dict[str, str], template: str) -> None:
    assert problems_of({**environment, template: "T"}) == {"CREDITSAFE_CAS_URL": "is missing"}


def test_rest_needs_the_address_of_the_token(environment: dict[str, str]) -> None:
    assert problems_of({**environment, "CREDITSAFE_TRANSPORT": "REST"}) == {"CREDITSAFE_TOKEN_URL": "is missing"}


def test_the_right_to_sign_is_a_question_that_soap_does_not_have(environment: dict[str, str]) -> None:
    asked = {**environment, "CREDITSAFE_SIGNATORIES": "true"}
    assert problems_of(asked) == {
        "CREDITSAFE_SIGNATORIES": "needs CREDITSAFE_TRANSPORT=rest: SOAP has no such question"
    }
    assert Settings.from_environment({**asked, **REST}).creditsafe is not None


@pytest.mark.parametrize(
    "name",
    ["CREDITSAFE_URL", "CREDITSAFE_TOKEN_URL", "CREDITSAFE_CAS_URL", "BISNODE_URL", "BISNODE_TOKEN_URL"],
)
def test_the_sandbox_is_refused_while_one_address_of_a_bureau_is_beyond_this_machine(
    environment: dict[str, str], name: str
) -> None:
    """X1: test time is refused unless every outside party is a stand-in on loopback."""
    complete = {**environment, **BOTH, **REST, **CAS}
    assert Settings.from_environment(complete).sandbox
    beyond = "is not on loopback, which BORGEN_SANDBOX=true demands"
    assert problems_of({**complete, name: "https://bureau.invalid/service"}) == {name: beyond}


def test_printing_the_bureaus_settings_shows_no_secret(environment: dict[str, str]) -> None:
    shown = repr(Settings.from_environment({**environment, **BOTH}))
    assert "b1snodes-hemlighet" not in shown
    assert environment["CREDITSAFE_PASSWORD"] not in shown
