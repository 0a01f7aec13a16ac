"""The script `dev`: the parts that decide, without making an environment."""

import importlib.machinery
import importlib.util
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

PINS = """typst==1.0 \\
    --hash=sha256:aa
uv==0.13.9 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
uvloop==2.0 \\
    --hash=sha256:dd
"""
PROJECT = """
[project]
name = "borgen"
dependencies = ["flask>=3.1"]
[tool.ruff]
line-length = 120
"""


@dataclass
class Machine:
    """What `dev` finds on the machine, and what it ran there."""

    programs: dict[str, str]
    user: int = 0
    answer: int = 0
    ran: list[str] = field(default_factory=list)

    def run(self, command: list[str]) -> int:
        """In place of running *command*."""
        self.ran.append(" ".join(command))
        return self.answer


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("dev", str(ROOT / "dev"))
    specification = importlib.util.spec_from_loader("dev", loader)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = dont_write
    return module


@pytest.fixture
def machine(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without Chromium, on which nothing is really run."""
    machine = Machine(programs={"apt-get": "/usr/bin/apt-get"})
    monkeypatch.setattr(dev.shutil, "which", machine.programs.get)
    monkeypatch.setattr(dev.os, "geteuid", lambda: machine.user)
    monkeypatch.setattr(dev, "call", machine.run)
    monkeypatch.delenv("CI", raising=False)
    return machine


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "dev", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_it_uses_the_standard_library_alone() -> None:
    code = "import sys, runpy; runpy.run_path(sys.argv[1], run_name='dev'); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(ROOT / "dev")], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded - sys.stdlib_module_names - {"__main__", "sitecustomize", "usercustomize"} == set()


def test_the_pin_of_one_package_is_taken_with_all_its_hashes_and_nothing_else(dev: ModuleType) -> None:
    assert dev.pin_of("uv", PINS) == "uv==0.13.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"


def test_a_package_that_is_not_pinned_is_an_error(dev: ModuleType) -> None:
    with pytest.raises(SystemExit, match="does not pin pip"):
        dev.pin_of("pip", PINS)


def test_the_constraints_pin_uv_by_hashes_and_name_no_host() -> None:
    pins = (ROOT / "constraints.txt").read_text()
    assert "://" not in pins
    assert "--index" not in pins


def test_every_pin_of_the_constraints_has_a_hash() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if "==" in line:
            assert "--hash=sha256:" in following, line


@pytest.mark.parametrize(
    ("pins", "project", "differs"),
    [
        (PINS, PROJECT, False),
        (PINS, PROJECT.replace("120", "100"), False),  # what ruff thinks changes no package
        (PINS, PROJECT.replace("flask>=3.1", "flask>=3.2"), True),
        (PINS.replace("bb", "ee"), PROJECT, True),
    ],
)
def test_the_environment_is_made_anew_when_its_contents_changed(
    dev: ModuleType, pins: str, project: str, differs: bool
) -> None:
    assert (dev.contents(pins, project) != dev.contents(PINS, PROJECT)) is differs


def test_parts_of_a_fingerprint_do_not_run_together(dev: ModuleType) -> None:
    assert dev.fingerprint("ab", "c") != dev.fingerprint("a", "bc")


def test_programs_of_the_environment_come_first_and_modules_are_compiled(dev: ModuleType) -> None:
    environ = {"PATH": "/usr/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/elsewhere", "HOME": ""}
    dev.prepare_environment(environ)
    assert environ["PATH"] == f"{ROOT / '.venv' / 'bin'}:/usr/bin"
    assert environ["BORGEN_HOME"] == str(ROOT / "var")
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"} & environ.keys()


def test_an_operators_own_home_stays(dev: ModuleType) -> None:
    environ = {"BORGEN_HOME": "/srv/borgen"}
    dev.prepare_environment(environ)
    assert environ["BORGEN_HOME"] == "/srv/borgen"


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("TRUE", True), ("1", True), ("false", False), ("", False)]
)
def test_continuous_integration_is_told_by_its_variable(dev: ModuleType, value: str, expected: bool) -> None:
    assert dev.in_ci({"CI": value}) is expected
    assert dev.in_ci({}) is False


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], True), (["tests/browser"], True), (["-m", "browser"], True), (["tests/unit/kernel", "-x"], False)],
)
def test_chromium_is_looked_for_when_browser_tests_may_run(
    dev: ModuleType, arguments: list[str], expected: bool
) -> None:
    assert dev.wants_browser(arguments) is expected


def test_the_flag_for_a_long_run_is_not_passed_on(dev: ModuleType) -> None:
    assert dev.without(["-x", "--long", "tests/crash"], "--long") == (["-x", "tests/crash"], True)
    assert dev.without(["-x"], "--long") == (["-x"], False)


def test_the_summary_tells_each_check_with_its_time_and_result(dev: ModuleType) -> None:
    assert dev.summary([("format", 0.04, 0), ("tests", 123.4, 1)]).splitlines() == [
        "format       0.0 s  passed",
        "tests      123.4 s  FAILED",
    ]


def test_every_check_of_the_readme_is_run(dev: ModuleType) -> None:
    assert [" ".join(command) for _, command in dev.CHECKS] == [
        "ruff format --check .",
        "ruff check .",
        "mypy",
        "lint-imports",
        "pytest -n 3 --dist worksteal",
    ]


def test_without_a_verb_it_says_what_it_can_do_from_any_folder(tmp_path: Path) -> None:
    asked, wrong = run("--help", cwd=tmp_path), run("fly", cwd=tmp_path)
    assert (asked.returncode, wrong.returncode) == (0, 2)
    assert asked.stdout == wrong.stdout
    assert all(f"./dev {verb}" in asked.stdout for verb in ("up", "test", "lock", "borgen"))


def test_what_is_missing_is_installed_from_debian(dev: ModuleType, machine: Machine) -> None:
    machine.programs["pdfsig"] = "/usr/bin/pdfsig"
    dev.ensure_tools()
    assert [line.split()[0:1] + line.split()[4:] for line in machine.ran] == [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium-headless-shell", "xmlsec1"],
    ]


def test_what_is_there_is_left_alone(dev: ModuleType, machine: Machine) -> None:
    machine.programs |= {name: f"/usr/bin/{name}" for name in ("chromium", "xmlsec1", "pdfsig")}
    dev.ensure_tools()
    assert machine.ran == []


@pytest.mark.parametrize(("ci", "consequence"), [("", "be SKIPPED"), ("true", "FAIL")])
@pytest.mark.parametrize("reason", ["no root", "no apt-get", "no network"])
def test_a_tool_that_cannot_be_installed_is_said_loudly(
    dev: ModuleType,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    consequence: str,
    reason: str,
) -> None:
    monkeypatch.setenv("CI", ci)
    machine.user = 1000 if reason == "no root" else 0
    machine.answer = 100 if reason == "no network" else 0
    if reason == "no apt-get":
        del machine.programs["apt-get"]
    dev.ensure_tools()
    told = capsys.readouterr().err
    assert f"!!! There is no chromium-headless-shell here: the browser tests will {consequence}." in told
    assert "!!! There is no xmlsec1 here: the test of a bundle by a stranger's tools will be SKIPPED." in told


def test_a_long_run_measures_with_every_benchmark_and_a_short_one_with_none(dev: ModuleType) -> None:
    scripts = {script.stem for script in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    assert {name for name, _ in dev.benchmarks(True)} == scripts
    assert "bench_fee_run" in scripts
    assert dev.benchmarks(False) == []
