"""What is assumed of communities beyond a week, what measures cost, and what is known better: ``scenarios/data/targets.yaml`` and files like it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from matcher.errors import Fault, FaultyInput
from matcher.fields import Count, Id, Model, Money, Number, Whole
from matcher.files import read_bytes
from matcher.validation import faults_from_pydantic
from scenarios.edits.files import parse_yaml

ServicePoint = Literal["organizations", "social_work", "volunteers"]
POINTS: tuple[ServicePoint, ...] = ("organizations", "social_work", "volunteers")
Share = Annotated[Number, Field(ge=0, le=1)]


class InputsFault(FaultyInput):
    """An inputs file of targets that cannot be read; every fault at once."""

    what = "inputs file"


class Shares(Model):
    """Where a community stands, in relation to its residents, staff and party members."""

    social_worker_share: Share
    certified_share: Share
    organizations: Whole
    volunteer_share: Share
    party_share: Share
    participant_share: Share


class ByArea(Model):
    """The shares of urban and of rural communities."""

    urban: Shares
    rural: Shares


class Costs(Model):
    """Yuan (whole fen inside) for a year."""

    recruit: Money
    recruit_certified: Money
    convert: Money
    course: Money
    share: Money
    organization: Money
    register_volunteer: Annotated[Money, Field(alias="register")]
    mobilise_party: Money
    mobilise_resident: Money
    service_point: Money
    room: Money


class Limits(Model):
    """What can be done at most."""

    pass_rate: Annotated[Number, Field(gt=0, le=1)]
    shared_between: Annotated[Count, Field(le=2)]
    shared_within_km: Annotated[Number, Field(ge=0, le=1000)]
    recruits: Whole | None
    courses: Whole | None


class Known(Model):
    """What is known of one community; null: not known."""

    residents: Whole | None = None
    staff: Whole | None = None
    party_members: Whole | None = None
    social_workers: Whole | None = None
    certified: Whole | None = None
    organizations: Whole | None = None
    volunteers: Whole | None = None
    party_participants: Whole | None = None
    participants: Whole | None = None
    service_points: tuple[ServicePoint, ...] | None = None


class Inputs(Model):
    """Everything that a reckoning of targets takes beside the week."""

    format: Literal["sishe-targets/1"] = "sishe-targets/1"
    year: Literal[2017, 2020] = 2020
    coverage: Share
    minimise: Literal["cost", "people"]
    standing: ByArea
    costs: Costs
    limits: Limits
    communities: dict[Id, Known] = Field(default_factory=dict)


@cache
def _defaults() -> Any:
    return parse_yaml((files("scenarios") / "data" / "targets.yaml").read_bytes())


def read_inputs(path: str | Path | None = None) -> Inputs:
    """Read inputs from a YAML or JSON file; what it leaves out is as in ``scenarios/data/targets.yaml``. Raises `InputsFault` and `OSError`."""
    return inputs_from({} if path is None else parse_yaml(read_bytes(path)))


def inputs_from(data: Any) -> Inputs:
    """Make inputs from plain values over the defaults; raises `InputsFault` with every fault."""
    if not isinstance(data, dict):
        raise InputsFault([Fault("", "should be an object", "type")])
    try:
        return Inputs.model_validate(_over(_defaults(), data))
    except ValidationError as error:
        raise InputsFault(faults_from_pydantic(error)) from None


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return one object laid over another, key by key at every depth."""
    out = dict(below)
    for key, value in above.items():
        out[key] = _over(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) and key != "communities" else value
    return out
