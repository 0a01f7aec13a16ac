"""The systemd units and the container file, as far as they can be tried without systemd's manager and a registry."""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.architecture.test_rules_traceable import ROOT
from underwriting.cli import main

UNITS = sorted((ROOT / "ops" / "systemd").glob("*.service"))
CONTAINERFILE = ROOT / "ops" / "Containerfile"
BORGEN = Path(sys.executable).with_name("borgen")
MOST_EXPOSED = 2.5  # of 10, by systemd's own account

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed: it would read the units"
)


def unit(file: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file)
    return parser


def instructions() -> list[tuple[str, str]]:
    """What the container file says, one instruction each."""
    text = re.sub(r"\\\n", " ", CONTAINERFILE.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def assert_is_a_command(arguments: list[str]) -> None:
    """`borgen` takes them: the command is there, and so is each option."""
    name, *options = arguments
    command = main.commands[name]
    known = {flag for parameter in command.params for flag in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_runs_a_command_that_there_is_by_a_user_of_its_own(file: Path) -> None:
    service = unit(file)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "borgen"
    assert_is_a_command(arguments)
    assert service["User"] == "borgen"
    assert service["Restart"] == "always"


@needs_systemd
@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_systemd_understands_a_unit_and_finds_it_shut_in(file: Path, tmp_path: Path) -> None:
    """With our own program and user in the place of those that an operator makes."""
    environment = tmp_path / "borgen.env"
    environment.touch()
    text = file.read_text().replace("/opt/borgen/bin/borgen", str(BORGEN)).replace("User=borgen", "User=daemon")
    copy = tmp_path / file.name
    copy.write_text(text.replace("/etc/borgen/borgen.env", str(environment)).replace("postgresql.service", ""))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False
    )
    said = [line for line in verified.stderr.splitlines() if file.name in line]
    assert said == []
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", copy],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED


def test_the_container_takes_what_there_is_and_runs_as_nobody_in_particular() -> None:
    said = instructions()
    for name, rest in said:
        if name == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
    assert ("USER", "10001") in said[said.index(("STOPSIGNAL", "SIGTERM")) - 2 :]
    assert ("ENTRYPOINT", '["borgen"]') in said
    assert_is_a_command(re.findall(r'"([^"]+)"', dict(said)["CMD"]))


def test_what_is_built_from_the_copied_folders_has_everything_that_is_no_python(tmp_path: Path) -> None:
    """Templates, translations, migrations: a wheel, made as the container file makes it, from these folders alone."""
    source = tmp_path / "source"
    source.mkdir()
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            for each in rest.split()[:-1]:
                one = ROOT / each
                if one.is_dir():
                    shutil.copytree(one, source / each, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(one, source)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("underwriting", "bureau_clients", "agreements", "schemas"):
        files = {str(file.relative_to(ROOT)) for file in (ROOT / folder).rglob("*") if file.is_file()}
        files = {file for file in files if "__pycache__" not in file and not file.endswith((".pyc", ".part"))}
        assert files - names == set()
