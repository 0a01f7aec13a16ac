"""`borgen events`: what integrators were told, told again, and the catalogue. Imports stand inside each command."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.platform.events import PublishedEvent

_ACTOR = "operator"


class _Instant(click.ParamType[datetime]):
    """An instant with its zone, or a Swedish local time."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from underwriting.kernel.periods import STOCKHOLM

        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("is no time such as 2026-11-22T15:00:00", param, ctx)
        return at if at.tzinfo is not None else at.replace(tzinfo=STOCKHOLM)


@click.group()
def events() -> None:
    """What integrators are told."""


@events.command("list")
@click.option("--after", default=0, help="The position of the last event that was read.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--type", "kind", help="Only events of this kind.")
@click.option("--subject", help="Only events about this, such as agreement:ID.")
@json_option
@plain_errors
def list_events(after: int, limit: int, kind: str | None, subject: str | None, as_json: bool) -> None:
    """List events in the order in which they are told."""
    from underwriting.platform import events as told

    runtime = runtime_here()
    with runtime.database.transaction() as session:
        found = told.page(session, after=after, most=limit, kind=kind, subject=subject)
    show_result(as_json, {"events": [_as_json(event) for event in found]}, "\n".join(map(_as_line, found)))


@events.command()
@click.argument("endpoint", type=click.UUID)
@click.option("--event", "event_id", type=click.UUID, help="This event alone.")
@click.option("--since", type=_Instant(), help="Everything since then, by Swedish time unless it names its zone.")
@json_option
@plain_errors
def replay(endpoint: uuid.UUID, event_id: uuid.UUID | None, since: datetime | None, as_json: bool) -> None:
    """Tell ENDPOINT of events again: one, or all since an instant. They keep their ids."""
    from underwriting.platform.webhook_endpoints import owner_of

    if (event_id is None) == (since is None):
        raise click.UsageError("give either --event or --since")
    endpoints = owner_of(runtime_here(), endpoint)
    count = (
        endpoints.replay_one(endpoint, event_id, actor=_ACTOR)
        if event_id is not None
        else endpoints.replay_since(endpoint, since, actor=_ACTOR)
        if since is not None
        else 0
    )
    show_result(as_json, {"count": count}, f"{count} events are told again.")


@events.command()
def catalogue() -> None:
    """Print the catalogue of docs/events.md."""
    from underwriting.api_description.event_catalogue import as_markdown

    click.echo(as_markdown(), nl=False)


def _as_json(event: "PublishedEvent") -> dict[str, object]:
    import json

    shown: dict[str, object] = json.loads(event.body())
    return shown


def _as_line(event: "PublishedEvent") -> str:
    data = " ".join(f"{name}={value}" for name, value in event.data.items())
    return f"{event.position:>8}  {event.timestamp.isoformat(timespec='seconds')}  {event.type:<32}  {data}"
