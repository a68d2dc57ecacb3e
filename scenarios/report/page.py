"""The page of a report: what was found in words, charts and tables, in one file without any outside reference."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment
from markupsafe import Markup

from scenarios.figures import SHARES
from scenarios.report import charts
from scenarios.report.names import axis_words, measure_words, named, with_titles
from scenarios.report.purchases import purchase_words
from scenarios.words import skill_words, word

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
    environment.filters["as_of"] = _measured
    environment.globals["w"] = lambda key, **values: word(lang, key, **values)
    environment.globals["named"] = lambda key, otherwise: named(lang, key, otherwise)
    environment.globals["skill"] = lambda name: skill_words(lang, name)
    environment.globals["purchase"] = lambda item, names: purchase_words(item, lang, names)
    template = environment.from_string((files("scenarios") / "report" / "page.html").read_text(encoding="utf-8"))
    first = next(iter(parts.values()))
    if "comparison" in parts:
        parts = parts | {"comparison": with_titles(parts["comparison"])}
    return template.render(
        lang=lang,
        week=first["week"],
        charts=_charts(parts, lang),
        **{name: parts.get(name) for name in ("comparison", "targets", "investment", "robustness")},
    )


def _measured(value: float | None, name: str, sign: str = "") -> str:
    """Return the number of a measure: shares in percent (their changes in points), others with four digits."""
    if value is None:
        return "–"
    if name not in SHARES:
        return f"{value:{sign},.4g}"
    return f"{100 * value:{sign}.1f}" + ("" if sign else "%")


def _charts(parts: Json, lang: Lang) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "comparison" in parts:
        _of_comparison(parts["comparison"], lang, out)
    if "targets" in parts and len(parts["targets"]["places"]) > 1:
        asked = {place["id"]: float(len(place["targets"])) for place in parts["targets"]["communities"]}
        met = {
            place["id"]: sum(row["is_met"] for row in place["targets"].values()) / max(1, len(place["targets"]))
            for place in parts["targets"]["communities"]
        }
        label, scale = word(lang, "report.map_targets"), word(lang, "report.targets_axis")
        out["targets_map"] = Markup(charts.community_map(parts["targets"]["places"], (met, asked), label, scale=scale, is_wide=True))  # noqa: S704
    if "investment" in parts:
        found = parts["investment"]
        names = {"x_name": word(lang, "report.yuan"), "y_name": word(lang, "report.rate_axis")}
        out["frontier"] = Markup(charts.frontier(found["frontier"], found["goal"], word(lang, "report.frontier"), **names))  # noqa: S704
    if "robustness" in parts:
        found = parts["robustness"]["values"]
        rates = {
            word(lang, f"report.{name}"): [value / total for value, total in zip(found[name], found["asked"], strict=False) if total]
            for name in ("as_planned", "replanned")
            if found[name]
        }
        names = {"x_name": word(lang, "report.rate_axis"), "y_name": word(lang, "report.draws_axis")}
        out["spread"] = Markup(charts.spread(rates, word(lang, "report.spread"), **names))  # noqa: S704
    return out


def _of_comparison(found: Json, lang: Lang, out: dict[str, Any]) -> None:
    if found["scenarios"]:
        drawn = charts.differences(found["scenarios"][:MOST_LINES], word(lang, "report.differences"), x_name=word(lang, "report.points_axis"))
        out["differences"] = Markup(drawn)  # noqa: S704
    rows = {grid["id"]: [row for row in found["scenarios"] if row["grid"] == grid["id"]] for grid in found["grids"]}
    out["axes"] = {grid["id"]: axis_words(rows[grid["id"]], lang) for grid in found["grids"] if grid["curves"]}
    out["curves"] = {
        grid["id"]: [
            Markup(  # noqa: S704 - the chart's own text is escaped where it is drawn
                charts.curve(
                    points,
                    f"{grid['title']}: {measure_words(lang, points['measure'])}",
                    is_share=points["measure"] in SHARES,
                    x_name=out["axes"][grid["id"]],
                    y_name=measure_words(lang, points["measure"]) + (" (%)" if points["measure"] in SHARES else ""),
                )
            )
            for points in grid["curves"]
        ]
        for grid in found["grids"]
    }
    places = found["places"]
    if len(places) < 2:
        return
    base, asked = _rates(found["base"])
    label, scale = word(lang, "report.map_base"), word(lang, "report.rate_axis")
    out["base_map"] = Markup(charts.community_map(places, (base, asked), label, scale=scale, is_wide=True))  # noqa: S704
    changes = []
    for row in [row for row in found["scenarios"] if row["grid"] is None][:MOST_MAPS]:
        rates, _ = _rates(row)
        changes.append((row["title"], {name: rate - base.get(name, rate) for name, rate in rates.items()}))
    # one scale for all, so that equal colours are equal changes
    most = max((abs(change) for _, rates in changes for change in rates.values()), default=0.0) or 0.01
    label, scale = word(lang, "report.map_change"), word(lang, "report.points_axis")
    out["change_maps"] = [
        (title, Markup(charts.community_map(places, (rates, asked), f"{label}: {title}", scale=scale, most=most)))  # noqa: S704
        for title, rates in changes
    ]


def _rates(row: Json) -> tuple[dict[str, float], dict[str, float]]:
    rates = {name.removeprefix("communities."): item["mean"] for name, item in row["measures"].items() if name.startswith("communities.")}
    asked = {name: float(item["urgency"]) for name, item in row["figures"]["communities"].items()}
    return rates, asked
