"""An SMTP server that delivers to nobody: mails are shown on the page."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from playground.feed import Change
from playground.http.wire import Json, clean
from playground.workspace import Workspace

LARGEST = 20 * 1024 * 1024


class Mailbox:
    """Listens on loopback; `port` is known once it does."""

    def __init__(self, workspace: Workspace, port: int = 0) -> None:
        self._workspace = workspace
        self.port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one mail."""
        mail = self._workspace.mails.add(self._mail(envelope))
        self._workspace.feed.publish(Change("mail", id=str(mail["n"])))
        return "250 OK"

    def _protocol(self) -> SMTP:
        return SMTP(self, data_size_limit=LARGEST, enable_SMTPUTF8=True)

    def _mail(self, envelope: Envelope) -> Json:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(raw, policy=policy.default)
        mail: Json = clean(
            {
                "from": envelope.mail_from or "",
                "to": list(envelope.rcpt_tos),
                "subject": str(message.get("Subject", "")),
                "text": _part(message, "plain"),
                "html": _part(message, "html"),
                "headers": {name: str(value) for name, value in message.items()},
            }
        )
        return mail | {"at": self._workspace.clock.now()}


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
