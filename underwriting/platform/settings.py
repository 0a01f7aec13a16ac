"""The service's settings, read once from the environment at start and refused when anything is missing or malformed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, parse_bankgiro, parse_organisation_number
from underwriting.kernel.money import Money
from underwriting.platform.environment import (
    EnvironmentReader,
    Secret,
    SettingProblem,
    fault_of_address,
    is_on_loopback,
)

BUREAUS = ("creditsafe", "bisnode")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsRefused(Exception):
    """The environment does not hold what the service needs. `problems` lists every setting that has to be mended."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        lines = [f"  {problem.name} {problem.detail}" for problem in problems]
        super().__init__("\n".join(["The settings are incomplete or malformed:", *lines]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TariffSettings:
    """What one question costs at a bureau, by its price list, and what may be spent there in a day; None: not told."""

    company: Money | None = None
    sole_trader: Money | None = None
    person: Money | None = None
    status: Money | None = None
    day_budget: Money | None = None


@dataclass(frozen=True, slots=True)
class CreditsafeSettings:
    """Where Creditsafe answers, as whom we ask, and what is agreed of its blocks and templates.

    *transport*: GetData is asked over SOAP at *url*, or over REST at *url* with a token from *token_url*.
    *status_block* gives a company's register status without a copy to anybody; without it the status cannot be renewed.
    *sole_trader_block* is for sole traders, where theirs is not the companies'. *company_template* and
    *person_template* are CAS's, asked at *cas_url*; without them CAS is not asked. *signatories*: the right to sign is
    asked for too (REST only). *mapping* says which columns and words the blocks have where not the shipped ones
    (`bureau_clients.creditsafe.columns`). *ca*: who vouches for the hosts, where it is not a public authority.
    """

    url: str
    username: str
    password: Secret[str]
    company_block: str
    person_block: str
    connect_timeout_seconds: float
    read_timeout_seconds: float
    status_block: str | None = None
    sole_trader_block: str | None = None
    transport: str = "soap"
    token_url: str | None = None
    cas_url: str | None = None
    company_template: str | None = None
    person_template: str | None = None
    signatories: bool = False
    language: str = "SWE"
    letter_text: str | None = None  # on the copy to the subject
    mapping: Mapping[str, Any] = field(default_factory=dict)
    ca: Path | None = None
    tariff: TariffSettings = TariffSettings()


@dataclass(frozen=True, slots=True)
class BisnodeSettings:
    """Where Bisnode (Dun & Bradstreet Sweden) answers, as whom we ask, and what is agreed of its answers.

    *right_to_sign*: the right to sign is asked for too. *on_behalf_of* stands on the letter to the subject.
    *person_mapping* says where the facts of a person stand, since that answer is not published
    (`bureau_clients.bisnode.paths`). *ca*: who vouches for the hosts, where it is not a public authority.
    """

    url: str
    token_url: str
    client_id: str
    client_secret: Secret[str]
    connect_timeout_seconds: float
    read_timeout_seconds: float
    language: str = "SV"
    on_behalf_of: str | None = None
    right_to_sign: bool = False
    person_mapping: Mapping[str, Any] = field(default_factory=dict)
    ca: Path | None = None
    tariff: TariffSettings = TariffSettings()


@dataclass(frozen=True, slots=True)
class BureauSettings:
    """Which bureaus are asked about whom, in this order, and when asking stops.

    *application_budget* is what the questions of one application may cost. A bureau that has failed
    *breaker_failures* times in a row, or once has not answered in time, is left alone for *breaker_pause_seconds*,
    twice as long each time. *reuse_days* is how long a report on an AB serves again.
    """

    companies: tuple[str, ...] = ("creditsafe",)
    sole_traders: tuple[str, ...] = ("creditsafe",)
    persons: tuple[str, ...] = ("creditsafe",)
    application_budget: Money | None = None
    breaker_failures: int = 3
    breaker_pause_seconds: float = 30.0
    reuse_days: int = 30

    @property
    def named(self) -> frozenset[str]:
        """Every bureau that is asked about somebody."""
        return frozenset((*self.companies, *self.sole_traders, *self.persons))


@dataclass(frozen=True, slots=True)
class BankIdSettings:
    """Where BankID's relying-party interface answers and the files of its mutual TLS.

    *app_url* is the page of the stand-in's app; there is one in the sandbox only.
    """

    url: str
    certificate: Path
    key: Path
    ca: Path
    app_url: str | None


@dataclass(frozen=True, slots=True)
class BankSettings:
    """Where payout orders are sent, and the token that shows they are ours."""

    url: str
    token: Secret[str]


@dataclass(frozen=True, slots=True)
class LenderSettings:
    """The lender as it stands on agreements and invoices; payouts are drawn on the account *iban* at the bank *bic*."""

    name: str
    organisation_number: OrganisationNumber
    email: str
    phone: str
    bankgiro: Bankgiro
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the service takes from its environment. Printing it shows no secret.

    *sandbox* is true only where every outside party answers on loopback.
    """

    database_url: Secret[str]
    encryption_key: Secret[bytes]
    index_key: Secret[bytes]
    session_key: Secret[bytes]
    base_url: str
    sandbox: bool
    bureaus: BureauSettings
    creditsafe: CreditsafeSettings | None
    bisnode: BisnodeSettings | None
    bankid: BankIdSettings
    bank: BankSettings
    lender: LenderSettings
    log_level: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings that *environ* holds; raises `SettingsRefused` with every missing or malformed name at once."""
        reader = EnvironmentReader(environ)
        bureaus = _bureaus(reader)
        settings = cls(
            database_url=reader.database_url("DATABASE_URL"),
            encryption_key=reader.key("BORGEN_ENCRYPTION_KEY"),
            index_key=reader.key("BORGEN_INDEX_KEY"),
            session_key=reader.key("BORGEN_SESSION_KEY"),
            base_url=reader.url("BORGEN_BASE_URL"),
            sandbox=reader.flag("BORGEN_SANDBOX"),
            bureaus=bureaus,
            creditsafe=_creditsafe(reader) if "creditsafe" in bureaus.named else None,
            bisnode=_bisnode(reader) if "bisnode" in bureaus.named else None,
            bankid=_bankid(reader),
            bank=BankSettings(url=reader.url("BANK_URL"), token=reader.secret("BANK_TOKEN")),
            lender=_lender(reader),
            log_level=reader.word("LOG_LEVEL", among=LOG_LEVELS, default="INFO"),
        )
        _check_keys_differ(reader, settings)
        _check_sandbox(reader, settings)
        if reader.problems:
            raise SettingsRefused(tuple(reader.problems))
        return settings


def _bureaus(reader: EnvironmentReader) -> BureauSettings:
    companies = reader.words("BUREAUS_COMPANIES", among=BUREAUS, default=("creditsafe",))
    return BureauSettings(
        companies=companies,
        sole_traders=reader.words("BUREAUS_SOLE_TRADERS", among=BUREAUS, default=companies),
        persons=reader.words("BUREAUS_PERSONS", among=BUREAUS, default=companies),
        application_budget=reader.kronor("BUREAUS_APPLICATION_BUDGET"),
        breaker_failures=reader.whole("BUREAUS_BREAKER_FAILURES", least=1, most=100, default=3),
        breaker_pause_seconds=reader.seconds("BUREAUS_BREAKER_PAUSE_SECONDS", "30"),
        reuse_days=reader.whole("BUREAUS_REUSE_DAYS", least=0, most=90, default=30),
    )


def _creditsafe(reader: EnvironmentReader) -> CreditsafeSettings:
    transport = reader.word("CREDITSAFE_TRANSPORT", among=("soap", "rest"), default="soap")
    company_template = reader.text("CREDITSAFE_COMPANY_TEMPLATE", "") or None
    person_template = reader.text("CREDITSAFE_PERSON_TEMPLATE", "") or None
    asks_cas = company_template is not None or person_template is not None
    return CreditsafeSettings(
        url=reader.url("CREDITSAFE_URL"),
        username=reader.text("CREDITSAFE_USERNAME"),
        password=reader.secret("CREDITSAFE_PASSWORD"),
        company_block=reader.text("CREDITSAFE_COMPANY_BLOCK"),
        person_block=reader.text("CREDITSAFE_PERSON_BLOCK"),
        status_block=reader.text("CREDITSAFE_STATUS_BLOCK", "") or None,
        sole_trader_block=reader.text("CREDITSAFE_SOLE_TRADER_BLOCK", "") or None,
        transport=transport,
        token_url=reader.url("CREDITSAFE_TOKEN_URL") if transport == "rest" else None,
        cas_url=reader.url("CREDITSAFE_CAS_URL") if asks_cas else reader.optional_url("CREDITSAFE_CAS_URL"),
        company_template=company_template,
        person_template=person_template,
        signatories=reader.flag("CREDITSAFE_SIGNATORIES"),
        language=reader.word("CREDITSAFE_LANGUAGE", among=("SWE", "EN"), default="SWE"),
        letter_text=reader.text("CREDITSAFE_LETTER_TEXT", "") or None,
        mapping=reader.json_object("CREDITSAFE_MAPPING"),
        connect_timeout_seconds=reader.seconds("CREDITSAFE_CONNECT_TIMEOUT_SECONDS", "5"),
        read_timeout_seconds=reader.seconds("CREDITSAFE_READ_TIMEOUT_SECONDS", "20"),
        ca=reader.optional_file("CREDITSAFE_CA"),
        tariff=_tariff(reader, "CREDITSAFE"),
    )


def _bisnode(reader: EnvironmentReader) -> BisnodeSettings:
    return BisnodeSettings(
        url=reader.url("BISNODE_URL"),
        token_url=reader.url("BISNODE_TOKEN_URL"),
        client_id=reader.text("BISNODE_CLIENT_ID"),
        client_secret=reader.secret("BISNODE_CLIENT_SECRET"),
        language=reader.word("BISNODE_LANGUAGE", among=("SV", "EN"), default="SV"),
        on_behalf_of=reader.text("BISNODE_ON_BEHALF_OF", "") or None,
        right_to_sign=reader.flag("BISNODE_RIGHT_TO_SIGN"),
        person_mapping=reader.json_object("BISNODE_PERSON_MAPPING"),
        connect_timeout_seconds=reader.seconds("BISNODE_CONNECT_TIMEOUT_SECONDS", "5"),
        read_timeout_seconds=reader.seconds("BISNODE_READ_TIMEOUT_SECONDS", "20"),
        ca=reader.optional_file("BISNODE_CA"),
        tariff=_tariff(reader, "BISNODE"),
    )


def _tariff(reader: EnvironmentReader, bureau: str) -> TariffSettings:
    return TariffSettings(
        company=reader.kronor(f"{bureau}_PRICE_COMPANY"),
        sole_trader=reader.kronor(f"{bureau}_PRICE_SOLE_TRADER"),
        person=reader.kronor(f"{bureau}_PRICE_PERSON"),
        status=reader.kronor(f"{bureau}_PRICE_STATUS"),
        day_budget=reader.kronor(f"{bureau}_DAY_BUDGET"),
    )


def _bankid(reader: EnvironmentReader) -> BankIdSettings:
    return BankIdSettings(
        url=reader.url("BANKID_URL"),
        certificate=reader.file("BANKID_CERTIFICATE"),
        key=reader.file("BANKID_KEY"),
        ca=reader.file("BANKID_CA"),
        app_url=reader.optional_url("BANKID_APP_URL"),
    )


def _lender(reader: EnvironmentReader) -> LenderSettings:
    return LenderSettings(
        name=reader.text("LENDER_NAME"),
        organisation_number=reader.parsed("LENDER_ORGANISATION_NUMBER", parse_organisation_number),
        email=reader.text("LENDER_EMAIL"),
        phone=reader.text("LENDER_PHONE"),
        bankgiro=reader.parsed("LENDER_BANKGIRO", parse_bankgiro),
        iban=reader.text("LENDER_IBAN"),
        bic=reader.text("LENDER_BIC"),
    )


def _check_keys_differ(reader: EnvironmentReader, settings: Settings) -> None:
    """One key leaking must not open what another protects."""
    seen: set[bytes] = set()
    for name, secret in (
        ("BORGEN_ENCRYPTION_KEY", settings.encryption_key),
        ("BORGEN_INDEX_KEY", settings.index_key),
        ("BORGEN_SESSION_KEY", settings.session_key),
    ):
        if secret.reveal() and secret.reveal() in seen:
            reader.refuse(name, "is the same as another key")
        seen.add(secret.reveal())


def _check_sandbox(reader: EnvironmentReader, settings: Settings) -> None:
    """The sandbox moves its own time and plays outside parties: nothing beyond this machine may take part in it."""
    parties = {
        "CREDITSAFE_URL": settings.creditsafe and settings.creditsafe.url,
        "CREDITSAFE_TOKEN_URL": settings.creditsafe and settings.creditsafe.token_url,
        "CREDITSAFE_CAS_URL": settings.creditsafe and settings.creditsafe.cas_url,
        "BISNODE_URL": settings.bisnode and settings.bisnode.url,
        "BISNODE_TOKEN_URL": settings.bisnode and settings.bisnode.token_url,
        "BANKID_URL": settings.bankid.url,
        "BANKID_APP_URL": settings.bankid.app_url,
        "BANK_URL": settings.bank.url,
    }
    if settings.bankid.app_url and not settings.sandbox:
        reader.refuse("BANKID_APP_URL", "is for the sandbox only")
    for name, url in parties.items():
        if settings.sandbox and url and not fault_of_address(url) and not is_on_loopback(url):
            reader.refuse(name, "is not on loopback, which BORGEN_SANDBOX=true demands")
