"""What the runs say together: gaps to the best known, wins and losses, seconds; as Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from statistics import mean

from benchmarks.contest import OWN, SEEDLESS, Run
from benchmarks.families import FAMILIES, NEUTRAL, Instance, instances_of

EQUAL = 1e-5
"""Costs that differ by less than this share of them are equal: published ones have three decimals, or six digits."""
REFERENCE = "BRKGA, published"
BEST = "best known"


@dataclass(frozen=True)
class Row:
    """How one contestant did on one group of instances, over all its seeds. Gaps in percent of the best known cost."""

    group: str
    contestant: str
    budget: float
    threads: int
    instances: int
    runs: int
    solved: int
    mean_gap: float | None
    worst_gap: float | None
    best_seed_gap: float | None
    against: str
    wins: int
    ties: int
    losses: int
    seconds: float
    peak_mib: int
    served: float | None
    """Percent of the priority, in neutral weeks."""


def current(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that count: of each contestant, family and budget those of the version that ran last, and of equal runs the last."""
    runs = list(runs)
    version = {(run.contestant, run.family, run.budget): run.version for run in runs}
    return list({run.key: run for run in runs if run.version == version[run.contestant, run.family, run.budget]}.values())


def instance_of(run: Run) -> Instance:
    """Return the instance of a run; one that is no longer among those of its family has nothing published about it."""
    known = {instance.name: instance for instance in instances_of(run.family)} if run.family in FAMILIES else {}
    return known.get(run.instance, Instance(run.family, run.instance, run.group, 0))


def best_costs(runs: Iterable[Run]) -> dict[tuple[str, str], float]:
    """Return the best cost known of each instance: the published one, or where there is none the lowest of these runs."""
    best: dict[tuple[str, str], float] = {}
    for run in runs:
        at = run.family, run.instance
        published = instance_of(run).best
        if published is not None:
            best[at] = published
        elif run.cost is not None:
            best[at] = min(run.cost, best.get(at, run.cost))
    return best


def gap(cost: float, best: float) -> float:
    """Return how many percent a cost is above the best known (below it where negative)."""
    return 100 * (cost - best) / max(1.0, abs(best))


def summarize(runs: Iterable[Run]) -> list[Row]:
    """Return a row for each group of instances, budget, number of threads, contestant and whom it is compared with."""
    runs = current(runs)
    best = best_costs(runs)
    parts: dict[tuple[str, float, int], dict[str, list[Run]]] = {}
    for run in runs:
        parts.setdefault((run.group, run.budget, run.threads), {}).setdefault(run.contestant, []).append(run)
    rows: list[Row] = []
    for contestants in parts.values():
        own = contestants.get(OWN, [])
        is_public = next(iter(contestants.values()))[0].family != NEUTRAL
        for _, theirs in sorted(contestants.items(), key=lambda item: item[0] != OWN):
            rival, counts = _score(theirs, own, best, is_public=is_public)
            rows.append(_row(theirs, best, rival, counts))
        reference = _reference(own)
        if reference is not None:
            rows.append(reference)
    return rows


def _score(theirs: list[Run], own: list[Run], best: dict[tuple[str, str], float], *, is_public: bool) -> tuple[str, tuple[int, int, int]]:
    """Return against whom runs are counted, and their wins, ties and losses: the engine's against the best known, a peer's against the engine's."""
    if theirs[0].contestant == OWN:
        if not is_public:
            return "", (0, 0, 0)
        return BEST, _count((run.cost, best.get((run.family, run.instance))) for run in theirs)
    by_seed = {(run.instance, run.seed): run.cost for run in theirs}
    only = {run.instance: run.cost for run in theirs} if theirs[0].contestant in SEEDLESS else {}
    # The engine has a seed more than a peer that takes none: its one run then meets each of the engine's.
    pairs = [(only.get(run.instance) if only else by_seed[run.instance, run.seed], run.cost) for run in own if _has_rival(run, by_seed, only)]
    return OWN, _count(pairs)


def _has_rival(run: Run, by_seed: dict[tuple[str, int], float | None], only: dict[str, float | None]) -> bool:
    return run.instance in only or (run.instance, run.seed) in by_seed


def _count(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[int, int, int]:
    """Count wins, ties and losses of the first of each pair of costs; no cost loses to any."""
    wins = ties = losses = 0
    for cost, other in pairs:
        a, b = (float("inf") if c is None else c for c in (cost, other))
        if a == b or abs(a - b) <= EQUAL * abs(b):
            ties += 1
        elif a < b:
            wins += 1
        else:
            losses += 1
    return wins, ties, losses


def _row(runs: list[Run], best: dict[tuple[str, str], float], against: str, counts: tuple[int, int, int]) -> Row:
    gaps: dict[str, list[float]] = {}
    for run in runs:
        if run.cost is not None:
            gaps.setdefault(run.instance, []).append(gap(run.cost, best[run.family, run.instance]))
    every = [each for found in gaps.values() for each in found]
    shares = [100 * run.details["weight"] / run.details["of"] for run in runs if run.cost is not None and run.details.get("of")]
    first = runs[0]
    done = [run for run in runs if not run.error]
    return Row(
        first.group,
        first.contestant,
        first.budget,
        first.threads,
        len({run.instance for run in runs}),
        len(runs),
        len(every),
        mean(every) if every else None,
        max(every) if every else None,
        mean(min(found) for found in gaps.values()) if gaps else None,
        against,
        *counts,
        mean(run.seconds for run in done) if done else 0.0,
        max(run.peak_mib for run in runs),
        mean(shares) if shares else None,
    )


def _reference(own: list[Run]) -> Row | None:
    """Return a row for what is published of BRKGA on the instances of these runs, None where nothing is."""
    known = {run.instance: instance_of(run) for run in own}
    published = [i for i in known.values() if i.best is not None and i.reference is not None]
    if not published or len(published) < len(known):
        return None
    gaps = [gap(i.reference, i.best) for i in published if i.best is not None and i.reference is not None]
    counts = _count((instance_of(run).reference, run.cost) for run in own)
    seconds = mean(i.reference_seconds or 0.0 for i in published)
    group, n = own[0].group, len(published)
    # It stands in the table of the runs that it is compared with; its own seconds, on one thread of its authors' machine, are in their column.
    budget, threads = own[0].budget, own[0].threads
    return Row(group, REFERENCE, budget, threads, n, 15 * n, 15 * n, mean(gaps), max(gaps), None, OWN, *counts, seconds, 0, None)


def to_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV, with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows:
        writer.writerow(_cell(getattr(row, field.name)) for field in fields(Row))
    return text.getvalue()


RUN_COLUMNS = (
    "group",
    "instance",
    "contestant",
    "version",
    "seed",
    "budget",
    "threads",
    "cost",
    "gap",
    "seconds",
    "peak_mib",
    "load",
    "commit",
    "error",
)


def runs_to_csv(runs: Iterable[Run]) -> str:
    """Return runs as CSV, one a line, without how their costs fell."""
    runs = current(runs)
    best = best_costs(runs)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(RUN_COLUMNS)
    for run in runs:
        own = None if run.cost is None else gap(run.cost, best[run.family, run.instance])
        writer.writerow(_cell(own if name == "gap" else getattr(run, name)) for name in RUN_COLUMNS)
    return text.getvalue()


def to_markdown(runs: Iterable[Run], plots: Iterable[str] = ()) -> str:
    """Return the tables as Markdown: on what they were measured, then a table for each budget and number of threads, then the plots."""
    runs = current(runs)
    lines = ["# Results", "", "Made by `python -m benchmarks table`; what the families are and what is fair: `docs/benchmarks.md`.", ""]
    for name, values in (
        ("Machine", {run.machine for run in runs}),
        ("Commit", {run.commit for run in runs if run.contestant == OWN}),
        ("Versions", {f"{run.contestant} {run.version}" for run in runs if run.contestant != OWN}),
    ):
        if values:
            lines.append(f"- {name}: {'; '.join(sorted(values))}")
    if runs:
        lines.append(f"- Seeds: {', '.join(map(str, sorted({run.seed for run in runs if run.contestant not in SEEDLESS})))}")
        lines.append(f"- Load before a run, at most: {max(run.load for run in runs):.1f}")
    rows = summarize(runs)
    for budget, threads in sorted({(run.budget, run.threads) for run in runs}):
        lines += ["", f"## {budget:g} s, {threads} thread{'s' if threads > 1 else ''}", "", *_table(rows, budget, threads)]
    lines += [line for plot in plots for line in ("", f"![Gap to the best known over time]({plot})")]
    errors = [run for run in runs if run.error]
    if errors:
        lines += ["", "## Runs without a solution", ""]
        lines += [f"- {run.instance}, {run.contestant}, seed {run.seed}: {run.error}" for run in errors]
    return "\n".join(lines) + "\n"


HEAD = ("instances", "contestant", "runs", "solved", "mean gap %", "worst gap %", "best seed %", "wins–ties–losses", "seconds", "MiB", "served %")


def _table(rows: list[Row], budget: float, threads: int) -> list[str]:
    lines = [f"| {' | '.join(HEAD)} |", "|---|---|" + "---:|" * (len(HEAD) - 2)]
    for row in rows:
        if (row.budget, row.threads) != (budget, threads):
            continue
        score = f"{row.wins}–{row.ties}–{row.losses} against {row.against}" if row.against else ""
        cells = [f"{row.group} ({row.instances})", row.contestant, row.runs, row.solved, row.mean_gap, row.worst_gap, row.best_seed_gap, score]
        cells += [f"{row.seconds:.1f}", row.peak_mib or "", row.served]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return lines


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no minus before nothing
    return "" if value is None else str(value)
