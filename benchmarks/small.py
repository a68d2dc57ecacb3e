"""Random small problems that together touch every hard rule and every term of the objective.

A problem is a function of its seed, its number of visits and its switches. Each *feature* (a group of keys of the format) is on in about two of
five problems, so that features also meet one another; a switch (``lunch=True``, ``pins=False``) settles one. On the ``grid`` every window,
duration, leg and gap is a multiple of a quarter of an hour, which is what makes exhaustive search over starts exact.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from matcher.problem import Problem

FEATURES = (
    "area", "caseload", "continuity", "crews", "first_team", "funds", "in_force", "lateness", "leg", "links", "lunch", "max_providers", "minutes",
    "night", "people", "pins", "preferred", "remote", "sequence", "spacing", "split", "stand_ins", "stays", "supervision", "teams", "venues",
    "waiting", "weights", "windows",
)  # fmt: skip
TRAVELS = ("matrix", "plane", "degrees", "gcj02", "roads")
KINDS = ("volunteer", "social_worker", "organization")
STEP = 15
"""Minutes of the grid."""

Json = dict[str, Any]


def small_problem(seed: int, visits: int = 6, *, grid: bool = False, travel: str | None = None, days: int | None = None, **switches: bool) -> Problem:
    """Return a random problem with about `visits` visits (never more), scarce enough that some are left out.

    Parameters
    ----------
    travel
        One of `TRAVELS`; any if left out (the matrix on the grid).
    days
        Days of the horizon; 1 to 9 if left out.
    switches
        Features (`FEATURES`) that must be on or off.
    """
    unknown = set(switches) - set(FEATURES)
    if unknown:
        raise ValueError(f"no such feature: {', '.join(sorted(unknown))}")
    return Problem.build(_Maker(random.Random(f"small {seed}"), visits, grid, travel, days, switches).problem())


class _Maker:
    def __init__(self, rng: random.Random, visits: int, grid: bool, travel: str | None, days: int | None, switches: dict[str, bool]) -> None:
        self.rng, self.visits, self.grid = rng, visits, grid
        drawn = {name: rng.random() < 0.4 for name in FEATURES}
        self.on = {**drawn, **switches}
        self.days = days or rng.choice((1, 1, 2, 3, 5, 7, 9))
        self.start = dt.date(2026, 3, 2) + dt.timedelta(days=rng.randrange(7))
        self.travel = "matrix" if grid else travel or rng.choice(TRAVELS)
        self.rows = 0
        self.nodes = [(rng.uniform(0, 3000), rng.uniform(0, 3000)) for _ in range(rng.randint(2, 6))]
        self.communities = [f"c{i}" for i in range(rng.randint(1, 3))]
        self.people = [f"p{i}" for i in range(max(1, round(visits * rng.uniform(0.4, 0.9))) + 1)]
        self.kind: dict[str, str] = {p: rng.choice(KINDS) for p in self.people}
        self.needs: list[Json] = []
        self.residents: list[Json] = []

    # small draws

    def maybe(self, share: float = 0.5) -> bool:
        return self.rng.random() < share

    def some(self, items: Any, least: int = 1) -> list[Any]:
        items = list(items)
        return self.rng.sample(items, self.rng.randint(min(least, len(items)), len(items)))

    def minutes(self, low: int, high: int) -> int:
        """A number of minutes between two multiples of the grid's step."""
        return self.rng.randrange(low // STEP, high // STEP + 1) * STEP if self.grid else self.rng.randint(low, high)

    def minute(self, clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:5])

    def clock(self, minutes: int) -> str:
        minutes = min(minutes, 24 * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    def date(self, day: int) -> str:
        return (self.start + dt.timedelta(days=day)).isoformat()

    def day(self) -> str:
        """A day of the horizon, by its date or as a weekday."""
        day = self.rng.randrange(self.days)
        weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(self.start.weekday() + day) % 7]
        return self.date(day) if self.maybe() else weekday

    def place(self) -> Json:
        if self.travel == "matrix":
            if self.rows and self.maybe(0.2):
                return {"row": self.rng.randrange(self.rows)}
            self.rows += 1
            return {"row": self.rows - 1}
        x, y = self.rng.uniform(0, 3000), self.rng.uniform(0, 3000)
        return self.point(x, y)

    def point(self, x: float, y: float) -> Json:
        if self.travel in ("plane", "roads"):
            return {"x": round(x, 1), "y": round(y, 1)}
        return {"lat": round(37.5 + y / 111_000, 6), "lon": round(122.1 + x / 88_000, 6)}

    # the parts of a problem

    def problem(self) -> Json:
        communities = [{"id": c, "location": self.place()} for c in self.communities]
        venues = [self.venue(i) for i in range(self.rng.randint(1, 2))] if self.on["venues"] else []
        residents = self.residents = [self.resident(i) for i in range(self.rng.randint(1, max(1, self.visits - 1)))]
        left = self.visits
        while left > 0:
            need = self.need(len(self.needs), residents, venues, left)
            left -= need.get("visits", 1)
            self.needs.append(need)
        providers = [self.provider(p) for p in self.people]
        for resident in residents:
            wanted = [p for p in self.people if self.kind[p] == "volunteer"]
            if wanted and self.maybe(0.2):
                resident["volunteer"] = self.rng.choice(wanted)
        data: Json = {
            "horizon": {"start": self.start.isoformat(), "days": self.days},
            "communities": communities,
            "residents": residents,
            "needs": self.needs,
            "providers": providers,
            "venues": venues,
            "categories": [{"id": "games", "registered_organization": True}],
            "funds": self.funds() if self.on["funds"] or self.maybe(0.5) else [],
            "links": [self.link(i) for i in range(self.rng.randint(1, 3))] if self.on["links"] and len(self.people) > 1 else [],
            "weights": self.weights(),
            "travel": self.journeys(),
        }
        if self.travel in ("plane", "roads", "gcj02"):
            data["coordinates"] = "gcj02" if self.travel == "gcj02" else "plane"
        data["pins"] = self.pins() if self.on["pins"] else []
        data["in_force"] = self.in_force() if self.on["in_force"] else []
        return data

    def table(self) -> list[list[int]]:
        """Seconds from row to row. On the grid no detour is shorter than the direct way; elsewhere many are."""
        return [
            [0 if a == b else self.rng.choice((900, 900, 1800)) if self.grid else self.rng.randint(0, 2400) for b in range(self.rows)]
            for a in range(self.rows)
        ]

    def journeys(self) -> Json:
        if self.travel == "matrix":
            by_mode = {"by_mode": {"bike": self.table()}} if self.maybe(0.3) else {}
            return {"kind": "matrix", "seconds": self.table(), **by_mode}
        if self.travel == "roads":
            count = len(self.nodes)
            edges = [[a, b, round(self.rng.uniform(100, 3000), 1)] for a in range(count) for b in range(count) if a != b and self.maybe(2.0 / count)]
            return {"kind": "roads", "nodes": [self.point(*node) for node in self.nodes], "edges": edges, "one_way": self.maybe(0.4)}
        return {"kind": "straight", "detour": self.rng.choice((1.0, 1.3, 1.7))}

    def resident(self, i: int) -> Json:
        person: Json = {"id": f"r{i}", "community": self.rng.choice(self.communities)}
        if self.maybe(0.8):
            person["location"] = self.place()
        if self.on["people"]:
            if self.maybe(0.2):
                person["language"] = self.rng.choice(("zh", "ko"))
            known = self.some(self.people, 0) if self.maybe(0.4) else []
            person["known"] = {p: self.rng.randint(1, 4) for p in known}
            person["refused"] = [p for p in self.people if p not in known and self.maybe(0.1)]
        return person

    def venue(self, i: int) -> Json:
        rooms = [{"id": f"v{i}room{k}", "seats": self.rng.choice((4, 10, 30))} for k in range(self.rng.randint(1, 2))]
        opening = [self.span(480, 660, 60, 240) for _ in range(self.rng.randint(1, 2))]
        if self.maybe(0.6):
            opening.append({"from": "08:00", "to": "18:00"})
        return {"id": f"v{i}", "community": self.rng.choice(self.communities), "location": self.place(), "rooms": rooms, "opening": opening}

    def span(self, low: int, high: int, shortest: int, longest: int) -> Json:
        begin = self.minutes(low, high)
        span: Json = {"from": self.clock(begin), "to": self.clock(begin + self.minutes(shortest, longest))}
        if not self.grid and self.maybe(0.2):
            span["from"] += f":{self.rng.randrange(1, 60):02d}"
        return {"day": self.day(), **span} if self.maybe(0.3) else span

    def window(self, every_day: bool) -> Json:
        low = self.minutes(480, 960)
        window: Json = {"earliest": self.clock(low), "latest": self.clock(low + (0 if self.maybe(0.15) else self.minutes(0, 240)))}
        if not every_day and self.maybe(0.4):
            window["day"] = self.day()
        if self.on["lateness"] and self.maybe(0.7):
            window["late_by"] = self.minutes(15, 120)
        return window

    def role(self, name: str, count: int = 1) -> Json:
        role: Json = {"id": name, "kinds": self.some(KINDS)}
        if count > 1:
            role["count"] = count
        if self.on["stand_ins"] and self.maybe():
            role["stand_ins"] = [kind for kind in KINDS if kind not in role["kinds"]]
        if self.on["people"]:
            if self.maybe(0.3):
                role["skills"] = {"care": self.rng.randint(1, 3)}
            if self.maybe(0.1):
                role["certificate"] = self.rng.choice(("assistant", "social_worker", "senior"))
                role["kinds"] = sorted({*role["kinds"], "social_worker"})
                role.pop("stand_ins", None)
            if self.maybe(0.15):
                role["language"] = self.rng.choice(("zh", "ko"))
            if self.maybe(0.15):
                role["gender"] = self.rng.choice(("female", "male"))
        if self.maybe(0.2):
            role["minutes"] = self.minutes(15, 90)
        return role

    def team(self) -> list[Json]:
        if not self.on["teams"] or self.maybe(0.4):
            return [self.role("main")]
        if self.maybe(0.3):
            return [self.role("pair", 2)]
        return [self.role("main"), self.role("second")] + ([self.role("third")] if self.maybe(0.15) else [])

    def need(self, i: int, residents: list[Json], venues: list[Json], left: int) -> Json:
        rng = self.rng
        need: Json = {"id": f"n{i}", "urgency": rng.randint(1, 5), "minutes": self.minutes(30, 120)}
        need["category"] = rng.choice(("elderly", "elderly", "youth", "correction", "games")) if self.on["people"] else "elderly"
        if self.maybe(0.85):
            need["resident"] = rng.choice(residents)["id"]
        else:
            need["community"] = rng.choice(self.communities)
        place = rng.choice(("home", "home", *(["venue"] * 2 if venues else []), *(["remote"] if self.on["remote"] else [])))
        need["place"] = place
        if place == "venue":
            venue = rng.choice(venues)
            need |= {"venue": venue["id"], "attendees": rng.randint(0, max(room["seats"] for room in venue["rooms"]))}
        elif place == "home" and self.maybe(0.1):
            need["location"] = self.place()
        need["team"] = self.team()
        if self.on["first_team"] and self.maybe():
            need["first_team"] = self.team()
        many = self.on["spacing"] or self.on["continuity"] or self.on["max_providers"]
        if many and left > 1 and self.maybe(0.6):
            count = rng.randint(2, min(left, 4, max(2, self.days)))
            need["visits"] = count
            if self.on["spacing"]:
                least = rng.randint(1, max(1, (self.days - 1) // (count - 1)))
                need["spacing"] = {"at_least_days": least, **({"at_most_days": least + rng.randint(0, 2)} if self.maybe() else {})}
            if count > self.days:
                need["visits"], need["spacing"] = 1, {}
        need["continuity"] = self.on["continuity"] and self.maybe(0.7)
        if self.on["max_providers"] and self.maybe():
            need["max_providers"] = rng.randint(1, 2)
        every_day = need.get("visits", 1) > 1
        need["windows"] = [self.window(every_day) for _ in range(rng.randint(1, 3) if self.on["windows"] else 1)]
        if self.on["preferred"]:
            need["preferred"] = [self.window(False) | {"late_by": 0}] if self.maybe(0.7) else []
            need["preferred_providers"] = self.some(self.people, 0) if self.maybe(0.4) else []
        several = len(need["team"]) > 1 or need["team"][0].get("count", 1) > 1 or len(need.get("first_team", ())) > 1
        if several and self.on["sequence"]:
            need["meet"] = rng.choice(("together", "in_sequence", *(["independent"] if place != "venue" else [])))
            if need["meet"] == "in_sequence":
                # The last role must still find a window: the least gaps together are no longer than the longest one.
                most = max(self.minute(window["latest"]) - self.minute(window["earliest"]) for window in need["windows"])
                low = min(self.minutes(0, 60), most // (len(need["team"]) + 1) // STEP * STEP)
                need["gap"] = {"min_minutes": low, "max_minutes": low + self.minutes(0, 60)}
        if self.on["links"] and several:
            need["linked"] = self.maybe(0.3)
        if self.on["funds"] and self.maybe(0.3):
            need["funds"] = [fund for fund in ("f0", "f1") if self.maybe(0.7)]
        return need

    def provider(self, name: str) -> Json:
        rng, kind = self.rng, self.kind[name]
        one: Json = {}
        person: Json = {"id": name, "kind": kind, "location": self.place(), "checked": self.maybe(0.7)}
        shifts = [{"from": "08:00", "to": "18:00"}] if self.maybe(0.3) else [self.span(420, 660, 60, 420)]
        if self.on["split"] and self.maybe():
            shifts = [self.span(420, 540, 60, 150), self.span(720, 840, 60, 240)]
        if self.on["night"] and self.maybe(0.3):
            begin = rng.randrange(self.days) * 86_400 + self.minutes(600, 1380) * 60
            shifts = [{"from": begin, "to": begin + self.minutes(600, 1500) * 60}]
        person["shifts"] = shifts
        if kind == "volunteer":
            one = {"banked_hours": rng.randint(0, 120)}
            if self.on["supervision"] and self.maybe():
                one["supervision"] = rng.choice(("social_worker", "linked"))
        elif kind == "social_worker":
            one = {"supervises": rng.randint(0, 2)} | (
                {"certificate": rng.choice(("assistant", "social_worker", "senior"))} if self.maybe(0.7) else {}
            )
        else:
            one = {"registration": rng.choice(("registered", "registered", "on_file")), "claims": [n["id"] for n in self.needs if self.maybe(0.15)]}
            if self.on["crews"]:
                one["crews"] = rng.randint(1, 3)
            if self.on["people"] and self.maybe(0.3):
                one["categories"] = self.some(("elderly", "youth", "games"))
        person |= one
        if (kind == "organization" or self.maybe(0.1)) and self.maybe(0.7):
            person |= {"price_per_hour": rng.choice((0, 20, "33.33")), "price_per_visit": rng.choice((0, 15))}
        if self.on["people"]:
            person["skills"] = {"care": rng.randint(1, 4)} if self.maybe(0.7) else {}
            person["languages"] = rng.choice((["zh"], ["zh", "ko"], ["ko"]))
            person["gender"] = rng.choice(("female", "male"))
        if self.on["area"] and self.maybe():
            person["area"] = self.some(self.communities)
        if self.on["leg"] and self.maybe():
            person["max_leg_minutes"] = rng.randint(5, 40)
        if self.on["minutes"]:
            person |= {"max_minutes_day": self.minutes(60, 180)} if self.maybe() else {}
            person |= {"max_minutes_week": self.minutes(60, 360)} if self.maybe() else {}
        if self.on["caseload"] and self.maybe():
            person["caseload"] = rng.randint(1, 2)
        if self.on["lunch"] and self.maybe(0.7):
            person["lunch"] = rng.choice(({}, {"earliest": "11:00", "latest": "12:30", "minutes": 45}, {"minutes": 120}))
        if self.on["stays"] and self.maybe():
            person["returns"] = False
        person["mode"] = rng.choice(("walk", "bike", "bus", "car"))
        if self.travel != "matrix" and self.maybe(0.2):
            person["speed_kmh"] = round(rng.uniform(3, 30), 1)
        if self.maybe(0.4):
            person["rating"] = rng.randint(1, 5)
        return person

    def link(self, i: int) -> Json:
        members = self.rng.sample(self.people, min(len(self.people), self.rng.randint(2, 3)))
        return {"id": f"l{i}", "members": members, "grade": self.rng.choice(("required", "preferred", "preferred", "unpreferred", "prohibited"))}

    def funds(self) -> list[Json]:
        rng = self.rng
        funds: list[Json] = [
            {"id": "f0", "source": "fiscal", "amount": rng.choice((0, 40, 100, "66.66"))},
            {"id": "f1", "source": "charity", "amount": 60},
        ]
        if self.maybe(0.3):
            funds[0]["categories"] = self.some(("elderly", "youth", "games"))
        if self.maybe(0.3):
            funds[1]["communities"] = self.some(self.communities)
        return funds

    def weights(self) -> Json:
        rng = self.rng
        weights: Json = {}
        if self.on["lateness"] and self.maybe(0.5):
            weights["max_lateness"] = rng.choice((1, 30, 1000))
        if self.on["waiting"]:
            weights["waiting"] = rng.choice((1, 3, 50))
        if self.on["weights"]:
            for name in ("unserved", "pinned", "banked", "new_face", "continuity", "preferred_window", "preferred_person", "pairing", "stand_in"):
                if self.maybe(0.4):
                    weights[name] = rng.choice((0, 1, 7, 1000, 50_000))
            for name in ("rating", "lateness", "money", "travel", "workload", "equity", "stability"):
                if self.maybe(0.4):
                    weights[name] = rng.choice((0, 1, 3, 100))
            if self.maybe(0.3):
                weights["urgency"] = [rng.choice((0, 1, 1, 2, 5)) for _ in range(5)]
        return weights

    # what speaks of visits

    def moments(self, need: Json) -> list[tuple[int, int]]:
        """Every (day, minute) that opens a window of the need, and its last minute."""
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        found = []
        for window in need["windows"]:
            for day in range(self.days):
                name = window.get("day")
                if name in (None, self.date(day), names[(self.start.weekday() + day) % 7]):
                    for clock in (window["earliest"], window["latest"]):
                        found.append((day, self.minute(clock)))
        return found

    def roles(self, need: Json, number: int) -> list[tuple[str, list[str]]]:
        """The id and the kinds of each role of a visit."""
        team = need["first_team"] if number == 1 and "first_team" in need else need["team"]
        return [
            (role["id"] + (f".{k}" if role.get("count", 1) > 1 else ""), role["kinds"] + role.get("stand_ins", []))
            for role in team
            for k in range(1, role.get("count", 1) + 1)
        ]

    def pins(self) -> list[Json]:
        pins = []
        refused = {resident["id"]: resident.get("refused", ()) for resident in self.residents}
        for need in self.rng.sample(self.needs, min(len(self.needs), self.rng.randint(1, 2))):
            number = self.rng.randint(1, need.get("visits", 1))
            pin: Json = {"visit": f"{need['id']}#{number}"}
            name, kinds = self.rng.choice(self.roles(need, number))
            wanted = [p for p in self.people if self.kind[p] in kinds and p not in refused.get(need.get("resident", ""), ())]
            moments = self.moments(need)
            what = self.rng.choice(("provider", "role", "day", "start", "day and start", "all"))
            if what in ("provider", "role", "all") and wanted:
                pin["provider"] = self.rng.choice(wanted)
                if what != "provider":
                    pin["role"] = name
            if moments and what in ("day", "start", "day and start", "all"):
                day, minute = self.rng.choice(moments)
                if what != "start":
                    pin["day"] = self.date(day)
                if what == "start":
                    pin["start"] = f"{self.date(day)}T{self.clock(minute)}:00"
                elif what != "day":
                    pin["start"] = self.clock(minute)
            if len(pin) > 1:
                pins.append(pin)
        return pins

    def in_force(self) -> list[Json]:
        lines = []
        for need in self.needs:
            for number in range(1, need.get("visits", 1) + 1):
                moments = self.moments(need)
                if not moments or self.maybe(0.4):
                    continue
                day, minute = self.rng.choice(moments)
                team: dict[str, str] = {}
                for name, kinds in self.roles(need, number):
                    wanted = [p for p in self.people if self.kind[p] in kinds and p not in team.values()]
                    if wanted and self.maybe(0.9):
                        team[name] = self.rng.choice(wanted)
                lines.append({"visit": f"{need['id']}#{number}", "start": f"{self.date(day)}T{self.clock(minute)}:00", "team": team})
        return lines
