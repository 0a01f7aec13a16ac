"""The second factor: enrolled, asked for, never taken twice; sessions that open nothing until it is shown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import LoginRequired, NotFound
from underwriting.kernel.vocabulary import Awaited, LoginMethod, Role
from underwriting.platform import audit_log, second_factor, sessions, staff_accounts
from underwriting.platform.callers import Caller
from underwriting.platform.models import RecoveryCode, StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.second_factor import CodeRefused, Confirmed
from underwriting.platform.staff_accounts import LoginRefused, add_staff, log_in_staff

PASSWORD = "korrekt häst batteri häftklammer"
STEP = timedelta(seconds=30)
# RFC 6238, appendix B: the last six of the eight figures, SHA-1, the key "12345678901234567890"
RFC_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.fixture
def wall(clock: FixedClock) -> FixedClock:
    return FixedClock(clock.now())


@pytest.fixture
def runtime(runtime: Runtime, wall: FixedClock) -> Runtime:
    """Where a second factor is required."""
    required = replace(runtime.settings.staff, second_factor_required=True, idle=timedelta(minutes=30))
    runtime = replace(runtime, wall=wall, settings=replace(runtime.settings, staff=required))
    with runtime.database.transaction() as session:
        add_staff(session, runtime, "uma", PASSWORD, Role.UNDERWRITER, person=None, at=runtime.clock.now())
    return runtime


def caller(runtime: Runtime, token: str) -> Caller:
    found = sessions.caller_of(runtime, token)
    assert found is not None
    return found


def log_in(runtime: Runtime) -> Caller:
    return caller(runtime, log_in_staff(runtime, "uma", PASSWORD))


@pytest.fixture
def app(runtime: Runtime, wall: FixedClock) -> Callable[[], str]:
    """The user's app, enrolled and confirmed: its code of this moment."""
    half = log_in(runtime)
    totp = pyotp.TOTP(second_factor.begin(runtime, half).secret)
    second_factor.confirm(runtime, half, totp.at(wall.now()))
    wall.move_to(wall.now() + 2 * STEP)
    return lambda: totp.at(wall.now())


def test_a_password_alone_opens_nothing_where_a_second_factor_is_required(runtime: Runtime) -> None:
    half = log_in(runtime)
    assert (half.awaits, half.role, half.is_staff, half.person_index) == (Awaited.ENROLMENT, None, False, None)
    with pytest.raises(LoginRequired):
        half.require(*Role)


def test_it_opens_everything_where_the_second_factor_is_optional_and_none_is_enrolled(runtime: Runtime) -> None:
    optional = replace(runtime.settings.staff, second_factor_required=False)
    open_house = replace(runtime, settings=replace(runtime.settings, staff=optional))
    assert (log_in(open_house).awaits, log_in(open_house).role) == (None, Role.UNDERWRITER)


def test_whoever_has_enrolled_is_asked_though_it_is_optional(runtime: Runtime, app: Callable[[], str]) -> None:
    optional = replace(runtime.settings.staff, second_factor_required=False)
    assert log_in(replace(runtime, settings=replace(runtime.settings, staff=optional))).awaits is Awaited.SECOND_FACTOR


def test_the_app_is_given_a_key_of_160_bits_that_is_kept_encrypted(runtime: Runtime) -> None:
    half = log_in(runtime)
    enrolment = second_factor.begin(runtime, half)
    assert second_factor.begin(runtime, half) == enrolment  # a page that is loaded again shows the same
    assert enrolment.uri == f"otpauth://totp/Borgen:uma?secret={enrolment.secret}&issuer=Borgen"
    assert len(enrolment.secret) * 5 == 160
    with runtime.database.transaction() as session:
        kept = session.scalars(sa.select(StaffUser.enrolment_encrypted)).one()
    assert kept is not None
    assert enrolment.secret.encode() not in kept


def test_confirming_lets_in_by_a_new_session_and_gives_ten_codes(runtime: Runtime, wall: FixedClock) -> None:
    token = log_in_staff(runtime, "uma", PASSWORD)
    half = caller(runtime, token)
    code = pyotp.TOTP(second_factor.begin(runtime, half).secret).at(wall.now())
    confirmed = second_factor.confirm(runtime, half, code)
    assert caller(runtime, confirmed.token).role is Role.UNDERWRITER
    assert sessions.caller_of(runtime, token) is None
    assert len(set(confirmed.recovery_codes)) == 10
    with runtime.database.transaction() as session:
        kept = session.scalars(sa.select(RecoveryCode.code_hash)).all()
    assert not {each.replace("-", "").encode() for each in confirmed.recovery_codes} & set(kept)
    assert {len(each) for each in kept} == {32}


def test_a_wrong_code_confirms_nothing(runtime: Runtime) -> None:
    half = log_in(runtime)
    with pytest.raises(NotFound):
        second_factor.confirm(runtime, half, "000000")
    second_factor.begin(runtime, half)
    with pytest.raises(CodeRefused):
        second_factor.confirm(runtime, half, "abc")
    assert log_in(runtime).awaits is Awaited.ENROLMENT


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES.items())
def test_codes_are_those_of_rfc_6238(runtime: Runtime, wall: FixedClock, seconds: int, code: str) -> None:
    wall.move_to(datetime.fromtimestamp(seconds, UTC))
    with runtime.database.transaction() as session:
        kept = runtime.cipher.encrypt(RFC_KEY.encode(), context="staff_user.second_factor")
        session.execute(sa.update(StaffUser).values(second_factor_encrypted=kept))
    assert caller(runtime, second_factor.pass_code(runtime, log_in(runtime), code)).role is Role.UNDERWRITER


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_for_its_half_minute_and_the_neighbours(
    runtime: Runtime, wall: FixedClock, app: Callable[[], str], steps: int, taken: bool
) -> None:
    code, half = app(), log_in(runtime)
    wall.move_to(wall.now() + 5 * STEP)
    code = app()
    wall.move_to(wall.now() - steps * STEP)
    if taken:
        assert second_factor.pass_code(runtime, half, f" {code[:3]} {code[3:]} ")
    else:
        with pytest.raises(CodeRefused):
            second_factor.pass_code(runtime, half, code)


def test_a_code_is_taken_once_and_none_before_it(runtime: Runtime, wall: FixedClock, app: Callable[[], str]) -> None:
    before = app()
    wall.move_to(wall.now() + STEP)
    code = app()
    assert second_factor.pass_code(runtime, log_in(runtime), code)
    for seen in (code, before):  # both are of half minutes that would still do
        with pytest.raises(CodeRefused):
            second_factor.pass_code(runtime, log_in(runtime), seen)
    wall.move_to(wall.now() + STEP)
    assert second_factor.pass_code(runtime, log_in(runtime), app())


def test_the_code_that_confirmed_is_used(runtime: Runtime, wall: FixedClock) -> None:
    half = log_in(runtime)
    code = pyotp.TOTP(second_factor.begin(runtime, half).secret).at(wall.now())
    second_factor.confirm(runtime, half, code)
    with pytest.raises(CodeRefused):
        second_factor.pass_code(runtime, log_in(runtime), code)


def test_passing_rotates_the_session(runtime: Runtime, app: Callable[[], str]) -> None:
    token = log_in_staff(runtime, "uma", PASSWORD)
    new = second_factor.pass_code(runtime, caller(runtime, token), app())
    assert new != token
    assert sessions.caller_of(runtime, token) is None
    with pytest.raises(LoginRequired):  # a session that awaits nothing passes nothing
        second_factor.pass_code(runtime, caller(runtime, new), app())


def test_five_wrong_codes_lock_the_account_and_the_right_one_with_it(
    runtime: Runtime, wall: FixedClock, app: Callable[[], str]
) -> None:
    half = log_in(runtime)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            second_factor.pass_code(runtime, half, "12345")
    with pytest.raises(CodeRefused):
        second_factor.pass_code(runtime, half, app())
    with pytest.raises(LoginRefused):
        log_in_staff(runtime, "uma", PASSWORD)
    wall.move_to(wall.now() + timedelta(minutes=15))
    assert second_factor.pass_code(runtime, log_in(runtime), app())


def test_right_passwords_between_wrong_codes_do_not_start_the_count_again(
    runtime: Runtime, app: Callable[[], str]
) -> None:
    """Whoever has found the password must not be able to guess codes without end."""
    for _ in range(5):
        with pytest.raises(CodeRefused):
            second_factor.pass_code(runtime, log_in(runtime), "000")
    with pytest.raises(LoginRefused):
        log_in_staff(runtime, "uma", PASSWORD)


def confirmed(runtime: Runtime, wall: FixedClock) -> Confirmed:
    half = log_in(runtime)
    return second_factor.confirm(runtime, half, pyotp.TOTP(second_factor.begin(runtime, half).secret).at(wall.now()))


def test_a_recovery_code_stands_in_once(runtime: Runtime, wall: FixedClock) -> None:
    codes = confirmed(runtime, wall).recovery_codes
    inside = caller(runtime, second_factor.pass_code(runtime, log_in(runtime), codes[0]))
    assert second_factor.recovery_codes_left(runtime, inside) == 9
    with pytest.raises(CodeRefused):
        second_factor.pass_code(runtime, log_in(runtime), codes[0])
    assert second_factor.pass_code(runtime, log_in(runtime), codes[1].replace("-", "").upper())


def test_a_new_app_takes_the_place_of_the_old_only_when_it_is_confirmed(
    runtime: Runtime, wall: FixedClock, app: Callable[[], str]
) -> None:
    inside = caller(runtime, second_factor.pass_code(runtime, log_in(runtime), app()))
    new = pyotp.TOTP(second_factor.begin(runtime, inside).secret)
    wall.move_to(wall.now() + STEP)
    inside = caller(runtime, second_factor.pass_code(runtime, log_in(runtime), app()))
    wall.move_to(wall.now() + STEP)
    with pytest.raises(CodeRefused):
        second_factor.confirm(runtime, inside, new.at(wall.now()), password="another")
    second_factor.confirm(runtime, inside, new.at(wall.now()), password=PASSWORD)
    wall.move_to(wall.now() + 2 * STEP)
    with pytest.raises(CodeRefused):
        second_factor.pass_code(runtime, log_in(runtime), app())
    assert second_factor.pass_code(runtime, log_in(runtime), new.at(wall.now()))


def test_whoever_has_still_to_show_a_factor_sets_up_no_other(runtime: Runtime, wall: FixedClock) -> None:
    """Neither by a log-in that awaits it, nor by one that was begun before there was one."""
    before, half = (log_in(runtime) for _ in range(2))
    second_factor.begin(runtime, before)
    second_factor.confirm(runtime, half, pyotp.TOTP(second_factor.begin(runtime, half).secret).at(wall.now()))
    for stranger in (before, log_in(runtime)):
        with pytest.raises(LoginRequired):
            second_factor.begin(runtime, stranger)
        with pytest.raises(LoginRequired):
            second_factor.confirm(runtime, stranger, "000000")


def test_a_session_that_awaits_a_code_ends_after_ten_minutes(runtime: Runtime, wall: FixedClock) -> None:
    token = log_in_staff(runtime, "uma", PASSWORD)
    wall.move_to(wall.now() + timedelta(minutes=10))
    assert sessions.caller_of(runtime, token) is None


def test_an_operator_resets_it_and_every_session_ends(runtime: Runtime, app: Callable[[], str]) -> None:
    token = second_factor.pass_code(runtime, log_in(runtime), app())
    staff_accounts.reset_second_factor(runtime, "uma")
    assert sessions.caller_of(runtime, token) is None
    assert log_in(runtime).awaits is Awaited.ENROLMENT
    with pytest.raises(NotFound):
        staff_accounts.reset_second_factor(runtime, "nobody")


def test_what_happens_to_it_stands_in_the_audit_log_without_codes(runtime: Runtime, wall: FixedClock) -> None:
    codes = confirmed(runtime, wall).recovery_codes
    second_factor.pass_code(runtime, log_in(runtime), codes[0])
    with runtime.database.transaction() as session:
        user = session.scalars(sa.select(StaffUser)).one()
        entries = audit_log.entries_of(session, f"staff:{user.id}")
    assert [entry.action.removeprefix("staff.") for entry in entries] == [
        *("added", "second_factor_enrolled", "logged_in", "recovery_code_used", "logged_in"),
    ]
    assert codes[0] not in str([entry.data for entry in entries])


# Sessions


@pytest.fixture
def inside(runtime: Runtime, app: Callable[[], str]) -> str:
    return second_factor.pass_code(runtime, log_in(runtime), app())


def test_a_session_ends_after_half_an_hours_rest_and_no_sooner(runtime: Runtime, wall: FixedClock, inside: str) -> None:
    for _ in range(4):
        wall.move_to(wall.now() + timedelta(minutes=29))
        assert caller(runtime, inside).role is Role.UNDERWRITER
    wall.move_to(wall.now() + timedelta(minutes=30))
    assert sessions.caller_of(runtime, inside) is None


def test_nobody_stays_in_beyond_eight_hours(runtime: Runtime, wall: FixedClock, inside: str) -> None:
    start = wall.now()
    while wall.now() + timedelta(minutes=20) < start + timedelta(hours=8):
        wall.move_to(wall.now() + timedelta(minutes=20))
        assert sessions.caller_of(runtime, inside) is not None
    wall.move_to(start + timedelta(hours=8))
    assert sessions.caller_of(runtime, inside) is None


def test_staff_see_their_own_sessions_and_end_them(runtime: Runtime, wall: FixedClock, inside: str) -> None:
    me = caller(runtime, inside)
    with runtime.database.transaction() as session:
        assert me.staff_id is not None
        other = sessions.open_for_staff(session, runtime, me.staff_id, LoginMethod.PASSWORD)
        third = sessions.open_for_staff(session, runtime, me.staff_id, LoginMethod.SIGN_ON)
    found = sessions.open_of_staff(runtime, me)
    assert [one.current for one in found] == [False, False, True, False]
    assert found[0].method is LoginMethod.SIGN_ON
    sessions.end_own(runtime, me, found[1].id)
    assert sessions.caller_of(runtime, other) is None
    with pytest.raises(NotFound):
        sessions.end_own(runtime, me, found[1].id)
    sessions.end_others(runtime, me)
    assert sessions.caller_of(runtime, third) is None
    assert sessions.caller_of(runtime, inside) is not None


def test_nobody_ends_anothers_session(runtime: Runtime, inside: str) -> None:
    me = caller(runtime, inside)
    with runtime.database.transaction() as session:
        add_staff(session, runtime, "bo", PASSWORD, Role.BILLING, person=None, at=runtime.clock.now())
    other = caller(runtime, log_in_staff(runtime, "bo", PASSWORD))
    assert me.session_id is not None
    with pytest.raises(NotFound):
        sessions.end_own(runtime, other, me.session_id)
    sessions.end_others(runtime, other)
    assert sessions.caller_of(runtime, inside) is not None
