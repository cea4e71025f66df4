"""Mail by SMTP. The server's answer says whether it was taken; that a person read it, nobody says."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from uuid import UUID
from zoneinfo import ZoneInfo

from alerts.channels.card import Card, card, pulse
from alerts.channels.channel import Channel, Letter
from alerts.message import Heartbeat
from alerts.outcome import Outcome, Permanent, Taken, Transient
from alerts.tables import Mail as Table

TIMEOUT_S = 20.0
_PERMANENT = 500


class Mail(Channel):
    """One mail to all addresses of a receiver."""

    def __init__(self, table: Table, password: bytes | None, zone: ZoneInfo) -> None:
        self._table, self._password, self._zone = table, password, zone

    async def send(self, letter: Letter) -> Outcome:
        said = card(letter.message, self._table.language, self._zone)
        return await asyncio.to_thread(self._post, said, letter.message.delivery_id)

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        return await asyncio.to_thread(self._post, pulse(heartbeat, self._table.language), heartbeat.id)

    def _post(self, said: Card, key: UUID) -> Outcome:
        try:
            refused = self._submit(_mail(said, key, self._table))
        except smtplib.SMTPRecipientsRefused as error:
            return _refusal(*min(error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Permanent(str(error))
        except (OSError, smtplib.SMTPException) as error:
            return Transient(f"{type(error).__name__}: {error}".rstrip(": "))
        # To send again would tell the others twice; that some address is wrong is for a person to see.
        return Permanent(f"taken, but not for {', '.join(refused)}") if refused else Taken(None)

    def _submit(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        table = self._table
        tls = ssl.create_default_context()
        if table.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(table.host, table.port, timeout=TIMEOUT_S, context=tls)
        else:
            server = smtplib.SMTP(table.host, table.port, timeout=TIMEOUT_S)
        with server:
            if table.security == "starttls":
                server.starttls(context=tls)
            if table.user is not None and self._password is not None:
                server.login(table.user, self._password.decode())
            return server.send_message(mail)


def _mail(said: Card, key: UUID, table: Table) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(said.title.split())
    mail["From"], mail["To"] = table.sender, ", ".join(table.to)
    # The same on each try, so that a mailbox may show it once.
    mail["Message-ID"] = f"<{key}@lifeline>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(said.text)
    return mail


def _refusal(code: int, words: bytes | str) -> Outcome:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    error = f"SMTP {code} {said}".strip()
    return Permanent(error) if code >= _PERMANENT else Transient(error)
