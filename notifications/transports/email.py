"""E-mail for professionals, over SMTP: the same content-free words as the text, in the subject and in the body (SEC-01)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from notifications.messages import Failure, Inbound, Outgoing, Reason, Receipt

NAME = "email"
TIMEOUT = 10.0
"""Seconds a server may take to answer; the library's own default is to wait for ever."""


class Email:
    """One mail server. ``host`` "" is no server: nothing leaves, and the row says so for good. ``login`` "": the server asks for none.

    tls: STARTTLS before anything is said; only a server on this machine may do without.
    """

    name = NAME

    def __init__(
        self,
        *,
        host: str,
        port: int = 587,
        sender: str = "",
        login: str = "",
        password: str = "",
        tls: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        self._host, self._port, self._sender, self._tls, self._timeout = host, port, sender, tls, timeout
        self._login, self._password = login, password

    def send(self, message: Outgoing) -> Receipt:
        """Hand the letter to the server. Raises Failure; never one that holds an address."""
        if not self._host:
            # For good: a server that is not there would be tried every few seconds before the texts of patients.
            raise Failure(Reason.ACCOUNT, "no mail server is set", permanent=True)
        name = f"<vigie-{message.id}@{self._sender.partition('@')[2] or 'localhost'}>"
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._sender, message.to.address, message.body
        # The same name each time: a mailbox that receives it twice after a lost answer can tell that it is one letter.
        letter["Message-ID"], letter["Auto-Submitted"] = name, "auto-generated"
        letter.set_content(message.body)
        taken = False
        try:
            with smtplib.SMTP(self._host, self._port, timeout=self._timeout) as server:
                if self._tls:
                    server.starttls(context=ssl.create_default_context())
                if self._login:
                    server.login(self._login, self._password)
                server.send_message(letter)
                taken = True
        except (smtplib.SMTPException, OSError) as error:
            if not taken:  # a good-bye that goes wrong takes back nothing
                raise _failure(error) from error
        return Receipt(name)

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """A server forgets what it handed on: the letter is sent again, under the same name."""
        return ()

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """Nobody answers this address."""
        return ()


def _failure(error: Exception) -> Failure:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        lasting = all(code >= 500 for code, _ in error.recipients.values())
        return Failure(Reason.BAD_NUMBER if lasting else Reason.CARRIER, "the mail server refuses this mailbox", permanent=lasting)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Failure(Reason.ACCOUNT, "the mail server refuses our login", permanent=False, code=str(error.smtp_code))
    if isinstance(error, smtplib.SMTPResponseException):
        lasting, said = error.smtp_code >= 500, f"the mail server answered {error.smtp_code}"
        return Failure(Reason.CARRIER, said, permanent=lasting, code=str(error.smtp_code))
    return Failure(Reason.CARRIER, f"no answer from the mail server ({type(error).__name__})", permanent=False)
