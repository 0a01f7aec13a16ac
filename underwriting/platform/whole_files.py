"""A file that is there as a whole or not at all: written beside its place, synchronised, and renamed in one step."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from underwriting.kernel.errors import Unavailable
from underwriting.kernel.text import Text

_CHUNK_BYTES = 64 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK_FULL = Text(
    "Filen {name} skrevs inte: det finns inte plats för den på disken. Inget av den finns kvar.",
    "The file {name} was not written: there is no room for it on the disk. Nothing of it is left.",
)
_NOT_WRITTEN = Text(
    "Filen {name} skrevs inte: {reason}. Inget av den finns kvar.",
    "The file {name} was not written: {reason}. Nothing of it is left.",
)


class FileNotWritten(Unavailable):
    """There is no room for a file, or it may not be written there; nothing of it is left."""

    slug = "file-not-written"
    title = Text("Filen skrevs inte", "The file was not written")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes *path* when the block ends; when the block is left by an error, nothing changes.

    What stood at *path* before stays until then. Raises FileNotWritten.
    """
    with _disk_errors(path.name):
        number, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise
        _sync_folder(path.parent)


@contextmanager
def passing_file(name: str) -> Iterator[BinaryIO]:
    """A file without a place, to write and then to read, for what is handed to somebody as *name*. FileNotWritten.

    It is for the caller to close, with `chunks_of`, but for when the block is left by an error.
    """
    with _disk_errors(name):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it after the block
        try:
            yield file
            file.seek(0)
        except BaseException:
            with suppress(OSError):
                file.close()
            raise


def length_of(file: BinaryIO) -> int:
    """How many bytes an open file has."""
    return os.fstat(file.fileno()).st_size


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """What is left to read of *file*, which is closed after it."""
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


@contextmanager
def _disk_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise FileNotWritten(_DISK_FULL.filled(name=name)) from error
        reason = os.strerror(error.errno) if error.errno else "OSError"
        raise FileNotWritten(_NOT_WRITTEN.filled(name=name, reason=reason)) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
