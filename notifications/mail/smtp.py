"""Sends one mail at a time over SMTP, each on a connection of its own.

    MailError
    ├── MailDelayed   try the same message again, not before `after`
    └── MailRefused   the server will not take it; `mendable` when its settings are the cause

A connection lost after DATA is in doubt: it is a `MailDelayed`, and the same message, with the
same Message-ID, is to be sent again. Nothing is ever sent in the clear unless so configured.
"""

import asyncio
import contextlib
import socket
import ssl
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import aiosmtplib
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from notifications.text.sanitize import clip, visible
from workflows.messages.durations import Duration

PAUSE: Final = timedelta(seconds=30)
GREYLIST_PAUSE: Final = timedelta(minutes=1)
GOODBYE: Final = 2.0  # seconds
ENCODING: Final = policy.SMTP.clone(cte_type="7bit", max_line_length=78)
_DOUBT = " It may have the mail: the same is sent again, with the same Message-ID."
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailError(Exception):
    """The text is a sentence for people; it holds no secret."""


class MailDelayed(MailError):  # noqa: N818 - named by what happened
    """Worth another attempt, with the same message, after a pause.

    `in_doubt`: the server may have taken it; otherwise it surely has not.
    """

    def __init__(self, sentence: str, after: timedelta = PAUSE, *, in_doubt: bool = False) -> None:
        super().__init__(sentence + (_DOUBT if in_doubt else ""))
        self.after = after
        self.in_doubt = in_doubt


class MailRefused(MailError):  # noqa: N818
    """Not worth another attempt; if `mendable`, not before somebody changes the settings."""

    def __init__(self, sentence: str, *, mendable: bool = False) -> None:
        super().__init__(sentence)
        self.mendable = mendable


class Security(StrEnum):
    """How the connection is protected. Without protection nobody logs in, except on loopback."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailServer(BaseModel):
    """Which server takes our mail, and how patient we are with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1)
    """The server's name."""
    port: int = Field(default=587, ge=1, le=65_535)
    """Its port."""
    security: Security = Security.STARTTLS
    """How the connection is protected."""
    username: str = ""
    """Who logs in, with `MAIL_PASSWORD`; nobody when empty."""
    password: SecretStr = SecretStr("")
    """Not in the settings file: it comes from `MAIL_PASSWORD`."""
    ca_file: Path | None = None
    """A PEM file with the authority to trust; the system's when left out."""
    helo: str = Field(default="", pattern=r"^[\x21-\x7e]*$")
    """What we call ourselves; this machine's name when empty."""
    connect: Duration = Field(default=timedelta(seconds=10), gt=timedelta(0))
    """How long everything up to the login may take."""
    conversation: Duration = Field(default=timedelta(seconds=45), gt=timedelta(0))
    """How long the whole may take."""
    slow_after: Duration = Field(default=timedelta(milliseconds=500), gt=timedelta(0))
    """A conversation that takes longer gives its place to other mails."""
    at_once: int = Field(default=10, ge=1)
    """How many brisk conversations there are at most."""
    slow: int = Field(default=40, ge=0)
    """How many slow ones there are beside them."""

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.username and self.security is Security.NONE and self.host not in _LOOPBACK:
            raise ValueError(
                "security = 'none' would send the password in the clear; "
                "use 'starttls' or 'tls', or leave the user name out"
            )
        return self


class Mailer:
    """Sends letters; any number of calls at once."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._brisk = asyncio.Semaphore(server.at_once)
        self._slow = asyncio.Semaphore(server.slow)
        self._tls: ssl.SSLContext | None = None

    async def send(self, message: EmailMessage) -> None:
        """Hand one message to the server; when this returns, the server has it.

        The message needs From, Message-ID and exactly one recipient, because it may carry that
        person's secrets. Raises `MailDelayed` or `MailRefused`.
        """
        sender, recipient = _envelope(message)
        content = message.as_bytes(policy=ENCODING)
        place = self._brisk
        await place.acquire()
        conversation = asyncio.create_task(self._converse(content, sender, recipient))
        try:
            slow_after = self._server.slow_after.total_seconds()
            done, _ = await asyncio.wait({conversation}, timeout=slow_after)
            if not done and not self._slow.locked():
                await self._slow.acquire()  # at once: it is not locked, and nobody waits for it
                self._brisk.release()
                place = self._slow
            await conversation
        finally:
            conversation.cancel()
            await asyncio.gather(conversation, return_exceptions=True)
            place.release()

    async def _converse(self, content: bytes, sender: str, recipient: str) -> None:
        client, stage = await self._client(), Stage.CONNECT
        try:
            async with asyncio.timeout(self._server.conversation.total_seconds()):
                async with asyncio.timeout(self._server.connect.total_seconds()):
                    await client.connect()
                    if client.is_ehlo_or_helo_needed:
                        await client.ehlo()
                stage = Stage.ENVELOPE
                await client.mail(sender)
                await client.rcpt(recipient)
                stage = Stage.CONTENT
                await client.data(content)
            await _part(client)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _explained(error, stage, self._server.host) from None
        finally:
            _abort(client)

    async def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        if self._tls is None and server.security is not Security.NONE:
            self._tls = await asyncio.to_thread(_tls, server.ca_file)
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password.get_secret_value() or None,
            local_hostname=server.helo or _our_name(),
            timeout=server.conversation.total_seconds() + 1,  # ours come first
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._tls,
        )


class Stage(StrEnum):
    """How far a conversation came."""

    CONNECT = "connect"
    ENVELOPE = "envelope"
    CONTENT = "content"


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _our_name() -> str:
    """Without asking a name server."""
    name = socket.gethostname()
    return name if name.isascii() and name.isprintable() and " " not in name else "localhost"


async def _part(client: aiosmtplib.SMTP) -> None:
    """The message is taken; whatever happens to the goodbye is not our concern."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(GOODBYE):
            await client.quit()


def _abort(client: aiosmtplib.SMTP) -> None:
    """Without waiting for a peer that hangs."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


def _envelope(message: EmailMessage) -> tuple[str, str]:
    """Sender and recipient; ValueError is a mistake of the caller."""
    if not message["Message-ID"] or message["Cc"] or message["Bcc"]:
        raise ValueError("a letter has a Message-ID and one recipient, in To")
    sender, recipients = _addresses(message, "From"), _addresses(message, "To")
    if len(sender) != 1 or len(recipients) != 1:
        raise ValueError("a letter has one sender and one recipient")
    if not recipients[0].isascii():
        raise MailRefused(f"The address {visible(recipients[0])} cannot be written to: not ASCII.")
    return sender[0], recipients[0]


def _addresses(message: EmailMessage, header: str) -> list[str]:
    found = message.get_all(header, [])
    return [address.addr_spec for value in found for address in value.addresses]


def _explained(error: Exception, stage: Stage, host: str) -> MailError:
    """The sentence for what happened, and whether another attempt makes sense."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _answered(error, stage, host)
    doubt = stage is Stage.CONTENT
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return MailRefused(
            f"The mail server {host} has a certificate we do not trust "
            f"({cause.verify_message}): check host and ca_file.",
            mendable=True,
        )
    if isinstance(error, ValueError):
        return MailRefused("The mail cannot be sent: an address in it is none.")
    if isinstance(error, TimeoutError):
        return MailDelayed(f"The mail server {host} did not answer in time.", in_doubt=doubt)
    if isinstance(error, OSError):
        return MailDelayed(f"The connection to the mail server {host} failed.", in_doubt=doubt)
    return MailRefused(
        f"The mail server {host} cannot do what is configured ({_quoted(str(error))}).",
        mendable=True,
    )


def _answered(error: aiosmtplib.SMTPResponseException, stage: Stage, host: str) -> MailError:
    code, said = error.code, f"{error.code} {_quoted(error.message)}"
    if 400 <= code < 500:
        after = GREYLIST_PAUSE if code in (450, 451) else PAUSE
        return MailDelayed(f"The mail server {host} put the mail off ({said}).", after)
    if not 500 <= code < 600:
        doubt = stage is Stage.CONTENT
        return MailDelayed(f"The mail server {host} answered strangely ({said}).", in_doubt=doubt)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailRefused(
            f"The mail server {host} does not accept our user name and password.", mendable=True
        )
    if stage is Stage.CONNECT or code == 530:
        return MailRefused(f"The mail server {host} turns us away ({said}).", mendable=True)
    return MailRefused(f"The mail server {host} refused the mail for good ({said}).")


def _quoted(text: str) -> str:
    """What the server said, in one short, visible line."""
    return clip(" ".join(text.split()), 200, visible).shown
