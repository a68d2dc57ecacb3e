"""What sheets are made of: columns, and words that many of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.books.codecs import Codec, Ident

if TYPE_CHECKING:
    from matcher.words import Lang


@dataclass(frozen=True)
class Column:
    """A column of a sheet, or a row of a sheet of settings.

    Attributes
    ----------
    key : str
        Its key in the object of a row; a dot leads into an inner object.
    zh, en : str
        Its headers.
    says : tuple of str
        What to write, in Chinese and English.
    only : str
        The one kind of provider that has it.
    upsets : tuple of str
        Keys of the same row that cannot be judged while this one cannot be read; an empty one is the row as a whole.
    also : tuple of str
        Other headers that are understood.
    """

    key: str
    zh: str
    en: str
    codec: Codec
    says: tuple[str, str]
    is_needed: bool = False
    is_advanced: bool = False
    width: int = 14
    only: str = ""
    upsets: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def header(self, lang: Lang) -> str:
        """Return its header in a language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class Sheet:
    """A sheet of rows. `key` is the list of the problem that its rows make; `sort` is what its ids are called when they are referred to."""

    key: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    sort: str = ""
    names: tuple[str, ...] = ()
    """The columns whose text an object may be called by."""
    also: tuple[str, ...] = ()
    is_advanced: bool = False

    def title(self, lang: Lang) -> str:
        """Return its title in a language."""
        return self.zh if lang == "zh" else self.en

    def column(self, key: str) -> Column:
        """Return a column by its key."""
        return next(column for column in self.columns if column.key == key)


def id_column(zh: str = "编号", en: str = "ID", *, says: tuple[str, str] = ("", ""), is_needed: bool = False) -> Column:
    """Return the column of ids of a sheet."""
    text = says if says[0] else ("自定编号；留空则用名称。", "An id of your own; left blank, the name is taken.")
    return Column("id", zh, en, Ident(), text, is_needed=is_needed, also=("代码", "code", "no.", "编码"))


PLACE_SAYS = (
    "纬度, 经度，如 37.5097, 122.1164（平面坐标写 x, y；矩阵写 行 3）。",
    "Latitude, longitude: 37.5097, 122.1164 (on a plane x, y; with a matrix: row 3).",
)
WINDOW_SAYS = (
    "服务可以开始的时间，如 周一 14:00-16:00；周三上午。",
    "When the service may start: Mon 14:00-16:00; Wed 09:00-11:00. 'Daily' or no day is every day.",
)
TEAM_SAYS = (
    "谁一起去：志愿者；或 社工＋志愿者×2（助浴=2、女、30分钟）。可写 名称：，/ 表示或，括号里可写 替补 社会组织、语言 胶辽话、社工师。",
    "Who goes: Volunteer; or Social worker + Volunteer ×2 (bathing=2, Female, 30 min). '/' means or; also 'stand-ins Organization', 'language xx'.",
)
ID_OF = ("写编号或名称。", "Its id, or its name.")
IDS_OF = ("编号或名称，用 、 分开；留空为不限。", "Ids or names, separated by commas; blank: any.")
EMPTY_OF = ("编号或名称，用 、 分开；留空为不限，（空）为一个也没有。", "Ids or names, separated by commas; blank: any, (empty): none at all.")
