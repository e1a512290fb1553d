"""Which transport carries texts, as the settings say. The only place of the app that builds one."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.settings import Settings
from app.core.settings import Transport as Choice
from notifications.messages import Channel
from notifications.transports.base import Transport
from notifications.transports.console import Console
from notifications.transports.simulator import Simulator
from notifications.transports.twilio_sms import TwilioSms


def transports(settings: Settings) -> Mapping[Channel, Transport]:
    """Channel to transport, for ``postman.Postman``."""
    if settings.carrier is Choice.TWILIO:
        return {Channel.SMS: twilio(settings)}
    return {Channel.SMS: Console() if settings.carrier is Choice.CONSOLE else Simulator()}


def twilio(settings: Settings) -> TwilioSms:
    """The Twilio of these settings: also what checks the webhooks, whichever transport sends. Without a token every signature is false."""
    return TwilioSms(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        public_url=settings.public_url,
        default_sender=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        api_base=settings.twilio_api_base,
    )
