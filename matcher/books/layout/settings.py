"""The week as a whole: its settings, and how long the ways take."""

from __future__ import annotations

from matcher.books import choices as words
from matcher.books.codecs import Choice, Flag, Number, Text, Whole
from matcher.books.layout.parts import PLACE_SAYS, Column, Sheet
from matcher.books.values import DATE, PLACE

SETTINGS = Sheet(
    "settings",
    "设置",
    "Settings",
    (
        Column("name", "名称", "Name", Text(), ("这一期叫什么。", "What this week is called.")),
        Column("note", "备注", "Note", Text(), ("来源、谁做的。", "Where it comes from, who made it.")),
        Column(
            "horizon.start",
            "开始日期",
            "First day",
            DATE,
            ("第一天，如 2026-11-23。", "The first day: 2026-11-23."),
            is_needed=True,
            also=("日期", "start"),
        ),
        Column("horizon.days", "天数", "Days", Whole(1, 3660), ("共几天；留空为 7。", "How many days; blank: 7.")),
        Column(
            "coordinates", "坐标", "Coordinates", Choice(words.COORDINATES), ("位置怎么给；留空为 WGS84。", "How places are given; blank: WGS84.")
        ),
        Column(
            "travel.kind", "行程", "Travel", Choice(words.TRAVEL), ("直线、矩阵或路网；留空为直线。", "Straight, matrix or roads; blank: straight.")
        ),
        Column(
            "travel.detour",
            "绕行系数",
            "Detour",
            Number(1, 10),
            ("路比直线长多少倍；留空为 1.3。", "How much longer ways are than straight lines; blank: 1.3."),
            is_advanced=True,
        ),
        Column(
            "travel.speeds_kmh.walk",
            "步行时速",
            "Walking km/h",
            Number(0.1, 300),
            ("留空为 4.5；（空）为没有这种方式。", "Blank: 4.5; (empty): there is no such way."),
            is_advanced=True,
        ),
        Column("travel.speeds_kmh.bike", "骑行时速", "Cycling km/h", Number(0.1, 300), ("留空为 14。", "Blank: 14."), is_advanced=True),
        Column("travel.speeds_kmh.bus", "公交时速", "Bus km/h", Number(0.1, 300), ("留空为 16。", "Blank: 16."), is_advanced=True),
        Column("travel.speeds_kmh.car", "开车时速", "Driving km/h", Number(0.1, 300), ("留空为 28。", "Blank: 28."), is_advanced=True),
        Column("travel.one_way", "单行", "One way", Flag(), ("路网的边只通一个方向。", "Roads lead one way only."), is_advanced=True),
    ),
)

NODES = Sheet("nodes", "路口", "Nodes", (Column("location", "位置", "Place", PLACE, PLACE_SAYS, is_needed=True, width=24),), is_advanced=True)
EDGES = Sheet(
    "edges",
    "道路",
    "Edges",
    (
        Column("0", "从", "From", Whole(0, 10**9), ("路口序号，从 0 数起。", "A node, counted from 0."), is_needed=True),
        Column("1", "到", "To", Whole(0, 10**9), ("路口序号。", "A node."), is_needed=True),
        Column("2", "米", "Metres", Number(0, 1e8), ("长度。", "How long it is."), is_needed=True),
    ),
    is_advanced=True,
)
