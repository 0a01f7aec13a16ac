"""A customer's own columns, and what is refused of them at the start."""

from typing import Any

import pytest

from bureau_clients.creditsafe.columns import Column, Empty, Listing
from bureau_clients.creditsafe.configuration import ColumnMapping, LeftOut, MappingInvalid
from bureau_clients.reports import CompanyStatus
from underwriting.kernel.vocabulary import CompanyForm


def configured(**settings: Any) -> ColumnMapping:
    return ColumnMapping.configured(settings)


def test_a_configured_column_takes_the_place_of_the_shipped_one() -> None:
    mapping = configured(
        company={"annual_turnover": {"name": "OMS", "empty": "absent", "kronor": 1000}, "employees": None},
        person={"kronofogden_debt": "SKULD"},
        statuses={"Konkurs": "bankrupt"},
        forms={"AB": "AB"},
    )
    assert mapping.company["annual_turnover"] == Column("OMS", Empty.ABSENT, 1000)
    assert "employees" not in mapping.company
    assert mapping.person["kronofogden_debt"] == Column("SKULD", Empty.ZERO)  # the rest as shipped
    assert mapping.person["income"] == Column("INCOME", Empty.ABSENT)
    assert (mapping.statuses["konkurs"], mapping.statuses["aktiv"]) == (CompanyStatus.BANKRUPT, CompanyStatus.ACTIVE)
    assert mapping.forms["ab"] is CompanyForm.AB


def test_a_configured_list_takes_the_place_of_the_shipped_one() -> None:
    mapping = configured(
        company={
            "accounts": {
                "most": 3,
                "first": 0,
                "empty": "unknown",
                "closed_on": "BOKSLUT{n}",
                "turnover": {"name": "OMS{n}", "kronor": 1000},
                "equity": None,
            }
        }
    )
    assert mapping.company["accounts"] == Listing(
        members={"closed_on": Column("BOKSLUT{n}"), "turnover": Column("OMS{n}", kronor=1000)},
        most=3,
        first=0,
        empty=Empty.UNKNOWN,
    )


def test_rest_has_shipped_columns_of_its_own() -> None:
    mapping = ColumnMapping.configured({"company": {"vat": "momsInfo.active"}}, transport="rest")
    assert mapping.company["name"] == Column("basicInformation.companyName")
    assert mapping.company["vat"] == Column("momsInfo.active")
    assert mapping.numbers == ("basicInformation.organizationNumber", "basicInformation.personalNumber")


def test_what_a_row_leaves_out_is_unknown_unless_it_is_configured() -> None:
    """D13: no block is known to write nothing at all for what it has no value for."""
    assert configured().left_out is LeftOut.UNKNOWN
    assert configured(left_out="empty").left_out is LeftOut.EMPTY


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"company": {"f_skatt": "F_TAX"}}, "f_skatt"),
        ({"company": {"income": "INCOME"}}, "income"),
        ({"person": {"deceased": "DEAD"}}, "deceased"),
        ({"person": {"opinion": "OPINION"}}, "opinion"),
        ({"companies": {}}, "companies"),
        ({"left_out": "absent"}, "absent"),
        ({"company": {"f_tax": {"name": "F", "empty": "perhaps"}}}, "perhaps"),
        ({"company": {"f_tax": {"name": "F", "empty": "zero"}}}, "f_tax"),
        ({"company": {"f_tax": {"column": "F"}}}, "column"),
        ({"company": {"f_tax": {"name": "F", "kronro": 1}}}, "kronro"),
        ({"company": {"f_tax": {"name": None}}}, "cannot be read"),
        ({"company": {"f_tax": {}}}, "a column has a name"),
        ({"company": {"f_tax": 5}}, "cannot be read"),
        ({"company": {"f_tax": ""}}, "f_tax"),
        ({"company": {"f_tax": "F{n}"}}, "f_tax"),
        ({"company": {"f_tax": {"name": "F", "kronor": 1000}}}, "no amount"),
        ({"company": {"annual_turnover": {"name": "OMS", "kronor": 0}}}, "annual_turnover"),
        ({"company": {"annual_turnover": {"name": "OMS", "kronor": "1000"}}}, "annual_turnover"),
        ({"company": {"annual_turnover": {"name": "OMS", "kronor": True}}}, "annual_turnover"),
        ({"company": {"annual_turnover": {"name": "OMS", "kronor": 0.5}}}, "annual_turnover"),
        ({"company": ["f_tax"]}, "cannot be read"),
        ({"company": {"accounts": "ACC"}}, "list of columns"),
        ({"company": {"accounts": {"name": "ACC"}}}, "list of columns"),
        ({"company": {"f_tax": {"most": 5, "name": "F{n}"}}}, "one column"),
        ({"company": {"accounts": {"most": 5}}}, "closed_on"),
        ({"company": {"accounts": {"most": 5, "turnover": "T{n}"}}}, "closed_on"),
        ({"company": {"accounts": {"most": 0, "closed_on": "D{n}"}}}, "between 1 and 500"),
        ({"company": {"accounts": {"most": 501, "closed_on": "D{n}"}}}, "between 1 and 500"),
        ({"company": {"accounts": {"most": "5", "closed_on": "D{n}"}}}, "between 1 and 500"),
        ({"company": {"accounts": {"most": 5, "first": -1, "closed_on": "D{n}"}}}, "first"),
        ({"company": {"accounts": {"most": 5, "empty": "zero", "closed_on": "D{n}"}}}, "zero"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D"}}}, "closed_on"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D{m}"}}}, "closed_on"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D{n:03}"}}}, "closed_on"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D{n}{n}"}}}, "closed_on"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D{n"}}}, "cannot be read"),
        ({"company": {"accounts": {"most": 5, "closed_on": "D{n}", "assets": "A{n}"}}}, "assets"),
        ({"company": {"accounts": {"most": 5, "closed_on": {"name": "D{n}", "empty": "zero"}}}}, "empty"),
        ({"company": {"accounts": {"most": 5, "closed_on": {"name": "D{n}", "kronor": 1000}}}}, "no amount"),
        ({"company": {"accounts": {"most": 5, "closed_on": {"kronor": 1}}}}, "cannot be read"),
        ({"company": {"board": {"most": 5, "function": "F{n}"}}}, "name"),
        ({"person": {"assignments": {"most": 5, "function": "F{n}"}}}, "company_number"),
        ({"statuses": {"Konkurs": "broke"}}, "broke"),
        ({"statuses": ["Konkurs"]}, "cannot be read"),
        ({"forms": {"Filial": "FIL"}}, "FIL"),
    ],
)
def test_a_mapping_that_cannot_hold_is_refused_when_it_is_read(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(MappingInvalid, match=named):
        ColumnMapping.configured(settings)
