"""How commands speak: what was asked for on standard output, one readable line on standard error when it cannot be."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyotp
import segno
import typer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import FieldErrors, Refusal
from app.core.settings import WrongSettings
from app.core.start import House, open_up
from app.people.models import Service
from migrations import run as migrations

DONE, REFUSED, BAD_INPUT = 0, 1, 2


class BadInput(Exception):
    """What was typed or given in a file cannot be used: the sentence names it, what was expected and what to do. Exit 2."""


def run(tree: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code. 0 done, 1 refused, 2 bad usage or input, 130 interrupted."""
    try:
        code = tree(args=list(arguments) or ["--help"], prog_name="vigie", standalone_mode=False)
    except typer.Abort:
        return _complain("interrupted", 130)
    except typer.TyperException as error:
        place = getattr(getattr(error, "ctx", None), "command_path", "vigie")
        hint = f" See: {place} --help" if error.exit_code == BAD_INPUT else ""
        return _complain(error.format_message().rstrip(".") + f".{hint}", error.exit_code)
    except FieldErrors as error:
        return _complain("; ".join(f"{field}: {sentence}" for field, sentence in error.fields.items()), BAD_INPUT)
    except Refusal as error:
        return _complain(str(error), BAD_INPUT if error.status == 422 else REFUSED)
    except (BadInput, WrongSettings) as error:
        return _complain(str(error), BAD_INPUT)
    except migrations.NewerDatabase as error:
        return _complain(str(error), REFUSED)
    except DBAPIError as error:
        # The driver's own first line says why (refused, unknown host, locked); the statement and its values are never shown.
        return _complain(f"the database cannot be used: {_first_line(error.orig)} Check VIGIE_DATABASE_URL, then: vigie doctor", REFUSED)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    return code if isinstance(code, int) else DONE


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0].rstrip('.')}." if lines else "no reason given."


def _complain(sentence: str, code: int) -> int:
    typer.echo(f"vigie: {' '.join(sentence.split())}", err=True)
    return code


def say(text: str = "") -> None:
    """One line of what was asked for."""
    typer.echo(text)


def say_json(value: object) -> None:
    """The same for a machine: dates and times in ISO 8601, never a rounded number."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def by_command() -> Actor:
    """Who acts: the account of the operating system that typed the command."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, in a container
        account = f"uid {os.getuid()}"
    return Actor("system", 0, f"command line ({account})")


@contextmanager
def opened() -> Iterator[House]:
    """The house, its database at head. Raises Refusal with what to do when it is not."""
    house = open_up()
    try:
        with house.database.engine.connect() as connection:
            here = migrations.current(connection)
        if here != migrations.head():
            raise Refusal("The database is not at the revision of this version (it is at: {here}). Run: vigie migrate", here=here or "none")
        yield house
    finally:
        house.database.dispose()


def service_named(session: Session, wanted: str) -> Service:
    """A service by number, name or name in texts; "" is the only one. Raises BadInput listing them."""
    services = list(session.scalars(select(Service).order_by(Service.id)))
    if not services:
        raise Refusal("There is no service yet. Run: vigie init")
    if not wanted and len(services) == 1:
        return services[0]
    found = [s for s in services if wanted.casefold() in (str(s.id), s.name.casefold(), s.sms_name.casefold())] if wanted else []
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{s.id} ({s.name})" for s in services)
    raise BadInput(f"--service {wanted or 'is missing'}: {'expected one' if wanted else 'give one'} of {listed}")


def asked(question: str, given: str | None, flag: str, *, default: str | None = None) -> str:
    """The flag's value, or the answer typed. Raises BadInput naming the flag when nobody is there to answer."""
    if given is not None:
        return given.strip()
    try:
        return str(typer.prompt(question, default=default, err=True)).strip()
    except typer.Abort:
        raise BadInput(f"{flag} is missing and nobody answered: {question}?") from None


def password_for(login: str, file: Path | None) -> str:
    """A password from a file, from VIGIE_PASSWORD, or typed twice unseen; never a flag's value, which every process may read."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"--password-file {file} cannot be read: {error}") from error
    if given := os.environ.get("VIGIE_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise BadInput(f"no password for {login}: give --password-file FILE, set VIGIE_PASSWORD, or run in a terminal")
    return str(typer.prompt(f"Password of {login}, 12 characters or more", hide_input=True, confirmation_prompt=True, err=True))


def say_second_factor(login: str, secret: str) -> None:
    """The secret of the codes, shown once: as an address, and as a picture to photograph on a terminal."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Vigie")
    typer.echo(f"Second factor of {login}, shown once; enter it in an authenticator application: {address}", err=True)
    if sys.stderr.isatty():
        segno.make(address).terminal(out=sys.stderr, compact=True)
