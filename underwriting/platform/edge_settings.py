"""The settings of what stands between the service and those who call it."""

from dataclasses import dataclass

from underwriting.platform.environment import EnvironmentReader

_MOST_PROXIES = 10
_MOST_A_MINUTE = 1_000_000


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """How many proxies tell the truth of where a request came from, and how often each caller may ask.

    *sensitive_per_minute* is for log-in, BankID orders and drafts. The counts are kept in the memory of each process,
    or in the database, where all processes share them.
    """

    trusted_proxies: int
    per_minute: int
    sensitive_per_minute: int
    counts_in_database: bool


def read_edge(reader: EnvironmentReader) -> EdgeSettings:
    """TRUSTED_PROXIES (0), RATE_LIMIT (600), RATE_LIMIT_SENSITIVE (20), RATE_LIMIT_STORE (memory or database)."""
    return EdgeSettings(
        trusted_proxies=reader.whole("TRUSTED_PROXIES", least=0, most=_MOST_PROXIES, default=0),
        per_minute=reader.whole("RATE_LIMIT", least=1, most=_MOST_A_MINUTE, default=600),
        sensitive_per_minute=reader.whole("RATE_LIMIT_SENSITIVE", least=1, most=_MOST_A_MINUTE, default=20),
        counts_in_database=reader.word("RATE_LIMIT_STORE", among=("memory", "database"), default="memory")
        == "database",
    )
