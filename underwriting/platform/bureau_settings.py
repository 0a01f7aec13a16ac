"""The bureaus' part of the settings: who is asked about whom, where each answers, and what was agreed with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underwriting.kernel.money import Money
from underwriting.platform.environment import EnvironmentReader, Secret

BUREAUS = ("creditsafe", "bisnode")

_LONGEST_LETTER_TEXT = 500  # of REST; what SOAP takes is not published


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


def read_bureaus(reader: EnvironmentReader) -> BureauSettings:
    """The orders and limits; an order that is not given is the companies'."""
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


def read_creditsafe(reader: EnvironmentReader) -> CreditsafeSettings:
    """What is agreed with Creditsafe. REST needs the token's address, a template CAS's, and signatories REST."""
    transport = reader.word("CREDITSAFE_TRANSPORT", among=("soap", "rest"), default="soap")
    company_template = reader.optional_text("CREDITSAFE_COMPANY_TEMPLATE")
    person_template = reader.optional_text("CREDITSAFE_PERSON_TEMPLATE")
    asks_cas = company_template is not None or person_template is not None
    signatories = reader.flag("CREDITSAFE_SIGNATORIES")
    if signatories and transport != "rest":
        reader.refuse("CREDITSAFE_SIGNATORIES", "needs CREDITSAFE_TRANSPORT=rest: SOAP has no such question")
    return CreditsafeSettings(
        url=reader.url("CREDITSAFE_URL"),
        username=reader.text("CREDITSAFE_USERNAME"),
        password=reader.secret("CREDITSAFE_PASSWORD"),
        company_block=reader.text("CREDITSAFE_COMPANY_BLOCK"),
        person_block=reader.text("CREDITSAFE_PERSON_BLOCK"),
        status_block=reader.optional_text("CREDITSAFE_STATUS_BLOCK"),
        sole_trader_block=reader.optional_text("CREDITSAFE_SOLE_TRADER_BLOCK"),
        transport=transport,
        token_url=reader.url("CREDITSAFE_TOKEN_URL") if transport == "rest" else None,
        cas_url=reader.url("CREDITSAFE_CAS_URL") if asks_cas else reader.optional_url("CREDITSAFE_CAS_URL"),
        company_template=company_template,
        person_template=person_template,
        signatories=signatories,
        language=reader.word("CREDITSAFE_LANGUAGE", among=("SWE", "EN"), default="SWE"),
        letter_text=reader.optional_text("CREDITSAFE_LETTER_TEXT", longest=_LONGEST_LETTER_TEXT),
        mapping=reader.json_object("CREDITSAFE_MAPPING"),
        connect_timeout_seconds=reader.seconds("CREDITSAFE_CONNECT_TIMEOUT_SECONDS", "5"),
        read_timeout_seconds=reader.seconds("CREDITSAFE_READ_TIMEOUT_SECONDS", "20"),
        ca=reader.optional_file("CREDITSAFE_CA"),
        tariff=_tariff(reader, "CREDITSAFE"),
    )


def read_bisnode(reader: EnvironmentReader) -> BisnodeSettings:
    """What is agreed with Bisnode."""
    return BisnodeSettings(
        url=reader.url("BISNODE_URL"),
        token_url=reader.url("BISNODE_TOKEN_URL"),
        client_id=reader.text("BISNODE_CLIENT_ID"),
        client_secret=reader.secret("BISNODE_CLIENT_SECRET"),
        language=reader.word("BISNODE_LANGUAGE", among=("SV", "EN"), default="SV"),
        on_behalf_of=reader.optional_text("BISNODE_ON_BEHALF_OF"),
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
