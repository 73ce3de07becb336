"""The mail server beside the playground."""

import asyncio
import smtplib
from email.message import EmailMessage

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA


async def test_mail_is_kept_and_shown() -> None:
    """A mail that was sent is listed with its parts and headers, and counted."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "signoff@acme.example", "grace@acme.example"
    mail["Subject"], mail["Message-ID"] = "Décision wanted", "<1@acme.example>"
    mail.set_content("Please décide.")
    mail.add_alternative("<p>Please décide.</p>", subtype="html")

    async with (
        Playground(mail_port=0) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        port = playground.mail_port
        assert port

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", port) as server:
                server.send_message(mail)
                server.sendmail("a@b.example", ["c@d.example"], b"\xff\xfe no headers at all")

        await asyncio.to_thread(send)
        first, second = await ada.mails()
        assert first["subject"] == "Décision wanted"
        assert first["to"] == ["grace@acme.example"]
        assert first["text"].strip() == "Please décide."
        assert "<p>" in first["html"]
        assert first["headers"]["Message-ID"] == "<1@acme.example>"
        assert second["to"] == ["c@d.example"]
        assert (await ada.state())["mails"] == 2
        assert await ada.mails(since=second["n"]) == []
