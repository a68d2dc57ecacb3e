"""Kill a command of scenarios with all its processes at random, start it again, and say what was done twice and whether the answer is the same.

``python -m tests.scenarios_killing --size street --scenarios 12 --seeds 3 --budget 3 --kills 3`` kills ``scenarios run`` at length; with ``--chunks``
instead of ``--budget`` the answer has to be that of a run that nothing has disturbed. Exit code 0: nothing finished was lost or done again, and equal
work gave equal answers; 1: not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher.console import say
from scenarios.weihai.week import make_week

Json = dict[str, Any]
EDITS: Final[tuple[Json, ...]] = (
    {"edit": "add_providers", "kind": "volunteer", "count": 5},
    {"edit": "add_providers", "kind": "volunteer", "count": 20},
    {"edit": "add_providers", "kind": "social_worker", "count": 1},
    {"edit": "remove_providers", "who": {"kinds": ["volunteer"], "share": 0.2}},
    {"edit": "no_shows", "rate": 0.1},
    {"edit": "change_funds", "factor": 0.5},
    {"edit": "change_funds", "factor": 2},
    {"edit": "change_windows", "later": 30},
    {"edit": "change_windows", "later": -10},
    {"edit": "change_travel", "speed_factor": 1.5},
    {"edit": "pooling", "within": "community"},
    {"edit": "change_hours", "who": {"kinds": ["volunteer"]}, "later": 60},
)


@dataclass
class Disturbed:
    """How it went: kills, records that were there at some kill, those of them that were written again afterwards, and the answer."""

    kills: int
    kept: int
    again: list[str]
    answer: Json


def records(folder: Path) -> dict[str, int]:
    """Return the time at which each record was written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.json")}


def disturbed(argv: Sequence[str], folder: Path, kills: int, chance: random.Random, most: int) -> Disturbed:
    """Run a command that keeps its records in a folder, and kill its process group so many times, each after up to `most` new records."""
    seen: dict[str, int] = {}
    done = 0
    while done < kills:
        enough = len(records(folder)) + chance.randint(1, most)
        with started(argv) as process:
            while len(records(folder)) < enough and process.poll() is None:
                time.sleep(0.02)
            time.sleep(chance.random() * 0.5)
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal.SIGKILL)
        done += 1
        seen = records(folder) | seen
    answer = answered(argv)
    after = records(folder)
    return Disturbed(done, len(seen), [name for name, when in seen.items() if after.get(name) != when], answer)


def started(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command of scenarios as the head of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "scenarios.cli", *argv], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def answered(argv: Sequence[str]) -> Json:
    """Run a command to its end, and return its answer."""
    done = subprocess.run([sys.executable, "-m", "scenarios.cli", *argv], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    answer: Json = json.loads(done.stdout)
    return answer


def timeless(found: Any) -> Any:
    """Return JSON values without what only tells how long something took."""
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items() if key not in ("seconds", "folder")}
    return [timeless(value) for value in found] if isinstance(found, list) else found


def main() -> int:
    """Make a week and scenarios, run them disturbed and undisturbed, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="street")
    parser.add_argument("--scenarios", type=int, default=len(EDITS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=None)
    parser.add_argument("--chunks", type=int, default=None)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        week, what_ifs = place / "week.json", place / "what-ifs.json"
        week.write_text(make_week(given.size, 1).to_json())
        rows = [{"id": f"s{k + 1:02d}", "edits": [edit]} for k, edit in enumerate(EDITS[: given.scenarios])]
        settings = {"seeds": given.seeds, "budget": given.budget, "chunks": given.chunks}
        what_ifs.write_text(json.dumps({"settings": settings, "scenarios": rows}))
        total = (len(rows) + 2) * given.seeds
        begin = time.monotonic()
        argv = ["run", str(week), str(what_ifs), "-q", "-o"]
        found = disturbed(
            [*argv, str(place / "disturbed")], place / "disturbed", given.kills, random.Random(given.seed), max(1, total // given.kills)
        )
        middle = time.monotonic()
        answered([*argv, str(place / "whole")])
        comparisons = [timeless(json.loads((place / name / "comparison.json").read_text())) for name in ("disturbed", "whole")]
        is_same = comparisons[0] == comparisons[1]
        say(f"{found.kills} kills in {middle - begin:.0f} s; undisturbed {time.monotonic() - middle:.0f} s")
        say(f"{found.kept} records were there at a kill, {len(found.again)} of them written again; {len(records(place / 'disturbed'))} in the end")
        say(f"same comparison: {is_same}")
        for one, other in zip(comparisons[0]["scenarios"], comparisons[1]["scenarios"], strict=True):
            rates = [100 * row["measures"]["rate"]["mean"] for row in (one, other)]
            say(f"  {one['id']} {one['edits'][0]['edit']:<18} {rates[0]:6.2f} {rates[1]:6.2f}  {one['verdict']:<8} {other['verdict']}")
    return 1 if found.again or (given.chunks is not None and not is_same) else 0


if __name__ == "__main__":
    sys.exit(main())
