"""What rules, terms and refusals there are."""

from __future__ import annotations

from pydantic import BaseModel


class Code(BaseModel):
    """A rule or a term."""

    code: str
    name_zh: str
    name_en: str
    says_zh: str
    says_en: str


class Rules(BaseModel):
    """The hard rules, and what the cost is made of."""

    rules: list[Code]
    terms: list[Code]


class ErrorKind(BaseModel):
    """A kind of refusal."""

    type: str
    status: int
    title: str


class Errors(BaseModel):
    """All kinds of refusal."""

    items: list[ErrorKind]
