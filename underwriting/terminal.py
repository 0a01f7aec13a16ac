"""What all commands of `borgen` share: their environment, results as JSON or text, errors as sentences.

Nothing is imported here before a command runs, so that `borgen --help` answers at once.
"""

import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from underwriting.platform.runtime import Runtime
    from underwriting.platform.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Tell what the operator can mend in a sentence instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from underwriting.kernel.errors import Refusal
        from underwriting.platform.database import ServerTooOld
        from underwriting.platform.key_settings import KeyVersionNeeded
        from underwriting.platform.postgres_files import EmbeddedPostgresError
        from underwriting.platform.processes import AlreadyRunning, PortInUse
        from underwriting.platform.settings import SettingsRefused

        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            raise click.ClickException(refusal.detail.en) from refusal
        except AlreadyRunning as error:
            raise click.ClickException(f"Borgen is already running: {error}") from error
        except (SettingsRefused, KeyVersionNeeded, ServerTooOld, EmbeddedPostgresError, PortInUse) as error:
            raise click.ClickException(str(error)) from error

    return run


def show_result(as_json: bool, value: Mapping[str, Any], text: str) -> None:
    """Print *value* as JSON, or *text*."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def home_folder() -> Path:
    """Where `borgen up` keeps its data."""
    return Path(os.environ.get("BORGEN_HOME", "var")).absolute()


def environment_here() -> Mapping[str, str]:
    """The environment; where it names no database, with the settings of the service that runs in this folder."""
    from underwriting.sandbox_environment import published

    return os.environ if "DATABASE_URL" in os.environ else {**os.environ, **published(home_folder())}


def settings_here() -> "Settings":
    """The settings of a command; raises SettingsRefused."""
    from underwriting.platform.settings import Settings

    return Settings.from_environment(environment_here())


def runtime_here() -> "Runtime":
    """The runtime of a command, whose logs go to standard error; its connections are closed with the command."""
    from underwriting.house import runtime_of
    from underwriting.platform import logs

    settings = settings_here()
    logs.configure(settings.log_level)
    runtime = runtime_of(settings)
    click.get_current_context().call_on_close(runtime.database.dispose)
    return runtime
