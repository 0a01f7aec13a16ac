"""What the years came to, as one HTML file that needs nothing beside it: charts, tables, what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from agreements.receivables.service import MonthFigures, Overdue
from underwriting.kernel.text import Language, Text
from underwriting.platform.whole_files import whole_file
from underwriting.web.plots import Plot
from underwriting.web.receivables import charts_of
from underwriting.web.texts import catalogue

_TITLE = Text("{count} avtal i {months} månader", "{count} agreements over {months} months")
_SEED = Text("frö {seed}", "seed {seed}")
_DAY, _HAPPENED = Text("Månad", "Month"), Text("Vad som hände", "What happened")
_STYLE = Markup("""
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1c2b26}
figure{margin:0 0 2.5rem}figcaption{font-weight:600;font-size:1.15rem}svg.plot{width:100%;max-width:46rem;height:auto}
ul.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:.3rem 0 1rem}
.legend svg{margin-right:.4rem}.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid #e7e5dc}th:first-child{text-align:left}
""")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one play came to; *happened* is told line by line."""

    count: int
    months: int
    seed: int
    figures: Sequence[MonthFigures]
    overdue: Sequence[Overdue]
    happened: Sequence[Text]


def write_report(file: Path, outcome: Outcome, *, language: Language) -> None:
    """Write *outcome* to *file*, in *language*. Raises FileNotWritten."""
    words = catalogue(language)

    def say(key: str, **values: object) -> str:
        return words[key].format(**values)

    charts = charts_of(outcome.figures, outcome.overdue, say=say)
    title = _TITLE.filled(count=outcome.count, months=outcome.months).in_language(language)
    seed = _SEED.filled(seed=outcome.seed).in_language(language)
    happened = Markup().join(Markup("<li>{}</li>").format(one.in_language(language)) for one in outcome.happened)
    page = Markup(
        '<!doctype html><html lang="{}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>{}</title><style>{}</style><h1>{}</h1><p>{}</p>{}<h2>{}</h2><ul>{}</ul></html>\n"
    ).format(
        *(language, title, _STYLE, title, seed),
        Markup().join(_figure(chart, language) for chart in charts),
        *(_HAPPENED.in_language(language), happened),
    )
    with whole_file(file) as output:
        output.write(page.encode("utf-8"))


def _figure(chart: Plot, language: Language) -> Markup:
    return Markup('<figure><figcaption>{}</figcaption>{}<ul class="legend">{}</ul>{}</figure>').format(
        chart.title,
        chart.svg,
        Markup().join(Markup("<li>{}{}</li>").format(mark, name) for mark, name in chart.legend),
        Markup('<div class="scroll"><table>{}</table></div>').format(Markup().join(_rows(chart, language))),
    )


def _rows(chart: Plot, language: Language) -> Iterator[Markup]:
    for head, cells in ((_DAY.in_language(language), chart.head), *chart.rows):
        told = Markup().join(Markup("<td>{}</td>").format(cell) for cell in cells)
        yield Markup("<tr><th>{}</th>{}</tr>").format(head, told)
