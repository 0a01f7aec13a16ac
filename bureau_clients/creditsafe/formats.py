"""Creditsafe's answer to GetDataBySecure: a SOAP envelope around an error, or around a .NET DataSet diffgram."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from bureau_clients.creditsafe.codes import code_in
from bureau_clients.creditsafe.envelopes import NotAnAnswer, has_text, plain_text, result_in, text_in
from bureau_clients.reports import CopySent

NAMESPACE = "https://webservice.creditsafe.se/getdata/"

_DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_ROW = "GETDATA_RESPONSE"
_ROWS = f"{{{_DIFFGRAM}}}diffgram/NewDataSet/{_ROW}"  # not diffgr:before, which holds rows as they were
_DECLARED = f".//{{{_SCHEMA}}}element[@name='{_ROW}']//{{{_SCHEMA}}}element"


@dataclass(frozen=True, slots=True)
class GetDataAnswer:
    """One answer: the number it is about, the code of its error if it has one, and its rows as column to text.

    *declared* are the columns that the schema beside the rows names; *copy_sent* is what is told of the subject's copy.
    """

    search_number: str | None = field(repr=False)
    error_code: str | None
    rows: tuple[Mapping[str, str], ...] = field(repr=False)
    declared: frozenset[str] = frozenset()
    copy_sent: CopySent = CopySent.NOT_TOLD

    def with_declared_empty(self) -> "GetDataAnswer":
        """This answer, with an empty text in each declared column that no row has."""
        left_out = dict.fromkeys(self.declared.difference(*self.rows), "")
        return replace(self, rows=tuple({**left_out, **row} for row in self.rows))


def read_answer(body: bytes) -> GetDataAnswer:
    """The answer in *body*, in either version of SOAP. Raises SoapFault, or NotAnAnswer."""
    result = result_in(body, namespace=NAMESPACE, operation="GetDataBySecure")
    parameters = result.find(f"{{{NAMESPACE}}}Parameters")
    error = result.find(f"{{{NAMESPACE}}}Error")
    return GetDataAnswer(
        search_number=text_in(result, "SearchNumber"),
        error_code=None if error is None or not has_text(error) else code_in(text_in(error, "Cause_of_Reject")),
        rows=() if parameters is None else tuple(_row(row) for row in parameters.iterfind(_ROWS)),
        declared=frozenset() if parameters is None else _names(parameters.iterfind(_DECLARED)),
    )


def _row(row: etree._Element) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for column in row:
        name, text = etree.QName(column).localname, plain_text(column)
        if texts.setdefault(name, text) != text:
            raise NotAnAnswer("a column that says two things in one row")
    return texts


def _names(declared: Iterable[etree._Element]) -> frozenset[str]:
    return frozenset(name for element in declared if (name := element.get("name")))
