"""The first page of a workbook, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.words import Lang

LINES: dict[Lang, tuple[str, ...]] = {
    "zh": (
        "一周服务安排：怎么填",
        "灰色斜体的行是例子：照着填，填完请删掉或改掉。不改也能直接排：matcher solve week.xlsx -o plan.xlsx",
        "先填 设置 里的开始日期，再填 社区、人员、班次、居民、需求；场地、资金、联系 有才填。浅灰标签的表可以不管。",
        "深绿表头必填；把鼠标停在表头上看怎么写；灰色的列折叠在右边，一般用不到。列的先后可以换，可以加自己的列（不会读入，会告诉您）。",
        (
            "时间：周一 14:00-16:00；周三上午；周一至周五 8:00-12:00，14:00-17:00；11月23日 9点-11点。上午 8-12 点，中午 11-13 点，下午 13-18 点，"
            "晚上 "
            "18-21 点。"
        ),
        "同一格里，没写日子的钟点跟着前面的日子；都没写就是每天。“可晚15分钟”写在后面，表示可以迟。",
        "需求的 可开始时间 是服务可以开始的时间，不是整段服务的时间。",
        "谁来：志愿者；社工＋志愿者×2（助浴=2、女、30分钟）。＋ 是一起去，/ 是谁都行，括号里是要求。",
        "名单用 、 或 ， 分开。人可以写姓名；同名的要在 人员 表里写上编号，引用时写 王芳（v0001）。",
        "居民只写代号；姓名、地址、电话放在另外的联系表里，打印时才合在一起：matcher sheets。",
        "填错了会逐格告诉您：需求!D7 应该怎么写。全部错误一次列出。",
    ),
    "en": (
        "A week of services: how to fill it in",
        ("Rows in grey italics are examples: write over them, or delete them. They can be planned as they are: matcher solve week.xlsx -o plan.xlsx"),
        (
            "Begin with the first day in Settings, then Communities, People, Shifts, Residents and Needs; Venues, "
            "Funds and Links only where there are any. Leave the sheets with grey tabs alone."
        ),
        (
            "Dark green headers are needed; hold the mouse over a header to see what to write; grey columns are folded "
            "away on the right. Columns may be moved, and columns of your own added (they are not read, and you are "
            "told so)."
        ),
        (
            "Hours: Mon 14:00-16:00; Wed morning; Mon-Fri 8:00-12:00, 14:00-17:00; 2026-11-23 9am-11am. Morning is "
            "8-12, noon 11-13, afternoon 13-18, evening 18-21."
        ),
        (
            "In one cell, hours without a day are on the day before them; where no day was named, every day. 'late "
            "15 min' behind hours: it may start so late."
        ),
        "'May start' is when the service may start, not the whole of it.",
        ("Team: Volunteer; Social worker + Volunteer ×2 (bathing=2, Female, 30 min). '+' is together, '/' is either, brackets hold what is asked."),
        ("Lists are separated by commas. People may be called by name; where two share one, give them ids in People and write Wang Fang (v0001)."),
        ("Residents are references only; names, addresses and telephones stay in a sheet of your own, joined when you print: matcher sheets."),
        "What is wrong is told cell by cell, all at once: Needs!D7, and what would be accepted.",
    ),
}
