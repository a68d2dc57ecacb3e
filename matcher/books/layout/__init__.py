"""The sheets of a week and their columns: what each is called in both languages, what it holds, and where that stands in the JSON.

Both languages are part of the format of workbooks: headers are understood in either, whatever language the reader speaks.
"""

from __future__ import annotations

from matcher.books.layout.needs import IN_FORCE, NEEDS, PINS, RESIDENTS
from matcher.books.layout.parts import Column, Sheet
from matcher.books.layout.people import LINKS, PEOPLE, SHIFTS
from matcher.books.layout.places import CATEGORIES, COMMUNITIES, FUNDS, VENUES
from matcher.books.layout.settings import EDGES, NODES, SETTINGS

SHEETS = (NEEDS, PEOPLE, SHIFTS, RESIDENTS, COMMUNITIES, VENUES, FUNDS, LINKS, CATEGORIES, PINS, IN_FORCE)
"""The sheets of rows, in the order of a workbook."""
WEIGHTS = ("权重", "Weights")
MATRIX = ("行程矩阵", "Matrix")
NOTES = ("说明", "Read me")
LISTS = ("选项", "Lists")

__all__ = ["EDGES", "LISTS", "MATRIX", "NODES", "NOTES", "SETTINGS", "SHEETS", "WEIGHTS", "Column", "Sheet"]
