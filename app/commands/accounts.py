"""Staff accounts and tokens of programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pyotp
import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.console import BadInput, by_command, opened, password_for, say, say_json, say_second_factor, service_named
from app.core import clock
from app.core.errors import Refusal
from app.people import members, services, telephones
from app.people.models import Hospital, Role, Staff
from notifications import wording

user = typer.Typer(help="Staff accounts: add, disable, list; who works in a further service.")
token = typer.Typer(help="Tokens of programs that act for a service.")

STAFF_ROLES = tuple(role for role in Role if role is not Role.SERVICE)
ServiceOption = Annotated[str, typer.Option("--service", help="Service: number, name, or name in texts. Optional when there is only one.")]
Json = Annotated[bool, typer.Option("--json", help="For a machine.")]


def role_named(word: str, allowed: tuple[Role, ...]) -> Role:
    """Raises BadInput listing the roles."""
    if word not in [str(role) for role in allowed]:
        raise BadInput(f"--role {word}: expected one of {', '.join(allowed)}")
    return Role(word)


@user.command("add")
def add(
    login: Annotated[str, typer.Argument(help="What the person types to sign in.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(STAFF_ROLES)}.")],
    name: Annotated[str, typer.Option(help="Name and title as colleagues read it.")],
    service: ServiceOption = "",
    language: Annotated[str, typer.Option(help="Language of the screens: fr or en.")] = "fr",
    phone: Annotated[str, typer.Option(help="On-call telephone, for pages, as +33639980001.")] = "",
    email: Annotated[str, typer.Option(help="Professional address.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File holding the password; or set VIGIE_PASSWORD.")] = None,
) -> None:
    """Open an account. The password is typed unseen, or read from a file or from VIGIE_PASSWORD."""
    wanted = role_named(role, STAFF_ROLES)
    if language not in wording.COMPLETE:
        raise BadInput(f"--language {language}: expected one of {', '.join(wording.COMPLETE)}")
    if not (name.strip() and login.strip()):
        raise BadInput("the login and --name cannot be empty")
    with opened() as house:
        with house.database.reading() as session:
            number = _reachable(session, service, phone, wanted, allow_fiction=not house.settings.is_production)
        password = password_for(login, password_file)
        with house.database.transaction() as session:
            ward = None if wanted is Role.ADMINISTRATOR else service_named(session, service)
            hospital = session.get(Hospital, ward.hospital_id) if ward else session.scalars(select(Hospital)).first()
            if hospital is None:
                raise Refusal("There is no hospital yet. Run: vigie init")
            staff = services.engage(
                session,
                hospital,
                login=login,
                name=name.strip(),
                role=wanted,
                password=password,
                service=ward,
                by=by_command(),
                now=clock.wall(),
                language=language,
                phone=number,
                email=email,
                totp_secret=(secret := pyotp.random_base32()),
            )
    say(f"{staff.name} ({staff.role}) signs in as {staff.login}.")
    say_second_factor(staff.login, secret)


def _reachable(session: Session, service: str, phone: str, role: Role, *, allow_fiction: bool) -> str:
    country = "FR" if role is Role.ADMINISTRATOR else service_named(session, service).country
    if not phone:
        return ""
    try:
        return telephones.to_e164(phone, country, allow_fiction=allow_fiction)
    except ValueError as error:
        raise BadInput(f"--phone {phone}: {error}") from error


@user.command("disable")
def disable(login: Annotated[str, typer.Argument(help="Login of the account.")]) -> None:
    """Close an account; its sessions end at once, its past acts keep its name."""
    with opened() as house, house.database.transaction() as session:
        staff = services.disable(session, login, by=by_command(), now=clock.wall())
        say(f"{staff.name} ({staff.login}) can no longer sign in.")


@user.command("join")
def join(login: Annotated[str, typer.Argument(help="Login of the account.")], service: ServiceOption = "") -> None:
    """Let somebody work in a further service of their hospital, in their own role; their screens stay in one service at a time."""
    with opened() as house, house.database.transaction() as session:
        ward = service_named(session, service)
        staff = members.add(session, login, ward, by=by_command(), now=clock.wall())
        say(f"{staff.name} ({staff.login}) works in {ward.name} too.")


@user.command("leave")
def leave(login: Annotated[str, typer.Argument(help="Login of the account.")], service: ServiceOption = "") -> None:
    """Take a further service away, at once. Their home service stays: to take that away, disable the account."""
    with opened() as house, house.database.transaction() as session:
        ward = service_named(session, service)
        staff = members.remove(session, login, ward, by=by_command(), now=clock.wall())
        say(f"{staff.name} ({staff.login}) no longer works in {ward.name}.")


@user.command("second-factor")
def second_factor(login: Annotated[str, typer.Argument(help="Login of the account.")]) -> None:
    """Give an account a new second factor, for a lost telephone; the old codes stop working at once."""
    secret = pyotp.random_base32()
    with opened() as house, house.database.transaction() as session:
        staff = services.give_second_factor(session, login, secret, by=by_command(), now=clock.wall())
    say_second_factor(staff.login, secret)


@user.command("list")
def list_users(as_json: Json = False) -> None:
    """Every account with its role and service."""
    with opened() as house, house.database.reading() as session:
        rows = [_listed(session, person) for person in session.scalars(select(Staff).order_by(Staff.login))]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        wards = ", ".join([row["service"] or "-", *row["also"]])
        say(f"{row['login']:<16} {row['role']:<14} {row['name']:<28} {wards}{'' if row['active'] else '   (disabled)'}")


def _listed(session: Session, person: Staff) -> dict[str, Any]:
    wards = [one.name for one in members.services_of(session, person.id)]
    kept = {"login": person.login, "name": person.name, "role": person.role}
    return kept | {"service": wards[0] if wards else None, "also": wards[1:], "active": person.active}


@token.command("create")
def create(
    role: Annotated[str, typer.Option(help="service for a program that enrols and acts; administrator for /metrics alone.")],
    service: ServiceOption = "",
    name: Annotated[str, typer.Option(help="What uses it, for the audit trail.")] = "",
    as_json: Json = False,
) -> None:
    """Make a token. It is shown once; only its fingerprint is kept."""
    wanted = role_named(role, tuple(role for role in Role if role is not Role.OUTSIDE))
    with opened() as house, house.database.transaction() as session:
        ward = service_named(session, service)
        made = services.create_token(session, ward, role=wanted, name=name, by=by_command(), now=clock.wall())
        told = {"token": made, "role": str(wanted), "service": ward.id}
    if as_json:
        say_json(told)
        return
    typer.echo(f"Token of {ward.name}, role {wanted}. It is shown once: keep it now.", err=True)
    say(made)
