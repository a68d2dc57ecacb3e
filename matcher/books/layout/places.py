"""Where and with what: the sheets of communities, venues, funds and categories."""

from __future__ import annotations

from matcher.books import choices as words
from matcher.books.codecs import Choice, Entries, Flag, Ident, Money, Pairs, Ref, Rooms, Stretches, Text, Whole
from matcher.books.layout.parts import EMPTY_OF, ID_OF, PLACE_SAYS, Column, Sheet, id_column
from matcher.books.values import PLACE

COMMUNITIES = Sheet(
    "communities",
    "社区",
    "Communities",
    (
        id_column("社区编号", "Community ID"),
        Column("name", "社区名称", "Community name", Text(), ("社区叫什么。", "Its name."), also=("名称", "name", "社区")),
        Column("street", "街道", "Street", Text(), ("所属街道（镇）。", "Its street or town."), also=("街道（镇）",)),
        Column("district", "区市", "District", Text(), ("所属区市。", "Its district."), also=("区县",)),
        Column("location", "位置", "Place", PLACE, PLACE_SAYS, width=20, also=("坐标", "location")),
        Column("area", "城乡", "Urban or rural", Choice(words.AREA), ("城市或农村。", "Urban or rural."), is_advanced=True),
        Column("population", "人口", "Population", Whole(), ("常住人口。", "Who lives there."), is_advanced=True),
        Column("party_members", "党员", "Party members", Whole(), ("在册党员数。", "Registered party members."), is_advanced=True),
        Column("staff", "工作人员", "Staff", Whole(), ("社区工作者人数。", "Community workers."), is_advanced=True),
        Column(
            "service_points",
            "服务点",
            "Service points",
            Entries(Choice(words.SERVICE_POINT)),
            ("已设的服务点，用 、 分开。", "Those set up, separated by commas."),
            is_advanced=True,
            width=24,
        ),
    ),
    sort="community",
    names=("name",),
)

VENUES = Sheet(
    "venues",
    "场地",
    "Venues",
    (
        id_column("场地编号", "Venue ID"),
        Column("name", "场地名称", "Venue name", Text(), ("场地叫什么。", "Its name."), width=22, also=("名称", "name", "场地")),
        Column("community", "社区", "Community", Ref("community"), ID_OF, is_needed=True),
        Column("location", "位置", "Place", PLACE, PLACE_SAYS, is_needed=True, width=20, also=("坐标",)),
        Column(
            "rooms",
            "房间",
            "Rooms",
            Rooms(Pairs(Ident(), Whole(1, 10**6))),
            ("房间与座位：多功能厅=40、活动室=12。", "Rooms and their seats: hall=40, club room=12."),
            is_needed=True,
            width=34,
        ),
        Column(
            "opening",
            "开放时间",
            "Open",
            Stretches("from", "to"),
            ("何时开放：每天 8:30-20:00。", "When it is open: daily 8:30-20:00."),
            is_needed=True,
            width=26,
            also=("opening",),
        ),
    ),
    sort="venue",
    names=("name",),
)

FUNDS = Sheet(
    "funds",
    "资金",
    "Funds",
    (
        id_column("资金编号", "Fund ID"),
        Column("name", "资金名称", "Fund name", Text(), ("资金叫什么。", "Its name."), width=24, also=("名称", "name", "资金")),
        Column(
            "source",
            "来源",
            "Source",
            Choice(words.SOURCE, "charity"),
            ("财政、福彩、慈善或公益创投。", "Fiscal, welfare lottery, charity or venture."),
            is_needed=True,
        ),
        Column("amount", "金额", "Amount", Money(), ("本期可用，元。", "What it has for this time, in yuan."), is_needed=True, also=("金额（元）",)),
        Column("categories", "可付领域", "Pays for", Entries(Ref("category"), has_empty=True), EMPTY_OF, width=22),
        Column("communities", "可付社区", "Pays in", Entries(Ref("community"), has_empty=True), EMPTY_OF, width=22),
    ),
    sort="fund",
    names=("name",),
)

CATEGORIES = Sheet(
    "categories",
    "服务领域",
    "Categories",
    (
        id_column("领域编号", "Category ID"),
        Column("name_zh", "中文名", "Chinese name", Text(), ("中文名称。", "Its Chinese name."), also=("名称",)),
        Column("name_en", "英文名", "English name", Text(), ("英文名称。", "Its English name."), width=20, also=("name",)),
        Column("checked", "须核查", "Checked", Flag(), ("服务者须通过背景核查。", "Only checked people serve.")),
        Column("certified_social_worker", "社工须持证", "Certified", Flag(), ("社工须有职业资格。", "Social workers hold a certificate.")),
        Column("registered_organization", "组织须登记", "Registered", Flag(), ("社会组织须登记，备案不够。", "Organizations are registered.")),
    ),
    sort="category",
    names=("name_zh", "name_en"),
    is_advanced=True,
)
