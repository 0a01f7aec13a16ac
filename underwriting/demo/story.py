"""The story: four companies, five loans, seven weeks. Every amount in it was worked out beforehand and is checked."""

from collections.abc import Callable
from datetime import date, datetime

from underwriting.demo import books, leaving, lending, paying
from underwriting.demo.cast import AB, EF, EF_AGAIN, HB, KB
from underwriting.demo.environment import Say, running
from underwriting.demo.lending import Loan
from underwriting.demo.stage import Stage
from underwriting.demo.wire import Refused, Unexpected
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Language, Text

BEGINS_AT = datetime(2026, 10, 26, 9, tzinfo=STOCKHOLM)  # a Monday
CANCELLATION_FEE = Money.kronor(1_500)
AB_FEE = Money.kronor(3_600)  # 180 000 × 2,00 %
HB_FEE = Money.kronor(2_183)  # 145 500 × 1,50 % = 2 182,50
KB_LIMIT = Money.kronor(218_000)  # 35 000 / 1,25 / (1/12 + 0,045) = 218 181, in whole thousands
KB_FEE = Money.kronor(3_270)  # 218 000 × 1,50 %
EF_FIRST_FEE = Money.kronor(825)  # 55 000 × 1,50 %
EF_FEE = Money.kronor(719)  # 47 900 × 1,50 % = 718,50
AB_PART = Money.kronor(15_000)  # 180 000 / 12
HB_PART = Money.kronor(12_125)  # 145 500 / 12
AB_LEFT = AB.asked - AB_PART
AB_DECEMBER_FEE = Money.kronor(3_300)  # 165 000 × 2,00 %


def perform(language: Language, *, print_line: Callable[[str], None], say: Say) -> Stage:
    """Play the story in an environment of its own; whatever did not come out as told is in the stage's `faults`.

    *print_line* is given the story, *say* what one waits for. Raises EmbeddedPostgresError, NotStarted.
    """
    with running(at=BEGINS_AT, say=say) as environment:
        stage = Stage(environment, language, print_line, say, BEGINS_AT)
        print_line(_PROLOGUE.in_language(language))
        try:
            _play(stage)
        except Refused as error:
            stage.faults.append(str(error))
        except Unexpected as error:
            stage.faults.append(f"{error}\n{environment.end_of_log()}")
        say(Text("Stänger …", "Closing …"))
    return stage


_PROLOGUE = Text(
    "Fyra företag söker kredit hos Exempelkredit AB. Personer och företag är påhittade; allt annat är på riktigt: "
    "tjänsten,\ndatabasen, SOAP mot Creditsafe, BankID över ömsesidig TLS, bankens filer. Testtiden går dag för dag.",
    "Four companies ask Exempelkredit AB for credit. People and companies are made up; all else is real: the service, "
    "the\ndatabase, SOAP with Creditsafe, BankID over mutual TLS, the bank's files. Test time is moved day by day.",
)

_EPILOGUE = Text(
    "Så slutar berättelsen: AB har löst sin kredit, KB och EF har hävt sina, HB och EF 2 löper vidare.",
    "So the story ends: AB has redeemed its credit, KB and EF have cancelled theirs, HB and EF 2 go on.",
)


def _play(stage: Stage) -> None:
    ab, hb, kb, ef = _apply_and_be_decided(stage)
    _leave_on_the_first_day(stage, hb, ef)
    ef_again = _sign_and_be_paid(stage, ab, hb, ef)
    _sign_later(stage, kb)
    _leave_after_the_payout(stage, hb, kb)
    _live_through_two_months(stage, ab, hb, ef_again)
    stage.move_to("2026-12-10 10:00")
    leaving.redeem(stage, ab, date(2026, 12, 10), principal=AB_LEFT, running_fee=AB_DECEMBER_FEE)
    stage.tell("", _EPILOGUE)
    books.close(stage, (ab, hb, kb, ef, ef_again))


def _apply_and_be_decided(stage: Stage) -> tuple[Loan, Loan, Loan, Loan]:
    ab, hb, kb, ef = loans = tuple(lending.apply(stage, company.form, company) for company in (AB, HB, KB, EF))
    stage.move_to("2026-10-26 09:30")
    for loan in loans:
        lending.confirm(stage, loan)
    stage.move_to("2026-10-26 10:00")
    lending.read_decision(stage, ab, outcome="referred", limit=AB.asked, fee_rate="0.0200", monthly_fee=AB_FEE)
    lending.read_decision(stage, hb, outcome="approved", limit=HB.asked, fee_rate="0.0150", monthly_fee=HB_FEE)
    lending.read_decision(stage, kb, outcome="counter_offer", limit=KB_LIMIT, fee_rate="0.0150", monthly_fee=KB_FEE)
    lending.read_decision(stage, ef, outcome="approved", limit=EF.asked, fee_rate="0.0150", monthly_fee=EF_FIRST_FEE)
    stage.move_to("2026-10-26 11:00")
    lending.accept_counter_offer(stage, kb)
    lending.determine(stage, ab, limit=AB.asked, fee_rate="0.0200")
    return ab, hb, kb, ef


def _leave_on_the_first_day(stage: Stage, hb: Loan, ef: Loan) -> None:
    lending.find_agreement(stage, hb)
    lending.find_agreement(stage, ef)
    stage.move_to("2026-10-26 15:59:59")
    leaving.cancel_the_same_day(stage, ef, fee=CANCELLATION_FEE)
    stage.move_to("2026-10-26 16:00")
    leaving.be_refused(stage, hb, rule="C8")


def _sign_and_be_paid(stage: Stage, ab: Loan, hb: Loan, ef: Loan) -> Loan:
    stage.move_to("2026-10-27 10:00")
    paying.pay(stage, ef, CANCELLATION_FEE, Text("hävningsavgiften", "the cancellation fee"))
    ef_again = lending.apply(stage, "EF 2", EF_AGAIN)
    lending.confirm(stage, ef_again)
    stage.run_jobs()
    lending.read_decision(
        stage, ef_again, outcome="approved", limit=EF_AGAIN.asked, fee_rate="0.0150", monthly_fee=EF_FEE
    )
    for loan in (ab, hb, ef_again):
        lending.sign(stage, loan)
        lending.be_paid(stage, loan, window_ends="2026-11-01T22:59:59Z")
    return ef_again


def _sign_later(stage: Stage, kb: Loan) -> None:
    stage.move_to("2026-10-29 09:00")
    lending.sign(stage, kb)
    lending.be_paid(stage, kb, window_ends="2026-11-03T22:59:59Z")


def _leave_after_the_payout(stage: Stage, hb: Loan, kb: Loan) -> None:
    stage.move_to("2026-11-02 00:00")
    leaving.be_refused(stage, hb, rule="C4")
    stage.move_to("2026-11-03 23:59:59")
    paying.be_charged(stage, kb, "2026-10", basis=KB_LIMIT, fee=KB_FEE)
    total = leaving.ask_to_cancel(stage, kb, fee=CANCELLATION_FEE, pay_by=date(2026, 11, 6))
    stage.move_to("2026-11-05 14:00")
    paying.pay(stage, kb, total, Text("kapital och hävningsavgift", "principal and cancellation fee"))
    leaving.be_cancelled(stage, kb, month="2026-10")


def _live_through_two_months(stage: Stage, ab: Loan, hb: Loan, ef: Loan) -> None:
    bills = ((ab, AB.asked, AB_FEE), (hb, HB.asked, HB_FEE), (ef, EF_AGAIN.asked, EF_FEE))
    for loan, basis, fee in bills:
        paying.be_charged(stage, loan, "2026-10", basis=basis, fee=fee)
        paying.pay(stage, loan, fee, Text("oktobers avgift", "October's fee"))
    stage.move_to("2026-11-30 09:00")
    for loan, basis, part in ((ab, AB.asked, AB_PART), (hb, HB.asked, HB_PART)):
        paying.pay(stage, loan, part, Text("den första amorteringen", "the first instalment"))
        paying.owe(stage, loan, basis - part)
    paying.owe(stage, ef, EF_AGAIN.asked)  # at term: nothing of it is due yet
    stage.move_to("2026-12-02 09:00")
    for loan, basis, fee in bills:
        paying.be_charged(stage, loan, "2026-11", basis=basis, fee=fee)
        paying.pay(stage, loan, fee, Text("novembers avgift", "November's fee"))
