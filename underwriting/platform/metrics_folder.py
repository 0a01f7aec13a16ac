"""Where the processes of one web server keep what they count, so that any of them can tell the sum.

Stands by itself, since the library of metrics reads the folder's name when it is first imported.
"""

import shutil
from pathlib import Path

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def emptied(folder: Path) -> Path:
    """*folder*, made anew: what an earlier server counted is not counted again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
