"""What residents ask for: the kinds of need, each with its team, its length and its hours.

The categories are those of the 2015 document; the kinds of need, their shares and their figures are assumptions (docs/weihai.md has the table).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kinds = tuple[str, ...]
V: Final = ("volunteer",)
S: Final = ("social_worker",)
O: Final = ("organization",)  # noqa: E741 - beside V and S
VO: Final = ("volunteer", "organization")
SO: Final = ("social_worker", "organization")
VS: Final = ("volunteer", "social_worker")

WEEKDAYS_5: Final = ("mon", "tue", "wed", "thu", "fri")
WEEK: Final = (*WEEKDAYS_5, "sat", "sun")
WEEKEND: Final = ("sat", "sun")


@dataclass(frozen=True)
class Hours:
    """When needs of some sort may start: the days, and the stretches of a day."""

    days: tuple[str, ...]
    stretches: tuple[tuple[str, str], ...]
    late_by: int = 0


HOURS: Final = {
    "day": Hours(WEEK, (("08:30", "16:30"),)),
    "workday": Hours(WEEKDAYS_5, (("08:30", "16:30"),)),
    "office": Hours(WEEKDAYS_5, (("08:30", "11:00"), ("13:30", "16:30"))),
    "morning": Hours(WEEK, (("08:00", "10:30"),)),
    "clinic": Hours(WEEKDAYS_5, (("07:30", "09:30"),), 30),
    "noon": Hours(WEEK, (("10:30", "12:00"),), 20),
    "afternoon": Hours(WEEK, (("13:30", "16:30"),)),
    "school": Hours(WEEKDAYS_5, (("16:00", "17:00"),)),
    "evening": Hours(WEEK, (("18:00", "19:30"),), 15),
    "weekend": Hours(WEEKEND, (("08:30", "15:30"),)),
}


@dataclass(frozen=True)
class Part:
    """One role of a kind of need."""

    id: str
    kinds: Kinds
    skill: str | None = None
    level: tuple[int, int] = (1, 3)
    stand_ins: Kinds = ()
    certificate: str | None = None
    count: int = 1
    minutes: int | None = None
    same_gender: float = 0.0
    """In what share of the needs the resident asks for their own gender."""
    language: str | None = None


@dataclass(frozen=True)
class NeedKind:
    """A kind of need: what a made need of it looks like."""

    title: str
    category: str
    share: float
    """Its share of the needs, in percent."""
    hours: str
    minutes: tuple[int, ...]
    visits: tuple[int, ...]
    """Visits a week; each as likely."""
    team: tuple[Part, ...]
    place: Literal["home", "venue", "remote"] = "home"
    urgency: tuple[int, ...] = (2, 3, 3, 4)
    meet: Literal["together", "in_sequence", "independent"] = "together"
    gap: tuple[int, int] | None = None
    first_team: tuple[Part, ...] | None = None
    is_linked: bool = False
    continuity: float = 0.0
    few_people: float = 0.0
    """In what share of the needs at most one or two people may come."""
    attendees: tuple[int, int] | None = None
    """Least and most attendees of a group; None for one resident."""


def _solo(kinds: Kinds, skill: str | None = None, level: tuple[int, int] = (1, 3), **more: object) -> tuple[Part, ...]:
    return (Part("carer", kinds, skill, level, **more),)  # type: ignore[arg-type]


NEED_KINDS: Final = (
    # 居家养老 home-based elder care
    NeedKind("居家助浴", "home_care", 3, "workday", (50, 60), (1, 2), (
        Part("carer", O, "personal_care", (3, 4), ("social_worker",)), Part("helper", V, "lifting", (1, 2), same_gender=0.5),
    ), urgency=(3, 4, 4, 5), continuity=0.6),
    NeedKind("助餐送餐", "home_care", 5.5, "noon", (20, 25), (3, 4, 5), _solo(VO), urgency=(3, 4)),
    NeedKind("居家保洁", "home_care", 4, "day", (60, 90), (1, 1, 2), _solo(O, "housekeeping", (1, 2), stand_ins=("volunteer",)), urgency=(2, 2, 3)),
    NeedKind("居家康复护理", "home_care", 3, "workday", (45, 60), (2, 3), _solo(O, "rehabilitation", (2, 4)), urgency=(3, 4, 5), continuity=0.8,
             few_people=0.5),
    NeedKind("日间陪护", "home_care", 4, "day", (60, 90), (2, 3), _solo(VO, "companionship", (1, 3)), continuity=0.7, few_people=0.3),
    NeedKind("助浴前健康评估与助浴", "home_care", 1.5, "workday", (50, 60), (1,), (
        Part("nurse", SO, "health_check", (2, 3), minutes=20), Part("carer", O, "personal_care", (2, 4)),
    ), urgency=(3, 4, 5), meet="in_sequence", gap=(20, 60)),
    # 为老 elderly
    NeedKind("独居老人探访", "elderly", 8.5, "day", (30, 40, 45), (1, 2, 3), _solo(VS, "companionship", (1, 2)), urgency=(2, 3, 4, 5),
             continuity=0.6),
    NeedKind("陪同就医", "elderly", 3.5, "clinic", (120, 150, 180), (1,), _solo(V, "escort", (1, 3), stand_ins=("social_worker",), same_gender=0.4),
             urgency=(4, 5)),
    NeedKind("轮椅老人陪同就医", "elderly", 1, "clinic", (120, 150), (1,), (Part("escort", V, "escort", (1, 2), ("social_worker",), count=2),),
             urgency=(4, 5)),
    NeedKind("电话问候", "elderly", 4.5, "day", (15, 20), (3, 4, 5), _solo(VS), "remote", urgency=(2, 3)),
    NeedKind("老年人小组活动", "elderly", 1.5, "office", (90,), (1, 2), (
        Part("leader", S, "group_work", (2, 3)), Part("helper", V, count=2),
    ), "venue", urgency=(2, 3), attendees=(12, 30)),
    NeedKind("智能手机教学", "elderly", 2, "afternoon", (45, 60), (1, 2), _solo(V, "digital", (2, 3)), urgency=(1, 2)),
    NeedKind("失能评估与照护", "elderly", 2, "workday", (45, 60), (2, 3), _solo(VO, "companionship", (1, 3)), urgency=(3, 4, 5),
             first_team=(Part("assessor", S, "assessment", (3, 4), certificate="assistant"),), continuity=0.7),
    # 助残 disability
    NeedKind("残疾人出行陪伴", "disability", 3, "day", (60, 90), (1, 2), (
        Part("escort", V, "escort", (1, 3), same_gender=0.3), Part("helper", V, "lifting", (1, 2), ("organization",)),
    ), urgency=(2, 3, 4)),
    NeedKind("残疾人康复训练", "disability", 3.5, "workday", (45, 60), (2, 3), _solo(O, "rehabilitation", (2, 4)), urgency=(3, 4), continuity=0.7,
             few_people=0.6),
    NeedKind("残疾人日常照料", "disability", 3.5, "morning", (45, 60), (2, 3), _solo(VO, "personal_care", (1, 3), same_gender=0.25),
             urgency=(3, 4, 5)),
    NeedKind("手语沟通陪同", "disability", 1, "workday", (60,), (1,), _solo(VS, "sign_language", (2, 4)), urgency=(2, 3)),
    # 社区救助 social relief
    NeedKind("困难家庭入户核查", "social_relief", 2, "workday", (40,), (1,), (
        Part("officer", S, "assessment", (2, 3), certificate="assistant"), Part("witness", VS),
    ), urgency=(3, 4)),
    NeedKind("救助物资发放", "social_relief", 3, "day", (20, 30), (1,), _solo(VO), urgency=(3, 4)),
    NeedKind("心理疏导", "social_relief", 3, "office", (50, 60), (1, 2), (
        Part("carer", S, "counselling", (2, 4), certificate="social_worker", same_gender=0.3),
    ), urgency=(3, 4, 5), continuity=0.9, few_people=0.5),
    # 优抚 veterans' support
    NeedKind("优抚对象走访", "veterans", 2.5, "day", (40, 45), (1,), (Part("officer", S), Part("companion", V)), urgency=(2, 3)),
    NeedKind("优抚政策咨询", "veterans", 2.5, "office", (20, 30), (1, 2), _solo(S, "benefits", (1, 3)), "remote", urgency=(2, 3)),
    # 就业 employment
    NeedKind("就业指导", "employment", 3, "office", (45, 60), (1, 2), _solo(SO, "employment", (2, 3)), "venue", urgency=(2, 3)),
    NeedKind("技能培训班", "employment", 1.5, "weekend", (120,), (1,), _solo(O, "training", (2, 4)), "venue", urgency=(2, 3), attendees=(10, 25)),
    NeedKind("岗位推荐电话", "employment", 1.5, "office", (20,), (1, 2), _solo(VS, "employment", (1, 2)), "remote", urgency=(2,)),
    # 公共安全 public safety
    NeedKind("居家安全排查与整改", "public_safety", 2, "workday", (40, 45), (1,), (
        Part("inspector", SO, "safety", (2, 3), minutes=30), Part("fitter", VO, "repairs", (2, 3)),
    ), urgency=(3, 4), meet="in_sequence", gap=(30, 120)),
    NeedKind("平安巡防", "public_safety", 1.5, "evening", (60,), (2, 3), (Part("patrol", V, count=2),), urgency=(2, 3), attendees=(0, 0)),
    NeedKind("水电维修", "public_safety", 2.5, "day", (45, 60), (1,), _solo(VO, "repairs", (1, 3)), urgency=(2, 3, 4)),
    # 环境卫生 environment and health
    NeedKind("社区清洁行动", "environment", 1.5, "weekend", (90,), (1,), (Part("cleaner", V, count=3),), urgency=(1, 2), attendees=(0, 0)),
    NeedKind("上门消杀", "environment", 2, "workday", (30, 45), (1,), _solo(O, "housekeeping", (2, 3)), urgency=(2, 3)),
    NeedKind("慢性病健康随访", "environment", 2, "morning", (30,), (1, 2), (
        Part("nurse", SO, "health_check", (2, 3)), Part("recorder", VS, minutes=15, language="zh"),
    ), urgency=(2, 3, 4), meet="independent"),
    # 文化体育 culture and sport
    NeedKind("文体活动课", "culture", 3, "afternoon", (60, 90), (1, 2), _solo(VO, "arts", (2, 3)), "venue", urgency=(1, 2), attendees=(12, 36)),
    NeedKind("晨练指导", "culture", 1.5, "morning", (60,), (2, 3), _solo(VO, "sports", (1, 3)), urgency=(1, 2), attendees=(0, 0)),
    # 青少年保护 youth protection
    NeedKind("四点半课堂", "youth", 2, "school", (75, 90), (2, 3), (
        Part("tutor", VO, "tutoring", (1, 3)), Part("helper", V),
    ), "venue", urgency=(2, 3), attendees=(8, 20)),
    NeedKind("困境儿童个案辅导", "youth", 2, "day", (50, 60), (1, 2), (
        Part("case_worker", S, "counselling", (2, 3), certificate="assistant"), Part("companion", V),
    ), urgency=(3, 4, 5), is_linked=True, continuity=1.0),
    NeedKind("上门课业辅导", "youth", 2, "weekend", (60, 90), (1, 2), _solo(V, "tutoring", (1, 3), same_gender=0.2), urgency=(2, 3), continuity=0.5),
    # 社区矫正 community correction
    NeedKind("矫正对象走访", "correction", 2, "workday", (45, 60), (1,), (
        Part("case_worker", S, "correction", (2, 3), certificate="social_worker"), Part("companion", V),
    ), urgency=(3, 4)),
    NeedKind("矫正对象个别谈话", "correction", 1.5, "office", (45,), (1,), _solo(S, "correction", (2, 4), certificate="assistant"), "venue",
             urgency=(3, 4)),
)  # fmt: skip
"""Every kind of need, grouped by category."""

RARE_SKILLS: Final = ("sign_language", "dementia_care")
"""What next to nobody can do: needs that ask for it at a high level stay open, as in life."""
