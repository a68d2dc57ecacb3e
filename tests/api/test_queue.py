"""The queue, on both databases: fair, fenced, and each job ends once."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest
from sqlalchemy import select, text, update

from api import jobs
from api.database import Database, clock, newest_revision
from api.jobs import Job, LostLease, Queue
from api.store import plans, problems
from api.store.packing import packed
from api.tables import deliveries, events, plan_versions
from api.tables import plans as table

RESULT = {"cost": 5, "bound": None}
EMPTY = packed("{}")


def add(database: Database, caller: str = "key:a", **row: Any) -> str:
    with database.write() as connection:
        problem = problems.add(connection, "", caller, "0" * 64, {}, EMPTY)
        asked = {"problem_id": problem, "problem_version": 1, "settings": {"seed": 1}, **row}
        return plans.add(connection, area="", caller=caller, kind="solve", **asked)


def queue(database: Database, worker: str = "w1", lease: float = 60.0, attempts: int = 3) -> Queue:
    return Queue(database, worker, lease=lease, attempts=attempts)


def row_of(database: Database, plan: str) -> Any:
    with database.read() as connection:
        return plans.get(connection, "", plan)


def lapse(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(table).values(lease_until=clock() - 1))


def claimed(found: Queue) -> Job:
    job = found.claim()
    assert job is not None
    return job


def test_callers_take_turns_however_many_jobs_one_of_them_has(database: Database) -> None:
    many = [add(database, "key:many") for _ in range(4)]
    few = [add(database, "key:few") for _ in range(2)]
    order = [claimed(queue(database)).id for _ in range(6)]
    assert order == [many[0], few[0], many[1], few[1], many[2], many[3]]
    assert queue(database).claim() is None


def test_what_a_dead_worker_held_is_taken_over_at_once_and_nothing_else(database: Database) -> None:
    for _ in range(2):
        add(database)
    dead, alive = claimed(queue(database, "dead")), claimed(queue(database, "alive"))
    with database.write() as connection:
        jobs.release(connection, "dead")
    again = claimed(queue(database, "w3"))
    assert (again.id, again.attempt) == (dead.id, 2)
    assert queue(database, "w3").claim() is None
    assert queue(database, "alive").beat(alive, None, 0.0, is_event=False) is False
    with pytest.raises(LostLease):
        queue(database, "dead").beat(dead, None, 0.0, is_event=False)


def test_a_job_whose_lease_is_renewed_is_nobody_elses(database: Database) -> None:
    add(database)
    job = claimed(queue(database))
    assert queue(database).beat(job, {"cost": 9}, 0.0, is_event=True) is False
    assert queue(database, "w2").claim() is None


def test_a_job_without_a_sign_of_life_is_taken_over_and_its_first_worker_changes_nothing_any_more(database: Database) -> None:
    plan = add(database, webhook="https://example.org/hook")
    first = claimed(queue(database))
    lapse(database)
    second = claimed(queue(database, "w2"))
    assert (second.id, second.attempt) == (plan, first.attempt + 1)
    for late in (
        lambda: queue(database).beat(first, None, 0.0, is_event=False),
        lambda: queue(database).save(first, EMPTY, 1, 1.0),
        lambda: queue(database).finish(first, "done", EMPTY, RESULT, {}),
        lambda: queue(database).fail(first, "internal", "late"),
        lambda: queue(database).hand_back(first),
    ):
        with pytest.raises(LostLease):
            late()
    queue(database, "w2").finish(second, "done", EMPTY, RESULT, {})
    with pytest.raises(LostLease):
        queue(database, "w2").finish(second, "done", EMPTY, RESULT, {})
    with database.read() as connection:
        assert [row.version for row in connection.execute(select(plan_versions)).all()] == [1]
        states = [row.data["state"] for row in connection.execute(select(events).where(events.c.kind == "state").order_by(events.c.seq)).all()]
        assert states == ["queued", "running", "running", "done"]
        assert len(connection.execute(select(deliveries)).all()) == 1


def test_a_job_that_is_taken_over_starts_from_the_last_saved_plan(database: Database) -> None:
    add(database)
    job = queue(database).save(claimed(queue(database)), packed('{"saved": 1}'), 7, 12.5)
    assert job.version == 1
    lapse(database)
    again = claimed(queue(database, "w2"))
    assert again.start is not None
    assert (again.version, again.spent, again.cost) == (1, 12.5, 7)


def test_the_time_that_was_spent_counts_also_where_nothing_better_was_found_in_it(database: Database) -> None:
    add(database)
    job = queue(database).save(claimed(queue(database)), packed('{"saved": 1}'), 7, 5.0)
    queue(database).beat(job, None, 40.0, is_event=False)
    lapse(database)
    assert claimed(queue(database, "w2")).spent == 40.0


def test_of_the_plans_saved_on_the_way_the_newest_stays_and_those_that_others_were_started_from(database: Database) -> None:
    plan = add(database)
    job = claimed(queue(database))
    for cost in (9, 8):
        job = queue(database).save(job, EMPTY, cost, 1.0)
    other = add(database, "key:b", start_id=plan, start_version=2)
    for cost in (7, 6):
        job = queue(database).save(job, EMPTY, cost, 1.0)
    queue(database).finish(job, "done", EMPTY, RESULT, {})
    with database.read() as connection:
        assert [row["version"] for row in plans.versions(connection, plan)] == [5, 2]
    found = claimed(queue(database))
    assert (found.id, found.start is not None, found.cost) == (other, True, None)


def test_a_job_that_kills_its_workers_is_given_up_in_the_end(database: Database) -> None:
    plan = add(database)
    for _ in range(3):
        claimed(queue(database, attempts=3))
        lapse(database)
    assert queue(database, attempts=3).claim() is None
    row = row_of(database, plan)
    assert (row["state"], row["error"]["code"]) == ("failed", "crashed")


def test_a_job_that_is_handed_back_counts_no_crash(database: Database) -> None:
    plan = add(database)
    for _ in range(5):
        queue(database).hand_back(claimed(queue(database, attempts=1)))
    assert (row_of(database, plan)["state"], row_of(database, plan)["crashes"]) == ("queued", 0)


def test_cancelling_ends_a_queued_job_at_once_and_tells_the_worker_of_a_running_one(database: Database) -> None:
    waiting, running = add(database, "key:b"), add(database, "key:a")
    with database.write() as connection:
        jobs.cancel(connection, waiting)
    assert row_of(database, waiting)["state"] == "stopped"
    job = claimed(queue(database))
    assert job.id == running
    with database.write() as connection:
        jobs.cancel(connection, running)
    assert queue(database).beat(job, None, 0.0, is_event=False) is True


def test_a_job_that_has_ended_is_not_cancelled(database: Database) -> None:
    plan = add(database)
    queue(database).finish(claimed(queue(database)), "done", EMPTY, RESULT, {})
    with database.write() as connection:
        jobs.cancel(connection, plan)
    assert row_of(database, plan)["state"] == "done"


def test_workers_that_ask_at_the_same_moment_never_get_the_same_job(database: Database) -> None:
    made = {add(database, f"key:{k % 3}") for k in range(12)}
    found: list[str] = []

    def ask(name: str) -> None:
        mine = queue(database, name)
        while (job := mine.claim()) is not None:
            found.append(job.id)

    threads = [threading.Thread(target=ask, args=(f"w{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert set(found) == made


def test_what_nobody_needs_any_more_is_forgotten_and_the_rest_is_kept(database: Database) -> None:
    from api.tables import repeats

    ended, running = add(database, "key:a"), add(database, "key:b")
    with database.write() as connection:
        for number, plan in enumerate((ended, running)):
            plans.remember(connection, "key:a", f"k{number}", "f", plan)
            plans.tell(connection, plan, "progress", {})
        connection.execute(update(repeats).where(repeats.c.token == "k0").values(at=clock() - 100))
        connection.execute(update(table).where(table.c.id == ended).values(state="done", ended_at=clock() - 100))
        plans.tidy(connection, 50.0)
        assert plans.repeat_of(connection, "key:a", "k0") is None
        assert plans.repeat_of(connection, "key:a", "k1") is not None
        assert [event["kind"] for event in plans.events_after(connection, ended, 0)] == ["state"]
        assert [event["kind"] for event in plans.events_after(connection, running, 0)] == ["state", "progress"]


def test_the_audit_log_cannot_be_changed_or_emptied(database: Database) -> None:
    from api.store import audit

    with database.write() as connection:
        audit.note(connection, "key:a", "", "test", "thing")
    for change in ("UPDATE audit SET caller = 'x'", "DELETE FROM audit"):
        with pytest.raises(Exception, match="only grows"), database.write() as connection:
            connection.execute(text(change))
    with database.read() as connection:
        assert len(audit.entries(connection, "", None, 10)) == 1


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from api.tables import metadata

    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == newest_revision()


def test_tables_in_their_newest_form_are_left_as_they_are_without_loading_what_changes_tables(database: Database) -> None:
    code = "import sys; from api.database import Database; Database(sys.argv[1]).migrate(); print('alembic' in sys.modules)"
    url = database.engine.url.render_as_string(hide_password=False)
    ran = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
