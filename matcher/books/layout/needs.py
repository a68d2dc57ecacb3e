"""What is asked: the sheets of needs, residents, pins and the plan in force."""

from __future__ import annotations

from matcher.books import choices as words
from matcher.books.codecs import Choice, Entries, Flag, Minutes, Pairs, Ref, Stretches, Text, Token, Whole
from matcher.books.layout.parts import ID_OF, PLACE_SAYS, TEAM_SAYS, WINDOW_SAYS, Column, Sheet, id_column
from matcher.books.team import Team
from matcher.books.values import DAY, MOMENT, PLACE, START, VISIT

NEEDS = Sheet(
    "needs",
    "需求",
    "Needs",
    (
        id_column("需求编号", "Need ID", says=("留空则用 居民 + 事项。", "Left blank: the resident and the service.")),
        Column(
            "title", "事项", "Service", Text(), ("做什么，几个字。", "What it is, in a few words."), width=18, also=("服务", "标题", "title", "需求")
        ),
        Column(
            "resident",
            "居民",
            "Resident",
            Ref("resident"),
            ("谁需要；集体需求写社区。", "Who needs it; a group's need names its community."),
            upsets=("community", "location"),
            also=("服务对象",),
        ),
        Column(
            "community", "社区", "Community", Ref("community"), ("只在集体需求时写。", "Only for a group's need."), upsets=("resident", "location")
        ),
        Column(
            "category",
            "领域",
            "Category",
            Ref("category", "elderly"),
            ("服务领域。", "The field of service."),
            is_needed=True,
            also=("类别", "服务领域"),
        ),
        Column(
            "urgency",
            "紧急程度",
            "Urgency",
            Whole(1, 5),
            ("1 到 5，5 最急；留空为 3。", "1 to 5, 5 is the most urgent; blank: 3."),
            width=10,
            also=("紧急",),
        ),
        Column(
            "minutes",
            "时长",
            "Length",
            Minutes(),
            ("每次多久：60、1.5小时。", "How long one service takes: 60, 1.5 h."),
            is_needed=True,
            width=10,
            also=("分钟", "minutes", "时长（分钟）"),
        ),
        Column(
            "windows",
            "可开始时间",
            "May start",
            Stretches("earliest", "latest"),
            WINDOW_SAYS,
            is_needed=True,
            width=34,
            upsets=("visits", "gap"),
            also=("时间", "时间窗", "windows", "time"),
        ),
        Column(
            "team", "谁来", "Team", Team(is_needed=True), TEAM_SAYS, is_needed=True, width=36, upsets=("gap", "meet"), also=("队伍", "人员", "who")
        ),
        Column("visits", "次数", "Visits", Whole(1, 1000), ("本期几次；留空为 1。", "How many times; blank: 1."), width=8, upsets=("gap",)),
        Column(
            "place",
            "方式",
            "Where",
            Choice(words.PLACE),
            ("上门、场地、远程；留空为上门。", "At home, at a venue, remote; blank: at home."),
            width=10,
            upsets=("venue", "location", "meet", "attendees"),
            also=("服务方式", "地点"),
        ),
        Column("venue", "场地", "Venue", Ref("venue"), ("方式为场地时写。", "Where it is at a venue."), upsets=("attendees",)),
        Column("attendees", "参加人数", "Attendees", Whole(), ("场地活动来多少人。", "How many come to a venue."), width=10),
        Column(
            "preferred",
            "希望时间",
            "Preferred times",
            Stretches("earliest", "latest", is_needed=False),
            ("最好在这时开始。", "When it is wanted most."),
            width=24,
        ),
        Column("preferred_providers", "希望的人", "Preferred people", Entries(Ref("provider")), ("希望由谁来。", "Who is wanted."), width=18),
        Column("continuity", "固定人员", "Same people", Flag(), ("各次尽量由同样的人。", "The same people at every visit if possible."), width=10),
        Column(
            "spacing.at_least_days",
            "至少间隔天数",
            "Least days between",
            Whole(1, 3660),
            ("两次之间至少几天；留空为 1。", "The least days from one visit to the next; blank: 1."),
            width=12,
            upsets=("visits",),
        ),
        Column(
            "spacing.at_most_days",
            "至多间隔天数",
            "Most days between",
            Whole(1, 3660),
            ("两次之间至多几天。", "The most days from one visit to the next."),
            is_advanced=True,
            width=12,
            upsets=("visits",),
        ),
        Column(
            "first_team",
            "首次谁来",
            "First team",
            Team(is_needed=False),
            ("第一次若不同，写法同 谁来。", "The team of the first visit, if it is another one."),
            is_advanced=True,
            width=30,
            upsets=("gap", "meet"),
        ),
        Column(
            "meet",
            "到场方式",
            "Meeting",
            Choice(words.MEET),
            ("几个人同时、先后或各自。", "Together, in sequence or independent."),
            is_advanced=True,
            upsets=("gap",),
        ),
        Column(
            "gap.min_minutes",
            "先后至少隔",
            "Least gap",
            Minutes(0),
            ("先后到场时，至少隔几分钟。", "In sequence: the least minutes between starts."),
            is_advanced=True,
            upsets=("gap",),
        ),
        Column(
            "gap.max_minutes",
            "先后至多隔",
            "Most gap",
            Minutes(0),
            ("先后到场时，至多隔几分钟。", "In sequence: the most minutes between starts."),
            is_advanced=True,
            upsets=("gap",),
        ),
        Column("linked", "须为结对", "Linked team", Flag(), ("队伍须来自同一联系。", "The team has to be of one link."), is_advanced=True),
        Column(
            "max_providers",
            "每角色最多人数",
            "Most people a role",
            Whole(1, 10**6),
            ("各次合计最多换几个人。", "How many different people over all visits."),
            is_advanced=True,
        ),
        Column("location", "服务位置", "Place", PLACE, PLACE_SAYS, is_advanced=True, width=20, also=("位置", "坐标")),
        Column(
            "funds",
            "资金",
            "Funds",
            Entries(Ref("fund"), has_empty=True),
            ("哪些资金可付；留空为任何，（空）为都不可。", "Which funds may pay; blank: any, (empty): none."),
            is_advanced=True,
            width=18,
        ),
    ),
    sort="need",
    also=("需求表", "服务需求"),
)

RESIDENTS = Sheet(
    "residents",
    "居民",
    "Residents",
    (
        id_column(
            "居民编号",
            "Resident ID",
            says=("代号即可；姓名电话另存联系表。", "An opaque reference; keep names and telephones elsewhere."),
            is_needed=True,
        ),
        Column("community", "社区", "Community", Ref("community"), ID_OF, is_needed=True, upsets=("location",), also=("所在社区",)),
        Column("location", "住址位置", "Home place", PLACE, PLACE_SAYS, width=20, also=("位置", "place", "坐标")),
        Column("language", "语言", "Language", Text(40), ("服务者须会说的语言；留空不限。", "What a provider has to speak; blank: any.")),
        Column("gender", "性别", "Gender", Choice(words.GENDER), ("女或男。", "Female or male.")),
        Column(
            "known",
            "熟悉的人",
            "Known people",
            Pairs(Ref("provider"), Whole(1, 10**6), 1),
            ("服务过的人和次数：王芳=3、李强=1。", "Who has served them, how often: Wang Fang=3, Li Qiang=1."),
            width=22,
        ),
        Column("refused", "谢绝的人", "Refused people", Entries(Ref("provider")), ("不能上门的人。", "Who may not serve them."), width=18),
        Column(
            "volunteer",
            "本人志愿者",
            "As a volunteer",
            Ref("provider"),
            ("本人也是志愿者的，写其编号（时间银行）。", "The volunteer they are themselves (time bank)."),
            is_advanced=True,
        ),
    ),
    sort="resident",
)

PINS = Sheet(
    "pins",
    "锁定",
    "Pins",
    (
        Column(
            "visit",
            "哪一次",
            "Visit",
            VISIT,
            ("需求编号#第几次，如 n1#2。", "The need's id, # and the number: n1#2."),
            is_needed=True,
            width=22,
            upsets=("",),
        ),
        Column("role", "角色", "Role", Text(), ("队伍里的哪个角色。", "Which role of the team.")),
        Column("provider", "人员", "Person", Ref("provider"), ("由谁。", "Who serves.")),
        Column("day", "日期", "Day", DAY, ("周几或日期。", "A weekday or a date."), upsets=("start",)),
        Column(
            "start", "开始", "Start", START, ("几点，如 9:00；或 2026-11-23 9:00。", "A time: 9:00; or 2026-11-23 9:00."), width=20, upsets=("day",)
        ),
    ),
    is_advanced=True,
)

IN_FORCE = Sheet(
    "in_force",
    "已定安排",
    "In force",
    (
        Column("visit", "哪一次", "Visit", VISIT, ("需求编号#第几次。", "The need's id, # and the number."), is_needed=True, width=22, upsets=("",)),
        Column("start", "开始", "Start", MOMENT, ("日期和时间：2026-11-23 9:00。", "A date and a time: 2026-11-23 9:00."), is_needed=True, width=20),
        Column(
            "team",
            "谁来",
            "Team",
            Pairs(Token(), Ref("provider")),
            ("角色=人员：护理=王芳、帮手=李强。", "Role=person: lead=Wang Fang, help=Li Qiang."),
            is_needed=True,
            width=36,
        ),
    ),
    is_advanced=True,
)
