"""Ten thousand ways to spoil a problem: each one is refused with faults that lead somewhere, or is a valid problem; nothing else ever happens."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import FaultyInput, PlanError, ProblemError
from matcher.plan import Plan
from matcher.problem import Problem

EXAMPLES = re.findall(
    r"^```json (problem|plan)\n(.*?)^```$",
    (Path(__file__).parent.parent / "docs" / "format.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
WEEKS = [json.loads(text) for sort, text in EXAMPLES if sort == "problem"]
PLANS = [json.loads(text) for sort, text in EXAMPLES if sort == "plan"]
WRONG: dict[type, type[FaultyInput]] = {Problem: ProblemError, Plan: PlanError}
CODES = {"type", "range", "unknown", "duplicate", "order", "conflict", "missing", "extra", "syntax"}
KEY = re.compile(r'"[a-z_]+":')

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    -30,
    1,
    2,
    7.5,
    1e308,
    -1e308,
    10**9,
    10**10,
    2**63,
    -(2**63) - 1,
    10**40,
    10**400,
    "",
    " ",
    "x",
    "0",
    "12",
    "-5",
    "mon",
    "noday",
    "25:00",
    "24:00",
    "00:00",
    "23:59:59",
    "１２:００",
    "2026-11-23",
    "2026-02-30",
    "1999-01-01",
    "9999-12-31",
    "0001-01-01",
    "2026-11-23T09:00:00",
    "2026-11-23T09:00:00Z",
    "2026-11-23T09:00:00.5",
    "9999-12-31T23:59:59",
    "bath-wang#1",
    "bath-wang#0",
    "bath-wang#01",
    "bath-wang#99",
    "nobody#1",
    "n#" + "9" * 100,
    "a\x00b",
    "a#b",
    "a/b~c",
    "\u202e",
    "💐" * 3,
    "é" * 121,
    "x" * 5000,
    [],
    {},
    [[]],
    [{}],
    {"": 1},
    {"a/b~c": 1},
    {"x": {"x": {"x": {}}}},
    [0] * 30,
    ["mon"],
    {"lat": 91, "lon": 0},
    {"lat": 37.5, "lon": 122.1},
    {"x": 1, "y": 2},
    {"x": 1, "lat": 2},
    {"row": 1},
    {"row": 10**6},
)
ODD_TEXTS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "'x'", '"\\ud800"', '"\\udfff\\ud800"', "1" * 5000, "tru", "/* */ 1", "0x10")


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key or index) in a JSON value."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        inside = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        for key, inner in inside:
            found.append((item, key))
            waiting.append(inner)
    return found


def put_odd_value(value: Any, rng: random.Random) -> None:
    container, key = rng.choice(places(value))
    container[key] = copy.deepcopy(rng.choice(ODD_VALUES))


def drop(value: Any, rng: random.Random) -> None:
    container, key = rng.choice(places(value))
    del container[key]


def add_key(value: Any, rng: random.Random) -> None:
    objects = [container[key] for container, key in places(value) if isinstance(container[key], dict)]
    rng.choice([value, *objects])[rng.choice(["extra", "idd", "minuets", "from", "kind", "", "a/b", "~"])] = copy.deepcopy(rng.choice(ODD_VALUES))


def swap(value: Any, rng: random.Random) -> None:
    """Exchange two values, so that ids, times and numbers stand where others belong."""
    (one, a), (other, b) = rng.choice(places(value)), rng.choice(places(value))
    one[a], other[b] = copy.deepcopy(other[b]), copy.deepcopy(one[a])


def repeat(value: Any, rng: random.Random) -> None:
    lists = [container[key] for container, key in places(value) if isinstance(container[key], list) and container[key]]
    chosen = rng.choice(lists)
    chosen.append(copy.deepcopy(rng.choice(chosen)))


def empty(value: Any, rng: random.Random) -> None:
    container, key = rng.choice([(c, k) for c, k in places(value) if isinstance(c[k], (list, dict, str))])
    container[key] = type(container[key])()


def rename(value: Any, rng: random.Random) -> None:
    """Point a text (an id, a reference) to what is not there, or to another thing that is."""
    texts = [(c, k) for c, k in places(value) if isinstance(c[k], str)]
    container, key = rng.choice(texts)
    container[key] = rng.choice([container[key] + "x", container[key][:-1], *(c[k] for c, k in rng.sample(texts, min(5, len(texts))))])


def change_number(value: Any, rng: random.Random) -> None:
    numbers = [(c, k) for c, k in places(value) if isinstance(c[k], (int, float)) and not isinstance(c[k], bool)]
    if not numbers:
        return put_odd_value(value, rng)
    container, key = rng.choice(numbers)
    was = container[key]
    container[key] = rng.choice([-was, was * 1000, was + 1, 10**9, 2**61, 0, 0.25, str(was)[:4000]])
    return None


def reverse_times(value: Any, rng: random.Random) -> None:
    """Exchange the ends of a window, a stretch, a gap or a spacing."""
    names = ["earliest", "latest", "from", "to", "min_minutes", "max_minutes", "at_least_days", "at_most_days", "start", "end", "lat", "lon"]
    pairs = list(zip(names[::2], names[1::2], strict=True))
    objects = [container[key] for container, key in places(value) if isinstance(container[key], dict)]
    both = [(item, a, b) for item in objects for a, b in pairs if a in item and b in item]
    if both:
        item, a, b = rng.choice(both)
        item[a], item[b] = item[b], item[a]


def swap_like(value: Any, rng: random.Random) -> None:
    """Exchange two values under the same key, so that the form stays right and the meaning does not."""
    by_key: dict[Any, list[Any]] = {}
    for container, key in places(value):
        if isinstance(container, dict):
            by_key.setdefault(key, []).append(container)
    key = rng.choice([key for key, found in by_key.items() if len(found) > 1])
    one, other = rng.sample(by_key[key], 2)
    one[key], other[key] = copy.deepcopy(other[key]), copy.deepcopy(one[key])


def move(value: Any, rng: random.Random) -> None:
    """Change a number, a day or a clock time to another that is accepted by itself."""
    leaves = [(c, k) for c, k in places(value) if isinstance(c[k], (int, str)) and not isinstance(c[k], bool)]
    container, key = rng.choice(leaves)
    was = container[key]
    if isinstance(was, int):
        container[key] = max(0, was + rng.choice([-2, -1, 1, 2, 20, 500, 10**6]))
    elif re.fullmatch(r"\d\d:\d\d", was):
        container[key] = f"{rng.randrange(24):02d}:00"
    elif was in {"mon", "tue", "wed", "thu", "fri", "sat", "sun"} or re.match(r"\d{4}-", was):
        container[key] = rng.choice(["sun", "mon", "2026-11-24", "2026-11-23T07:00:00", "2027-01-01", "2027-01-01T00:00:00"])
    else:
        container[key] = rng.choice([was + "-", was.partition("#")[0] + "#2", "venue", "remote", "in_sequence", "plane", "volunteer", "linked"])


MILD_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (swap_like, move, move, rename, repeat, drop)
CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    put_odd_value,
    put_odd_value,
    put_odd_value,
    drop,
    add_key,
    swap,
    swap,
    repeat,
    empty,
    rename,
    rename,
    change_number,
    change_number,
    reverse_times,
)


def spoil_text(text: str, rng: random.Random) -> str | bytes:
    """Spoil what is not a value any more: the bytes, the syntax, the encoding."""
    at = rng.randrange(len(text))
    match rng.randrange(9):
        case 0:
            return text.encode()[:at]
        case 1:
            data = bytearray(text.encode())
            data[rng.randrange(len(data))] = rng.randrange(256)
            return bytes(data)
        case 2:
            return text.encode(rng.choice(["utf-16", "utf-32", "gb18030", "utf-16-le", "utf-8-sig"]))
        case 3:
            return text[:at] + rng.choice('{}[],:"\\ \n0-') + text[at:]
        case 4:
            return text[:at] + text[at + 1 :]
        case 5:
            odd = ": " + rng.choice(ODD_TEXTS)
            return re.sub(r": -?[0-9.]+", lambda _: odd, text, count=1 + rng.randrange(3))
        case 6:
            found = rng.choice(KEY.findall(text))
            return text.replace(found, f"{found} {rng.choice(['1', 'null', '[]'])}, {found}", 1)
        case 7:
            found = rng.choice(KEY.findall(text))
            depth = rng.choice([5, 200, 5000])
            return text.replace(found, f'{found} {"[" * depth}{"]" * depth}, "z":', 1)
    return rng.choice([text * 2, "", " ", "null", "[]", "0", '""', "\ufeff" + text, f"[{text}]", "\ud800" + text, text.replace("a", "\udc00")])


def spoilt(values: list[Any], seed: int) -> str | bytes:
    rng = random.Random(seed)
    value = copy.deepcopy(rng.choice(values))
    is_mild = rng.random() < 0.4
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        rng.choice(MILD_CHANGES if is_mild else CHANGES)(value, rng)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.3)
    return spoil_text(text, rng) if rng.random() < 0.3 and not is_mild else text


def leads_somewhere(path: str, document: Any, *, may_be_missing: bool) -> bool:
    """Say whether a pointer leads to a value, or to a key that an object lacks where that is what is wrong."""
    for part in path.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            if key not in document:
                return may_be_missing and re.fullmatch("[a-z_]+", key) is not None
            document = document[key]
        elif isinstance(document, list):
            if int(key) >= len(document):
                return may_be_missing
            document = document[int(key)]
        else:
            return False
    return True


def check_faults(error: FaultyInput, text: str | bytes) -> None:
    assert error.faults
    assert len(str(error)) < 200_000
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    for fault in error.faults:
        assert fault.code in CODES
        assert len(fault.message) > 5
        assert len(fault.message) < 1000
        assert fault.path == "" or fault.path.startswith("/")
        assert fault.message.encode()
        if fault.code != "syntax" and document is not None:
            may_be_missing = fault.code == "missing" or fault.path.startswith("/weights")
            assert leads_somewhere(fault.path, document, may_be_missing=may_be_missing), fault


def read(reader: type[Problem | Plan], text: str | bytes) -> bool:
    """Read a spoilt text; return whether it was refused."""
    try:
        made = reader.parse(text)
    except FaultyInput as error:
        check_faults(error, text)
        return type(error) is WRONG[reader]
    assert reader.parse(made.to_json()) == made
    if isinstance(made, Problem):
        assert len(made.visits) <= 1_000_000
        assert sum(1 for _ in made.community_of) == len(made.needs)
    return False


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_spoilt_problems_are_refused_or_valid(part: int) -> None:
    refused = sum(read(Problem, spoilt(WEEKS, 1000 * part + seed)) for seed in range(1000))
    assert 500 < refused < 1000


def test_two_thousand_spoilt_plans_are_refused_or_valid() -> None:
    refused = sum(read(Plan, spoilt(PLANS, seed)) for seed in range(2000))
    assert 800 < refused < 2000


@pytest.mark.parametrize("key", ["id", "title", "category"])
def test_a_text_of_ten_megabytes_is_refused_with_a_short_message(key: str) -> None:
    value = copy.deepcopy(WEEKS[0])
    value["needs"][0][key] = "长" * 3_500_000
    with pytest.raises(ProblemError) as caught:
        Problem.parse(json.dumps(value, ensure_ascii=False).encode())
    assert [fault.path for fault in caught.value.faults] == [f"/needs/0/{key}"]
    assert len(str(caught.value)) < 500


def test_ten_megabytes_of_brackets_are_refused() -> None:
    for text in ("[" * 10_000_000, '{"a":' * 2_000_000, '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}"):
        with pytest.raises(ProblemError) as caught:
            Problem.parse(text)
        assert caught.value.faults[0].code == "syntax"


def test_a_hundred_thousand_faults_are_told_in_a_message_of_a_moderate_length() -> None:
    value = {**WEEKS[0], "venues": [{"id": 1}] * 30_000}
    with pytest.raises(ProblemError) as caught:
        Problem.build(value)
    assert len(caught.value.faults) == 150_000
    assert str(caught.value).endswith("and 149950 more")


@pytest.mark.parametrize(
    "data", [None, 5, "text", [], object(), {1: 2}, {"horizon": object()}, {"needs": {1, 2}}, {"name": b"x"}, {"name": "\ud800"}]
)
def test_python_values_that_json_does_not_have_are_refused_as_well(data: Any) -> None:
    with pytest.raises(ProblemError):
        Problem.build(data)


def test_bytes_that_are_no_text_are_refused() -> None:
    rng = random.Random(5)
    for _ in range(300):
        data = rng.randbytes(rng.randrange(200))
        for reader, error in ((Problem, ProblemError), (Plan, PlanError)):
            with pytest.raises(error):
                reader.parse(data)
