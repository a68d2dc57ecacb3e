"""The page of a report: what was found in words, charts and tables, in one file without any outside reference."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment
from markupsafe import Markup

from scenarios.figures import SHARES
from scenarios.report import charts
from scenarios.report.purchases import purchase_words
from scenarios.words import has_word, word

if TYPE_CHECKING:
    from scenarios.words import Lang

Json = dict[str, Any]
MOST_MAPS: Final = 9
MOST_LINES: Final = 60
"""Maps of changes, and lines of the chart of differences, at most; the tables have all scenarios."""


def page(parts: Json, lang: Lang) -> str:
    """Return the page of the parts of a report."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = lambda value: "–" if value is None else f"{100 * value:.1f}%"
    environment.filters["points"] = lambda value: "–" if value is None else f"{100 * value:+.1f}"
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    environment.globals["w"] = lambda key, **values: word(lang, key, **values)
    environment.globals["named"] = lambda key, otherwise: word(lang, key) if has_word(lang, key) else otherwise
    environment.globals["purchase"] = lambda item: purchase_words(item, lang)
    template = environment.from_string((files("scenarios") / "report" / "page.html").read_text(encoding="utf-8"))
    first = next(iter(parts.values()))
    return template.render(
        lang=lang,
        week=first["week"],
        charts=_charts(parts, lang),
        **{name: parts.get(name) for name in ("comparison", "targets", "investment", "robustness")},
    )


def _charts(parts: Json, lang: Lang) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "comparison" in parts:
        _of_comparison(parts["comparison"], lang, out)
    if "targets" in parts and parts["targets"]["places"]:
        asked = {place["id"]: float(len(place["targets"])) for place in parts["targets"]["communities"]}
        met = {
            place["id"]: sum(row["is_met"] for row in place["targets"].values()) / max(1, len(place["targets"]))
            for place in parts["targets"]["communities"]
        }
        panel = (word(lang, "report.map_targets"), met, asked)
        out["targets_map"] = _map(parts["targets"]["places"], [panel], word(lang, "report.map_targets"), is_change=False)
    if "investment" in parts:
        found = parts["investment"]
        names = {"x_name": word(lang, "report.yuan"), "y_name": f"{word(lang, 'report.rate')} (%)"}
        out["frontier"] = Markup(charts.frontier(found["frontier"], found["goal"], word(lang, "report.frontier"), **names))  # noqa: S704
    if "robustness" in parts:
        found = parts["robustness"]["values"]
        rates = {
            word(lang, f"report.{name}"): [value / total for value, total in zip(found[name], found["asked"], strict=False) if total]
            for name in ("as_planned", "replanned")
            if found[name]
        }
        out["spread"] = Markup(charts.spread(rates, word(lang, "report.spread")))  # noqa: S704
    return out


def _of_comparison(found: Json, lang: Lang, out: dict[str, Any]) -> None:
    if found["scenarios"]:
        out["differences"] = Markup(charts.differences(found["scenarios"][:MOST_LINES], word(lang, "report.differences")))  # noqa: S704
    out["curves"] = {
        grid["id"]: [
            Markup(  # noqa: S704 - the chart's own text is escaped where it is drawn
                charts.curve(
                    points,
                    f"{grid['title']}: {_measure(lang, points['measure'])}",
                    is_share=points["measure"] in SHARES,
                    x_name=grid["over"],
                    y_name=_measure(lang, points["measure"]) + (" (%)" if points["measure"] in SHARES else ""),
                )
            )
            for points in grid["curves"]
        ]
        for grid in found["grids"]
    }
    places = found["places"]
    if not places:
        return
    base, asked = _rates(found["base"])
    out["base_map"] = _map(places, [(word(lang, "report.base"), base, asked)], word(lang, "report.map_base"), is_change=False)
    panels = []
    for row in [row for row in found["scenarios"] if row["grid"] is None][:MOST_MAPS]:
        rates, _ = _rates(row)
        panels.append((row["title"], {name: rate - base.get(name, rate) for name, rate in rates.items()}, asked))
    if panels:
        out["change_maps"] = _map(places, panels, word(lang, "report.map_change"), is_change=True)


def _map(places: Sequence[Json], panels: Sequence[Any], label: str, *, is_change: bool) -> Markup:
    return Markup(charts.maps(places, panels, label, is_change=is_change))  # noqa: S704


def _rates(row: Json) -> tuple[dict[str, float], dict[str, float]]:
    rates = {name.removeprefix("communities."): item["mean"] for name, item in row["measures"].items() if name.startswith("communities.")}
    asked = {name: float(item["urgency"]) for name, item in row["figures"]["communities"].items()}
    return rates, asked


def _measure(lang: Lang, name: str) -> str:
    return word(lang, f"measure.{name}") if has_word(lang, f"measure.{name}") else name
