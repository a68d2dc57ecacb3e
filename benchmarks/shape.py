"""Reading a file of a public family: JSON, gzip or not, held to a shape before anything is made of it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from matcher.errors import Fault, FaultyInput
from matcher.files import read_bytes


class InstanceError(FaultyInput):
    """A file is no instance of the family it was read as."""

    what = "instance"


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file. Raises `InstanceError` where it is not JSON, `OSError` where it cannot be read."""
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InstanceError([Fault("", f"should be JSON: {error}", "syntax")]) from None


def faults_of(value: Any, shape: Any, path: str = "") -> list[Fault]:
    """Return where a value differs from a shape.

    Parameters
    ----------
    value
        Plain JSON values.
    shape
        ``str``, ``int`` or ``float`` (any finite number); a list of one shape for a list of any length; a tuple of shapes for a list of that length;
        a dict for an object, whose keys may end in ``?`` (may be missing or null). Further keys are allowed: families carry notes of their own.
    path
        JSON pointer to the value.
    """
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [_odd(path, "an object", value)]
        found = []
        for key, inner in shape.items():
            name = key.removesuffix("?")
            if value.get(name) is not None:
                found += faults_of(value[name], inner, f"{path}/{name}")
            elif name == key:
                found.append(Fault(f"{path}/{name}", "is missing", "missing"))
        return found
    if isinstance(shape, list | tuple):
        if not isinstance(value, list):
            return [_odd(path, "a list", value)]
        if isinstance(shape, tuple) and len(value) != len(shape):
            return [Fault(path, f"should have {len(shape)} values, has {len(value)}", "range")]
        inners = shape if isinstance(shape, tuple) else shape * len(value)
        return [fault for k, (item, inner) in enumerate(zip(value, inners, strict=True)) for fault in faults_of(item, inner, f"{path}/{k}")]
    if shape is str:
        return [] if isinstance(value, str) else [_odd(path, "text", value)]
    if isinstance(value, bool) or not isinstance(value, int if shape is int else int | float) or not math.isfinite(value):
        return [_odd(path, "a whole number" if shape is int else "a number", value)]
    return []


def hold_to(value: Any, shape: Any) -> None:
    """Raise `InstanceError` with every fault if a value differs from a shape."""
    faults = faults_of(value, shape)
    if faults:
        raise InstanceError(faults)


def _odd(path: str, wanted: str, value: Any) -> Fault:
    return Fault(path, f"should be {wanted}, was {json.dumps(value, ensure_ascii=False)[:60]}", "type")
