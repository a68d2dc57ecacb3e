"""The rules that ask of one provider whether they may fill one role: `kind` to `area`, and `crews`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.people import CERTIFICATES, Certificate
from matcher.rules import Rule
from matcher.verifier.violations import Violation, listed

if TYPE_CHECKING:
    from matcher.verifier.reading import Reading, Served


def people_violations(reading: Reading) -> Iterator[Violation]:
    """Yield what is wrong between each service's role, visit and provider."""
    for service in reading.services:
        yield from _kind_and_craft(reading, service)
        yield from _wishes(reading, service)
        yield from _duties(reading, service)


def _broken(rule: Rule, service: Served, message: str, was: object, allowed: object) -> Violation:
    return Violation(rule, service.visit.id, service.provider.id, f"role {service.role.id!r}: {message}", was, allowed)


def _kind_and_craft(reading: Reading, service: Served) -> Iterator[Violation]:
    role, provider = service.role.role, service.provider
    kinds = (*role.kinds, *role.stand_ins)
    if provider.kind not in kinds:
        yield _broken(Rule.KIND, service, f"filled by a {provider.kind}, the role takes {listed(kinds)}", provider.kind, list(kinds))
    short = {skill: level for skill, level in role.skills.items() if provider.skills.get(skill, 0) < level}
    if short:
        has = {skill: provider.skills.get(skill, 0) for skill in short}
        asked = listed(f"{skill} at level {level} (has {has[skill] or 'none'})" for skill, level in short.items())
        yield _broken(Rule.SKILL, service, f"the role asks for {asked}", has, short)
    asked_level = role.certificate
    if asked_level is None and provider.kind == "social_worker" and reading.problem.category[service.visit.need.category].certified_social_worker:
        asked_level = "assistant"
    if asked_level is not None and (provider.kind != "social_worker" or _rank(provider.certificate) < _rank(asked_level)):
        levels = list(CERTIFICATES[_rank(asked_level) - 1 :])
        held = f"a {provider.kind}" if provider.kind != "social_worker" else f"a social worker with certificate {provider.certificate or 'none'}"
        message = f"filled by {held}, the {'role' if role.certificate else 'category'} asks for a social worker with {listed(levels)}"
        yield _broken(Rule.CERTIFICATE, service, message, provider.certificate, levels)


def _rank(certificate: Certificate | None) -> int:
    return 0 if certificate is None else CERTIFICATES.index(certificate) + 1


def _wishes(reading: Reading, service: Served) -> Iterator[Violation]:
    role, provider, need = service.role.role, service.provider, service.visit.need
    resident = reading.residents[need.resident] if need.resident is not None else None
    language = role.language or (resident.language if resident is not None else None)
    if language is not None and language not in provider.languages:
        source = "the role asks for" if role.language else "the resident speaks"
        yield _broken(Rule.LANGUAGE, service, f"speaks {listed(provider.languages)}, {source} {language}", list(provider.languages), [language])
    if role.gender is not None and provider.gender != role.gender:
        message = f"is {provider.gender or 'of no stated gender'}, the role asks for {role.gender}"
        yield _broken(Rule.GENDER, service, message, provider.gender, role.gender)
    if resident is not None and provider.id in resident.refused:
        message = f"resident {resident.id!r} refused {listed(resident.refused)}"
        yield _broken(Rule.REFUSED, service, message, provider.id, {"not": list(resident.refused)})


def _duties(reading: Reading, service: Served) -> Iterator[Violation]:
    provider, visit = service.provider, service.visit
    category = reading.problem.category[visit.need.category]
    if provider.kind == "organization":
        if provider.categories is not None and category.id not in provider.categories:
            message = f"the need is of category {category.id}, the organization takes {listed(provider.categories)}"
            yield _broken(Rule.CATEGORY, service, message, category.id, list(provider.categories))
        elif category.registered_organization and provider.registration != "registered":
            message = f"the organization is {provider.registration}, category {category.id} asks for a registered one"
            yield _broken(Rule.CATEGORY, service, message, provider.registration, "registered")
    if category.checked and not provider.checked:
        yield _broken(Rule.CHECKED, service, f"is not checked, category {category.id} asks for checked providers", False, True)
    if provider.area is not None and visit.community not in provider.area:
        message = f"the need is in community {visit.community!r}, the provider serves {listed(provider.area)}"
        yield _broken(Rule.AREA, service, message, visit.community, list(provider.area))
    if not service.has_crew:
        most = provider.crews
        yield _broken(Rule.CREWS, service, f"crew {service.crew}, the provider's crews go from 1 to {most}", service.crew, [1, most])
