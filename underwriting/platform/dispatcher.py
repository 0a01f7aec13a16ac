"""The jobs that deliver: events get their place, then e-mail and webhooks go out, each message claimed by itself."""

import time
import uuid
from dataclasses import dataclass

from underwriting.platform import deliveries, events, outbox, webhook_destinations
from underwriting.platform.deliveries import Claim, Outcome
from underwriting.platform.encryption import DataErased
from underwriting.platform.mail import RecipientInvalid, Smtp
from underwriting.platform.message_models import AttemptOutcome
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob
from underwriting.platform.webhook_client import GONE, WebhookClient

MOST_PER_TICK = 200


@dataclass(frozen=True)
class Dispatcher:
    """Delivers what waits. Any number of them may run, in any number of processes."""

    runtime: Runtime
    webhooks: WebhookClient
    mail: Smtp | None

    def publish(self) -> int:
        """Give events their place and queue them for endpoints; how many."""
        return events.publish(self.runtime)

    def deliver_mail(self) -> int:
        """Send the e-mail that is due; how many messages were tried. Ends where the server is in trouble."""
        if self.mail is None:
            return 0
        for count in range(MOST_PER_TICK):
            claimed = deliveries.claim(self.runtime, None)
            if claimed is None:
                return count
            outcome = self._send_mail(self.mail, claimed)
            if outcome.outcome is AttemptOutcome.TEMPORARY and outcome.status is None:
                return count + 1  # the next message would fare alike
        return MOST_PER_TICK

    def deliver_webhooks(self) -> int:
        """Tell every endpoint what is due for it, in turn; how many messages were tried.

        One that fails is left alone until its pause is over, whatever waits for it.
        """
        count = 0
        while count < MOST_PER_TICK:
            with self.runtime.database.transaction() as session:
                due = webhook_destinations.due_endpoints(session, at=self.runtime.wall.now())
            claims = [claimed for endpoint in due if (claimed := self._claim_and_tell(endpoint))]
            count += len(claims)
            if not claims:
                break
        return count

    def _send_mail(self, mail: Smtp, claimed: Claim) -> Outcome:
        started_at, start = self.runtime.wall.now(), time.monotonic()
        try:
            with self.runtime.database.transaction() as session:
                message = outbox.get(session, self.runtime, claimed.message_id)
            written = mail.message(
                claimed.message_id,
                message.recipient,
                message.subject,
                message.body,
                at=message.created_at,
                attachments=message.attachments,
            )
        except RecipientInvalid:
            outcome = Outcome(AttemptOutcome.PERMANENT, fault="recipient")
        except DataErased:
            outcome = Outcome(AttemptOutcome.PERMANENT, fault="erased")
        else:
            outcome = mail.send(written)
        with self.runtime.database.transaction() as session:
            deliveries.settle(
                session,
                claimed,
                outcome,
                started_at=started_at,
                milliseconds=_milliseconds_since(start),
                at=self.runtime.wall.now(),
            )
        return outcome

    def _claim_and_tell(self, endpoint_id: uuid.UUID) -> Claim | None:
        claimed = deliveries.claim(self.runtime, endpoint_id)
        if claimed is None:
            return None
        with self.runtime.database.transaction() as session:
            destination = webhook_destinations.destination(session, self.runtime, endpoint_id)
            body = events.get(session, claimed.message_id).body()
        started_at, start = self.runtime.wall.now(), time.monotonic()
        if destination is None:
            outcome = Outcome(AttemptOutcome.PERMANENT, fault="endpoint_closed")
        else:
            outcome = self.webhooks.send(
                destination.url, body, message_id=claimed.message_id, secrets=destination.secrets, at=started_at
            )
        with self.runtime.database.transaction() as session:
            if outcome.is_delivered:
                webhook_destinations.note_success(session, endpoint_id)
            elif destination is not None:
                webhook_destinations.note_failure(session, self.runtime, endpoint_id, is_gone=outcome.status == GONE)
            deliveries.settle(
                session,
                claimed,
                outcome,
                started_at=started_at,
                milliseconds=_milliseconds_since(start),
                at=self.runtime.wall.now(),
            )
        return claimed


def dispatcher_of(runtime: Runtime) -> Dispatcher:
    """The dispatcher that the settings describe; without a mail server letters stay in the sandbox's mailbox."""
    settings = runtime.settings
    mail = Smtp(settings.mail, settings.lender.name) if settings.mail is not None else None
    return Dispatcher(runtime, WebhookClient(settings.sandbox), mail)


def continuous(dispatcher: Dispatcher) -> tuple[ContinuousJob, ...]:
    """The worker's jobs of this module."""
    return (
        ContinuousJob("publish-events", 1, dispatcher.publish),
        ContinuousJob("deliver-webhooks", 1, dispatcher.deliver_webhooks),
        ContinuousJob("deliver-mail", 5, dispatcher.deliver_mail),
    )


def _milliseconds_since(start_seconds: float) -> int:
    return round((time.monotonic() - start_seconds) * 1000)
