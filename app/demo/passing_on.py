"""The last evenings of the fictional ward are handed over: signed by whoever leaves last, read in the morning; yesterday's still waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import Database
from app.insight import handover, leaving
from app.insight.leaving import Left, Line
from app.insight.models import Handover, HandoverState, Part
from app.people.models import Service, Shift, Staff
from app.people.perimeter import Viewer, viewer_of

EVENINGS = 3
BEFORE_LEAVING, AFTER_ARRIVING = timedelta(minutes=12), timedelta(minutes=10)
NOTE = "Le fax de la pharmacie est réparé. Dossiers à rendre sur le bureau de gauche."
NOTED = "Vu, merci."
NOBODY = "personne ne l'a"

LEVELS = {"urgent": "Urgent · ", "high": "Élevé · ", "moderate": "Modéré · "}
KINDS = {
    "alert": "alerte ouverte",
    "waits": "alerte en attente",
    "story": "alerte suivie",
    "task": "tâche",
    "call_back": "appel promis",
    "request": "demande au médecin",
    "to_tell": "réponse du médecin à dire",
    "told": "réponse du médecin dite",
    "call_planned": "appel prévu",
    "call_late": "appel en retard",
    "call_missed": "appel manqué",
    "agreed": "appel convenu",
    "visit": "attendu dans le service",
    "city": "demandé en ville, sans réponse",
    "silent": "pas de réponse au relevé",
}
"""The demonstration's own short words: those of the screens are out of sight from here."""

Act = Callable[[datetime], "list[Planned]"]
Planned = tuple[datetime, Act]


class PassingOn:
    """Handovers, signed and read through the crafts of the screens."""

    def __init__(self, database: Database, service_id: int) -> None:
        self._database, self._service_id = database, service_id

    def planned(self, opening: datetime, start: datetime) -> list[Planned]:
        """Each of the last evenings is signed; each morning reads the evening before, but for the morning of the opening."""
        with self._database.reading() as session:
            service = session.get_one(Service, self._service_id)
            mine = select(Shift).where(Shift.service_id == service.id, Shift.kind == "ward")
            ended = list(session.scalars(mine.where(Shift.ends_at < opening, Shift.ends_at > opening - timedelta(days=9))))
            ended.sort(key=lambda shift: shift.ends_at)
            zone = ZoneInfo(service.timezone)
            evenings = list({shift.ends_at.astimezone(zone).date(): shift for shift in ended}.values())[-EVENINGS:]
            plans: list[Planned] = [(one.ends_at - BEFORE_LEAVING, partial(self._gives, one.staff_id)) for one in evenings]
            for one in evenings[:-1]:
                after = mine.where(Shift.starts_at > one.ends_at, Shift.staff_id != one.staff_id)
                if (first := session.scalar(after.order_by(Shift.starts_at, Shift.id).limit(1))) is not None:
                    plans.append((first.starts_at + AFTER_ARRIVING, partial(self._takes, first.staff_id)))
        return [(at, act) for at, act in plans if at > start]

    def _gives(self, staff_id: int, now: datetime) -> list[Planned]:
        with self._database.transaction() as session:
            service, by = session.get_one(Service, self._service_id), viewer_of(session.get_one(Staff, staff_id))
            since = handover.since_last(session, service, now)
            left = leaving.read(session, service, viewer=by, since=since, now=now)
            handover.keep_notes(session, {handover.WHOLE: NOTE}, by=by, now=now)
            notes, body = handover.drafts(session, service.id), _body(service, by, left, now)
            handover.give(session, service, since=since, body=body, language="fr", named=left.patients, notes=notes, by=by, now=now)
        return []

    def _takes(self, staff_id: int, now: datetime) -> list[Planned]:
        with self._database.transaction() as session:
            by = viewer_of(session.get_one(Staff, staff_id))
            for waits in self._waiting(session):
                giver = handover.signature(waits, Part.GIVES)
                if giver is not None and giver.staff_id != staff_id:
                    handover.take(session, waits.id, words=NOTED, by=by, now=now)
        return []

    def _waiting(self, session: Session) -> list[Handover]:
        waits = select(Handover).where(Handover.service_id == self._service_id, Handover.state == HandoverState.GIVEN)
        return list(session.scalars(waits.order_by(Handover.id)))


def _body(service: Service, by: Viewer, left: Left, now: datetime) -> str:
    zone = ZoneInfo(service.timezone)
    told = [f"PASSATION, {service.name}. Signée par {by.actor.name}, {_at(now, zone)}. Depuis {_at(left.since, zone)}."]
    told += ["", "MOTS POUR LA SUITE", f"- Pour tous · {by.actor.name} : {NOTE}"]
    parts = (("CE QUI EST OUVERT", left.open), ("CE QUI A ÉTÉ PROMIS", left.promised), ("CE QUI A CHANGÉ", left.changed))
    for title, lines in parts:
        told += ["", title, *([f"- {_line(line, zone)}" for line in lines] or ["Rien."])]
    return "\n".join(told)


def _line(line: Line, zone: ZoneInfo) -> str:
    what = KINDS.get(line.kind, "absence ou traitement changé")
    who = line.name or line.address or "numéro inconnu"
    whose = f" · {line.owner or NOBODY} · avant {_at(line.by, zone)}" if line.by is not None else f" · {_at(line.at, zone)}"
    return f"{LEVELS.get(line.level.word, '')}{who} · {what}{whose}"


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m %H:%M}"
