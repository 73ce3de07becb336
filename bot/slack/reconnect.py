"""What all connections to Slack share: the open lines, whose turn it is to dial, how long to wait.

Line          one WebSocket, and what was acknowledged on it of late
Switchboard   one dials at a time, and all back off together
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import ClientWebSocketResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config.errors import ConfigurationError

log = structlog.get_logger()

ACK_SECONDS = 3.0
KEPT_ACKS = 1_000
HANG_UP_SECONDS = 0.5
LONGEST_RETRY_AFTER = 600.0
SAVED_TURNS = 10

ORDINARY = {"warning", "refresh_requested"}
TOO_MANY = "too_many_websockets"
WRONG_TOKEN = {"invalid_auth", "not_authed", "not_allowed_token_type", "missing_scope"}
WAY_OUT = {
    "link_disabled": "turn Socket Mode on in the app's settings",
    TOO_MANY: "stop other copies of Signoff, or lower slack.connections",
    **dict.fromkeys(WRONG_TOKEN, "make an app token with connections:write"),
}


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds.

    Dials are `stagger` apart once ten followed each other closely, and take `dial` at most. After
    failures the pause doubles from `first_pause` to `longest_pause` (less than Slack's notice of
    10 s); a line that breaks off before it is `steady` counts as one. A line is given up after two
    unanswered pings, `ping` apart. An old line is read for `grace` longer; Slack closes it sooner.
    At the end, running handlers get `finish`.
    """

    stagger: float = 0.5
    dial: float = 10.0
    first_pause: float = 0.5
    longest_pause: float = 8.0
    steady: float = 5.0
    ping: float = 2.0
    grace: float = 30.0
    finish: float = 1.0


class RefusedError(Exception):
    """Slack gives no line; the text is its reason."""


class SocketLine:
    """One WebSocket. `heard` counts what came in; `is_leaving` is set once Slack says goodbye."""

    def __init__(self, ws: ClientWebSocketResponse, hello: str) -> None:
        self.ws = ws
        self.hello = hello
        self._since = time.monotonic()
        self.heard = 0
        self.is_leaving = False
        self._acks: deque[tuple[float, str]] = deque(maxlen=KEPT_ACKS)

    @property
    def is_open(self) -> bool:
        return not self.ws.closed

    @property
    def age(self) -> float:
        return time.monotonic() - self._since

    async def send(self, text: str) -> bool:
        """Whether the text went out; that does not prove that it arrives."""
        try:
            async with asyncio.timeout(ACK_SECONDS / 3):
                await self.ws.send_str(text)
        except (ConnectionError, TimeoutError):
            return False
        self._acks.append((time.monotonic(), text))
        return True

    def unsure(self) -> list[str]:
        """What was sent so lately that Slack may still wait for it, should the line have died."""
        since = time.monotonic() - ACK_SECONDS
        return [text for at, text in self._acks if at >= since]

    async def ping(self, seconds: float) -> bool:
        """Whether anything came in during the seconds after a ping."""
        heard = self.heard
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ws.ping(b"signoff")
        await asyncio.sleep(seconds)
        return self.heard > heard

    async def hang_up(self, after: float = 0.0) -> None:
        """Close, without waiting long for the other end."""
        await asyncio.sleep(after)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(2 * HANG_UP_SECONDS):
                await self.ws.close()


class Switchboard:
    """All lines of all connections. Dials take turns; what fails for one makes all of them wait."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.lines: list[SocketLine] = []
        self._turn = asyncio.Lock()
        self._not_before = self._next_turn = 0.0
        self._failures = 0
        self._worked_once = False

    async def dial(self, open_line: Callable[[], Awaitable[SocketLine]]) -> SocketLine:
        """A new line, however often that has to be tried."""
        while True:
            async with self._turn:
                await asyncio.sleep(max(self._not_before, self._next_turn) - time.monotonic())
                try:
                    async with asyncio.timeout(self.pace.dial):
                        line = await open_line()
                except Exception as error:  # noqa: BLE001 - whatever it was: deaf would be worse
                    self._refused(error)
                else:
                    self._worked_once = True
                    saved = time.monotonic() - SAVED_TURNS * self.pace.stagger
                    self._next_turn = max(self._next_turn, saved) + self.pace.stagger
                    return line

    def ended(self, line: SocketLine) -> None:
        """A line broke off without a goodbye: after a while that is life, at once it is trouble."""
        if line.age >= self.pace.steady:
            self._failures = 0
        else:
            self._wait("broke off at once")

    def goodbye(self, line: SocketLine, reason: str) -> None:
        """Slack wants a line back: by routine, or because something is wrong."""
        if reason not in ORDINARY:
            self._wait(reason)
        elif line.age >= self.pace.steady:
            self._failures = 0

    async def send(self, text: str, line: SocketLine | None = None) -> bool:
        """Over that line while it is open, else over any, as soon as there is one; if it went."""
        end = time.monotonic() + ACK_SECONDS
        while time.monotonic() < end:
            others = sorted(self.lines, key=lambda other: other.is_leaving)
            for one in (line, *others) if line else others:
                if one.is_open and await one.send(text):
                    return True
            await asyncio.sleep(0.05)
        return False

    async def repeat(self, texts: Iterable[str]) -> None:
        """Send again what may have been lost with its line; Slack ignores what it has."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ACK_SECONDS):
                for text in texts:
                    await self.send(text)

    def _refused(self, error: Exception) -> None:
        reason, seconds = _told(error)
        if reason in WRONG_TOKEN and not self._worked_once:
            advice = WAY_OUT[reason]
            raise ConfigurationError(f"Slack refuses SLACK_APP_TOKEN ({reason}): {advice}.")
        self._wait(reason, seconds)

    def _wait(self, reason: str, at_least: float = 0.0) -> None:
        """Nobody dials before the pause is over."""
        longest = self.pace.first_pause * 2 ** min(self._failures, 10)
        pause = min(longest, self.pace.longest_pause) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        pause = max(pause, min(at_least, LONGEST_RETRY_AFTER))
        self._failures += 1
        self._not_before = max(self._not_before, time.monotonic() + pause)
        told = {"reason": reason, "advice": WAY_OUT.get(reason, ""), "seconds": round(pause, 1)}
        log.warning("Slack gives us no socket; the next try follows", **told)


def _told(error: Exception) -> tuple[str, float]:
    """Why there is no line, and Slack's `Retry-After`; addresses are secret, so never the text."""
    if isinstance(error, RefusedError):
        return str(error), 0.0
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"address refused with {error.status}", 0.0
    if isinstance(error, SlackApiError) and isinstance(error.response, AsyncSlackResponse):
        after, data = str(error.response.headers.get("Retry-After")), error.response.data
        reason = data.get("error") if isinstance(data, dict) else error.response.status_code
        return str(reason), float(after) if after.isascii() and after.isdigit() else 0.0
    return type(error).__name__, 0.0
