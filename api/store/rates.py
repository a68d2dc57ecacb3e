"""How many requests all servers together have answered, by caller and span of time."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from api.store.keys import now
from api.tables import rates

__all__ = ["add", "forget", "now", "totals"]


def add(connection: Connection, counts: dict[tuple[str, int], int]) -> None:
    """Add to the counts of callers and spans."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    # In one order for all servers, so that none waits for another that waits for it.
    rows = [{"who": who, "span": span, "count": count} for (who, span), count in sorted(counts.items())]
    query = insert(rates)
    connection.execute(query.on_conflict_do_update(index_elements=["who", "span"], set_={"count": rates.c.count + query.excluded.count}), rows)


def totals(connection: Connection, names: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return what all servers together have counted, of those of some callers and spans that are known."""
    known = connection.execute(select(rates).where(rates.c.span.in_({span for _, span in names}))).mappings()
    found = {(row["who"], row["span"]): int(row["count"]) for row in known}
    return {name: found[name] for name in names if name in found}


def forget(connection: Connection, before: int) -> None:
    """Forget the counts of the spans before one."""
    connection.execute(rates.delete().where(rates.c.span < before))
