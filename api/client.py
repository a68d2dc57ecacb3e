"""A client: the API as Python calls, with waiting, retries that make no second plan, and errors that carry every fault."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import quote

import httpx

from api.books import MEDIA, Form
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.words import Lang

ENDED = ("done", "stopped", "failed")
AGAIN = (429, 503)


class ApiError(Exception):
    """The API refused a request.

    Attributes
    ----------
    status : int
    kind : str
        The last part of the problem details' `type`: ``invalid-problem``, ``not-found``, ...
    errors : list of dict
        Every fault of the input, each with ``pointer``, ``detail`` and ``code``.
    """

    def __init__(self, response: httpx.Response) -> None:
        try:
            said: dict[str, Any] = response.json()
        except ValueError:
            said = {"detail": response.text[:200]}
        self.status, self.details = response.status_code, said
        self.kind = str(said.get("type", "")).rpartition("/")[2]
        self.errors: list[dict[str, Any]] = said.get("errors") or []
        lines = "".join(f"\n  {fault['pointer'] or '/'}: {fault['detail']}" for fault in self.errors[:20])
        super().__init__(f"{response.status_code} {said.get('detail', '')}{lines}")


class Client:
    """Calls the API at an address with a key.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:8000``.
    key
        An API key or a token.
    timeout
        Seconds for one answer.
    tries
        How often a request is sent that finds the server busy or gone. A plan that is asked for twice is made once.
    http
        The connections to use instead of own ones.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 60.0, tries: int = 5, http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(base_url=url, timeout=timeout)
        self._http.headers["Authorization"] = f"Bearer {key}"
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Send a request, again where the server is busy or gone; raises `ApiError` for a refusal, httpx's errors where nobody answers."""
        for number in range(1, self._tries + 1):
            try:
                response = self._http.request(method, path, **kwargs)
            except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
                # Only what may come twice is sent again: reading, removing, and a plan under its Idempotency-Key.
                if number == self._tries or (method == "POST" and "Idempotency-Key" not in (kwargs.get("headers") or {})):
                    raise
                time.sleep(min(2.0, 0.2 * 2**number))
                continue
            if response.status_code in AGAIN and number < self._tries:
                time.sleep(min(10.0, float(response.headers.get("Retry-After", "1"))))
                continue
            if response.is_error:
                raise ApiError(response)
            return response
        raise AssertionError("the last try returns or raises")

    def store_problem(self, problem: Problem | dict[str, Any], *, area: str | None = None) -> dict[str, Any]:
        """Store a problem; returns what the API says of it (`ProblemView`)."""
        query = {} if area is None else {"area": area}
        return self._json("POST", "/v1/problems", json=_plain(problem), params=query)

    def problem(self, problem_id: str, version: int | None = None) -> Problem:
        """Return a stored problem."""
        query = {} if version is None else {"version": version}
        return Problem.parse(self.send("GET", f"/v1/problems/{problem_id}/problem", params=query).content)

    def store_book(self, content: bytes, *, form: Form = "xlsx", lang: Lang = "zh", area: str | None = None) -> dict[str, Any]:
        """Store the problem of a workbook; returns what the API says of it, and under ``unread`` what was not read. Faults name cells, in `lang`."""
        headers = {"Content-Type": MEDIA[form], "Accept-Language": lang}
        return self._json("POST", "/v1/problems", content=content, headers=headers, params={} if area is None else {"area": area})

    def template(self, *, form: Form = "xlsx", lang: Lang = "zh", start: str | None = None, empty: bool = False) -> bytes:
        """Return a workbook to fill in."""
        query = {"format": form, "lang": lang, "empty": empty, **({} if start is None else {"start": start})}
        return self.send("GET", "/v1/template", params=query).content

    def problem_book(self, problem_id: str, *, form: Form = "xlsx", lang: Lang = "zh") -> bytes:
        """Return a stored problem as a workbook."""
        return self.send("GET", f"/v1/problems/{problem_id}/workbook", params={"format": form, "lang": lang}).content

    def plan_book(self, plan_id: str, *, form: Form = "xlsx", lang: Lang = "zh") -> bytes:
        """Return a plan as a workbook."""
        return self.send("GET", f"/v1/plans/{plan_id}/workbook", params={"format": form, "lang": lang}).content

    def make_plan(
        self, problem: Problem | dict[str, Any] | str, *, wait: int | None = None, idempotency_key: str | None = None, **settings: Any
    ) -> dict[str, Any]:
        """Ask for a plan of a problem, or of a stored one by its id; returns the job (`PlanView`).

        Parameters
        ----------
        wait
            Seconds to wait for its end.
        idempotency_key
            Left out, one is made, so that a request that is sent again makes no second plan.
        settings
            ``budget``, ``chunks``, ``seed``, ``exact``, ``prove``, ``start``, ``start_id``, ``webhook``, ...
        """
        return self._ask_for("/v1/plans", {**_named(problem), **settings}, wait, idempotency_key)

    def compare(
        self,
        problem: Problem | dict[str, Any] | str,
        scenarios: dict[str, Any],
        *,
        wait: int | None = None,
        idempotency_key: str | None = None,
        **settings: Any,
    ) -> dict[str, Any]:
        """Ask for a comparison of scenarios with a problem, or with a stored one by its id; returns the job (`ComparisonView`).

        Parameters
        ----------
        scenarios
            What a scenario file says.
        wait, idempotency_key
            As in `make_plan`.
        settings
            ``seeds``, ``budget``, ``chunks``, ``prove``, ``threads``, ``webhook``, ...
        """
        return self._ask_for("/v1/scenarios", {**_named(problem), "scenarios": scenarios, **settings}, wait, idempotency_key)

    def comparison(self, comparison_id: str) -> dict[str, Any]:
        """Return what a comparison says; before its end, of what is finished by now."""
        return self._json("GET", f"/v1/scenarios/{comparison_id}/comparison")

    def report(self, comparison_id: str, *, lang: Lang = "zh") -> str:
        """Return the report of a comparison as a page of HTML."""
        return self.send("GET", f"/v1/scenarios/{comparison_id}/report", params={"lang": lang}).text

    def report_book(self, comparison_id: str, *, lang: Lang = "zh") -> bytes:
        """Return the report of a comparison as an Excel workbook."""
        return self.send("GET", f"/v1/scenarios/{comparison_id}/workbook", params={"lang": lang}).content

    def run_plan(self, comparison_id: str, name: str) -> Plan:
        """Return the plan of a finished run of a comparison, by the name that the run gives it."""
        return Plan.parse(self.send("GET", f"/v1/scenarios/{comparison_id}/plans/{name}").content)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return how far a plan (`PlanView`) or a comparison (`ComparisonView`) is."""
        return self._json("GET", _path(job_id))

    def follow(self, job_id: str, after: int = 0, *, patience: float = 60.0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yield each event of a job (number, kind, data) after one of them, until it has ended; takes up a stream that breaks off.

        After `patience` seconds without an answer, httpx's error is raised.
        """
        heard = time.monotonic()
        while True:
            try:
                headers = {"Last-Event-ID": str(after)} if after else {}
                with self._http.stream("GET", f"{_path(job_id)}/events", headers=headers) as response:
                    if response.is_error:
                        response.read()
                        raise ApiError(response)
                    for event in _events(response.iter_lines()):
                        after, heard = event[0], time.monotonic()
                        yield event
            except (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ConnectError):
                if time.monotonic() - heard > patience:
                    raise
                time.sleep(0.5)
                continue
            if self.job(job_id)["state"] in ENDED:
                return

    def wait(self, job_id: str, *, seconds: float = 3600.0, pause: float = 0.3) -> dict[str, Any]:
        """Return how a job is when it has ended. Raises `TimeoutError`."""
        until = time.monotonic() + seconds
        while True:
            job = self.job(job_id)
            if job["state"] in ENDED:
                return job
            if time.monotonic() >= until:
                raise TimeoutError(f"{job_id} is {job['state']} after {seconds:g} s")
            time.sleep(pause)

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Stop a job early; the best plan so far, or what is finished of a comparison, is kept."""
        return self._json("DELETE", _path(job_id))

    def plan(self, plan_id: str, version: int | None = None) -> Plan:
        """Return the newest version of a plan, or the one asked for."""
        query = {} if version is None else {"version": version}
        return Plan.parse(self.send("GET", f"/v1/plans/{plan_id}/plan", params=query).content)

    def result(self, plan_id: str) -> dict[str, Any]:
        """Return how a plan came about: cost by term, bound, gap, trace."""
        return self._json("GET", f"/v1/plans/{plan_id}/result")

    def replan(self, plan_id: str, events: list[dict[str, Any]], *, idempotency_key: str | None = None, **policy: Any) -> dict[str, Any]:
        """Plan again after events; returns the new draft and what differs (`ReplanView`). `policy`: ``now``, ``promised``, ``notice``, ..."""
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return self._json("POST", f"/v1/plans/{plan_id}/replan", json={"events": events, **policy}, headers=headers)

    def recommend(self, plan_id: str, **asked: Any) -> dict[str, Any]:
        """Return teams and times for a ``visit``, or for a ``need`` (and its ``resident``) that is new, the cheapest first."""
        return self._ask(plan_id, "recommend", asked)

    def evaluate(self, plan_id: str, plan: Plan | dict[str, Any] | None = None, *, top: int = 3) -> dict[str, Any]:
        """Judge a plan of the same problem, or the stored one: cost by term, violations, what to change first."""
        return self._ask(plan_id, "evaluate", {"top": top, **({} if plan is None else {"plan": _plain(plan)})})

    def what_if(self, plan_id: str, visit: str, **move: Any) -> dict[str, Any]:
        """Try out a move: ``provider``, ``role``, ``start``, ``room`` or ``out``."""
        return self._ask(plan_id, "what-if", {"visit": visit, **move})

    def explain(self, plan_id: str, visit: str, *, budget: float = 2.0) -> dict[str, Any]:
        """Say why a visit is left out, or served as it is."""
        return self._json("GET", f"/v1/plans/{plan_id}/explain/{quote(visit, safe='')}", params={"budget": budget})

    def diff(self, plan_id: str, other: str) -> dict[str, Any]:
        """Compare two plans of one problem."""
        return self._json("GET", f"/v1/plans/{plan_id}/diff/{other}")

    def replace_plan(self, plan_id: str, plan: Plan | dict[str, Any], *, seen: int) -> dict[str, Any]:
        """Store an edited plan as the version after the one that was seen; refused (412) where that is not the newest any more."""
        return self._json("PUT", f"/v1/plans/{plan_id}/plan", json=_plain(plan), headers={"If-Match": f'"v{seen}"'})

    def publish(self, plan_id: str, version: int | None = None) -> dict[str, Any]:
        """Put a plan in force for its communities and week: a version of it that was seen, refused (412) where that is not the newest any more.

        Left out, the version is the newest at this moment.
        """
        return self._json("POST", f"/v1/plans/{plan_id}/publish", json={"version": version or self.job(plan_id)["version"] or 1})

    def in_force(self, *, community: str | None = None, week: str | None = None) -> list[dict[str, Any]]:
        """Return which plan is in force in which community and week."""
        query = {name: value for name, value in (("community", community), ("week", week)) if value is not None}
        found: list[dict[str, Any]] = self._json("GET", "/v1/in-force", params=query)["items"]
        return found

    def calendar(self, person: str, *, lang: Lang = "zh", area: str | None = None) -> bytes:
        """Return a person's calendar (iCalendar), as the plans that were published have it."""
        query = {"lang": lang, **({} if area is None else {"area": area})}
        return self.send("GET", f"/v1/people/{quote(person, safe='')}/calendar.ics", params=query).content

    def calendar_link(self, person: str, *, lang: Lang = "zh", area: str | None = None) -> dict[str, Any]:
        """Return a link to a person's calendar (`CalendarView`), made where there is none yet; ``links["feed"]`` is what to subscribe to."""
        return self._json("POST", "/v1/calendars", json={"person": person, "lang": lang, "area": area})

    def revoke_calendar_link(self, link_id: str) -> dict[str, Any]:
        """Revoke a link to a calendar for good."""
        return self._json("DELETE", f"/v1/calendars/{link_id}")

    def _ask(self, plan_id: str, what: str, asked: dict[str, Any]) -> dict[str, Any]:
        return self._json("POST", f"/v1/plans/{plan_id}/{what}", json=asked)

    def _ask_for(self, path: str, body: dict[str, Any], wait: int | None, idempotency_key: str | None) -> dict[str, Any]:
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex, **({} if wait is None else {"Prefer": f"wait={wait}"})}
        return self._json("POST", path, json=body, headers=headers)

    def _json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.send(method, path, **kwargs).json()
        return found


def _named(problem: Problem | dict[str, Any] | str) -> dict[str, Any]:
    return {"problem_id": problem} if isinstance(problem, str) else {"problem": _plain(problem)}


def _path(job_id: str) -> str:
    """Return where a job is: its id says of which kind it is."""
    return f"/v1/{'scenarios' if job_id.startswith('sc-') else 'plans'}/{job_id}"


def _plain(thing: Problem | Plan | dict[str, Any]) -> Any:
    return thing if isinstance(thing, dict) else json.loads(thing.to_json())


def _events(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}
