"""What a figure was measured on: the machine, how busy it was, the engine's sources."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = {"vroom": "pyvroom", "pyvrp": "pyvrp", "ortools": "ortools"}
"""The distribution of each peer."""
SEARCH = ("compile.py", "entries.py", "instance.py", "kernels/*.py", "objective.py", "solve.py", "solvers/*.py", "stop.py", "travel.py")
"""The sources of the engine that decide which plan it finds in how many seconds, with those of `PROOF`."""
PROOF = (
    *(f"kernels/{name}.py" for name in ("chains", "labels", "offers", "pricing", "reach")),
    *(f"solvers/{name}.py" for name in ("ascent", "bounds", "columns", "master", "narrow", "path", "program", "seeds", "units")),
)
"""Those of `SEARCH` that bound what any plan can cost: a search that proves nothing, and is too short or of the wrong kind for prices of routes
(`matcher.solvers.portfolio.is_guided`), as all of public instances are, does not load them."""


@cache
def machine() -> str:
    """Return the processor, the cores and the memory, in words; no name of a host."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    try:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1024**3:.0f} GiB"
    except (AttributeError, OSError, ValueError):
        memory = ""
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()}, Python {platform.python_version()}"


def load() -> float:
    """Return how many processes have wanted a core in the last minute, on average; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


@cache
def commit() -> str:
    """Return the commit of this checkout, ``+`` after it where tracked files differ from it; ``unknown`` outside of one."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "--untracked-files=no", "--", "matcher") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@cache
def version_of(contestant: str) -> str:
    """Return which version of a contestant runs here: a peer's release, or for the engine a digest of the sources of its search."""
    if contestant in PACKAGES:
        return version(PACKAGES[contestant])
    digest = hashlib.sha256()
    sources = ROOT / "matcher"
    proof = {sources / name for name in PROOF}
    for source in sorted({source for pattern in SEARCH for source in sources.glob(pattern)} - proof):
        digest.update(str(source.relative_to(sources)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:10]


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
