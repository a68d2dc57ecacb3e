"""Workbooks, calendars and printable sheets: a week as people write it, and a plan as people read it.

May import the domain, `matcher.words` and `matcher.show`, and the libraries of the extra ``books`` (openpyxl, icalendar, jinja2).
Nothing here searches or verifies, and nothing of the engine imports this package: the command line does, for files of its kinds.
"""
