"""What Prometheus reads: requests by route, jobs by state, how long plans take."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from api.context import Context
from api.database import clock
from api.tables import deliveries, plans


class Metrics:
    """The numbers of one server; those of jobs come from the database, so that each server tells the same."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ["method", "route", "status"]
        self.requests = Counter("sishe_requests", "Requests answered.", names, registry=self.registry)
        self.seconds = Histogram("sishe_request_seconds", "How long answers took.", ["method", "route"], registry=self.registry)
        self._jobs = Gauge("sishe_plans", "Plans by state.", ["state"], registry=self.registry)
        self._oldest = Gauge("sishe_queue_oldest_seconds", "How long the oldest queued plan has waited.", registry=self.registry)
        self._lapsed = Gauge("sishe_leases_lapsed", "Running plans whose worker gives no sign of life.", registry=self.registry)
        self._webhooks = Gauge("sishe_webhooks_due", "Webhooks that wait to be sent.", registry=self.registry)
        self._workers = Gauge("sishe_workers", "Worker processes of this server.", registry=self.registry)

    def text(self, context: Context) -> bytes:
        """Return all numbers in the format of Prometheus."""
        with context.database.read() as connection:
            found = connection.execute(select(plans.c.state, func.count().label("plans")).group_by(plans.c.state)).mappings()
            counts = {row["state"]: row["plans"] for row in found}
            oldest = connection.execute(select(clock() - func.min(plans.c.made_at)).where(plans.c.state == "queued")).scalar_one()
            is_lapsed = (plans.c.state == "running") & (plans.c.lease_until < clock())
            lapsed = connection.execute(select(func.count()).select_from(plans).where(is_lapsed)).scalar_one()
            due = connection.execute(select(func.count()).select_from(deliveries).where(deliveries.c.next_at.is_not(None))).scalar_one()
        for state in ("queued", "running", "done", "stopped", "failed"):
            self._jobs.labels(state).set(counts.get(state, 0))
        self._oldest.set(oldest or 0.0)
        self._lapsed.set(lapsed)
        self._webhooks.set(due)
        self._workers.set(context.pool.alive())
        return generate_latest(self.registry)
