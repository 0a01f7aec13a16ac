"""A document on a page says what the text says, word for word."""

import re
from html import unescape

import pytest

from agreements.documents.rules import DocumentKind, words
from tests.support.documents import VALUES
from underwriting.web.documents import set_document

TEXT = """\
ANSÖKAN OM FÖRETAGSKREDIT                                          ABCD-EFGH
============================================================================

Till Exempel, 559999-0008 (Kreditgivaren). Ansökan är bindande när den är
undertecknad & läst.


1  Sökande (Kredittagaren)
----------------------------------------------------------------------------

  Företag                   aktiebolag <svenskt>
  Utbetalas till            bankgiro 5999-0002, som är företagets eget konto
                            och inget annat
  Nummer                    559999-0008

Borgensmän:

      - Anna Andersson, 19770107-****, som bor långt borta och därför står på
        två rader
      - Bertil Berg, 19770111-****

3.1   Krediten har ingen ränta. Priset är en månadsavgift på högst 4,50 %
      per kalendermånad.

10.12 Svensk lag gäller.
"""


def words_of(html: str) -> list[str]:
    return unescape(re.sub(r"<[^>]+>", " ", html)).split()


def test_no_word_is_lost_added_or_moved() -> None:
    rules = re.compile(r"(=+|-+)")
    said = [word for word in TEXT.split() if not rules.fullmatch(word)]
    assert words_of(set_document(TEXT)) == said


@pytest.mark.parametrize(
    "part",
    [
        "<h2>ANSÖKAN OM FÖRETAGSKREDIT <small>ABCD-EFGH</small></h2>",
        "<h3>1 Sökande (Kredittagaren)</h3>",
        "<dt>Företag</dt><dd>aktiebolag &lt;svenskt&gt;</dd>",
        "<dt>Utbetalas till</dt><dd>bankgiro 5999-0002, som är företagets eget konto och inget annat</dd>",
        "<li>Anna Andersson, 19770107-****, som bor långt borta och därför står på två rader</li>",
        "<b>3.1</b> <span>Krediten har ingen ränta. Priset är en månadsavgift på högst 4,50 % per kalendermånad.",
        "<b>10.12</b> <span>Svensk lag gäller.</span>",
        "Ansökan är bindande när den är undertecknad &amp; läst.</p>",
    ],
)
def test_each_kind_of_block_is_set_as_what_it_is(part: str) -> None:
    assert part in set_document(TEXT)


@pytest.mark.parametrize("text", ["", "\n\n", "=====", "  a", "-", "1.1", "1.1   ", "\n- \n"])
def test_odd_texts_are_set_too(text: str) -> None:
    set_document(text)


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_page_says_what_the_pdf_is_made_of_word_for_word(kind: DocumentKind) -> None:
    """S1: the words are one; the page sets them in the order in which they are read aloud."""
    document = words(kind, "sv", **VALUES[kind])
    said = []
    for block in document.blocks:
        said += block.marker.split() if block.marker[:1].isdigit() else []
        said += " ".join(block.parts).split()
    assert [word for word in words_of(set_document(document)) if word != "·"] == said


@pytest.mark.parametrize(
    "part",
    [
        '<p class="letterhead"><strong>Exempelkredit AB</strong>',
        "<h2>Borgensförbindelse <small>kreditavtal nr 100001</small></h2>",
        '<div class="notice"><p>Läs hela texten',
        '<div class="weighty"><dt>Jag betalar högst</dt>',
        '<p class="clause"><b>2.1</b> <span>Jag går i borgen såsom för egen skuld',
        '<div class="signature"><p>Dokumentet undertecknas elektroniskt',
        "Bolag &lt;script&gt;alert(1)&lt;/script&gt; AB",
    ],
)
def test_words_are_set_as_what_they_are_and_a_name_is_no_markup(part: str) -> None:
    values = VALUES[DocumentKind.GUARANTEE] | {"company": "Bolag <script>alert(1)</script> AB"}
    assert part in set_document(words(DocumentKind.GUARANTEE, "sv", **values))
