"""docs/bureaus.md, the integrator's page, says what the code does: settings, columns, paths, ratings, outcomes."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bureau_clients.bisnode.paths import PERSON_PATHS, PersonMapping
from bureau_clients.creditsafe.columns import (
    COMPANY_COLUMNS,
    PERSON_COLUMNS,
    REST_COMPANY_COLUMNS,
    REST_PERSON_COLUMNS,
    Column,
    Listing,
)
from bureau_clients.creditsafe.configuration import ColumnMapping
from bureau_clients.questions import Outcome, SubjectGroup
from bureau_clients.ratings import bisnode_rating, creditsafe_rating
from bureau_clients.reports import CompanyReport, Rating, fact_types
from bureau_clients.retention import MONTHS_KEPT
from bureau_clients.rules import goes_on, settled
from tests.support.environment import complete_environment
from underwriting.bureaus_cli import bureaus
from underwriting.platform.environment import EnvironmentReader
from underwriting.platform.settings import Settings, SettingsRefused

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "bureaus.md").read_text(encoding="utf-8")
SETTINGS = ("Who is asked, and when asking stops", "Creditsafe", "Bisnode")
OF_BUREAUS = re.compile("(BUREAUS|CREDITSAFE|BISNODE)_")
ORIGINS = {"published", "seen", "ours"}


def section(title: str) -> str:
    """What stands under the heading *title*."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {title!r}"
    return found[1]


def rows(title: str, *, table: int = 0) -> list[tuple[str, ...]]:
    """The rows of one of the tables under *title*, without its head."""
    tables = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)
    return [
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in tables[table].splitlines()[2:]
    ]


@pytest.fixture
def settings_table() -> Mapping[str, str]:
    """Every documented setting with its default."""
    return {row[0]: row[1] for title in SETTINGS for row in rows(title)}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Complete settings of both bureaus, Creditsafe over REST and with CAS, and nothing that is optional."""
    agreed = {
        "BUREAUS_COMPANIES": "creditsafe,bisnode",
        "CREDITSAFE_TRANSPORT": "rest",
        "CREDITSAFE_TOKEN_URL": "http://127.0.0.1:9/authenticate",
        "CREDITSAFE_CAS_URL": "http://127.0.0.1:9/cas",
        "CREDITSAFE_PERSON_TEMPLATE": "BORGEN_CAS_P1",
        "BISNODE_URL": "http://127.0.0.1:9/bisnode",
        "BISNODE_TOKEN_URL": "http://127.0.0.1:9/token",
        "BISNODE_CLIENT_ID": "borgen",
        "BISNODE_CLIENT_SECRET": "secret",
    }
    return {**complete_environment(tmp_path), **agreed}


def test_every_setting_of_the_bureaus_is_listed_and_no_other(
    settings_table: Mapping[str, str], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    read = EnvironmentReader.text

    def noting(reader: EnvironmentReader, name: str, default: str | None = None) -> str:
        asked.add(name)
        return read(reader, name, default)

    monkeypatch.setattr(EnvironmentReader, "text", noting)
    ca = dict.fromkeys(("CREDITSAFE_CA", "BISNODE_CA"), environment["BANKID_CA"])  # a file is read where it is named
    Settings.from_environment({**environment, **ca})
    assert set(settings_table) == {name for name in asked if OF_BUREAUS.match(name)}


def test_what_is_required_is_what_is_missed(settings_table: Mapping[str, str], environment: dict[str, str]) -> None:
    needed = {
        name: value
        for name, value in environment.items()
        if not OF_BUREAUS.match(name)
        or name in ("BUREAUS_COMPANIES", "CREDITSAFE_TRANSPORT", "CREDITSAFE_PERSON_TEMPLATE")
    }
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment(needed)
    required = {name for name, default in settings_table.items() if default.startswith("required")}
    assert required == {problem.name for problem in refused.value.problems}


def test_a_default_that_is_set_changes_nothing(settings_table: Mapping[str, str], environment: dict[str, str]) -> None:
    soap = {name: value for name, value in environment.items() if name != "CREDITSAFE_TRANSPORT"}
    for name, default in settings_table.items():
        if default.startswith(("required", "none", "as for")) or name == "BUREAUS_COMPANIES":
            continue
        assert Settings.from_environment({**soap, name: default}) == Settings.from_environment(soap), name


def test_creditsafe_alone_is_the_documented_order(settings_table: Mapping[str, str], tmp_path: Path) -> None:
    settings = Settings.from_environment(complete_environment(tmp_path))
    assert settings.bureaus.companies == (settings_table["BUREAUS_COMPANIES"],)


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Companies, SOAP", COMPANY_COLUMNS),
        ("Persons, and the owner of a sole trader, SOAP", PERSON_COLUMNS),
        ("Companies, REST", REST_COMPANY_COLUMNS),
        ("Persons, and the owner of a sole trader, REST", REST_PERSON_COLUMNS),
    ],
)
def test_every_column_is_listed_with_what_an_empty_one_says(
    title: str, columns: Mapping[str, Column | Listing]
) -> None:
    """D13: a fact, its column, and known, absent or unknown when the column is empty."""
    listed = rows(title)
    assert [row[:4] for row in listed] == list(_lines_of(columns))
    assert {row[4] for row in listed} <= ORIGINS


def test_the_example_of_a_mapping_is_one_that_can_be_configured() -> None:
    mapping = ColumnMapping.configured(_example("A mapping of one's own"))
    f_tax, turnover, accounts = (mapping.company[name] for name in ("f_tax", "annual_turnover", "accounts"))
    assert isinstance(f_tax, Column)
    assert isinstance(turnover, Column)
    assert isinstance(accounts, Listing)
    assert (f_tax.name, turnover.kronor) == ("FSKATT", 1000)
    assert accounts.members["equity"] == Column("EK{n}", kronor=1000)
    assert "employees" not in mapping.company


def test_every_path_of_a_person_is_listed() -> None:
    """D13: where each fact stands, and what it says that nothing stands there."""
    shipped = [(fact, path.path, str(path.missing)) for fact, path in PERSON_PATHS.items()]
    assert rows("Bisnode's persons") == shipped


def test_the_example_of_a_persons_paths_is_one_that_can_be_configured() -> None:
    paths = PersonMapping.configured(_example("Bisnode's persons")).paths
    assert (paths["income"].path, paths["income"].kronor) == ("income.assessed", 1000)
    assert paths["trustee"].yes == ("FORV",)
    assert "scoring" not in paths


def test_the_rating_scale_is_that_of_the_code() -> None:
    for grade, scores, letters, _ in rows("The common rating scale"):
        for bounds in re.findall(r"(\d+) to (\d+)", scores):
            for score in range(int(bounds[0]), int(bounds[1]) + 1):
                assert _grade_of(creditsafe_rating(str(score))) == grade
        for code in re.findall(r"-\d+", scores):
            assert _grade_of(creditsafe_rating(code)) == grade
        for letter in filter(None, letters.replace(" ", "").split(",")):
            assert _grade_of(bisnode_rating(letter)) == grade


def test_every_score_has_one_row_of_the_rating_scale() -> None:
    bounds = [pair for row in rows("The common rating scale") for pair in re.findall(r"(\d+) to (\d+)", row[1])]
    assert sorted(score for low, high in bounds for score in range(int(low), int(high) + 1)) == list(range(101))


def test_where_bisnode_tells_each_fact_of_a_company_is_listed() -> None:
    """D13: every fact, also one that the bureau never tells."""
    assert {row[0] for row in rows("Bisnode's companies")} == fact_types(CompanyReport).keys()


def test_how_long_answers_are_kept_is_that_of_the_code() -> None:
    listed = {row[0]: row[1] for row in rows("What is kept, and for how long")}
    months = {
        "an AB, HB or KB": SubjectGroup.COMPANY,
        "a sole trader": SubjectGroup.SOLE_TRADER,
        "a person": SubjectGroup.PERSON,
    }
    assert listed == {who: f"{MONTHS_KEPT[group]} months" for who, group in months.items()}


def test_every_command_is_listed() -> None:
    listed = {row[0].split()[2].strip("`") for row in rows("Commands")}
    assert listed == bureaus.commands.keys()


@pytest.mark.parametrize(("table", "gets_copy"), [(0, False), (1, True)])
def test_what_two_bureaus_come_to_is_what_the_rule_says(table: int, gets_copy: bool) -> None:
    """B1: the next bureau when the question to the first is certainly undelivered or has no match."""
    listed = rows("Two bureaus, one outcome", table=table)
    seconds = [Outcome(cell.strip().strip("`")) for cell in _head_of("Two bureaus, one outcome", table)[1:-1]]
    assert [row[0] for row in listed] == [str(outcome) for outcome in Outcome]
    for first, *cells, alone in listed:
        outcome = Outcome(first)
        assert alone == settled([outcome], gets_copy=gets_copy)
        for second, cell in zip(seconds, cells, strict=True):
            expected = settled([outcome, second], gets_copy=gets_copy) if goes_on(outcome, gets_copy=gets_copy) else "–"
            assert cell == expected, (first, second)


def _lines_of(columns: Mapping[str, Column | Listing]) -> Iterator[tuple[str, str, str, str]]:
    for fact, column in columns.items():
        if isinstance(column, Column):
            yield fact, column.name, str(column.empty), str(column.kronor)
            continue
        yield fact, f"{column.most} places from {column.first}", str(column.empty), ""
        for member, each in column.members.items():
            yield f"{fact}: {member}", each.name, "", str(each.kronor)


def _grade_of(rating: Rating | None) -> str:
    return "none" if rating is None else str(rating.grade)


def _example(title: str) -> Mapping[str, object]:
    example: Mapping[str, object] = json.loads(section(title).split("```")[1].removeprefix("json"))
    return example


def _head_of(title: str, table: int) -> list[str]:
    head = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)[table].splitlines()[0]
    return [cell.strip() for cell in head.strip("|").split("|")]
