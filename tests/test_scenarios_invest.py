"""Investment: what is bought reaches the goal by a verified plan, and is no more than what is needed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.solve import solve
from scenarios.edits import apply
from scenarios.edits.files import scenarios_from
from scenarios.edits.models import RemoveProviders, Who
from scenarios.figures import figures_of
from scenarios.invest import COSTS, Over, Progress, invest
from scenarios.invest.measures import Measure, measures
from scenarios.invest.trials import edits_of, with_more
from scenarios.weihai.week import make_week
from tests.here import work_here
from tests.weeks import fund, need, organization, role, volunteer, week, window

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
NINE = [window("09:00", "09:00", day="mon")]


def test_a_goal_that_is_met_already_costs_nothing(tmp_path: Path) -> None:
    found = invest(week([need()], [volunteer()]), tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert (found["is_reached"], found["yuan"], found["bought"]) == (True, 0, [])


def test_two_visits_at_once_need_one_person_more_and_no_more(tmp_path: Path) -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert len(found["bought"]) == 1
    assert found["yuan"] == COSTS["hour_volunteer"]
    assert check(found["problem"], found["plan"]).is_clean
    assert [point["rate"] for point in found["frontier"]] == [0.5, 1.0]


def test_the_cheaper_of_two_measures_is_bought(tmp_path: Path) -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, costs={"hour_volunteer": 100.0, "recruit": 5.0}, chunks=2, seeds=1)
    assert [purchase["code"] for purchase in found["bought"]] == ["recruit"]


def test_money_is_bought_where_money_is_what_is_short(tmp_path: Path) -> None:
    roles = [role("carer", "organization")]
    problem = week([need("a", *roles), need("b", *roles)], [organization(price_per_hour=90)], funds=[fund("f", 90)])
    found = invest(problem, tmp_path, 1.0, jobs=0, costs={"fund": 1.0}, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["fund"]


def test_a_team_is_bought_where_one_alone_would_not_help(tmp_path: Path) -> None:
    problem = week([need("a", role("x", skills={"lift": 3}), role("y", skills={"lift": 4}))], [])
    found = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["team"]
    assert found["yuan"] == 2 * COSTS["hour_volunteer"]


def test_what_may_be_spent_is_not_exceeded_and_the_goal_may_be_missed(tmp_path: Path) -> None:
    problem = week([need(name, windows=NINE) for name in "abcd"], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, most=20.0, chunks=2, seeds=1)
    assert not found["is_reached"]
    assert found["yuan"] == 20
    assert found["rate"] == 0.75


def test_the_frontier_rises_with_money(tmp_path: Path) -> None:
    problem = week([need(name, windows=NINE) for name in "abcdef"], [volunteer()])
    points = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)["frontier"]
    assert all(a["yuan"] < b["yuan"] and a["rate"] < b["rate"] for a, b in itertools.pairwise(points))


def short_of_people(seed: int) -> Problem:
    """Return a community week in which half of the volunteers do not serve."""
    half = RemoveProviders(edit="remove_providers", who=Who(kinds=("volunteer",), share=0.5))
    return apply(make_week("community", seed), (half,), draw=seed).problem


def rate_of(base: Problem, problem: Problem) -> tuple[float, Plan]:
    result = solve(problem, chunks=3, threads=1, seed=1)
    return figures_of(problem, result.plan, result.cost, yardstick=base)["measures"]["rate"], result.plan


@pytest.mark.parametrize("seed", [1, 3, 5, 7])
def test_no_set_of_up_to_three_measures_reaches_the_goal_for_less(seed: int, tmp_path: Path) -> None:
    problem = short_of_people(seed)
    found = invest(problem, tmp_path, 0.95, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    before, plan = rate_of(problem, problem)
    assert before < 0.95
    served = {assignment.visit for assignment in plan.assignments}
    known = measures(problem, [visit for visit in problem.visits if visit.id not in served], COSTS)
    sets = [some for size in (1, 2, 3) for some in itertools.combinations_with_replacement(known, size)]
    cheaper = [some for some in sets if sum(one.yuan for one in some) < found["yuan"]]
    for some in cheaper:
        assert rate_of(problem, apply(problem, edits_of(with_more((), some))).problem)[0] < 0.95, [one.name for one in some]
    # what was bought does reach it, which the verifier says
    assert check(found["problem"], found["plan"]).is_clean


def test_nothing_that_is_bought_could_be_left_out(tmp_path: Path) -> None:
    problem = short_of_people(5)
    found = invest(problem, tmp_path, 0.95, jobs=0, chunks=2, seeds=1)
    for k in range(len(found["edits"])):
        less = {"scenarios": [{"id": "less", "edits": [edit for j, edit in enumerate(found["edits"]) if j != k]}]}
        assert rate_of(problem, apply(problem, scenarios_from(less).cases[0].edits).problem)[0] < 0.95


def tiny(seed: int) -> tuple[Problem, dict[str, float]]:
    """Return a week of four or five visits at fixed hours, with too few people, and what each sort of measure costs."""
    chance = random.Random(f"tiny {seed}")
    needs = []
    for k in range(chance.randint(4, 5)):
        hour = f"{chance.choice([9, 9, 10, 14]):02d}:00"
        skills = {"lift": 3} if chance.random() < 0.5 else {}
        team = [role("x", skills=skills)] if chance.random() < 0.8 else [role("x", skills=skills), role("y")]
        day = chance.choice(["mon", "mon", "tue"])
        needs.append(need(f"n{k}", *team, x=float(chance.randint(0, 2000)), windows=[window(hour, hour, day=day)], urgency=chance.randint(1, 5)))
    people = [volunteer(f"v{k}", skills={"lift": 3} if chance.random() < 0.3 else {}) for k in range(chance.randint(1, 2))]
    prices = {"recruit": chance.choice([12.0, 18.0, 30.0]), "train": chance.choice([6.0, 15.0]), "hour_volunteer": chance.choice([8.0, 10.0])}
    return week(needs, people), prices


def sets_below(known: Sequence[Measure], yuan: float, first: int = 0) -> Iterator[tuple[Measure, ...]]:
    """Yield every set of measures that costs less, some of them more than once."""
    yield ()
    for k in range(first, len(known)):
        if known[k].yuan < yuan:
            for rest in sets_below(known, yuan - known[k].yuan, k):
                yield (known[k], *rest)


@pytest.mark.parametrize("seed", range(1, 9))
def test_of_all_sets_of_measures_none_reaches_the_goal_for_less(seed: int, tmp_path: Path) -> None:
    problem, prices = tiny(seed)
    found = invest(problem, tmp_path, 0.9, jobs=0, costs=prices, chunks=2, seeds=1)
    assert found["is_reached"]
    assert found["is_complete"]
    # those for any visit, not only for those that some plan leaves out
    known = {one.key: one for one in measures(problem, problem.visits, COSTS | prices)}
    cheaper = list(sets_below(list(known.values()), found["yuan"]))
    for some in cheaper:
        edits = edits_of(with_more((), some))
        assert rate_of(problem, apply(problem, edits).problem)[0] < 0.9, [one.name for one in some]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Path, Json]:
    """Return a week, the folder of a search that came to its end, and what it found."""
    problem, folder = short_of_people(5), tmp_path_factory.mktemp("searched")
    return problem, folder, invest(problem, folder, 0.95, jobs=0, chunks=1, seeds=1)


def test_a_search_that_is_stopped_gives_the_best_so_far_and_goes_on_to_the_same_end(searched: tuple[Problem, Path, Json], tmp_path: Path) -> None:
    problem, folder, whole = searched
    seen: list[Progress] = []
    settings: Json = {"jobs": 0, "chunks": 1, "seeds": 1, "on_step": seen.append}
    cut = invest(problem, tmp_path, 0.95, **settings, cancelled=lambda: bool(seen) and seen[-1].phase == "give_back")
    assert (cut["is_reached"], cut["is_complete"], cut["checked"]) == (True, False, None)
    assert check(cut["problem"], cut["plan"]).is_clean
    assert (cut["rate"], cut["yuan"]) == (seen[-1].rate, seen[-1].yuan)
    assert cut["yuan"] >= whole["yuan"]
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    assert invest(problem, tmp_path, 0.95, jobs=1, chunks=1, seeds=1) == whole
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    assert before
    assert before == {name: after[name] for name in before}
    assert {*after} == {path.name for path in (folder / "runs").iterdir()}


def test_no_more_weeks_are_tried_than_may_be_and_more_of_them_never_cost_more(searched: tuple[Problem, Path, Json]) -> None:
    problem, folder, whole = searched
    # what was tried stands in the folder, and counts all the same
    limits = (4, whole["tried"] // 3, whole["tried"] // 2, whole["tried"])
    ends = [invest(problem, folder, 0.95, jobs=0, chunks=1, seeds=1, tries=tries) for tries in limits]
    assert [end["is_complete"] for end in ends] == [False, False, False, True]
    assert all(end["tried"] <= tries for end, tries in zip(ends, limits, strict=True))
    assert (ends[0]["is_reached"], ends[0]["yuan"]) == (False, 0)
    assert [end["rate"] for end in ends if not end["is_reached"]] == sorted(end["rate"] for end in ends if not end["is_reached"])
    reached = [end["yuan"] for end in ends if end["is_reached"]]
    assert reached == sorted(reached, reverse=True)
    assert reached[-1] == whole["yuan"]


def test_stopped_before_there_is_a_plan_there_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(Over):
        invest(week([need()], [volunteer()]), tmp_path, jobs=0, chunks=1, cancelled=lambda: True)


def test_what_is_bought_twice_comes_twice_and_is_the_same_in_any_order() -> None:
    problem = week([need(name, windows=NINE) for name in "abc"], [])
    first, *_, last = measures(problem, problem.visits, COSTS)
    twice = with_more(with_more((), [first, last]), [first])
    names = [person for one in twice for person in one.people]
    assert len(names) == len(set(names)) == 3
    assert edits_of(twice) == edits_of(with_more((), [last, first, first]))
    assert len(apply(problem, edits_of(twice)).problem.providers) == 3


def test_the_command_keeps_the_week_and_the_plan(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.console import run
    from scenarios.cli import app

    work_here(monkeypatch)
    file = tmp_path / "week.json"
    file.write_text(week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()]).to_json())
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        run(app, ["invest", str(file), "--goal", "1", "--chunks", "2", "-o", str(out), "--cost", "hour_volunteer=7", "--lang", "en"])
    printed, err = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert json.loads(printed)["yuan"] == 7
    assert check(Problem.read(out / "investment-week.json"), Plan.read(out / "investment-plan.json")).is_clean
    edits = scenarios_from(json.loads((out / "investment-scenarios.json").read_text())).cases[0].edits
    assert apply(Problem.read(file), edits).problem == Problem.read(out / "investment-week.json")
    assert "100% reached" in err.decode()


def test_a_goal_out_of_reach_ends_with_one_and_a_wrong_cost_with_two(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.console import run
    from scenarios.cli import app

    work_here(monkeypatch)
    file = tmp_path / "week.json"
    file.write_text(week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()]).to_json())
    for argv, code in ((["--most", "1", "-q"], 1), (["--cost", "gold=1"], 2), (["--cost", "fund=dear"], 2)):
        with pytest.raises(SystemExit) as ended:
            run(app, ["invest", str(file), "--chunks", "1", *argv])
        assert ended.value.code == code
        capfdbinary.readouterr()
