"""`borgen events`: what was told, at the terminal, and told again."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.environment import complete_environment
from tests.support.messages import AT, SUBJECTS, dispatcher_on, endpoint_at, happen, published
from tests.support.webhook_receiver import webhook_receiver
from underwriting.api_description.event_catalogue import as_markdown
from underwriting.cli import main
from underwriting.platform import events
from underwriting.platform.runtime import Runtime

Invoke = Callable[..., tuple[int, str]]


@pytest.fixture
def invoke(committed_runtime: Runtime, tmp_path: Path) -> Invoke:
    """Runs `borgen events …` on the database of the test; the exit code and what it said."""
    environment = complete_environment(tmp_path, database_url=committed_runtime.database.url)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["events", *arguments], env=environment)
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return run


def test_events_are_listed_in_order_for_people_and_machines(committed_runtime: Runtime, invoke: Invoke) -> None:
    for subject in SUBJECTS[:3]:
        happen(committed_runtime, subject)
    events.publish(committed_runtime)
    code, text = invoke("list", "--limit", "2")
    assert (code, [line.split()[0] for line in text.splitlines()]) == (0, ["1", "2"])
    code, text = invoke("list", "--after", "2", "--json")
    assert [event["id"] for event in json.loads(text)["events"]] == [str(published(committed_runtime)[2].id)]
    _, text = invoke("list", "--subject", f"application:{SUBJECTS[1]}")
    assert str(SUBJECTS[1]) in text
    assert str(SUBJECTS[0]) not in text


def test_what_was_missed_is_told_again(committed_runtime: Runtime, invoke: Invoke) -> None:
    for subject in SUBJECTS[:2]:
        happen(committed_runtime, subject)
    events.publish(committed_runtime)
    with webhook_receiver() as receiver:
        endpoint, _ = endpoint_at(committed_runtime, receiver.url)
        code, text = invoke("replay", str(endpoint), "--since", AT.isoformat())
        assert (code, text) == (0, "2 events are told again.\n")
        event = published(committed_runtime)[1].id
        code, text = invoke("replay", str(endpoint), "--event", str(event), "--json")
        assert (code, json.loads(text)) == (0, {"count": 1})
        dispatcher_on(committed_runtime).deliver_webhooks()
    first, second = (str(event.id) for event in published(committed_runtime))
    assert [told.id for told in receiver.told].count(second) == 2
    assert receiver.told[0].id == first


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "give either --event or --since"),
        (["--since", "2026-03-02", "--event", str(uuid.UUID(int=1))], 2, "give either --event or --since"),
        (["--since", "i går"], 2, "is no time such as"),
        (["--since", "2026-03-02"], 1, "There is no such thing"),
    ],
)
def test_what_cannot_be_replayed_is_said(invoke: Invoke, arguments: list[Any], code: int, said: str) -> None:
    found, text = invoke("replay", str(uuid.uuid4()), *arguments)
    assert found == code
    assert said in text


def test_the_catalogue_is_printed_as_the_page_holds_it(invoke: Invoke) -> None:
    assert invoke("catalogue") == (0, as_markdown())
