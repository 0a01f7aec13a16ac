"""Personal data whose time is over are erased by destroying keys; what law keeps is kept, with its reason and end."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.beginnings import apply, decide, granted, running
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan
from tests.support.lending import ANNA, BERTIL, CECILIA, application_json, guarantor_json
from tests.support.stored_values import put_in_first_form, stored_values
from underwriting.decisions.diligence import Diligence
from underwriting.due_diligence.items import StaffFinding
from underwriting.kernel.errors import NotPermitted
from underwriting.kernel.vocabulary import CompanyForm, DiligenceKind, DiligenceResult, Role
from underwriting.personal_data import erasure, person
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import DataErased

ADMINISTRATOR = Caller("staff:1", role=Role.ADMINISTRATOR)
DECIDED_ON = date(2026, 3, 2)
YEAR_LATER, DAY_AFTER_THAT = date(2027, 3, 2), date(2027, 3, 3)


def readable(world: HouseWorld, subject: str | None = None) -> tuple[int, int]:
    """How many stored values open and how many are erased; with *subject* of those under its key."""
    opened = erased = 0
    cipher = world.runtime.cipher
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]
    with world.runtime.database.transaction() as session:
        for value in stored_values(session):
            try:
                if subject is None or cipher.subject_of(value.stored) == subject:
                    cipher.decrypt(value.stored, context=value.context)
                    opened += 1
            except DataErased:
                erased += 1
    return opened, erased


def erase(world: HouseWorld, on: date) -> erasure.Erased:
    at = datetime(on.year, on.month, on.day, 3, 45, tzinfo=UTC)
    return erasure.erase_due(world.runtime, on=on, at=at)


def declined(world: HouseWorld) -> Loan:
    """An application that led to nothing: the capacity is far below what is asked for."""
    loan = apply(world, application_json(expected_monthly_revenue="20000.00", expected_monthly_costs="19000.00"))
    assert decide(world, loan)["outcome"] == "declined"
    return loan


def test_a_deleted_draft_goes_with_the_documents_that_were_made_of_it(world: HouseWorld) -> None:
    """A3, K2: the documents table is added to alone; what is in it goes with the draft's key."""
    draft = world.anyone().post("/v1/applications", BODIES[CompanyForm.AB])
    holder = Api(world.app, draft["access_secret"])
    holder.post(f"/v1/applications/{draft['id']}/submit")  # a document is made, and nobody signs it
    opened, _ = readable(world, f"application:{draft['id']}")
    assert opened > 2
    assert holder.call("DELETE", f"/v1/applications/{draft['id']}").status_code == 204
    assert readable(world)[1] >= 2  # the text and its English reading aid
    assert readable(world, f"application:{draft['id']}")[0] == 0


def test_drafts_that_nobody_signed_go_with_their_keys(world: HouseWorld) -> None:
    """A3, K2."""
    draft = world.anyone().post("/v1/applications", BODIES[CompanyForm.AB])
    Api(world.app, draft["access_secret"]).post(f"/v1/applications/{draft['id']}/submit")
    world.move_to(world.runtime.clock.now() + timedelta(days=world.runtime.terms.draft_days + 1))
    assert world.house.applications.delete_old_drafts() == 1
    assert readable(world, f"application:{draft['id']}")[0] == 0


def test_an_application_that_led_to_nothing_is_erased_after_a_year(world: HouseWorld) -> None:
    """K2: declined on 2026-03-02, kept through 2027-03-02."""
    loan = declined(world)
    subject = f"application:{loan.application_id}"
    before = readable(world, subject)[0]
    assert before > 5
    assert erase(world, YEAR_LATER).applications == 0
    assert readable(world, subject)[0] == before

    assert erase(world, DAY_AFTER_THAT).applications == 1
    assert readable(world, subject)[0] == 0
    assert erase(world, DAY_AFTER_THAT).applications == 0
    with world.runtime.database.transaction() as session:
        entries = audit_log.entries_of(session, subject)
        assert (entries[-1].action, entries[-1].data) == ("application.erased", {"kind": "application"})
        assert audit_log.first_broken_link(session, subject) is None
        index = world.runtime.cipher.blind_index(ANNA.digits)
        for table, column in (
            ("application", "signatory_index"),
            ("application_guarantor", "person_index"),
            ("enquiry_ground", "subject_index"),
        ):
            query = sa.text(f"SELECT count(*) FROM {table} WHERE {column} = :index")
            assert session.execute(query, {"index": index}).scalar_one() == 0


def test_nobody_meets_what_is_erased(world: HouseWorld) -> None:
    """K2: lists go on without it, and who asks for it is told that there is nothing."""
    loan, other = declined(world), apply(world, BODIES[CompanyForm.EF])
    underwriter = world.staff(Role.UNDERWRITER)
    erase(world, DAY_AFTER_THAT)
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]
    assert [one["id"] for one in underwriter.get("/v1/applications")["items"]] == [other.application_id]
    answer = underwriter.call("GET", f"/v1/applications/{loan.application_id}")
    assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (404, "data-erased")
    assert loan.borrower.call("GET", f"/v1/applications/{loan.application_id}").status_code in (401, 404)
    assert all(letter.recipient for letter in world.letters())


def test_an_agreement_is_kept_for_ten_years_after_its_end_and_then_erased(world: HouseWorld) -> None:
    """K2: ended on 2026-03-02; claims are barred ten years later (1981:130, 2 §), the longest of its times."""
    loan = granted(world)
    loan.borrower.post(f"{loan.agreement}/cancellation")
    subject = f"application:{loan.application_id}"
    assert erase(world, date(2036, 3, 2)).agreements == 0
    assert readable(world, subject)[0] > 5
    assert erase(world, date(2036, 3, 3)).agreements == 1
    assert readable(world, subject)[0] == 0


def test_an_agreement_that_runs_is_never_due(world: HouseWorld) -> None:
    """K2."""
    loan = running(world)
    done = erase(world, date(2060, 1, 1))
    assert (done.applications, done.agreements) == (0, 0)
    assert readable(world, f"application:{loan.application_id}")[0] > 5


def test_log_ins_are_erased_three_months_after_they_ran_out(world: HouseWorld) -> None:
    """K2: both the session and the identification that opened it."""
    world.log_in(CECILIA)
    done = erase(world, date(2026, 6, 2))
    assert (done.log_ins, done.identifications) == (0, 0)
    done = erase(world, date(2026, 6, 3))
    assert (done.log_ins, done.identifications) == (1, 1)
    assert readable(world)[0] == 0


def test_nothing_is_erased_while_values_of_the_first_form_would_stay(world: HouseWorld) -> None:
    """K2: an erasure that leaves something readable is none."""
    declined(world)
    with world.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        put_in_first_form(session, world.runtime.cipher)
    done = erase(world, DAY_AFTER_THAT)
    assert (done.applications, done.first_form) == (0, True)
    with pytest.raises(person.FirstFormLeft):
        person.erase(world.runtime, ANNA, ADMINISTRATOR)


def test_a_person_is_told_all_that_is_kept_on_them_and_nothing_of_others(world: HouseWorld) -> None:
    """K2: GDPR, article 15."""
    body = application_json(
        company_form="HB",
        organisation_number="969999-0009",
        guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")],
    )
    loan = apply(world, body)
    decide(world, loan)
    export: Any = person.export(world.runtime, BERTIL, ADMINISTRATOR)
    (matter,) = export["matters"]
    assert matter["application_id"] == loan.application_id
    assert [one["name"] for one in matter["as_guarantor"]] == ["Bertil Berg"]
    assert "as_applicant" not in matter
    assert len(export["bureau_questions"]) == 1
    assert BERTIL.digits[2:] in str(export["bureau_questions"][0]["answers"])
    assert [one["purpose"] for one in export["signatures"]] == ["confirmation"]
    assert "Anna" not in str({**export, "bureau_questions": []})
    own: Any = person.export(world.runtime, ANNA, ADMINISTRATOR)
    assert own["matters"][0]["as_applicant"]["contact"]["email"] == "anna@example.se"
    assert "Bertil" not in str(own["matters"])
    with world.runtime.database.transaction() as session:
        subject = f"person:{world.runtime.cipher.blind_index(BERTIL.digits).hex()[:16]}"
        (entry,) = audit_log.entries_of(session, subject)
    assert (entry.action, entry.actor, entry.data["matters"]) == ("person.exported", "staff:1", 1)


def test_what_no_law_keeps_is_erased_when_the_person_asks(world: HouseWorld) -> None:
    """K2: GDPR, article 17."""
    loan = declined(world)
    (answer,) = person.erase(world.runtime, ANNA, ADMINISTRATOR)
    assert (str(answer.application_id), answer.erased) == (loan.application_id, True)
    assert readable(world, f"application:{loan.application_id}")[0] == 0
    assert person.erase(world.runtime, ANNA, ADMINISTRATOR) == ()


def test_what_law_keeps_is_refused_with_its_reason_and_its_last_day(world: HouseWorld) -> None:
    """K2: GDPR, article 17.3 b."""
    loan = granted(world)
    (alive,) = person.erase(world.runtime, ANNA, ADMINISTRATOR)
    assert (alive.erased, alive.through) == (False, None)
    loan.borrower.post(f"{loan.agreement}/cancellation")
    (kept,) = person.erase(world.runtime, ANNA, ADMINISTRATOR)
    assert (kept.erased, kept.through, kept.source) == (False, date(2036, 3, 2), "Preskriptionslag (1981:130) 2 §")
    assert readable(world, f"application:{loan.application_id}")[0] > 5


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_an_administrator_exports_and_erases(world: HouseWorld, role: Role) -> None:
    for ask in (person.export, person.erase):
        with pytest.raises(NotPermitted):
            ask(world.runtime, ANNA, Caller("staff:1", role=role))


def test_what_staff_looked_into_is_kept_for_five_years_and_then_erased(world: HouseWorld) -> None:
    """K1, K2: the act keeps it against whoever asks for its erasure; evidence goes with the application's key."""
    exposed = BODIES[CompanyForm.AB]["due_diligence"] | {"politically_exposed": True}
    few = {"expected_monthly_revenue": "20000.00", "expected_monthly_costs": "19000.00"}
    loan = apply(world, application_json(due_diligence=exposed, **few))
    assert decide(world, loan)["outcome"] == "declined"
    diligence, underwriter = Diligence(world.house.decisions), Caller("staff:9", role=Role.UNDERWRITER)
    items = diligence.customer(uuid.UUID(loan.application_id), underwriter).items
    origin = next(one for one in items if one.kind is DiligenceKind.ORIGIN_OF_FUNDS)
    diligence.add_evidence(origin.id, "intyg.pdf", b"%PDF-1.7", "application/pdf", underwriter)
    found = StaffFinding(origin_of_funds="Lön enligt intyg.")
    diligence.settle(origin.id, DiligenceResult.CORRECTED, "Intyget är sett.", underwriter, finding=found)
    (kept,) = person.erase(world.runtime, ANNA, ADMINISTRATOR)
    assert (kept.erased, kept.through) == (False, date(2031, 3, 2))
    assert "2017:630" in str(kept.source)
    subject = f"application:{loan.application_id}"
    assert erase(world, date(2031, 3, 2)).applications == 0
    assert readable(world, subject)[0] > 5
    assert erase(world, date(2031, 3, 3)).applications == 1
    assert readable(world, subject)[0] == 0
