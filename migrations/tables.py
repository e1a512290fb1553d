"""The whole metadata: every room's tables, imported by name so that a forgotten room is visible here."""

from __future__ import annotations

from sqlalchemy import MetaData

from app.alerts import models as _alerts
from app.care import contact_models as _contacts
from app.care import models as _care
from app.checkins import models as _checkins
from app.core import audit as _audit
from app.core import clock as _clock
from app.core import limits as _limits
from app.core.db import Base
from app.insight import models as _insight
from app.messaging import models as _messaging
from app.people import access_models as _access
from app.people import circle_models as _circle
from app.people import document_models as _documents
from app.people import models as _people
from app.people import rota_models as _rota
from app.people import watching_models as _watching
from app.protocols import models as _protocols
from app.treatment import import_models as _imports
from app.treatment import models as _treatment
from app.treatment import supply_models as _supplies

ROOMS = (
    _audit,
    _clock,
    _limits,
    _people,
    _access,
    _rota,
    _documents,
    _circle,
    _watching,
    _protocols,
    _treatment,
    _supplies,
    _imports,
    _messaging,
    _care,
    _contacts,
    _alerts,
    _checkins,
    _insight,
)


def metadata() -> MetaData:
    """Every table of every room."""
    return Base.metadata
