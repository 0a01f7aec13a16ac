"""What the lender is told when a bureau can soon no longer be asked: once per bureau, kind and day.

An alarm is a row, a message to the lender's address and a warning in the log, in the caller's transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bureau_clients.limits import AlarmKind
from bureau_clients.models import BureauAlarm
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform import outbox
from underwriting.platform.runtime import Runtime

TEXTS: Mapping[AlarmKind, Text] = MappingProxyType(
    {
        AlarmKind.BUDGET_NEARLY_SPENT: Text(
            "Minst 80 % av dagens budget hos {bureau} är använd. När den är slut ställs frågorna till nästa byrå "
            "eller väntar till i morgon.",
            "At least 80% of today's budget at {bureau} is used. Once it is spent, questions go to the next bureau or "
            "wait until tomorrow.",
        ),
        AlarmKind.BUDGET_SPENT: Text(
            "Dagens budget hos {bureau} är slut. Frågorna ställs till nästa byrå, eller väntar till i morgon.",
            "Today's budget at {bureau} is spent. Questions go to the next bureau or wait until tomorrow.",
        ),
        AlarmKind.FEW_REPORTS_LEFT: Text(
            "Mindre än en tiondel av rapporterna i det senaste köpet hos {bureau} är kvar. Köp fler och anteckna "
            "köpet med borgen bureaus buy.",
            "Less than a tenth of the reports in the latest purchase at {bureau} is left. Buy more, and record the "
            "purchase with borgen bureaus buy.",
        ),
        AlarmKind.NO_REPORTS_LEFT: Text(
            "{bureau} avböjer frågor: inga rapporter återstår på kontot. Ansökningar som berörs väntar på att någon "
            "tillåter en ny fråga.",
            "{bureau} declines questions: no reports are left on the account. The applications concerned wait until "
            "somebody allows another question.",
        ),
    }
)

_SUBJECT = Text("Kreditupplysningar från {bureau}", "Credit reports from {bureau}")
_log = structlog.get_logger(__name__)


def raise_alarm(session: Session, runtime: Runtime, kind: AlarmKind, bureau: str, *, at: datetime) -> bool:
    """Tell the lender, unless that was done today; whether this call did."""
    day = stockholm_date(at)
    row = insert(BureauAlarm).values(bureau=bureau, day=day, kind=kind, raised_at=at).on_conflict_do_nothing()
    if session.execute(row.returning(BureauAlarm.kind)).one_or_none() is None:
        return False
    subject, body = _SUBJECT.filled(bureau=bureau.capitalize()), text_of(kind, bureau)
    outbox.post(
        session,
        runtime,
        kind="bureau-alarm",
        business_key=f"bureau-alarm:{bureau}:{day}:{kind}",
        recipient=runtime.settings.lender.email,
        content={"subject": f"{subject.sv} / {subject.en}", "body": f"{body.sv}\n\n{body.en}"},
        at=at,
    )
    _log.warning("bureau_alarm", bureau=bureau, kind=str(kind))
    return True


def text_of(kind: AlarmKind, bureau: str) -> Text:
    """The alarm as people read it."""
    return TEXTS[kind].filled(bureau=bureau.capitalize())
