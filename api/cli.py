"""The command line: ``matcher-api`` starts the server with its workers, ``matcher-api key`` makes keys. JSON on stdout, talk on stderr."""

from __future__ import annotations

import signal
from typing import Annotated, Any

import typer

from matcher.console import run, say, write_json

app = typer.Typer(
    name="matcher-api",
    help="The HTTP API of Sishe Matcher. 四社联动. Settings are environment variables SISHE_...; docs/api.md lists them.",
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
key_app = typer.Typer(name="key", help="Make, list and revoke API keys.", no_args_is_help=True)
app.add_typer(key_app)

SHUTDOWN = 5
"""Seconds that open requests get to end when the server is told to stop."""


@app.callback(invoke_without_command=True)
def _all(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen at. [default: 127.0.0.1]", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. [default: 8000]", show_default=False)] = None,
    workers: Annotated[int | None, typer.Option(min=0, max=256, help="Processes that solve. [default: 1]", show_default=False)] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Store a week of one street in Weihai, and begin to plan it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,  # noqa: ARG001 - console.run reads it
) -> None:
    """Start the server and its workers; SIGTERM or Ctrl-C stops them, and what they were doing goes on at the next start."""
    if context.invoked_subcommand is None:
        serve({"host": host, "port": port, "workers": workers}, is_demo=demo)


def serve(given: dict[str, Any], *, is_demo: bool) -> None:
    """Serve until told to stop."""
    import uvicorn  # noqa: PLC0415 - the server loads only when it serves

    from api.app import Server, create_app  # noqa: PLC0415
    from api.logs import set_up  # noqa: PLC0415
    from api.settings import Settings  # noqa: PLC0415
    from api.wire import Wire  # noqa: PLC0415

    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    set_up(settings.log_level)
    first_key(settings)
    if is_demo:
        load_demo(settings)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN,
        timeout_keep_alive=15,
        http=Wire,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server raises the signal once more when it is done; being told to stop and stopping is no failure.
        signal.signal(number, lambda *_: None)
    Server(config).run()


def first_key(settings: Any) -> None:
    """Make a key for everything and print it, where the database has none yet."""
    from api.store import audit, keys  # noqa: PLC0415

    database = _database(settings)
    with database.write() as connection:
        if not keys.are_there_any(connection):
            key_id, key = keys.make(connection, "first", "", list(keys.SCOPES), "matcher-api")
            audit.note(connection, "matcher-api", "", "key.make", key_id, scopes=list(keys.SCOPES))
            say(f"The first API key, for everything; it is shown this once:\n{key}")
    database.close()


def load_demo(settings: Any) -> None:
    """Store the street and ask for its plan, unless that was done before."""
    import json  # noqa: PLC0415

    from api.reading import read_problem  # noqa: PLC0415
    from api.store import audit, plans, problems  # noqa: PLC0415
    from scenarios.weihai.week import make_week  # noqa: PLC0415

    area, by = "demo", "matcher-api"
    database = _database(settings)
    with database.read() as connection:
        is_there = bool(problems.listed(connection, area, None, 1))
    if not is_there:
        found = read_problem(json.loads(make_week("street", seed=1).to_json()))
        asked = {"budget": 20.0, "chunks": None, "seed": 1, "threads": settings.threads, "exact": False, "prove": 10.0}
        with database.write() as connection:
            problem_id = problems.add(connection, area, by, found["digest"], found["facts"], found["body"])
            plan_id = plans.add(
                connection, area=area, caller=by, kind="solve", problem_id=problem_id, problem_version=1, settings=asked, start_id=None
            )
            audit.note(connection, by, area, "plan.make", plan_id, problem=problem_id, version=1)
        say(f"The demo: problem {problem_id}, plan {plan_id}")
    database.close()


@app.command()
def worker() -> None:
    """Run one more worker, on this or another machine; it finds its jobs in the database."""
    from api.worker import main as work  # noqa: PLC0415

    work()


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from api.app import openapi as described  # noqa: PLC0415

    write_json(described())


@key_app.command("make")
def make_key(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    *,
    area: Annotated[str, typer.Option(help="What it sees: this area and all below it; empty: everything.")],
    scope: Annotated[list[str], typer.Option(help="read, plan, publish or admin; may be given more than once.")],
) -> None:
    """Make an API key and print it, this once."""
    from api.schemas.administration import KeyRequest  # noqa: PLC0415
    from api.settings import Settings  # noqa: PLC0415
    from api.store import audit, keys  # noqa: PLC0415

    asked = KeyRequest.model_validate({"name": name, "area": area, "scopes": scope})
    database = _database(Settings())
    with database.write() as connection:
        key_id, key = keys.make(connection, asked.name, asked.area, list(asked.scopes), "matcher-api")
        audit.note(connection, "matcher-api", asked.area, "key.make", key_id, scopes=sorted(asked.scopes))
    database.close()
    write_json({"id": key_id, "key": key})


@key_app.command("list")
def list_keys() -> None:
    """List all keys, without their secrets."""
    from api.settings import Settings  # noqa: PLC0415
    from api.store import keys  # noqa: PLC0415
    from api.views import key_view  # noqa: PLC0415

    database = _database(Settings())
    with database.read() as connection:
        write_json({"items": [key_view(row) for row in keys.listed(connection, "", None, 10_000)]})
    database.close()


@key_app.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Revoke a key, at once and for good."""
    from api.settings import Settings  # noqa: PLC0415
    from api.store import audit, keys  # noqa: PLC0415

    database = _database(Settings())
    with database.write() as connection:
        row = keys.revoke(connection, "", key_id)
        if row is not None:
            audit.note(connection, "matcher-api", row["area"], "key.revoke", key_id)
    database.close()
    write_json({"id": key_id, "is_revoked": row is not None})
    raise typer.Exit(0 if row is not None else 1)


def _database(settings: Any) -> Any:
    from api.database import Database  # noqa: PLC0415

    database = Database(settings.database.get_secret_value())
    database.migrate()
    return database


def main() -> None:
    """Run the command line."""
    run(app)
