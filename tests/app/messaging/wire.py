"""A ward on the wire: the official client, the stand-in, and the two doors it knocks at, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from pydantic import SecretStr

from app.core.clock import Clock
from app.core.settings import Environment, Settings
from app.messaging import carriers, inbox, reports
from app.messaging.postman import Postman
from notifications.messages import Channel
from notifications.transports.base import Transport
from notifications.transports.twilio_sms import INBOUND_PATH, STATUS_PATH
from tests.support.loopback import Loopback
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn

if TYPE_CHECKING:  # conftest imports this file
    from tests.app.messaging.conftest import Ward


@dataclass
class Wire:
    """A ward whose texts go through Twilio's stand-in and whose doors Twilio knocks at."""

    ward: Ward
    twilio: TwilioStandIn
    transports: Mapping[Channel, Transport]
    postman: Postman
    address: str


def doors(ward: Ward, settings: Settings) -> FastAPI:
    """The two webhooks, reduced to what messaging promises them."""
    app, twilio, clock = FastAPI(openapi_url=None), carriers.twilio(settings), Clock()

    async def hear(request: Request) -> Response:
        form = [(name, str(value)) for name, value in (await request.form()).multi_items()]
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not twilio.is_genuine(path, form, request.headers.get("X-Twilio-Signature", "")):
            return Response(status_code=403)
        with ward.database.transaction() as session:
            if request.url.path == INBOUND_PATH:
                inbox.keep(session, twilio.read_inbound(form), now=clock.now())
            else:
                reports.apply(session, twilio.read_status(path, form), now=clock.now())
        return Response("<Response/>", media_type="text/xml")

    app.add_api_route(INBOUND_PATH, hear, methods=["POST"])
    app.add_api_route(STATUS_PATH, hear, methods=["POST"])
    return app


@contextmanager
def on_the_wire(ward: Ward) -> Iterator[Wire]:
    """Until the block ends."""
    with TwilioStandIn() as twilio:
        door = Loopback()
        settings = Settings(
            environment=Environment.TEST,
            public_url=door.url,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=SecretStr(TOKEN),
            twilio_from="+33199001234",
            twilio_api_base=twilio.url,
        )
        with door.serving(doors(ward, settings)):
            transports = carriers.transports(settings)
            yield Wire(ward, twilio, transports, Postman(ward.database, transports, ward.clock.now), door.url)
