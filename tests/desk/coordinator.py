"""A coordinator at the desk: what one does there, by the words and controls that the page itself shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from api.client import Client
    from matcher.problem import Problem

AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
"""What axe looks at, and of what it tells every node: to describe all that is as it should be takes it longer than to look."""

STEP = """async (node, share) => {
  if (share !== null) node.scrollTop = (node.scrollHeight - node.clientHeight) * share;
  await new Promise(requestAnimationFrame);
}"""
"""One frame, with a step of the scroll or without."""


class Street(NamedTuple):
    """A stored week, and a plan of it."""

    week: Problem
    problem: str
    plan: str


class Place(Protocol):
    """Where a desk is served."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def client(self) -> Client:
        """What calls its API."""


class Coordinator:
    """Somebody at the desk."""

    def __init__(self, page: Page, house: Place, key: str) -> None:
        self.page, self.house, self.key = page, house, key

    def arrive(self) -> None:
        """Open the desk."""
        self.page.goto(f"{self.house.url}/desk/")
        expect(self.page.locator("#key")).to_be_focused()

    def sign_in(self) -> None:
        """Open the desk and sign in."""
        self.arrive()
        self.page.fill("#key", self.key)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("[data-screen=weeks]")).to_be_visible()

    def open(self, plan: str) -> None:
        """Sign in and open a plan; waits until the verifier has spoken, and with that the week is compiled on the server."""
        if self.page.url == "about:blank":
            self.sign_in()
        self.page.goto(f"{self.house.url}/desk/#/plans/{plan}")
        self.judged(f'[data-at^="{plan}."]')
        expect(self.page.locator(".block").first).to_be_visible()

    def reload(self) -> None:
        """Load the page anew; waits until the verifier has spoken."""
        self.page.reload()
        self.judged()
        expect(self.page.locator(".block").first).to_be_visible()

    def judged(self, which: str = "", timeout: float | None = None) -> str:
        """Wait until the page says what the verifier says of the plan as it is shown; returns which plan in which version that is."""
        chips = self.page.locator(f".chips{which}:has(.chip.good, .chip.bad)")
        expect(chips).to_be_visible(timeout=timeout)
        return chips.get_attribute("data-at") or ""

    def draft(self, street: Street) -> str:
        """Make a copy of the street's plan for oneself, and open it."""
        content = self.house.client.send("GET", f"/v1/plans/{street.plan}/plan").json()
        made = self.house.client.make_plan(street.problem, chunks=0, threads=1, start=content)
        job = self.house.client.wait(made["id"], pause=0.05)
        self.open(job["id"])
        return str(job["id"])

    def act(self, name: str, *, inside: str = "") -> None:
        """Press a button of the desk, or of what is inside."""
        self.page.locator(f'{inside} [data-act="{name}"]').click()

    def chips(self) -> str:
        """What the page says of the plan as a whole."""
        return " | ".join(self.page.locator(".chip").all_inner_texts())

    def block(self, visit: str) -> Locator:
        """The first block of a visit on the board."""
        return self.page.locator(f'.block[data-visit="{visit}"]').first

    def open_visit(self, visit: str | None = None) -> None:
        """Open the dialog of a visit of the board; of the first one, if none is named. Blocks may be too narrow to be hit for sure."""
        (self.block(visit) if visit else self.page.locator(".block").first).focus()
        self.page.keyboard.press("Enter")
        expect(self.dialog()).to_be_visible()

    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.locator("dialog[open]")

    def tab_to(self, selector: str) -> Locator:
        """Go on by the Tab key alone until something has the focus; what the server is still asked for is waited for first."""
        expect(self.page.locator(selector).first).to_be_visible()
        for _ in range(60):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return self.page.locator(selector)
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {selector}")

    def choose(self, selector: str, value: str) -> None:
        """Choose from a list by the arrow keys alone."""
        field = self.tab_to(selector)
        self.page.keyboard.press("Home")
        for _ in range(60):
            if field.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{selector} does not offer {value}")

    def drag(self, source: Locator, x: float, y: float) -> None:
        """Take something up and hold it over a point of the screen, which is reached at one go: on the way the board scrolls near its edges."""
        box = source.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 2, box["y"] + 6)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 20, box["y"] + 20, steps=3)
        self.page.mouse.move(x, y)

    def middle(self, of: Locator) -> tuple[float, float]:
        """Scroll something to the middle of the board, away from where dragging scrolls, and return its own middle on the screen."""
        of.evaluate("node => node.scrollIntoView({ block: 'center', inline: 'nearest' })")
        box = of.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def place(self, provider: str, day: int, share: float) -> tuple[float, float]:
        """Return the point on the screen in somebody's row, on a day of seven, so far through what is shown of it."""
        row = self.page.locator(f'.row[data-row="{provider}"] .track')
        _, y = self.middle(row)
        box = row.bounding_box()
        assert box is not None
        return box["x"] + box["width"] * (day + share) / 7, y

    def happened(self, kind: str, **fields: str) -> None:
        """Say in the open dialog of planning again what happened; texts are written, all else is chosen."""
        self.dialog().locator("[data-field=kind]").select_option(kind)
        form = self.dialog().locator(f'[data-event="{kind}"]')
        for name, value in fields.items():
            field = form.locator(f'[data-field="{name}"]')
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    @contextmanager
    def edited(self) -> Iterator[None]:
        """Change a draft; waits until the page shows another version or another plan, and what the verifier says of that.

        It goes by what is shown and not by what is answered: an answer that was still on its way from before would be taken for the one meant.
        """
        before = self.judged()
        yield
        self.judged(f':not([data-at="{before}"])')

    def is_accessible(self, part: str | None = None) -> None:
        """Assert that what is shown, or a part of it, keeps WCAG 2.1 AA, as far as axe can tell."""
        found = Axe().run(self.page, context=part, options=AA).response
        assert found["passes"], "axe looked at nothing"
        told = [f"{item['id']}: {item['nodes'][0]['html'][:200]} {item['nodes'][0].get('failureSummary', '')}" for item in found["violations"]]
        assert told == []

    def worked(self) -> Callable[[], float]:
        """Return what tells the seconds that the page has worked, in its own processor time: how busy the machine is besides is not its doing."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return lambda: float(next(item["value"] for item in session.send("Performance.getMetrics")["metrics"] if item["name"] == "TaskDuration"))

    def scrolled(self, steps: int) -> list[float]:
        """Scroll through the board and return the seconds that the page worked in each frame."""
        board, worked, took = self.page.locator(".board").element_handle(), self.worked(), []
        for step in range(steps + 1):
            # A step comes into sight in one frame, and what is new in it is drawn in the next ones.
            for share in (step / steps, None, None):
                before = worked()
                board.evaluate(STEP, share)
                took.append(worked() - before)
        return took

    def plan_id(self) -> str:
        """The plan that is open."""
        found = re.search(r"#/plans/([\w-]+)$", self.page.url)
        assert found is not None
        return found[1]
