"""Sending mail: real SMTP conversations, with honest servers and with broken ones."""

import asyncio
import contextlib
import ssl
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from notifications.mail.smtp import (
    MailDelayed,
    Mailer,
    MailError,
    MailRefused,
    MailServer,
    Security,
)
from tests.conftest import free_port
from tests.notifications.mail.smtp_servers import (
    CUT,
    DRIBBLE,
    HANG,
    PASSWORD,
    USER,
    at,
    faulty,
    honest,
    patient,
)

BEFORE_CONTENT = ("connect", "ehlo", "mail", "rcpt", "data")
STAGES = (*BEFORE_CONTENT, "content")


def mail(to: str = "grace@example.com", name: str = "1") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Signoff <signoff@example.com>"
    message["To"] = to
    message["Subject"] = "Approval wanted · v1"
    message["Message-ID"] = f"<{name}@example.com>"
    message.set_content("Zwölf Boxkämpfer\n.\nQUIT\n" + "x" * 2_000)
    return message


async def fails(server: MailServer, message: EmailMessage | None = None) -> MailError:
    """The error of one attempt."""
    with pytest.raises(MailError) as raised:
        await Mailer(server).send(message or mail())
    return raised.value


class Certificates:
    """An authority of our own, and a server certificate for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize("security", list(Security))
async def test_a_mail_arrives_whole(security: Security, certificates: Certificates) -> None:
    """Over each kind of connection, logged in where it is protected, byte for byte."""
    protected = security is not Security.NONE
    login = {"username": USER, "password": PASSWORD} if security is Security.STARTTLS else {}
    async with honest(security, certificates.server, auth=bool(login)) as (kept, port):
        server = patient(
            port,
            security=security,
            ca_file=certificates.ca_file,
            connect="3s",
            conversation="5s",
            **login,
        )
        await Mailer(server).send(mail())
    assert [str(m["Message-ID"]) for m in kept.mails] == ["<1@example.com>"]
    assert kept.mails[0].get_content().splitlines() == mail().get_content().splitlines()
    assert kept.mails[0]["Subject"] == "Approval wanted · v1"
    assert kept.encrypted == [protected]
    assert kept.logins == ([USER] if login else [])


async def test_a_wrong_password_is_for_the_operator(certificates: Certificates) -> None:
    """Said without the password, and not blamed on the mail."""
    async with honest(Security.STARTTLS, certificates.server, auth=True) as (kept, port):
        error = await fails(
            patient(
                port,
                security="starttls",
                ca_file=certificates.ca_file,
                username=USER,
                password="canary-wrong",
                connect="3s",
                conversation="5s",
            )
        )
    assert isinstance(error, MailRefused)
    assert error.mendable
    assert "user name and password" in str(error)
    assert "canary" not in str(error)
    assert kept.mails == []


async def test_nothing_goes_in_the_clear_instead(certificates: Certificates) -> None:
    """A server that does not offer STARTTLS, as one does behind a tampering network."""
    async with faulty(lambda _s, _r: "") as (kept, port):
        error = await fails(patient(port, security="starttls", username=USER, password=PASSWORD))
    assert isinstance(error, MailRefused)
    assert error.mendable
    assert kept.mails == []
    assert not any(line.lower().startswith(("auth", "mail")) for line in kept.commands)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_an_unknown_certificate_is_not_trusted(
    security: Security, certificates: Certificates
) -> None:
    """Without our authority the same server is refused."""
    async with honest(security, certificates.server) as (kept, port):
        error = await fails(patient(port, security=security, connect="3s"))
    assert isinstance(error, MailRefused)
    assert error.mendable
    assert "certificate" in str(error)
    assert kept.mails == []


def test_a_password_never_travels_in_the_clear() -> None:
    """Such settings are refused, except towards this machine itself."""
    with pytest.raises(ValidationError, match="in the clear"):
        MailServer.model_validate({"host": "mx.example.com", "security": "none", "username": "u"})
    MailServer.model_validate({"host": "localhost", "security": "none", "username": "u"})


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [421, 450, 451, 452])
async def test_not_now_is_not_never(stage: str, code: int) -> None:
    """Every 4xx, wherever it comes, is worth another attempt."""
    async with faulty(at(stage, f"{code} 4.7.1 later")) as (kept, port):
        error = await fails(patient(port))
    assert isinstance(error, MailDelayed)
    assert error.after.total_seconds() >= 30
    assert str(code) in str(error)
    assert kept.opened == kept.closed == 1


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [530, 550, 552, 554])
async def test_never_is_never(stage: str, code: int) -> None:
    """Every 5xx is final, with a sentence; before the envelope it is for the operator."""
    async with faulty(at(stage, f"{code} 5.7.1 no\x1b[31m\u202e")) as (kept, port):
        error = await fails(patient(port))
    assert isinstance(error, MailRefused)
    assert error.mendable == (stage in ("connect", "ehlo") or code == 530)
    assert str(code) in str(error)
    assert "\x1b" not in str(error)
    assert kept.opened == kept.closed == 1


@pytest.mark.parametrize("stage", STAGES)
async def test_a_cut_connection_is_tried_again(stage: str) -> None:
    """Wherever it is cut, and the connection is closed on our side, too."""
    async with faulty(at(stage, CUT)) as (kept, port):
        error = await fails(patient(port))
    assert isinstance(error, MailDelayed)
    assert error.in_doubt == (stage in ("data", "content"))
    assert ("It may have the mail" in str(error)) == error.in_doubt
    assert kept.opened == kept.closed == 1


async def test_a_mail_in_doubt_is_sent_again_under_the_same_name() -> None:
    """Cut after DATA: the server has it, we do not know; a second copy has the same Message-ID."""
    cuts = iter([CUT])
    async with faulty(lambda s, _: next(cuts, "") if s == "content" else "") as (kept, port):
        mailer, message = Mailer(patient(port)), mail()
        with pytest.raises(MailDelayed, match="same Message-ID"):
            await mailer.send(message)
        await mailer.send(message)
    assert [str(m["Message-ID"]) for m in kept.mails] == ["<1@example.com>"] * 2
    assert kept.mails[0].as_bytes() == kept.mails[1].as_bytes()


async def test_greylisting_is_waited_out() -> None:
    """Put off the first time, taken the second time, once."""
    seen: list[str] = []

    def grey(stage: str, recipient: str) -> str:
        if stage == "rcpt":
            seen.append(recipient)
            return "450 4.2.0 greylisted" if len(seen) == 1 else ""
        return ""

    async with faulty(grey) as (kept, port):
        mailer = Mailer(patient(port))
        with pytest.raises(MailDelayed, match="greylisted") as raised:
            await mailer.send(mail())
        await mailer.send(mail())
    assert raised.value.after.total_seconds() == 60
    assert len(kept.mails) == 1


@pytest.mark.parametrize("fault", [HANG, DRIBBLE])
@pytest.mark.parametrize("stage", STAGES)
async def test_a_hanging_server_costs_no_more_than_the_deadline(stage: str, fault: str) -> None:
    """Silent, or a byte at a time: 0.3 s to connect, 0.6 s for the whole."""
    async with faulty(at(stage, fault)) as (kept, port):
        begin = time.monotonic()
        error = await fails(patient(port, connect="300ms", conversation="600ms"))
        took = time.monotonic() - begin
    assert isinstance(error, MailDelayed)
    assert "in time" in str(error)
    assert took < (0.3 if stage in ("connect", "ehlo") else 0.6) + 0.3
    assert kept.opened == kept.closed == 1


async def test_a_hanging_goodbye_does_not_unsend() -> None:
    """Once the server has it, it has it."""
    async with faulty(at("quit", HANG)) as (kept, port):
        await Mailer(patient(port)).send(mail())
    assert len(kept.mails) == 1


async def test_a_dead_server_is_a_sentence() -> None:
    """Nobody listens, or the name does not exist."""
    error = await fails(patient(free_port()))
    assert isinstance(error, MailDelayed)
    assert "127.0.0.1" in str(error)


@pytest.mark.parametrize("junk", ["nonsense", "999 what", "25x", "220", "-1 no"])
async def test_a_server_that_talks_nonsense_is_tried_again(junk: str) -> None:
    """Or refused where it makes sense to; never a crash."""
    async with faulty(at("mail", junk)) as (_, port):
        assert isinstance(await fails(patient(port)), MailDelayed)


async def test_a_slow_server_delays_nobody_else() -> None:
    """40 conversations hang for 60 s, with our defaults; 200 mails behind them: p99 below 5 s."""

    def hangs(stage: str, recipient: str) -> str:
        return HANG if stage == "content" and recipient.startswith("hang") else ""

    async with faulty(hangs) as (kept, port):
        mailer = Mailer(patient(port, conversation="60s", connect="5s", slow_after="500ms"))
        stuck = [asyncio.create_task(mailer.send(mail(f"hang{n}@example.com"))) for n in range(40)]
        await asyncio.sleep(0)
        took = await asyncio.gather(*(_timed(mailer, n) for n in range(200)))
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    p99 = sorted(took)[int(len(took) * 0.99)]
    assert p99 <= 5, p99
    assert len([m for m in kept.mails if "grace" in str(m["To"])]) == 200
    assert kept.opened == kept.closed == 240


async def _timed(mailer: Mailer, number: int) -> float:
    begin = time.monotonic()
    await mailer.send(mail(name=str(number)))
    return time.monotonic() - begin


async def test_connections_at_once_are_limited() -> None:
    """Brisk and slow ones together, and every place is given back after failures."""
    async with faulty(at("content", HANG)) as (kept, port):
        mailer = Mailer(patient(port, at_once=2, slow=3, slow_after="50ms", connect="400ms"))
        waiting = [asyncio.create_task(mailer.send(mail())) for _ in range(12)]
        await asyncio.sleep(0.6)
        assert kept.opened - kept.closed == 5
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, MailDelayed) for result in results)
        assert kept.opened == 12


async def test_a_cancelled_sending_leaves_nothing_behind() -> None:
    """At a shutdown: the connection is closed, the place is free again."""
    async with faulty(at("rcpt", HANG)) as (kept, port):
        mailer = Mailer(patient(port, at_once=1, slow=0, conversation="60s"))
        task = asyncio.create_task(mailer.send(mail()))
        await asyncio.sleep(0.2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert kept.opened == kept.closed == 1


@pytest.mark.parametrize(
    ("header", "value"),
    [("Cc", "a@example.com"), ("Bcc", "a@example.com"), ("To", "a@example.com, b@example.com")],
)
async def test_one_letter_one_reader(header: str, value: str) -> None:
    """A letter carries one person's code: more recipients are a mistake of ours."""
    message = mail()
    del message[header]
    message[header] = value
    with pytest.raises(ValueError, match="one"):
        await Mailer(patient(1)).send(message)


async def test_an_address_no_server_takes_is_refused() -> None:
    """Letters of other alphabets before the @."""
    error = await fails(patient(1), mail("grüße@example.com"))
    assert isinstance(error, MailRefused)
