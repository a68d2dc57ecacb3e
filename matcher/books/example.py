"""The example week of an empty template: small, solvable, with every common way to fill a row."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from matcher.problem import Problem

if TYPE_CHECKING:
    from matcher.words import Lang

_ENGLISH = {
    "示例：两个社区的一周": "Example: a week of two communities",
    "竹岛社区": "Zhudao",
    "西门社区": "Ximen",
    "竹岛街道": "Zhudao Street",
    "环翠区": "Huancui",
    "助浴": "bathing",
    "陪聊": "company",
    "书法": "calligraphy",
    "助浴服务": "Bathing",
    "送餐": "Meals",
    "电话探访": "Phone call",
    "书法班": "Calligraphy class",
    "入户评估": "Assessment",
    "王芳": "Wang Fang",
    "李强": "Li Qiang",
    "张敏": "Zhang Min",
    "社工孙老师": "Ms Sun",
    "暖阳助餐": "Warm Sun Meals",
    "社区活动中心": "Community centre",
    "多功能厅": "hall",
    "活动室": "club room",
    "福彩公益金": "Welfare lottery fund",
    "护理": "lead",
    "帮手": "help",
    "老师": "teacher",
    "胶辽话": "jiaoliao",
    "送餐员": "courier",
    "探访": "caller",
    "社工": "worker",
}


def example_week(start: dt.date, lang: Lang) -> Problem:
    """Return the example, for the week that starts on a day, in a language."""
    data = _data(start.isoformat())
    return Problem.build(data if lang == "zh" else _translated(data))


def empty_week(start: dt.date) -> Problem:
    """Return a week with nothing in it."""
    return Problem.build({"horizon": {"start": start.isoformat()}})


def next_monday(today: dt.date) -> dt.date:
    """Return the Monday after a day."""
    return today + dt.timedelta(days=7 - today.weekday())


def _translated(value: Any) -> Any:
    if isinstance(value, dict):
        return {_ENGLISH.get(key, key): _translated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_translated(item) for item in value]
    return _ENGLISH.get(value, value) if isinstance(value, str) else value


def _role(name: str, *kinds: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kinds": list(kinds), **more}


def _hours(*hours: tuple[str | None, str, str]) -> list[dict[str, str]]:
    return [({"day": day} if day else {}) | {"from": start, "to": end} for day, start, end in hours]


def _starts(*hours: tuple[str | None, str, str]) -> list[dict[str, str]]:
    return [({"day": day} if day else {}) | {"earliest": first, "latest": last} for day, first, last in hours]


def _data(start: str) -> dict[str, Any]:
    return {
        "name": "示例：两个社区的一周",
        "horizon": {"start": start},
        "communities": [
            {"id": "zhudao", "name": "竹岛社区", "street": "竹岛街道", "district": "环翠区", "location": {"lat": 37.5097, "lon": 122.1164}},
            {"id": "ximen", "name": "西门社区", "street": "竹岛街道", "district": "环翠区", "location": {"lat": 37.5011, "lon": 122.1092}},
        ],
        "residents": [
            {"id": "r1", "community": "zhudao", "location": {"lat": 37.5102, "lon": 122.1171}, "gender": "female", "known": {"v1": 3}},
            {"id": "r2", "community": "ximen", "language": "胶辽话"},
            {"id": "r3", "community": "ximen", "location": {"lat": 37.5023, "lon": 122.1101}, "refused": ["v2"]},
        ],
        "needs": [
            {
                "id": "n1",
                "title": "助浴服务",
                "resident": "r1",
                "category": "home_care",
                "urgency": 5,
                "minutes": 60,
                "visits": 2,
                "continuity": True,
                "spacing": {"at_least_days": 2},
                "windows": _starts(("mon", "08:30", "10:30"), ("thu", "08:30", "10:30")),
                "team": [_role("护理", "social_worker"), _role("帮手", "volunteer", skills={"助浴": 2}, gender="female", minutes=30)],
            },
            {
                "id": "n2",
                "title": "送餐",
                "resident": "r2",
                "category": "elderly",
                "urgency": 4,
                "minutes": 20,
                "visits": 5,
                "windows": [{**window, "late_by": 15} for window in _starts((None, "11:00", "12:00"))],
                "team": [_role("送餐员", "organization", "volunteer")],
            },
            {
                "id": "n3",
                "title": "电话探访",
                "resident": "r3",
                "category": "social_relief",
                "place": "remote",
                "minutes": 15,
                "windows": _starts(("wed", "09:00", "16:00")),
                "team": [_role("探访", "volunteer")],
            },
            {
                "id": "n4",
                "title": "书法班",
                "community": "zhudao",
                "category": "culture",
                "urgency": 2,
                "minutes": 90,
                "place": "venue",
                "venue": "h1",
                "attendees": 20,
                "windows": _starts(("tue", "14:00", "15:00")),
                "team": [_role("老师", "volunteer", skills={"书法": 2})],
            },
            {
                "id": "n5",
                "title": "入户评估",
                "resident": "r3",
                "category": "elderly",
                "urgency": 3,
                "minutes": 45,
                "windows": _starts(("mon", "08:00", "16:00"), ("fri", "08:00", "16:00")),
                "team": [_role("社工", "social_worker", certificate="assistant")],
            },
        ],
        "providers": [
            {
                "id": "v1",
                "kind": "volunteer",
                "name": "王芳",
                "community": "zhudao",
                "location": {"lat": 37.5083, "lon": 122.1102},
                "gender": "female",
                "skills": {"助浴": 3, "陪聊": 2},
                "mode": "bike",
                "max_minutes_day": 180,
                "shifts": _hours(("mon", "08:00", "12:00"), ("thu", "08:00", "12:00")),
            },
            {
                "id": "v2",
                "kind": "volunteer",
                "name": "李强",
                "community": "zhudao",
                "location": {"lat": 37.511, "lon": 122.1152},
                "gender": "male",
                "skills": {"书法": 3},
                "shifts": _hours(("tue", "13:00", "17:00")),
            },
            {
                "id": "v3",
                "kind": "volunteer",
                "name": "张敏",
                "community": "ximen",
                "location": {"lat": 37.5013, "lon": 122.1088},
                "languages": ["zh", "胶辽话"],
                "shifts": _hours(("wed", "09:00", "12:00"), ("sat", "10:00", "12:30")),
            },
            {
                "id": "s1",
                "kind": "social_worker",
                "name": "社工孙老师",
                "community": "zhudao",
                "location": {"lat": 37.5131, "lon": 122.1208},
                "mode": "bike",
                "certificate": "social_worker",
                "supervises": 2,
                "lunch": {},
                "shifts": _hours(*((day, "08:00", "17:00") for day in ("mon", "tue", "thu", "fri"))),
            },
            {
                "id": "o1",
                "kind": "organization",
                "name": "暖阳助餐",
                "location": {"lat": 37.505, "lon": 122.112},
                "mode": "car",
                "languages": ["zh", "胶辽话"],
                "price_per_visit": 8,
                "crews": 2,
                "categories": ["elderly"],
                "shifts": _hours((None, "10:30", "13:00")),
            },
        ],
        "links": [{"id": "l1", "members": ["s1", "v1"], "grade": "preferred"}],
        "venues": [
            {
                "id": "h1",
                "name": "社区活动中心",
                "community": "zhudao",
                "location": {"lat": 37.5095, "lon": 122.118},
                "rooms": [{"id": "多功能厅", "seats": 40}, {"id": "活动室", "seats": 12}],
                "opening": _hours((None, "08:30", "20:00")),
            },
        ],
        "funds": [{"id": "f1", "name": "福彩公益金", "source": "welfare_lottery", "amount": 500, "categories": ["elderly", "home_care"]}],
    }
