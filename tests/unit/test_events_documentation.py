"""docs/events.md: the catalogue is the code's, and what it shows works as it stands there."""

import json
import os
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from underwriting.api_description.event_catalogue import as_markdown
from underwriting.kernel.clock import SystemClock
from underwriting.platform import deliveries
from underwriting.platform.webhook_client import headers_of

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
SECRET = "whsec_" + "QUFB" * 10 + "QQ=="
MESSAGE_ID = uuid.UUID("019ca000-0000-7000-8000-000000000001")
BODY = '{"data":{"state":"signed"},"type":"agreement.signed","ö":"å"}'.encode()


def example(language: str, holding: str) -> str:
    """The one block of code in *language* that holds the text."""
    (found,) = [block for block in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if holding in block]
    return str(found)


def test_the_catalogue_is_the_codes() -> None:
    """Write it anew with `borgen events catalogue`."""
    assert PAGE.partition("<!-- catalogue -->\n")[2] == as_markdown()


def test_the_pauses_on_the_page_are_the_codes() -> None:
    told = re.search(r"tried again after (.*?)\. After ten attempts", PAGE, re.DOTALL)
    assert told
    units = {"s": 1, "min": 60, "h": 3600}
    found = [int(count) * units[unit] for count, unit in re.findall(r"(\d+) (s|min|h)\b", told[1])]
    assert found == [int(pause.total_seconds()) for pause in deliveries.PAUSES]
    assert deliveries.MOST_ATTEMPTS == 10


def test_the_python_example_verifies_what_is_sent_and_nothing_else() -> None:
    space: dict[str, Any] = {}
    exec(compile(example("python", "def verify"), "docs/events.md", "exec"), space)  # noqa: S102 - our own page
    headers = headers_of(BODY, message_id=MESSAGE_ID, secrets=[SECRET], at=SystemClock().now())
    assert space["verify"](SECRET, headers, BODY) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        space["verify"](SECRET, headers, BODY.replace(b"signed", b"lapsed"))


@pytest.mark.parametrize(
    ("secrets", "changes", "body", "verdict"),
    [
        ([SECRET], {}, BODY, "genuine"),
        (["whsec_" + "QkJC" * 10, SECRET], {}, BODY, "genuine"),
        (["whsec_" + "QkJC" * 10], {}, BODY, "not genuine"),
        ([SECRET], {}, BODY + b" ", "not genuine"),
        ([SECRET], {"TIMESTAMP": "1700000000"}, BODY, "not genuine"),
        ([SECRET], {"ID": str(uuid.UUID(int=1))}, BODY, "not genuine"),
        ([SECRET], {"SIGNATURE": "*"}, BODY, "not genuine"),
    ],
)
def test_the_openssl_example_verifies_what_is_sent_and_nothing_else(
    tmp_path: Path, secrets: list[str], changes: dict[str, str], body: bytes, verdict: str
) -> None:
    headers = headers_of(BODY, message_id=MESSAGE_ID, secrets=secrets, at=SystemClock().now())
    (tmp_path / "body.json").write_bytes(body)
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET": SECRET,
        "ID": headers["webhook-id"],
        "TIMESTAMP": headers["webhook-timestamp"],
        "SIGNATURE": headers["webhook-signature"],
        **changes,
    }
    script = example("sh", "openssl")
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == verdict
