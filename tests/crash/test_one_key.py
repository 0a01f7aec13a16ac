"""Many requests at one moment over the real web server's processes: with one key, or upon one version of a thing."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.lending import application_json
from tests.support.serving_process import Answer, servable_environment, service
from underwriting.applications.models import Application
from underwriting.platform.database import Database
from underwriting.platform.models import AuditEntry

pytestmark = pytest.mark.crash

REQUESTS = 200
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def test_two_hundred_requests_with_one_key_have_one_effect_and_one_answer(
    committed_database: Database, tmp_path: Path
) -> None:
    """A7: the others are told that it is under way, or are given the answer of the first, to the byte."""
    environment = servable_environment(tmp_path, database_url=committed_database.url)
    together = threading.Barrier(REQUESTS)
    with service(environment, tmp_path, workers=3, threads=16) as running:

        def send(_: int) -> Answer:
            together.wait(60)
            return running.call("POST", "/v1/applications", application_json(), Idempotency_Key=KEY)

        with ThreadPoolExecutor(REQUESTS) as pool:
            answers = list(pool.map(send, range(REQUESTS)))
        afterwards = running.call("POST", "/v1/applications", application_json(), Idempotency_Key=KEY)

    statuses = Counter(answer.status for answer in answers)
    assert statuses.keys() <= {201, 409}
    assert {answer.json["type"] for answer in answers if answer.status == 409} <= {"/problems/request-in-flight"}
    first = [answer for answer in answers if answer.status == 201 and "Idempotent-Replayed" not in answer.headers]
    assert len(first) == 1
    assert {answer.body for answer in answers if answer.status == 201} == {first[0].body} == {afterwards.body}
    with committed_database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Application)) == 1
        noted = sa.select(sa.func.count()).where(AuditEntry.action == "application.created")
        assert session.scalar(noted) == 1


def test_of_forty_changes_to_one_version_one_is_made(committed_database: Database, tmp_path: Path) -> None:
    """Each has read the same draft; all but one are told that it has changed."""
    environment = servable_environment(tmp_path, database_url=committed_database.url)
    together = threading.Barrier(40)
    with service(environment, tmp_path, workers=2, threads=16) as running:
        made = running.call("POST", "/v1/applications", application_json()).json
        path, holder = f"/v1/applications/{made['id']}", f"Bearer {made['access_secret']}"
        tag = running.call("GET", path, Authorization=holder).headers["ETag"]

        def change(months: int) -> int:
            together.wait(60)
            return running.call("PATCH", path, {"term_months": months}, If_Match=tag, Authorization=holder).status

        with ThreadPoolExecutor(40) as pool:
            statuses = Counter(pool.map(change, [6, 24] * 20))
    assert statuses == {200: 1, 412: 39}
