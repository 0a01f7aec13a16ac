"""Why a report on somebody is asked for, and what they were told, before any bureau is (rule A6)."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application, EnquiryGround
from underwriting.applications.notices import NOTICE_VERSION, notice, reason_for_enquiry


def keep_ground(session: Session, application: Application, subject_index: bytes, *, at: datetime) -> None:
    """Why a report on the subject will be asked for and what it was told (rule A6); kept once per subject."""
    query = sa.select(EnquiryGround.id).where(
        EnquiryGround.application_id == application.id, EnquiryGround.subject_index == subject_index
    )
    if session.scalar(query) is not None:
        return
    text = notice()
    session.add(
        EnquiryGround(
            application_id=application.id,
            subject_index=subject_index,
            reason=reason_for_enquiry(application.reference),
            notice_text=f"{text.sv}\n\n{text.en}",
            notice_version=NOTICE_VERSION,
            recorded_at=at,
        )
    )
    session.flush()


def notice_versions_of(session: Session, application: Application) -> Mapping[bytes, str]:
    """By the blind index of each subject: the version of the notice that it was shown."""
    query = sa.select(EnquiryGround.subject_index, EnquiryGround.notice_version)
    rows = session.execute(query.where(EnquiryGround.application_id == application.id))
    return {row.subject_index: row.notice_version for row in rows}
