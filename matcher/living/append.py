"""One more need in a week that is compiled: the new rows are compiled by themselves and put behind the others, so that no row that is there moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.compile import Basis, Compiled, compile_problem, known_of
from matcher.errors import Fault, ProblemError
from matcher.instance import Instance, freeze
from matcher.kernels.routes import ABSENT, CLOCK, LOSS, SLOT, SOFT, WORST, empty, view
from matcher.living.repack import appended
from matcher.problem import Problem

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.living.desk import Desk
    from matcher.people import Provider, Resident
    from matcher.problem import Need


def with_need(desk: Desk, need: Need, resident: Resident | None = None) -> Desk:
    """Return the desk of the week with one more need, which nobody serves; the plan is the same.

    Parameters
    ----------
    resident
        Its resident, if the week does not have them yet.

    Raises
    ------
    ProblemError
        If the need does not go with the week: every fault, with paths into ``/need`` and ``/resident``.
    """
    _refuse_faults(desk.problem, need, resident)
    problem, alone = _problems(desk.problem, need, resident)
    basis = replace(desk.basis, journeys=desk.basis.journeys.with_need(problem, need))
    own = compile_problem(alone, basis.alone(alone))
    compiled = joined(desk.compiled, own, problem, basis)
    packed = appended(desk.packed, desk.compiled.instance, own.instance, compiled.instance)
    state = _extended(desk.compiled.instance, compiled.instance, desk.state)
    plan = desk.plan.model_copy(update={"problem": None})
    wider = replace(desk, problem=problem, plan=plan, compiled=compiled, packed=packed, state=state)
    visits = range(len(desk.compiled.visits), len(compiled.visits))
    own_rows = {compiled.visits[v].id: v for v in visits}
    vars(wider).update(basis=basis, recheck=desk.recheck.with_need(problem, need, basis.journeys), assigned=desk.assigned, row=desk.row | own_rows)
    return wider


def _refuse_faults(problem: Problem, need: Need, resident: Resident | None) -> None:
    faults = []
    if any(other.id == need.id for other in problem.needs):
        faults.append(Fault("/need/id", f"there is a need {need.id!r} already", "duplicate"))
    if resident is not None and any(other.id == resident.id for other in problem.residents):
        faults.append(Fault("/resident/id", f"there is a resident {resident.id!r} already", "duplicate"))
    if faults:
        raise ProblemError(faults)
    residents = (resident,) if resident is not None else tuple(item for item in problem.residents if item.id == need.resident)
    named = {*need.preferred_providers, *(name for item in residents for name in (*item.known, *item.refused, item.volunteer))}
    given = {name: getattr(problem, name) for name in ("horizon", "coordinates", "categories", "communities", "travel", "weights")}
    venues = tuple(venue for venue in problem.venues if venue.id == need.venue)
    people = tuple(_unclaimed(provider) for provider in problem.providers if provider.id in named)
    try:
        Problem(**given, needs=(need,), residents=residents, providers=people, venues=venues, funds=problem.funds)
    except ProblemError as error:
        paths = (("/needs/0", "/need"), ("/residents/0", "/resident" if resident is not None else "/need/resident"))
        raise ProblemError(Fault(_moved(fault.path, paths), fault.message, fault.code) for fault in error.faults) from None


def _moved(path: str, paths: tuple[tuple[str, str], ...]) -> str:
    return next((new + path.removeprefix(old) for old, new in paths if path.startswith(old)), path)


def _unclaimed(provider: Provider) -> Provider:
    return provider.model_copy(update={"claims": ()}) if provider.claims else provider


def _problems(problem: Problem, need: Need, resident: Resident | None) -> tuple[Problem, Problem]:
    """Return the week with the need, and a week of the need alone with the same people; both are valid, their parts being so."""
    residents = problem.residents if resident is None else (*problem.residents, resident)
    whole = problem.taken_as_valid(residents=residents, needs=(*problem.needs, need))
    alone = alone_of(whole, need)
    whole.__dict__["visits"] = (*problem.visits, *alone.visits)
    whole.__dict__["shifts"] = problem.shifts
    whole.__dict__["community_of"] = {**problem.community_of, **alone.community_of}
    return whole, alone


def alone_of(problem: Problem, need: Need) -> Problem:
    """Return a week of one of its needs alone, with the same people."""
    people = tuple(_unclaimed(provider) for provider in problem.providers)
    residents = tuple(resident for resident in problem.residents if resident.id == need.resident)
    return problem.taken_as_valid(needs=(need,), residents=residents, providers=people, pins=(), in_force=())


def joined(base: Compiled, own: Compiled, problem: Problem, basis: Basis) -> Compiled:
    """Return the instance of a week with the one need more.

    Parameters
    ----------
    base, own
        What is compiled of the week without the need, and of the need alone (`alone_of`), with the same people.
    problem
        The week, with the need, and perhaps with others that come after it.
    basis
        That of the week with the need.
    """
    need = own.problem.needs[0]
    b, e = base.instance, own.instance
    journeys = basis.journeys
    count, groups, entries = len(b.nodes), len(b.group_first) - 1, b.entry_first[-1]
    nodes, visits, needs = e.nodes.copy(), e.visits.copy(), e.needs.copy()
    nodes["visit"] += len(b.visits)
    nodes["group"] += np.where(nodes["group"] >= 0, groups, 0)
    nodes["place"] = np.where(nodes["place"] >= 0, journeys.of_need(need), nodes["place"])
    for field, before in (
        ("first_node", count),
        ("need", len(b.needs)),
        ("window_first", len(b.windows)),
        ("option_first", len(b.options)),
        ("prefer_first", len(b.prefers)),
        ("must_first", len(b.must_provider)),
    ):
        visits[field] += before
    needs["first_visit"] += len(b.visits)
    needs["fund_first"] += len(b.need_fund)
    needs["link_first"] += len(b.need_link)
    known_first, known_provider, known_cost = known_of(problem, problem.residents[len(b.known_first) - 1 :], basis.provider)
    resident = next((row for row, item in enumerate(problem.residents) if item.id == need.resident), -1)
    visits["resident"] = resident
    resident_first, resident_visit = _with_resident(b, resident, len(b.visits) + np.arange(len(visits)), len(problem.residents))
    instance = Instance(
        nodes=np.concatenate((b.nodes, nodes)),
        visits=np.concatenate((b.visits, visits)),
        needs=np.concatenate((b.needs, needs)),
        shifts=b.shifts,
        providers=b.providers,
        windows=np.concatenate((b.windows, e.windows)),
        options=np.concatenate((b.options, e.options)),
        prefers=np.concatenate((b.prefers, e.prefers)),
        entry_first=np.concatenate((b.entry_first, entries + e.entry_first[1:])),
        entry_shift=np.concatenate((b.entry_shift, e.entry_shift)),
        entry_cost=np.concatenate((b.entry_cost, e.entry_cost)),
        entry_price=np.concatenate((b.entry_price, e.entry_price)),
        shift_first=b.shift_first + e.shift_first,
        shift_node=np.insert(b.shift_node, np.repeat(b.shift_first[1:], np.diff(e.shift_first)), e.shift_node + count),
        near=_near(b, nodes, visits, journeys.points),
        group_first=np.concatenate((b.group_first, b.group_first[-1] + e.group_first[1:])),
        group_node=np.concatenate((b.group_node, e.group_node + count)).astype(np.int32),
        resident_first=resident_first,
        resident_visit=resident_visit,
        known_first=np.concatenate((b.known_first, b.known_first[-1] + known_first[1:])),
        known_provider=np.concatenate((b.known_provider, known_provider)),
        known_cost=np.concatenate((b.known_cost, known_cost)),
        need_fund=np.concatenate((b.need_fund, e.need_fund)),
        need_link=np.concatenate((b.need_link, e.need_link)),
        link_first=b.link_first,
        link_provider=b.link_provider,
        link_grade=b.link_grade,
        provider_link=b.provider_link,
        must_provider=b.must_provider,
        fund_amount=b.fund_amount,
        community_weight=b.community_weight + e.community_weight,
        points=journeys.points,
        profiles=b.profiles,
        tables=np.array(journeys.tables, dtype=np.int32) if journeys.tables else b.tables,
        weights=b.weights,
        counters=b.counters,
        is_bounded=np.maximum(b.is_bounded, e.is_bounded),
    )
    return Compiled(problem, freeze(instance), problem.visits, base.rooms, basis.eligibility.of(problem, problem.visits))


def _with_resident(b: Instance, resident: int, visits: Longs, residents: int) -> tuple[Any, Any]:
    """Return the visits of each resident, those of the new need last in the row of theirs."""
    first = np.concatenate((b.resident_first, np.repeat(b.resident_first[-1:], residents + 1 - len(b.resident_first))))
    if resident < 0:
        return first, b.resident_visit
    merged = np.insert(b.resident_visit, first[resident + 1], visits)
    first[resident + 1 :] += len(visits)
    return first, merged.astype(np.int32)


def _near(b: Instance, nodes: Any, visits: Any, points: Any) -> Any:
    """Return the lists of near visits with rows for the new ones, by straight distance; the old rows stay as they are."""
    width = b.near.shape[1]
    rows = np.full((len(visits), width), -1, np.int32)
    place = nodes["place"][0]
    if place >= 0 and width:
        theirs = b.nodes["place"][b.visits["first_node"]]
        away = np.where(theirs >= 0, ((points[theirs] - points[place]) ** 2).sum(axis=1), np.inf)
        nearest = np.argsort(away, kind="stable")[:width]
        rows[:, : len(nearest)] = nearest
    return np.concatenate((b.near, rows))


def _extended(b: Instance, instance: Instance, state: Longs) -> Longs:
    """Return the state of the larger instance that serves as the state of the smaller one does."""
    old, new = view(state), empty(instance)
    new.node[: len(old.node)] = old.node
    new.shift[:], new.provider[:], new.counter[:], new.fund[:] = old.shift, old.provider, old.counter, old.fund
    new.visit[: len(old.visit)] = old.visit
    added = np.arange(len(old.visit), len(new.visit))
    absent = int(old.total[ABSENT])
    new.absent[:absent], new.absent[absent : absent + len(added)] = old.absent[:absent], added
    new.visit[added, SLOT] = absent + np.arange(len(added))
    new.left_out[:] = old.left_out
    np.add.at(new.left_out, instance.visits["community"][added], instance.visits["weight"][added])
    for field in (SOFT, CLOCK, WORST):
        new.total[field] = old.total[field]
    new.total[ABSENT] = absent + len(added)
    gained = _equity(instance, new.left_out) - _equity(b, old.left_out)
    new.total[LOSS] = old.total[LOSS] + gained + int(instance.visits["loss"][added].sum())
    return new.array


def _equity(instance: Instance, left_out: Longs) -> int:
    pairs: Any = zip(left_out.tolist(), instance.community_weight.tolist(), strict=True)
    weight = int(instance.weights[0]["equity"])
    total: int = sum(1000 * u * u // t for u, t in pairs if t)
    return weight * total
