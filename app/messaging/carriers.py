"""Which transport carries what, as the settings say. The only place of the app that builds one."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.settings import Settings
from app.core.settings import Transport as Choice
from notifications.messages import Channel
from notifications.transports.base import Transport
from notifications.transports.console import Console
from notifications.transports.email import Email
from notifications.transports.simulator import Simulator
from notifications.transports.twilio_sms import TwilioSms
from notifications.transports.twilio_voice import TwilioVoice


def transports(settings: Settings) -> Mapping[Channel, Transport]:
    """Channel to transport, for ``postman.Postman``. Without a real carrier no letter leaves either: a demonstration writes to nobody."""
    if settings.carrier is Choice.TWILIO:
        return {Channel.SMS: twilio(settings), Channel.VOICE: twilio_voice(settings), Channel.EMAIL: _email(settings)}
    quiet: Transport = Console() if settings.carrier is Choice.CONSOLE else Simulator()
    return dict.fromkeys(Channel, quiet)


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


def twilio_voice(settings: Settings) -> TwilioVoice:
    """The same account, by telephone; it also reads what Twilio says of a call, and where a key goes."""
    return TwilioVoice(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        public_url=settings.public_url,
        default_sender=settings.twilio_from,
        api_base=settings.twilio_api_base,
    )


def _email(settings: Settings) -> Email:
    return Email(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        login=settings.smtp_login,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )
