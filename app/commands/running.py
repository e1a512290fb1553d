"""Start the processes: web, worker, or the whole demonstration in one go."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from app.commands.console import BadInput, opened, say
from app.commands.setting_up import bring_to_head
from app.core.clock import HandClock
from app.core.errors import Refusal
from app.core.settings import Settings, Transport, load
from app.core.start import House, open_up, settle
from app.people.models import Service
from app.protocols import shelf

if TYPE_CHECKING:
    from starlette.applications import Starlette

# The web server, the worker and the ward are imported by the commands that start them: a second that `vigie user list` need not pay.

GRACE = 2
"""Seconds left to open pages at the stop: the live list is a stream that would otherwise never end."""

Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]
Host = Annotated[str, typer.Option(envvar="VIGIE_HOST", help="Address to listen on; 0.0.0.0 in a container.")]


def serve(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Run one web process. Any number may run on one PostgreSQL. SIGTERM and Ctrl-C stop it cleanly."""
    with opened() as house:
        from app.main import create_app
        from app.messaging import carriers, links
        from app.messaging.postman import Postman

        links.use_settings(house.settings)
        _no_fiction_beside_patients(house)
        _refuse_taken(host, port)
        # What a page or a webhook queues leaves at once; the worker's own postman is the net below.
        postman = Postman(house.database, carriers.transports(house.settings), house.clock.now)
        postman.start()
        try:
            _listen(create_app(house.settings, house.database, house.clock), host, port)
        finally:
            postman.stop()


def work() -> None:
    """Run one worker: asks what is due, reminds, escalates, sends. Any number may run on one PostgreSQL. SIGTERM stops it cleanly."""
    from app.worker import Worker

    with opened() as house:
        _no_fiction_beside_patients(house)
        settle()
        Worker(house.settings, house.database, house.clock).run()


def dev(port: Port = 8000) -> None:
    """Run the demonstration: a fictional ward, web, worker and telephones in one process. What `make run` starts. Keeps its data."""
    from app.main import create_app
    from app.worker import Worker

    os.environ.setdefault("VIGIE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    settings = load()
    if not settings.is_demo:
        raise Refusal("dev is the demonstration and the environment is {name}: use vigie serve and vigie work.", name=settings.environment)
    _refuse_taken("127.0.0.1", port)
    bring_to_head(settings)
    house = open_up(settings)
    try:
        _furnish(house)
        worker = Worker(house.settings, house.database, house.clock)
        application = create_app(house.settings, house.database, house.clock)
        application.state.metronome = _metronome(house)
        worker.start()
        try:
            _listen(application, "127.0.0.1", port, ready=lambda: _announce(settings))
        finally:
            worker.stop()
    finally:
        house.database.dispose()


def _furnish(house: House) -> None:
    """The ward, its past lived through the real doors; a bar on a terminal, silence in a pipe."""
    from app.demo import hospital

    with house.database.transaction() as session:
        shelf.seed(session, house.clock.now())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("the ward", total=1.0)

        def progress(done: float, words: str) -> None:
            bar.update(task, completed=done, description=words)

        hospital.ensure(house.database, house.settings, house.clock, progress, metronome=_metronome(house))
    house.clock.forget()


def _metronome(house: House) -> Callable[[HandClock], None]:
    """Every tick of the worker once, at another clock's hour: how the ward's past is lived."""
    from app.worker import Worker

    workers: dict[int, tuple[HandClock, Worker]] = {}

    def beat(hand: HandClock) -> None:
        _, worker = workers.setdefault(id(hand), (hand, Worker(house.settings, house.database, hand)))
        worker.run_once()

    return beat


def _announce(settings: Settings) -> None:
    from app.demo import hospital

    address = settings.public_url.rstrip("/")
    say(f"Vigie, demonstration: no real message can leave.\n  worklist    {address}/\n  telephones  {address}/phones\nSign in as")
    for who in hospital.SIGN_INS:
        say(f"  {who.role:<12}{who.login:<12}{who.password:<24}{who.name}")
    say("Ctrl-C stops everything; the data stay. make reset empties them.")


def _no_fiction_beside_patients(house: House) -> None:
    """HZ-41: the fictional ward and real patients or real texts never meet."""
    with house.database.reading() as session:
        fictional = session.scalar(select(Service.name).where(Service.is_demo).limit(1))
    if fictional and (house.settings.is_production or house.settings.carrier is Transport.TWILIO):
        raise Refusal("This database holds the fictional ward {name}: it never serves patients nor sends real texts.", name=fictional)


def _refuse_taken(host: str, port: int) -> None:
    """Before anything is opened: a port in use would otherwise be told in the middle of the logs."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise BadInput(f"--host {host} --port {port}: {error.strerror}") from error
        other = port + 1 if port < 65535 else port - 1
        raise Refusal(
            "Port {port} is taken. Stop what uses it, or choose another, for instance PORT={other}.", port=port, other=other
        ) from None


def _listen(application: Starlette, host: str, port: int, ready: Callable[[], None] | None = None) -> None:
    """Serve until a signal; then give open pages a moment. The address log is off: paths hold patients' links."""
    import uvicorn

    settle()

    class Server(uvicorn.Server):
        """Says that it is ready once it listens, not before."""

        async def startup(self, sockets: list[Any] | None = None) -> None:
            await super().startup(sockets)
            if self.started and ready:
                ready()

    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        timeout_graceful_shutdown=GRACE,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
    )
    with _leaving_on_sigterm():
        Server(config).run()


@contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    """uvicorn raises the signal again once it has stopped: without this the process would die before the worker is stopped."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
