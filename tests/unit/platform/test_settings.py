"""Settings: read at once, refused with everything that is wrong, silent about secrets."""

import base64
import pickle
import traceback
from pathlib import Path

import pytest

from tests.support.environment import complete_environment
from underwriting.platform.environment import Secret
from underwriting.platform.settings import Settings, SettingsRefused

MAIL = {"SMTP_URL": "smtp://borgen:hemligt@mail.invalid:2587", "MAIL_FROM": "kredit@exempel.example"}
SECRETS = {
    "DATABASE_URL": "postgresql://owner:databas3-l0senord@db.invalid/borgen",
    "BORGEN_ENCRYPTION_KEY": base64.b64encode(bytes(range(32))).decode(),
    "BORGEN_INDEX_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
    "BORGEN_SESSION_KEY": base64.b64encode(bytes(range(64, 96))).decode(),
    "CREDITSAFE_PASSWORD": "l0senord-hos-creditsafe",
    "BANK_TOKEN": "bankens-hemlighet",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return complete_environment(tmp_path)


def problems_of(environment: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment(environment)
    return dict(refused.value.problems)


def test_a_complete_environment_is_read(environment: dict[str, str]) -> None:
    settings = Settings.from_environment({**environment, "BORGEN_BASE_URL": "http://127.0.0.1:8080/"})
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.sandbox
    assert settings.encryption.keys == {1: Secret(b"e" * 32)}
    assert settings.lender.organisation_number.digits == "5599990008"
    assert settings.lender.bankgiro.formatted == "5999-0002"
    assert settings.bankid.app_url == "http://127.0.0.1:9/bankid"
    assert settings.log_level == "INFO"


def test_an_empty_environment_is_refused_with_every_name_at_once(environment: dict[str, str]) -> None:
    optional = {"BORGEN_SANDBOX", "BANKID_APP_URL", "STAFF_SECOND_FACTOR", "STAFF_IDLE_MINUTES"}
    optional |= {"RATE_LIMIT", "RATE_LIMIT_SENSITIVE"}
    demanded = (environment.keys() - optional) | {"SMTP_URL", "MAIL_FROM"}
    assert problems_of({}) == dict.fromkeys(demanded, "is missing")


def test_a_blank_value_counts_as_missing(environment: dict[str, str]) -> None:
    assert problems_of({**environment, "BANK_TOKEN": "  "}) == {"BANK_TOKEN": "is missing"}


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("BORGEN_ENCRYPTION_KEY", base64.b64encode(b"k" * 31).decode(), "is not 32 bytes in base64"),
        ("BORGEN_ENCRYPTION_KEY", "inte base64, ånej", "is not 32 bytes in base64"),
        ("BORGEN_INDEX_KEY", base64.b64encode(b"e" * 32).decode(), "is the same as another key"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/borgen", "is not an address of the form postgresql://"),
        ("BORGEN_BASE_URL", "lana.invalid", "is not an address of the form https://"),
        ("BORGEN_BASE_URL", "http://lana.invalid", "is not https"),
        ("BORGEN_BASE_URL", "https://lana.invalid:99999", "is not an address"),
        ("BORGEN_BASE_URL", "https://[::1", "is not an address"),
        ("CREDITSAFE_URL", "http://user:hemligt@127.0.0.1/", "contains a user name or password"),
        ("CREDITSAFE_CONNECT_TIMEOUT_SECONDS", "0.0", "is not a number of seconds"),
        ("CREDITSAFE_CONNECT_TIMEOUT_SECONDS", "-1", "is not a number of seconds"),
        ("CREDITSAFE_READ_TIMEOUT_SECONDS", "nan", "is not a number of seconds"),
        ("CREDITSAFE_READ_TIMEOUT_SECONDS", "121", "is not a number of seconds"),
        ("CREDITSAFE_READ_TIMEOUT_SECONDS", "snart", "is not a number of seconds"),
        ("BANKID_KEY", "/finns/inte.pem", "names a file that does not exist"),
        ("LENDER_ORGANISATION_NUMBER", "559999-0009", "is not valid: "),
        ("LENDER_BANKGIRO", "5999-0003", "is not valid: "),
        ("CREDITSAFE_MAPPING", '{"company": ', "is not a JSON object"),
        ("CREDITSAFE_MAPPING", '["company"]', "is not a JSON object"),
        ("LOG_LEVEL", "LOUD", "is none of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_malformed_value_is_refused_and_not_repeated(
    environment: dict[str, str], name: str, value: str, detail: str
) -> None:
    problems = problems_of({**environment, name: value})
    assert list(problems) == [name]
    assert problems[name].startswith(detail)
    assert value not in problems[name]


@pytest.mark.parametrize(
    "name", ["CREDITSAFE_URL", "BANKID_URL", "BANK_URL", "BANKID_APP_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"]
)
@pytest.mark.parametrize("host", ["creditsafe.invalid", "127.0.0.1.invalid", "10.0.0.1", "192.168.0.1", "[fe80::1]"])
def test_the_sandbox_is_refused_while_one_party_is_beyond_this_machine(
    environment: dict[str, str], name: str, host: str
) -> None:
    """X1: test time is refused unless every outside party is a stand-in on loopback."""
    problems = problems_of({**environment, name: f"https://{host}/service"})
    assert problems == {name: "is not on loopback, which BORGEN_SANDBOX=true demands"}


def test_a_folder_that_stands_for_the_bank_needs_neither_address_nor_token(environment: dict[str, str]) -> None:
    """P2: whoever has no folder is told both."""
    live = {name: value for name, value in environment.items() if name not in ("BANK_URL", "BANK_TOKEN")}
    assert problems_of(live) == {"BANK_URL": "is missing", "BANK_TOKEN": "is missing"}
    del live["BANKID_APP_URL"]
    live |= {**MAIL, "BORGEN_SANDBOX": "false", "BANK_DROP": "/srv/bank"}
    assert Settings.from_environment(live).bank.drop == Path("/srv/bank")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_every_name_of_this_machine_is_on_loopback(environment: dict[str, str], host: str) -> None:
    settings = Settings.from_environment({**environment, "BANK_URL": f"http://{host}:8081/bank"})
    assert settings.sandbox


def test_a_sandbox_that_is_neither_true_nor_false_counts_as_none(environment: dict[str, str]) -> None:
    problems = problems_of({**environment, **MAIL, "BORGEN_SANDBOX": "ja"})
    assert problems == {"BORGEN_SANDBOX": "is none of true, false", "BANKID_APP_URL": "is for the sandbox only"}


def test_outside_the_sandbox_parties_are_elsewhere_and_bankid_has_no_page_of_its_app(
    environment: dict[str, str],
) -> None:
    live = {
        **environment,
        **MAIL,
        "BORGEN_SANDBOX": "false",
        "CREDITSAFE_URL": "https://creditsafe.invalid/getdata.asmx",
    }
    assert problems_of(live) == {"BANKID_APP_URL": "is for the sandbox only"}
    del live["BANKID_APP_URL"]
    assert not Settings.from_environment(live).sandbox


def test_printing_settings_shows_no_secret(environment: dict[str, str]) -> None:
    settings = Settings.from_environment({**environment, **SECRETS})
    shown = f"{settings} {settings!r} {settings.database_url} {settings.bank.token!r:>40}"
    assert "Exempel Kredit AB" in shown
    for secret in (*SECRETS.values(), repr(bytes(range(32)))):
        assert secret not in shown


def test_no_secret_is_in_the_refusal_or_its_traceback(environment: dict[str, str]) -> None:
    wrong = {**environment, **SECRETS, "BANK_URL": "ftp://127.0.0.1", "BORGEN_INDEX_KEY": "bm9uc2Vuc2U="}
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment(wrong)
    told = "".join(traceback.format_exception(refused.value))
    assert "BANK_URL is not an address" in told
    assert not any(value in told for value in (*SECRETS.values(), "bm9uc2Vuc2U="))


def test_a_secret_is_compared_and_revealed_but_never_written() -> None:
    secret = Secret("kaffe")
    assert secret == Secret("kaffe")
    assert secret != Secret("te")
    assert secret != "kaffe"
    assert secret.reveal() == "kaffe"
    assert "kaffe" not in f"{secret} {secret!r} {[secret]} {secret!s:>20}"
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(secret)
