"""A sanctions list of invented people, loaded, and applications whose guarantors are like them."""

import io
from pathlib import Path
from typing import Any

from tests.support.journey import BODIES
from tests.support.lending import CECILIA, guarantor_json
from underwriting.due_diligence.services.load_list import LoadedList, load
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

SAMPLE = (Path(__file__).resolve().parents[1] / "data" / "sanctions-sample.xml").read_bytes()
NEWER = SAMPLE.replace(b"2026-02-20T12", b"2026-02-21T12")
STRONG = SAMPLE.replace(b'year="1970"', f'year="{CECILIA.digits[:4]}"'.encode())
"""The same list, on which Anton Påhittad was born in the year of CECILIA."""
NOTE = "Passet visar en annan födelsetid och födelseort."


def loaded(runtime: Runtime, content: bytes = SAMPLE) -> LoadedList:
    """The list of *content*, in force."""
    return load(runtime, io.BytesIO(content), actor="operator", tell=lambda _: None)


def like_an_entry(name: str = "Anton Påhittad") -> dict[str, Any]:
    """A KB whose guarantor is called like one who stands on the list; born seven years after him."""
    return BODIES[CompanyForm.KB] | {"guarantors": [guarantor_json(CECILIA, name)]}
