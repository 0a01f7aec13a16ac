"""`borgen keys`: the keys that personal data are under. What a command needs is imported inside it."""

import sys
from typing import TYPE_CHECKING

import click

from underwriting.terminal import environment_here, json_option, plain_errors, runtime_here, settings_here, show_result

if TYPE_CHECKING:
    from underwriting.personal_data.index_rotation import Reindexed
    from underwriting.personal_data.index_state import IndexState
    from underwriting.personal_data.key_state import KeyState
    from underwriting.personal_data.rotation import Rotated
    from underwriting.platform.database import Database
    from underwriting.platform.settings import Settings


@click.group()
def keys() -> None:
    """The keys that personal data are encrypted under."""


@keys.command()
@json_option
@plain_errors
def status(as_json: bool) -> None:
    """How much is under which version, and which versions nothing needs. Exit code 1 when one is missing."""
    from underwriting.personal_data import index_state, key_state
    from underwriting.platform.key_store import key_store_of

    runtime = runtime_here()
    with runtime.database.transaction() as session:
        found = key_state.state(session, key_store_of(runtime.settings.encryption))
        index = index_state.state(session, frozenset(runtime.settings.index.keys))
    value = {
        "current": found.current,
        "given": sorted(found.given),
        "needed": sorted(found.needed),
        "missing": sorted(found.missing),
        "may_go": sorted(found.may_go),
        "data_keys": {str(version): count for version, count in found.data_keys.items()},
        "destroyed": found.destroyed,
        "columns": {
            column.column: {
                "first_form": column.first_form,
                "retired": column.retired,
                "house": column.house,
                "subjects": column.subjects,
            }
            for column in found.columns
        },
        "index": {
            "current": index.current,
            "begun": index.begun,
            "given": sorted(index.given),
            "missing": sorted(index.missing),
            "may_go": sorted(index.may_go),
            "columns": {
                name: {str(version): count for version, count in by.items()} for name, by in index.columns.items()
            },
        },
    }
    show_result(as_json, value, f"{_told(found)}\n\n{_told_index(index)}")
    sys.exit(1 if found.missing or index.missing else 0)


@keys.command()
@click.option("--index", "of_index", is_flag=True, help="The index key instead of the encryption key.")
@json_option
@plain_errors
def rotate(of_index: bool, as_json: bool) -> None:
    """Bring everything under the newest version while the service answers. DATABASE_URL is the owner's.

    May be ended and run again at any time. Exit code 1 when something is left.
    """
    if of_index:
        _rotate_index(as_json)
        return
    from underwriting.kernel.clock import SystemClock
    from underwriting.personal_data.rotation import Rotation
    from underwriting.platform.data_keys import StoredDataKeys, cipher_of
    from underwriting.platform.key_store import key_store_of

    settings, database = _as_owner()
    data_keys = StoredDataKeys(database, key_store_of(settings.encryption))
    rotation = Rotation(database, cipher_of(settings, database, data_keys), data_keys)
    with click.progressbar(length=rotation.work_left(), label="Keys and rows", file=sys.stderr) as bar:
        done = rotation.run(at=SystemClock().now(), tell=bar.update)
    value = {
        "wrapped": done.wrapped,
        "encrypted": done.encrypted,
        "held": done.held,
        "unreadable": done.unreadable,
        "unreadable_in": sorted(done.unreadable_in),
        "retired_destroyed": done.retired_destroyed,
    }
    show_result(as_json, value, _told_of(done))
    sys.exit(0 if done.is_whole else 1)


def _rotate_index(as_json: bool) -> None:
    from underwriting.kernel.clock import SystemClock
    from underwriting.personal_data.index_rotation import IndexRotation, VersionNotNewer
    from underwriting.platform.data_keys import cipher_of

    settings, database = _as_owner()
    keys = {version: key.reveal() for version, key in settings.index.keys.items()}
    rotation = IndexRotation(database, cipher_of(settings, database), keys)
    try:
        with click.progressbar(length=rotation.work_left(), label="Indexes", file=sys.stderr) as bar:
            done = rotation.run(at=SystemClock().now(), tell=bar.update)
    except VersionNotNewer:
        raise click.ClickException(
            f"Version {rotation.version} of the index key counts already; name a higher one in BORGEN_INDEX_KEYS."
        ) from None
    value = {
        "version": rotation.version,
        "persons": done.persons,
        "overwritten": done.overwritten,
        "finished": done.is_whole,
        "left": dict(done.left),
    }
    show_result(as_json, value, _told_of_index(done, rotation.version))
    sys.exit(0 if done.is_whole else 1)


def _as_owner() -> "tuple[Settings, Database]":
    from underwriting.platform import logs
    from underwriting.platform.database import Database

    settings = settings_here()
    logs.configure(settings.log_level)
    database = Database(environment_here()["DATABASE_URL"], as_service=False)
    click.get_current_context().call_on_close(database.dispose)
    return settings, database


def _told_index(found: "IndexState") -> str:
    lines = [f"Numbers are found by version {found.current} of the index key; given: {_list(found.given)}."]
    lines += [
        f"{name}: " + ", ".join(_of_version(version, count) for version, count in by.items())
        for name, by in found.columns.items()
    ]
    if found.begun:
        lines.append(
            f"A rotation to version {found.begun} has begun: run `borgen keys rotate --index` until it is done."
        )
    if found.missing:
        lines.append(f"NOT GIVEN although it is needed: version {_list(found.missing)}")
    if found.may_go:
        lines.append(f"Nothing needs version {_list(found.may_go)} any more.")
    return "\n".join(lines)


def _of_version(version: int, count: int) -> str:
    return f"{count} by version {version}" if version else f"{count} overwritten"


def _told_of_index(done: "Reindexed", version: int) -> str:
    lines = [f"{done.persons} numbers were indexed anew, and {done.overwritten} indexes of what is erased overwritten."]
    lines += [f"{name}: {count} are left" for name, count in done.left.items()]
    lines.append(
        f"Version {version} counts now." if done.is_whole else "The version before still counts: run it again."
    )
    return "\n".join(lines)


def _told(found: "KeyState") -> str:
    lines = [f"New data keys are wrapped by version {found.current}; given: {_list(found.given)}."]
    lines += [f"Version {version}: {count} data keys" for version, count in found.data_keys.items()]
    lines.append(f"Destroyed: {found.destroyed} data keys; what was under them is erased.")
    lines += [
        f"{column.column}: {column.subjects} under keys of their subjects, {column.house} under the house's, "
        f"{column.retired} under a retired one of the house's, {column.first_form} of the first form"
        for column in found.columns
        if column.subjects or column.house or column.retired or column.first_form
    ]
    if found.missing:
        lines.append(f"NOT GIVEN although something is under it: version {_list(found.missing)}")
    if found.may_go:
        lines.append(f"Nothing needs version {_list(found.may_go)} any more.")
    return "\n".join(lines)


def _told_of(done: "Rotated") -> str:
    lines = [f"{done.wrapped} data keys were wrapped and {done.encrypted} rows encrypted anew."]
    if done.held:
        lines.append(f"{done.held} rows were held by somebody else to the end: run it again.")
    if done.unreadable:
        lines.append(
            f"{done.unreadable} rows cannot be read with the keys given: {', '.join(sorted(done.unreadable_in))}"
        )
    return "\n".join(lines)


def _list(versions: "frozenset[int]") -> str:
    return ", ".join(str(version) for version in sorted(versions))
