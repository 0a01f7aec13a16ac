"""What the service logs while a test runs, as it would stand on standard error."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from underwriting.platform import logs


class LogLines(io.StringIO):
    """What was logged."""

    def objects(self) -> list[dict[str, Any]]:
        """One object per line."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def log_lines(level: str = "INFO") -> Iterator[LogLines]:
    """Log as the service does, into what is given; everything is as before afterwards."""
    handlers, before, hook, structured = (
        logging.root.handlers,
        logging.root.level,
        sys.excepthook,
        structlog.get_config(),
    )
    lines = LogLines()
    logs.configure(level, stream=lines)
    try:
        yield lines
    finally:
        logging.root.handlers, sys.excepthook = handlers, hook
        logging.root.setLevel(before)
        structlog.configure(**structured)
