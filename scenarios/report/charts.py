"""Charts as SVG text that a page takes in as it is: curves, differences with their intervals, maps. Equal figures give equal text."""

from __future__ import annotations

import io
import itertools
import json
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scenarios.weihai.atlas import data

Json = dict[str, Any]
INK, GOOD, BAD, DULL, ACCENT = "#1f2937", "#0f766e", "#b91c1c", "#9ca3af", "#b45309"
FONTS: Final = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
CALLED, LEAST_TOLD = 6, 0.005
"""Communities that stand by name beside a map, at most; the least change of a share that is worth a name."""
Panel = tuple[Mapping[str, float], Mapping[str, float]]
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "scenarios",
    "font.size": 9,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": DULL,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


@contextmanager
def _styled() -> Iterator[None]:
    # Text stays text, which the reader's own fonts show: that matplotlib's font lacks the characters does not matter.
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def _svg(figure: Figure, label: str, *, is_fitted: bool = True) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight" if is_fitted else None)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"font: (\S+) [^;\"]*", lambda found: f"font: {found[1]} {FONTS}", text)
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", text)
    head = f'<svg role="img" aria-label="{label.replace("&", "&amp;").replace(chr(34), "&quot;").replace("<", "&lt;")}"'
    return head + text[len("<svg") :]


def curve(points: Json, label: str, *, is_share: bool, x_name: str, y_name: str) -> str:
    """Return the curve of a grid: means, intervals, and the knee as a vertical line."""
    with _styled():
        figure = Figure(figsize=(5.2, 3.0))
        axes = figure.subplots()
        scale = 100 if is_share else 1
        y = [value * scale for value in points["y"]]
        if None not in points["low"]:
            low, high = ([value * scale for value in points[name]] for name in ("low", "high"))
            axes.fill_between(points["x"], low, high, color=GOOD, alpha=0.15, linewidth=0)
        axes.plot(points["x"], y, color=GOOD, marker="o", markersize=4)
        if points.get("knee"):
            axes.axvline(points["knee"]["x"], color=ACCENT, linestyle="--", linewidth=1)
        if all(float(value).is_integer() for value in points["x"]):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(x_name)
        axes.set_ylabel(y_name)
        axes.grid(axis="y", alpha=0.25)
        return _svg(figure, label)


def differences(rows: Sequence[Json], label: str, *, x_name: str) -> str:
    """Return one line for each scenario: the difference of the service rate in points of percent, and its interval; dull where it is noise."""
    with _styled():
        figure = Figure(figsize=(7.2, 0.8 + 0.28 * len(rows)))
        axes = figure.subplots()
        for place, row in enumerate(reversed(rows)):
            found = row["measures"]["rate"]["difference"]
            colour = {"better": GOOD, "worse": BAD}.get(row["verdict"], DULL)
            if found["low"] is not None:
                axes.plot([100 * found["low"], 100 * found["high"]], [place, place], color=colour, linewidth=2)
            axes.plot([100 * found["mean"]], [place], color=colour, marker="o", markersize=5)
        axes.set_yticks(range(len(rows)), [row["title"] for row in reversed(rows)])
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.grid(axis="x", alpha=0.25)
        axes.set_xlabel(x_name)
        return _svg(figure, label)


@cache
def _rings() -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    rings = []
    for feature in json.loads(data("districts.geojson.gz"))["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            rings.append((tuple(x for x, _ in polygon[0]), tuple(y for _, y in polygon[0])))
    return tuple(rings)


def community_map(places: Sequence[Json], panel: Panel, label: str, *, scale: str, most: float | None = None, is_wide: bool = False) -> str:
    """Return a map: a dot for each community, coloured by a share (or by the change of one), larger where more is asked.

    Communities of which most is to be said stand by name beside it: those with the least shares, or with the greatest changes.

    Parameters
    ----------
    places
        The communities with ``id``, ``name`` and ``x``, ``y`` (degrees east and north, or metres of a plane), as `scenarios.figures.places_of`
        gives them.
    panel
        By community the share (0 to 1), or its change, and what is asked.
    scale
        What the colours mean, in words.
    most
        Where shares are changes: the change that has the strongest colour, so that several maps can be held against one another.
    """
    shares, asked = panel
    known = [place for place in places if place["id"] in shares]
    x, y = [place["x"] for place in places], [place["y"] for place in places]
    is_earth = all(place["is_degrees"] for place in places)
    wide, high = max(max(x) - min(x), 1e-9), max(max(y) - min(y), 1e-9)
    margin = 0.06 * max(wide, high)
    top = max(asked.values(), default=1.0) or 1.0
    # large dots first, so that they hide no small ones; smaller ones altogether where there are many
    known.sort(key=lambda place: -asked.get(place["id"], 0.0))
    room = min(1.0, 40 / len(places))
    width, height, beside = (8.4, 4.2, 1.9) if is_wide else (5.0, 3.5, 1.7)
    with _styled():
        # The place of everything is set here, not fitted to what is drawn: Chinese names are wider than matplotlib can tell.
        figure = Figure(figsize=(width, height))
        chart = figure.add_axes((0.01, 0.55 / height, 1 - (beside + 0.1) / width, 1 - 0.6 / height), anchor="W")
        if is_earth:
            for ring in _rings():
                chart.plot(*ring, color=DULL, linewidth=0.7)
        shown = chart.scatter(
            [place["x"] for place in known],
            [place["y"] for place in known],
            c=[100 * shares[place["id"]] for place in known],
            s=[14 + 110 * room * asked.get(place["id"], 0.0) / top for place in known],
            cmap="YlGnBu" if most is None else "BrBG",
            vmin=0 if most is None else -100 * most,
            vmax=100 if most is None else 100 * most,
            edgecolors=INK,
            linewidths=0.4,
            zorder=3,
        )
        chart.set_xlim(min(x) - margin, max(x) + margin)
        chart.set_ylim(min(y) - margin, max(y) + margin)
        # a degree of longitude is shorter than one of latitude by this at Weihai
        chart.set_aspect(1 / 0.797 if is_earth else 1.0)
        chart.set_axis_off()
        # of equal ones the first, that is those where most is asked
        told = sorted(known, key=lambda place: shares[place["id"]] if most is None else -abs(shares[place["id"]]))[:CALLED]
        told = [place for place in told if (shares[place["id"]] < 1 if most is None else abs(shares[place["id"]]) >= LEAST_TOLD)]
        told.sort(key=lambda place: -place["y"])
        for k, place in enumerate(told):
            value = f"{100 * shares[place['id']]:.0f}%" if most is None else f"{100 * shares[place['id']]:+.0f}"
            chart.annotate(
                f"{_short(place['name'] or place['id'])} {value}",
                (place["x"], place["y"]),
                xytext=(1.02, 1 - (k + 0.5) / len(told)),
                textcoords="axes fraction",
                va="center",
                fontsize=9,
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": DULL, "linewidth": 0.6, "shrinkA": 2, "shrinkB": 3, "relpos": (0, 0.5)},
            )
        bar = figure.add_axes((0.06, 0.42 / height, 0.52, 0.09 / height))
        figure.colorbar(shown, cax=bar, orientation="horizontal", label=scale)
        return _svg(figure, label, is_fitted=False)


def _short(name: str, width: int = 16) -> str:
    """Return a name that fits beside a map: Chinese characters are as wide as two."""
    used = 0
    for place, one in enumerate(name):
        used += 2 if unicodedata.east_asian_width(one) in "WF" else 1
        if used > width:
            return f"{name[:place]}…"
    return name


def frontier(points: Sequence[Json], goal: float, label: str, *, x_name: str, y_name: str) -> str:
    """Return the curve of service against money, with the goal."""
    with _styled():
        figure = Figure(figsize=(5.2, 3.0))
        axes = figure.subplots()
        axes.step([point["yuan"] for point in points], [100 * point["rate"] for point in points], where="post", color=GOOD)
        axes.plot([point["yuan"] for point in points], [100 * point["rate"] for point in points], "o", color=GOOD, markersize=4)
        axes.axhline(100 * goal, color=ACCENT, linestyle="--", linewidth=1)
        axes.set_xlabel(x_name)
        axes.set_ylabel(y_name)
        axes.grid(axis="y", alpha=0.25)
        return _svg(figure, label)


def spread(values: Mapping[str, Sequence[float]], label: str, *, x_name: str, y_name: str) -> str:
    """Return how often service rates come up in drawn weeks, for each way of following a plan."""
    with _styled():
        figure = Figure(figsize=(5.2, 2.6))
        axes = figure.subplots()
        low, high = (100 * end(itertools.chain.from_iterable(values.values()), default=0.0) for end in (min, max))
        # the same bars for all, so that they can be held against one another
        edges = [low + (max(high, low + 1) - low) * k / 20 for k in range(21)]
        for (name, rates), colour in zip(values.items(), (BAD, GOOD), strict=False):
            axes.hist([100 * rate for rate in rates], bins=edges, alpha=0.5, color=colour, label=name)
        axes.legend(frameon=False, fontsize=8)
        axes.set_xlabel(x_name)
        axes.set_ylabel(y_name)
        return _svg(figure, label)
