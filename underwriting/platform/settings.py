"""The service's settings, read once from the environment at start and refused when anything is missing or malformed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, parse_bankgiro, parse_organisation_number
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompensationPolicy
from underwriting.platform.accounting_settings import AccountingSettings, read_accounting
from underwriting.platform.bureau_settings import (
    BisnodeSettings,
    BureauSettings,
    CreditsafeSettings,
    read_bisnode,
    read_bureaus,
    read_creditsafe,
)
from underwriting.platform.edge_settings import EdgeSettings, read_edge
from underwriting.platform.environment import (
    EnvironmentReader,
    Secret,
    SettingProblem,
    fault_of_address,
    is_on_loopback,
)
from underwriting.platform.key_settings import KeySettings, read_encryption, read_index
from underwriting.platform.mail_settings import MailSettings, read_mail
from underwriting.platform.staff_settings import StaffSettings, read_staff

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsRefused(Exception):
    """The environment does not hold what the service needs. `problems` lists every setting that has to be mended."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        lines = [f"  {problem.name} {problem.detail}" for problem in problems]
        super().__init__("\n".join(["The settings are incomplete or malformed:", *lines]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class BankIdSettings:
    """Where BankID's relying-party interface answers and the files of its mutual TLS.

    *roots* holds the certificates (PEM) that may vouch for those who sign, which is another question.
    *app_url* is the page of the stand-in's app; there is one in the sandbox only.
    """

    url: str
    certificate: Path
    key: Path
    ca: Path
    roots: Path
    app_url: str | None


@dataclass(frozen=True, slots=True)
class DocumentSealSettings:
    """The files (PEM) of the key that seals signed documents and of its certificate, with those of its issuers.

    Seals are stamped by the time-stamp authority (RFC 3161) at *timestamps_url*, if any; *timestamps_roots* (PEM) are
    who vouches for it and for those that were asked before.
    """

    key: Path
    certificate: Path
    timestamps_url: str | None
    timestamps_roots: Path | None


@dataclass(frozen=True, slots=True)
class BankSettings:
    """Where payout orders are sent, and the token that shows they are ours; or the folder *drop* that stands for it.

    With a *drop* nobody is asked at *url*, which may be empty then, and so may the token. *pain_version* is the version
    of pain.001 that the bank takes. Files that together pass *release_above* in a day are released by a second person.
    """

    url: str
    token: Secret[str]
    drop: Path | None
    pain_version: str
    release_above: Money | None


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

    *sandbox* is true only where every outside party answers on loopback. *seal_key* signs the nightly seals of the
    audit log, which are written to *seal_folder* for publication where there is one. Without a *metrics_token*
    nobody is told the metrics; traces go to the collector at *traces_url*, if any. *sanctions_days* is how long a
    sanctions list counts after it was loaded. *signing_rule_is_checked* says that two members of staff read the
    registration where no bureau tells who may sign for a company.
    """

    database_url: Secret[str]
    encryption: KeySettings
    index: KeySettings
    session_key: Secret[bytes]
    seal_key: Secret[bytes]
    seal_folder: Path | None
    metrics_token: Secret[str] | None
    traces_url: str | None
    base_url: str
    sandbox: bool
    sanctions_days: int
    signing_rule_is_checked: bool
    bureaus: BureauSettings
    creditsafe: CreditsafeSettings | None
    bisnode: BisnodeSettings | None
    bankid: BankIdSettings
    document_seal: DocumentSealSettings
    bank: BankSettings
    lender: LenderSettings
    accounting: AccountingSettings
    late_compensation: CompensationPolicy
    mail: MailSettings | None
    staff: StaffSettings
    edge: EdgeSettings
    log_level: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings that *environ* holds; raises `SettingsRefused` with every missing or malformed name at once."""
        reader = EnvironmentReader(environ)
        bureaus, sandbox = read_bureaus(reader), reader.flag("BORGEN_SANDBOX")
        settings = cls(
            database_url=reader.database_url("DATABASE_URL"),
            encryption=read_encryption(reader),
            index=read_index(reader),
            session_key=reader.key("BORGEN_SESSION_KEY"),
            seal_key=reader.key("BORGEN_SEAL_KEY"),
            seal_folder=reader.optional_path("BORGEN_SEAL_FOLDER"),
            metrics_token=reader.optional_secret("METRICS_TOKEN"),
            traces_url=reader.optional_url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            base_url=reader.url("BORGEN_BASE_URL"),
            sandbox=sandbox,
            sanctions_days=reader.whole("SANCTIONS_DAYS", least=1, most=90, default=7),
            signing_rule_is_checked=reader.word(
                "SIGNING_RULE_CHECK", among=("staff", "none"), default="none" if sandbox else "staff"
            )
            == "staff",
            bureaus=bureaus,
            creditsafe=read_creditsafe(reader) if "creditsafe" in bureaus.named else None,
            bisnode=read_bisnode(reader) if "bisnode" in bureaus.named else None,
            bankid=_bankid(reader),
            document_seal=DocumentSealSettings(
                key=reader.file("DOCUMENT_SEAL_KEY"),
                certificate=reader.file("DOCUMENT_SEAL_CERTIFICATE"),
                timestamps_url=reader.optional_url("DOCUMENT_SEAL_TIMESTAMPS_URL"),
                timestamps_roots=reader.optional_file("DOCUMENT_SEAL_TIMESTAMPS_ROOTS"),
            ),
            bank=_bank(reader),
            lender=_lender(reader),
            accounting=read_accounting(reader),
            late_compensation=CompensationPolicy(
                reader.word("LATE_COMPENSATION", among=tuple(CompensationPolicy), default=str(CompensationPolicy.OFF))
            ),
            mail=read_mail(reader, sandbox=sandbox),
            staff=read_staff(reader),
            edge=read_edge(reader),
            log_level=reader.word("LOG_LEVEL", among=LOG_LEVELS, default="INFO"),
        )
        _check_keys_differ(reader, settings)
        _check_time_stamps(reader, settings.document_seal)
        _check_sandbox(reader, settings)
        if reader.problems:
            raise SettingsRefused(tuple(reader.problems))
        return settings


def _bankid(reader: EnvironmentReader) -> BankIdSettings:
    return BankIdSettings(
        url=reader.url("BANKID_URL"),
        certificate=reader.file("BANKID_CERTIFICATE"),
        key=reader.file("BANKID_KEY"),
        ca=reader.file("BANKID_CA"),
        roots=reader.file("BANKID_ROOTS"),
        app_url=reader.optional_url("BANKID_APP_URL"),
    )


def _bank(reader: EnvironmentReader) -> BankSettings:
    drop = reader.optional_path("BANK_DROP")
    return BankSettings(
        url=reader.optional_url("BANK_URL") or "" if drop else reader.url("BANK_URL"),
        token=reader.optional_secret("BANK_TOKEN") or Secret("") if drop else reader.secret("BANK_TOKEN"),
        drop=drop,
        pain_version=reader.word("BANK_PAIN_VERSION", among=("03", "09"), default="03"),
        release_above=reader.kronor("PAYOUT_RELEASE_ABOVE"),
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
        *(("BORGEN_ENCRYPTION_KEY", key) for key in settings.encryption.keys.values()),
        *(("BORGEN_INDEX_KEY", key) for key in settings.index.keys.values()),
        ("BORGEN_SESSION_KEY", settings.session_key),
        ("BORGEN_SEAL_KEY", settings.seal_key),
    ):
        if secret.reveal() and secret.reveal() in seen:
            reader.refuse(name, "is the same as another key")
        seen.add(secret.reveal())


def _check_time_stamps(reader: EnvironmentReader, seal: DocumentSealSettings) -> None:
    """A stamp of which nobody can say whether it is to be trusted proves nothing."""
    if seal.timestamps_url and seal.timestamps_roots is None:
        reader.refuse("DOCUMENT_SEAL_TIMESTAMPS_ROOTS", "is missing: who vouches for the time-stamp authority")


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
        "OIDC_ISSUER": settings.staff.sign_on and settings.staff.sign_on.issuer,
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.traces_url,
        "DOCUMENT_SEAL_TIMESTAMPS_URL": settings.document_seal.timestamps_url,
    }
    if settings.bankid.app_url and not settings.sandbox:
        reader.refuse("BANKID_APP_URL", "is for the sandbox only")
    if settings.bank.drop and settings.sandbox:
        reader.refuse("BANK_DROP", "is not for the sandbox: who carries the files cannot be told")
    for name, url in parties.items():
        if settings.sandbox and url and not fault_of_address(url) and not is_on_loopback(url):
            reader.refuse(name, "is not on loopback, which BORGEN_SANDBOX=true demands")
