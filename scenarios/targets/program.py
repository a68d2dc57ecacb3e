"""The least that meets every target: a whole-number program over recruiting, training, sharing, founding, registering and mobilising.

Its optimum is proved by CP-SAT, and the answer is counted again in plain Python (`Programme.unmet`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from ortools.sat.python import cp_model

from scenarios.targets.inputs import POINTS
from scenarios.targets.standing import PARTICIPANT_SHARE, PARTY_SHARE, SOCIAL_WORKER_SHARE, VOLUNTEER_SHARE, Standing, Target, part_of

if TYPE_CHECKING:
    from scenarios.targets.inputs import Inputs

ACTIONS: Final = ("recruit", "recruit_certified", "convert", "certify", "organization", "register", "mobilise_party", "mobilise_resident")
"""What is done in a community, as numbers: social workers recruited (without and with a certificate), staff who become social workers, certificates
that social workers gain, organizations founded, volunteers registered, party members and other residents mobilised."""
PEOPLE: Final = ("recruit", "recruit_certified", "convert", "register", "mobilise_party", "mobilise_resident")
EARTH_METRES: Final = 6_371_000.0
SECONDS: Final = 60.0


@dataclass(frozen=True)
class Programme:
    """What meets every target at least cost (or with the fewest people).

    Attributes
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
        Optimal: proved that nothing costs less.
    actions : dict
        For each community with something to do: the number of each of `ACTIONS`.
    points : dict
        For each community the service points that it opens.
    shared : tuple of (str, str, int)
        Certified social workers of one community who count for another as well.
    courses : int
        Places in courses, those who fail included.
    cost : int
        In fen.
    bound : int
        What no programme is below, in the unit of what is minimised.
    """

    status: str
    actions: dict[str, dict[str, int]]
    points: dict[str, tuple[str, ...]]
    shared: tuple[tuple[str, str, int], ...]
    courses: int
    cost: int
    bound: int

    def total(self, action: str) -> int:
        """Return how often something is done in all communities."""
        return sum(row.get(action, 0) for row in self.actions.values())

    @property
    def people(self) -> int:
        """How many people are recruited, trained, registered and mobilised."""
        return sum(self.total(action) for action in PEOPLE) + self.courses

    def after(self, standings: Sequence[Standing]) -> dict[str, dict[Target, int]]:
        """Return what each community has of each target once all is done."""
        borrowed: dict[str, int] = {}
        for _, to, number in self.shared:
            borrowed[to] = borrowed.get(to, 0) + number
        out = {}
        for standing in standings:
            name = standing.community.id
            done = dict.fromkeys(ACTIONS, 0) | self.actions.get(name, {})
            out[name] = {
                Target.SOCIAL_WORKERS: standing.value("social_workers") + done["recruit"] + done["recruit_certified"] + done["convert"],
                Target.CERTIFIED: standing.value("certified") + done["recruit_certified"] + done["certify"] + borrowed.get(name, 0),
                Target.ORGANIZATIONS: standing.value("organizations") + done["organization"],
                Target.VOLUNTEERS: standing.value("volunteers") + done["register"],
                Target.SERVICE_POINTS: len({*standing.points, *self.points.get(name, ())}),
                Target.PARTY_MEMBERS: standing.value("party_participants") + done["mobilise_party"],
                Target.RESIDENTS: standing.value("participants") + done["mobilise_party"] + done["mobilise_resident"],
            }
        return out

    def unmet(self, standings: Sequence[Standing], inputs: Inputs) -> list[str]:
        """Count again, and return in words what is not met or not possible; empty for a programme that keeps its promise."""
        found = []
        after = self.after(standings)
        for standing in standings:
            name, done = standing.community.id, dict.fromkeys(ACTIONS, 0) | self.actions.get(standing.community.id, {})
            has = after[name]
            for target, asked in standing.asked.items():
                if target is Target.SERVICE_POINTS:
                    continue
                if target is Target.SOCIAL_WORKERS:
                    asked = part_of(SOCIAL_WORKER_SHARE, standing.value("staff") + done["recruit"] + done["recruit_certified"])
                if has[target] < asked:
                    found.append(f"{name}: {target} {has[target]} of {asked}")
            own = standing.value("certified") + done["recruit_certified"] + done["certify"]
            lent = sum(number for of, _, number in self.shared if of == name)
            if lent > own * (inputs.limits.shared_between - 1):
                found.append(f"{name}: lends {lent} of {own} certified social workers")
            if Target.CERTIFIED in standing.asked and standing.is_urban and own < 1:
                found.append(f"{name}: no certified social worker of its own")
            if own > has[Target.SOCIAL_WORKERS]:
                found.append(f"{name}: {own} certified of {has[Target.SOCIAL_WORKERS]} social workers")
            if done["convert"] > max(0, standing.value("staff") - standing.value("social_workers")):
                found.append(f"{name}: more of the staff become social workers than there are")
            if "residents" in standing.figures and has[Target.RESIDENTS] > standing.value("residents"):
                found.append(f"{name}: more residents take part than live there")
            if has[Target.VOLUNTEERS] > max(has[Target.RESIDENTS], standing.value("volunteers")):
                found.append(f"{name}: more volunteers than take part")
        urban = [standing for standing in standings if Target.SERVICE_POINTS in standing.asked]
        for point in POINTS:
            covered = sum(1 for s in urban if point in s.points or point in self.points.get(s.community.id, ()))
            if covered < _covered(inputs, len(urban)):
                found.append(f"{point}: in {covered} of {len(urban)} urban communities")
        if self.total("certify") > self.courses * inputs.limits.pass_rate + 1e-9:
            found.append("more certificates than courses give")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the programme as plain JSON values; money in yuan."""
        return {
            "status": self.status,
            "cost_yuan": self.cost / 100,
            "people": self.people,
            "bound": self.bound,
            "courses": self.courses,
            "totals": {**{action: self.total(action) for action in ACTIONS}, "service_points": sum(map(len, self.points.values()))},
            "shared": [{"from": of, "to": to, "social_workers": number} for of, to, number in self.shared],
            "communities": {
                name: {**self.actions.get(name, {}), **({"service_points": list(self.points[name])} if name in self.points else {})}
                for name in dict.fromkeys((*self.actions, *self.points))
            },
        }


def _covered(inputs: Inputs, urban: int) -> int:
    return math.ceil(inputs.coverage * urban - 1e-9)


def least(standings: Sequence[Standing], inputs: Inputs) -> Programme:
    """Find what meets every target that is asked of the communities, at least cost, or with the fewest people where the inputs say so.

    Of several that are least, one with the fewest people (or the least cost) is taken. Targets whose measure is not known are left aside.
    Where nothing binds communities that share no people, each group of them is solved by itself, which proves the same optimum.
    """
    pairs = _pairs(standings, inputs)
    passed = Fraction(inputs.limits.pass_rate).limit_denominator(1000)
    is_apart = inputs.limits.recruits is None and inputs.limits.courses is None and passed.numerator == 1
    groups = _groups(standings, pairs) if is_apart else [list(standings)]
    parts = [_solved(_Model(group, inputs, pairs)) for group in groups]
    parts.append(_solved(_Model(standings, inputs, pairs, is_points=True)))
    worst = max((part.status for part in parts), key=("optimal", "feasible", "unknown", "infeasible").index)
    if worst in ("infeasible", "unknown"):
        return Programme(worst, {}, {}, (), 0, 0, 0)
    actions = {name: row for part in parts for name, row in part.actions.items()}
    return Programme(
        status=worst,
        actions={standing.community.id: actions[standing.community.id] for standing in standings if standing.community.id in actions},
        points={name: points for part in parts for name, points in part.points.items()},
        shared=tuple(sorted(loan for part in parts for loan in part.shared)),
        courses=sum(part.courses for part in parts),
        cost=sum(part.cost for part in parts),
        bound=sum(part.bound for part in parts),
    )


def _solved(model: _Model) -> Programme:
    ends = (model.cost, model.people) if model.inputs.minimise == "cost" else (model.people, model.cost)
    model.minimise(ends[0])
    status, bound = model.solve()
    if status in ("infeasible", "unknown"):
        return Programme(status, {}, {}, (), 0, 0, bound)
    first, best = model.answer(status, bound), model.value(ends[0])
    model.add(ends[0] <= best)
    model.minimise(ends[1])
    again, _ = model.solve()
    return model.answer(status, bound) if again == "optimal" else first


def _groups(standings: Sequence[Standing], pairs: Sequence[tuple[str, str]]) -> list[list[Standing]]:
    """Return the communities in groups that share nobody between them."""
    group = {standing.community.id: standing.community.id for standing in standings}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for of, to in pairs:
        group[root(of)] = root(to)
    out: dict[str, list[Standing]] = {}
    for standing in standings:
        out.setdefault(root(standing.community.id), []).append(standing)
    return list(out.values())


class _Model:
    """The program of a group of communities: either what people do, or the service points."""

    def __init__(self, standings: Sequence[Standing], inputs: Inputs, pairs: Sequence[tuple[str, str]], *, is_points: bool = False) -> None:
        self._model = cp_model.CpModel()
        self._solver = cp_model.CpSolver()
        self._solver.parameters.max_time_in_seconds = SECONDS
        self._solver.parameters.num_workers = 1
        # The rows are near a network: their linear relaxation nearly solves them, propagation alone does not.
        self._solver.parameters.linearization_level = 2
        self._solver.parameters.random_seed = 1
        self.inputs = inputs
        self._standings = standings
        self._do: dict[tuple[str, str], Any] = {}
        self._open: dict[tuple[str, str], Any] = {}
        self._loans: dict[tuple[str, str], Any] = {}
        self._courses: Any = 0
        self.cost: Any = 0
        self.people: Any = 0
        if is_points:
            self._points()
        else:
            names = {standing.community.id for standing in standings}
            self._loans = {pair: self._whole(1000) for pair in pairs if names.issuperset(pair)}
            self._people()

    def _people(self) -> None:
        limits, costs = self.inputs.limits, self.inputs.costs
        for standing in self._standings:
            self._community(standing)
        for group in _groups(self._standings, list(self._loans)):
            # Implied, and rounded up: of those who count twice, half of what is asked has to be there, as a whole number.
            asked = sum(standing.asked.get(Target.CERTIFIED, 0) for standing in group)
            names = {standing.community.id for standing in group}
            gained = sum(variable for (name, action), variable in self._do.items() if name in names and action in ("recruit_certified", "certify"))
            have = sum(standing.value("certified") for standing in group)
            self.add(have + gained >= -(-asked // limits.shared_between))
        passed = Fraction(limits.pass_rate).limit_denominator(1000)
        if passed.numerator == 1:
            self._courses = passed.denominator * self._sum("certify")
        else:
            self._courses = self._whole(10**8)
            self.add(self._courses * passed.numerator >= self._sum("certify") * passed.denominator)
        if limits.courses is not None:
            self.add(self._courses <= limits.courses)
        if limits.recruits is not None:
            self.add(self._sum("recruit", "recruit_certified") <= limits.recruits)
        each = {
            "recruit": costs.recruit,
            "recruit_certified": costs.recruit_certified,
            "convert": costs.convert,
            "organization": costs.organization,
            "register": costs.register_volunteer,
            "mobilise_party": costs.mobilise_party,
            "mobilise_resident": costs.mobilise_resident,
        }
        self.cost = (
            sum(price * self._sum(action) for action, price in each.items()) + costs.course * self._courses + costs.share * sum(self._loans.values())
        )
        self.people = self._sum(*PEOPLE) + self._courses

    def _whole(self, most: int) -> Any:
        return self._model.new_int_var(0, max(0, most), "")

    def _sum(self, *actions: str) -> Any:
        return sum(variable for (_, action), variable in self._do.items() if action in actions)

    def add(self, row: Any) -> None:
        """Add a row."""
        if row is not True:
            self._model.add(row)

    def minimise(self, end: Any) -> None:
        """Say what is to be least."""
        self._model.minimize(end)

    def _community(self, standing: Standing) -> None:
        name, has, asked = standing.community.id, standing.value, standing.asked
        most = {
            "recruit": has("staff") + 10,
            "recruit_certified": has("staff") + 10,
            "convert": has("staff") - has("social_workers"),
            "certify": 2 * has("staff") + 20,
            "organization": asked.get(Target.ORGANIZATIONS, 0),
            "register": has("residents"),
            "mobilise_party": has("party_members") - has("party_participants"),
            "mobilise_resident": has("residents") - has("participants") - max(0, has("party_members") - has("party_participants")),
        }
        do = {action: self._whole(most[action]) for action in ACTIONS}
        self._do |= {(name, action): variable for action, variable in do.items()}
        recruits = do["recruit"] + do["recruit_certified"]
        social_workers = has("social_workers") + recruits + do["convert"]
        certified = has("certified") + do["recruit_certified"] + do["certify"]
        self.add(certified <= social_workers)
        if Target.SOCIAL_WORKERS in asked:
            self.add(SOCIAL_WORKER_SHARE[1] * social_workers >= SOCIAL_WORKER_SHARE[0] * (has("staff") + recruits))
        lent = sum(variable for (of, _), variable in self._loans.items() if of == name)
        borrowed = sum(variable for (_, to), variable in self._loans.items() if to == name)
        self.add(lent <= certified * (self.inputs.limits.shared_between - 1))
        if Target.CERTIFIED in asked:
            self.add(certified + borrowed >= asked[Target.CERTIFIED])
            if standing.is_urban:
                self.add(certified >= 1)
        if Target.ORGANIZATIONS in asked:
            self.add(has("organizations") + do["organization"] >= asked[Target.ORGANIZATIONS])
        more = do["mobilise_party"] + do["mobilise_resident"]
        self.add(do["register"] <= max(0, has("participants") - has("volunteers")) + more)
        if Target.VOLUNTEERS in asked:
            self.add(VOLUNTEER_SHARE[1] * (has("volunteers") + do["register"]) >= VOLUNTEER_SHARE[0] * has("residents"))
        if Target.PARTY_MEMBERS in asked:
            self.add(PARTY_SHARE[1] * (has("party_participants") + do["mobilise_party"]) >= PARTY_SHARE[0] * has("party_members"))
        if Target.RESIDENTS in asked:
            self.add(PARTICIPANT_SHARE[1] * (has("participants") + more) >= PARTICIPANT_SHARE[0] * has("residents"))

    def _points(self) -> None:
        urban = [standing for standing in self._standings if Target.SERVICE_POINTS in standing.asked]
        rooms: list[Any] = []
        for standing in urban:
            missing = [point for point in POINTS if point not in standing.points]
            self._open |= {(standing.community.id, point): self._whole(1) for point in missing}
            if not standing.points:
                rooms.append(self._whole(1))
                for point in missing:
                    self.add(rooms[-1] >= self._open[standing.community.id, point])
        for point in POINTS:
            have = sum(1 for standing in urban if point in standing.points)
            if have < _covered(self.inputs, len(urban)):
                self.add(have + sum(variable for (_, other), variable in self._open.items() if other == point) >= _covered(self.inputs, len(urban)))
        self.cost = self.inputs.costs.service_point * sum(self._open.values()) + self.inputs.costs.room * sum(rooms)

    def solve(self) -> tuple[str, int]:
        """Solve; returns the status and the bound."""
        status = self._solver.solve(self._model)
        name = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}.get(status, "unknown")
        return name, round(self._solver.best_objective_bound) if name in ("optimal", "feasible") else 0

    def value(self, expression: Any) -> int:
        """Return the value of an expression in the last answer."""
        return expression if isinstance(expression, int) else int(self._solver.value(expression))

    def answer(self, status: str, bound: int) -> Programme:
        """Return the last answer."""
        actions: dict[str, dict[str, int]] = {}
        for (name, action), variable in self._do.items():
            number = self.value(variable)
            if number:
                actions.setdefault(name, {})[action] = number
        points: dict[str, tuple[str, ...]] = {}
        for (name, point), variable in self._open.items():
            if self.value(variable):
                points[name] = (*points.get(name, ()), point)
        shared = tuple((of, to, self.value(variable)) for (of, to), variable in self._loans.items() if self.value(variable))
        return Programme(status, actions, points, shared, self.value(self._courses), self.value(self.cost), bound)


def _pairs(standings: Sequence[Standing], inputs: Inputs) -> list[tuple[str, str]]:
    """Return the communities of a street that lie near enough to share people, each pair both ways."""
    if inputs.limits.shared_between < 2:
        return []
    placed = [standing for standing in standings if standing.community.location is not None and Target.CERTIFIED in standing.asked]
    return [
        (a.community.id, b.community.id)
        for a in placed
        for b in placed
        if a is not b and _street(a) == _street(b) and _metres(a, b) <= 1000 * inputs.limits.shared_within_km
    ]


def _street(standing: Standing) -> tuple[str, str]:
    return standing.community.district, standing.community.street


def _metres(a: Standing, b: Standing) -> float:
    p, q = a.community.location, b.community.location
    assert p is not None
    assert q is not None
    if p.lat is None or q.lat is None or p.lon is None or q.lon is None:
        if p.x is None or q.x is None or p.y is None or q.y is None:
            return math.inf
        return math.hypot(p.x - q.x, p.y - q.y)
    south, north = math.radians(p.lat), math.radians(q.lat)
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(math.radians(q.lon - p.lon) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(half))
