"""The closed vocabularies of the format, as people write them: a label in each language, and what else is understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcher.books.tokens import folded

if TYPE_CHECKING:
    from matcher.words import Lang

Labels = Mapping[str, tuple[str, ...]]
"""By value: the Chinese label, the English one, then what else is understood."""

KIND: Labels = {
    "volunteer": ("志愿者", "Volunteer", "志愿", "义工", "volunteers"),
    "social_worker": ("社工", "Social worker", "社会工作者", "social workers", "worker"),
    "organization": ("社会组织", "Organization", "组织", "机构", "organizations", "organisation", "organisations", "org"),
}
GENDER: Labels = {"female": ("女", "Female", "女性", "女士", "f", "woman", "women"), "male": ("男", "Male", "男性", "男士", "m", "man", "men")}
PLACE: Labels = {
    "home": ("上门", "At home", "家里", "家中", "入户", "居家", "home visit"),
    "venue": ("场地", "At a venue", "集中", "社区场地", "活动室"),
    "remote": ("远程", "Remote", "电话", "线上", "视频", "phone", "online", "by phone"),
}
MEET: Labels = {
    "together": ("同时", "Together", "一起"),
    "in_sequence": ("先后", "In sequence", "依次"),
    "independent": ("各自", "Independent", "独立", "independently"),
}
CERTIFICATE: Labels = {
    "assistant": ("助理社工师", "Assistant", "助理社会工作师", "assistant social worker"),
    "social_worker": ("社工师", "Certified social worker", "社会工作师", "中级"),
    "senior": ("高级社工师", "Senior", "高级社会工作师", "senior social worker", "高级"),
}
MODE: Labels = {
    "walk": ("步行", "Walk", "走路", "on foot"),
    "bike": ("骑行", "Bike", "自行车", "电动车", "骑车", "bicycle"),
    "bus": ("公交", "Bus", "公交车", "坐车"),
    "car": ("开车", "Car", "汽车", "驾车"),
}
GRADE: Labels = {
    "required": ("必须", "Required", "必须一起"),
    "preferred": ("优先", "Preferred", "尽量一起"),
    "unpreferred": ("尽量避免", "Unpreferred", "避免"),
    "prohibited": ("禁止", "Prohibited", "不能一起"),
}
SOURCE: Labels = {
    "fiscal": ("财政", "Fiscal", "财政资金", "政府购买"),
    "welfare_lottery": ("福彩", "Welfare lottery", "福彩公益金", "福利彩票"),
    "charity": ("慈善", "Charity", "慈善资金", "捐赠"),
    "venture": ("公益创投", "Venture", "创投", "venture philanthropy"),
}
SUPERVISION: Labels = {
    "none": ("可独立", "Serves alone", "独立", "alone"),
    "social_worker": ("须有社工", "With a social worker", "社工带领"),
    "linked": ("须有结对社工", "With a linked social worker", "结对社工带领"),
}
REGISTRATION: Labels = {"registered": ("登记", "Registered", "已登记"), "on_file": ("备案", "On file", "已备案")}
AREA: Labels = {"urban": ("城市", "Urban", "城镇"), "rural": ("农村", "Rural", "乡村")}
SERVICE_POINT: Labels = {
    "organizations": ("社会组织服务点", "Organizations"),
    "social_work": ("社工服务点", "Social work", "社工站"),
    "volunteers": ("志愿服务点", "Volunteers", "志愿服务站"),
}
COORDINATES: Labels = {
    "wgs84": ("卫星定位 WGS84", "Satellite WGS84", "gps"),
    "gcj02": ("国内地图 GCJ02", "Chinese maps GCJ02", "高德", "火星坐标", "gcj-02"),
    "plane": ("平面米制", "Plane in metres", "平面"),
}
TRAVEL: Labels = {"straight": ("直线", "Straight"), "matrix": ("矩阵", "Matrix"), "roads": ("路网", "Roads", "道路")}
FLAG: Labels = {
    "true": ("是", "Yes", "y", "对", "有", "√", "✓", "✔", "☑", "1", "需要", "要"),
    "false": ("否", "No", "n", "不", "不是", "没有", "无", "×", "✗", "✘", "☐", "0", "不需要", "不要"),
}


def label(labels: Labels, value: str, lang: Lang) -> str:
    """Return how a value is written in a language."""
    return labels[value][0 if lang == "zh" else 1]


def chosen(labels: Labels, text: str) -> str | None:
    """Return the value that a text means, in either language or as the format has it; None where it means none."""
    wanted = folded(text)
    for value, words in labels.items():
        if wanted == folded(value) or any(wanted == folded(word) for word in words):
            return value
    return None


def accepted(labels: Labels, lang: Lang) -> str:
    """Return the labels of a vocabulary as a list for a message."""
    return ("、" if lang == "zh" else ", ").join(label(labels, value, lang) for value in labels)
