"""SMTP servers for tests: an honest one (aiosmtpd), and one that fails as told."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notifications.mail.smtp import MailServer, Security

USER, PASSWORD = "signoff", "canary-mail-password"


def read(raw: bytes) -> EmailMessage:
    """A message as a mail program would read it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@dataclass
class Honest:
    """Keeps every mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        assert server.transport is not None
        self.mails.append(read(envelope.content))
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

    def login(self, _s: SMTP, _n: Session, _e: Envelope, _m: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


@contextlib.asynccontextmanager
async def honest(
    security: Security = Security.NONE, tls: ssl.SSLContext | None = None, auth: bool = False
) -> AsyncIterator[tuple[Honest, int]]:
    """An honest server on loopback, and its port."""
    kept = Honest()

    def protocol() -> SMTP:
        return SMTP(
            kept,
            tls_context=tls if security is Security.STARTTLS else None,
            require_starttls=security is Security.STARTTLS,
            authenticator=kept.login,
            auth_required=auth,
            auth_require_tls=security is Security.STARTTLS,
            auth_exclude_mechanism=["CRAM-MD5"],
        )

    implicit = tls if security is Security.TLS else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    try:
        yield kept, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)  # aiosmtpd's own tasks end after their connections


HANG, CUT, DRIBBLE, SILENT_CUT = "hang", "cut", "dribble", "silent cut"
Fault = Callable[[str, str], str]
"""(stage, recipient) -> a reply to give instead, or one of the faults above; empty for none.

Stages: connect, ehlo, mail, rcpt, data, content, quit.
"""


@dataclass
class Faulty:
    """Speaks just enough SMTP, fails where `fault` says, and counts."""

    fault: Fault
    mails: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.opened += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed += 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        await self._reply(reader, writer, "connect", recipient, "220 ready")
        while line := (await reader.readline()).decode("latin-1").strip():
            self.commands.append(line)
            verb = line.split(" ")[0].lower()
            if verb == "rcpt":
                recipient = re.sub(r".*<(.*)>.*", r"\1", line)
            ready = "354 go on" if verb == "data" else "250 fine"
            await self._reply(reader, writer, verb, recipient, ready)
            if verb == "data":
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                self.mails.append(read(content))
                await self._reply(reader, writer, "content", recipient, "250 taken")
            if verb == "quit":
                return

    async def _reply(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stage: str,
        recipient: str,
        fine: str,
    ) -> None:
        fault = self.fault(stage, recipient)
        if fault == CUT:
            raise ConnectionResetError
        if fault == HANG:
            await reader.read()  # until the other side gives up
            raise ConnectionResetError
        if fault == DRIBBLE:
            for _ in range(1_000):
                writer.write(b"2")
                await writer.drain()
                if await _gone(reader):
                    break
            raise ConnectionResetError
        writer.write(f"{fault or fine}\r\n".encode())
        await writer.drain()


async def _gone(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), 0.02) == b""
    except TimeoutError:
        return False


@contextlib.asynccontextmanager
async def faulty(fault: Fault) -> AsyncIterator[tuple[Faulty, int]]:
    """A faulty server on loopback, and its port."""
    kept = Faulty(fault)
    server = await asyncio.start_server(kept.talk, "127.0.0.1", 0)
    try:
        yield kept, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        for _ in range(100):
            if kept.closed == kept.opened:
                break
            await asyncio.sleep(0.01)


def at(stage: str, fault: str) -> Fault:
    """The same fault for everybody, at one stage."""
    return lambda now, _: fault if now == stage else ""


def patient(port: int, **changes: object) -> MailServer:
    """Settings for a server on loopback, with deadlines a test can wait for."""
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "connect": "500ms",
        "conversation": "1s",
        "slow_after": "200ms",
        **changes,
    }
    for name in ("connect", "conversation", "slow_after"):
        if isinstance(value := values[name], str) and value.endswith("ms"):
            values[name] = timedelta(milliseconds=float(value[:-2]))
    return MailServer.model_validate(values)
