"""Where compiled kernels are kept between runs.

numba's own key for a compiled function is the file that it stands in, so that a change in a function it calls from another file goes unnoticed. The
folder is therefore named after a digest of all the kernels' sources: any change of any of them starts an empty one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config as numba_config

config: Any = numba_config
OLD = 60 * 86_400.0
"""Seconds after which a folder of other sources is removed, if nothing has used it."""


@cache
def folder() -> Path:
    """Return the folder of these sources, made if it was missing; in the temporary folder where the user's cache cannot be written."""
    here = Path(__file__).parent
    digest = hashlib.sha256(numba.__version__.encode())
    for source in (*sorted(here.glob("*.py")), here.parent / "instance.py"):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    usual = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sishe-matcher"
    own = Path(tempfile.gettempdir()) / f"sishe-matcher-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    for base in (Path(config.CACHE_DIR) if config.CACHE_DIR else usual, own):
        try:
            (base / name).mkdir(parents=True, exist_ok=True)
            if os.access(base / name, os.W_OK):
                return base / name
        except (OSError, RuntimeError):
            continue
    return own / name


def use_own_folder() -> None:
    """Tell numba to keep compiled kernels in `folder`; to be called before any kernel is defined."""
    config.CACHE_DIR = str(folder())


def is_warm() -> bool:
    """Return whether a run has compiled every kernel of these sources before."""
    return (folder() / "complete").exists()


def note_warm() -> None:
    """Note that every kernel is compiled and kept; the first time, remove what sources long gone have left."""
    mark = folder() / "complete"
    try:
        if not mark.exists():
            for other in folder().parent.glob("kernels-*"):
                if other != folder() and time.time() - other.stat().st_mtime > OLD:
                    shutil.rmtree(other, ignore_errors=True)
        mark.touch()
        os.utime(folder())
    except OSError:
        return
