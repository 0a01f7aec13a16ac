"""What the answers beside a report add to it: CAS's opinion, and who may sign."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bureau_clients.creditsafe.cas_formats import CasAnswer
from bureau_clients.creditsafe.codes import is_register_code, register_code
from bureau_clients.creditsafe.mapping import SOURCE, AnyReport, with_register_code
from bureau_clients.creditsafe.rest_formats import Combinations
from bureau_clients.facts import Known, Unknown
from bureau_clients.reports import CompanyReport, Opinion, SigningRight


def with_opinion(report: AnyReport, answer: CasAnswer | None, *, template: str, at: datetime) -> AnyReport:
    """*report* with the opinion of *template*, and with the facts that its reasons settle; None: there was no answer.

    A register's code says the same whichever answer it comes in; the reasons of a template settle no fact.
    """
    if answer is None or answer.verdict is None:
        report = replace(report, opinion=Unknown(SOURCE, at, template))
    else:
        opinion = Opinion(answer.verdict, answer.reasons)
        report = replace(report, opinion=Known(opinion, SOURCE, at, template))
    for reason in () if answer is None else answer.reasons:
        if is_register_code(reason):
            report = with_register_code(report, register_code(reason), part=template, at=at)
    return report


def with_signing_right(report: CompanyReport, told: Combinations, *, part: str, at: datetime) -> CompanyReport:
    """*report* with who may sign; the registered wording stays where the report has it."""
    text = report.signing_right.value.text if isinstance(report.signing_right, Known) else ""
    if told.coverage is None:
        return report
    right = SigningRight(text=text, alternatives=told.alternatives, coverage=told.coverage)
    return replace(report, signing_right=Known(right, SOURCE, at, part))


def combinations_of(number: str, told: Sequence[Combinations]) -> Combinations | None:
    """Those of the company with this *number*; a company named by something else than a number is the one asked for."""
    digits = [re.sub("[^0-9]", "", each.company_number or "") for each in told]
    own = [each for each, named in zip(told, digits, strict=True) if named.endswith(number)]
    if len(own) == 1:
        return own[0]
    is_named = len(digits) == 1 and len(digits[0]) in (10, 12)
    return None if own or len(told) != 1 or is_named else told[0]
