"""Push notifications: a task that somebody wants to hear about is followed to its end."""

import asyncio
import contextlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx
import structlog
from a2a.server.context import ServerCallContext
from a2a.server.routes.common import StarletteUser
from a2a.server.tasks import BasePushNotificationSender, PushNotificationConfigStore
from a2a.types.a2a_pb2 import Task, TaskPushNotificationConfig
from a2a.utils.errors import A2AError
from starlette.authentication import SimpleUser

from agents.http.loopback import is_loopback
from agents.http.public_addresses import PublicTransport, addresses, is_public
from agents.programs.program import Program
from agents.programs.tasks import ApprovalTasks, TaskEvent

SECONDS = 10.0
MOST_RESUMED = 10_000
PAUSES = (0.0, 1.0, 5.0)
_log = structlog.get_logger(__name__)


class UrlCheck:
    """Whether a program may have notifications sent to this address.

    Public https addresses only, judged by what the name resolves to; at registration, and again
    by the address that a delivery connects to. `local` lets loopback ones through, for tests and
    single machines.
    """

    def __init__(self, *, local: bool = False) -> None:
        self._local = local

    def allows(self, address: str) -> bool:
        """Whether a delivery may connect to this IP address."""
        return is_public(address) or (self._local and is_loopback(address))

    async def __call__(self, url: str) -> bool:
        """True when it may be called."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 443
            local = self._local and is_loopback(host)
            if not host or not (parts.scheme == "https" or (local and parts.scheme == "http")):
                return False
            return bool(await addresses(host, port, self.allows))
        except (OSError, ValueError):
            return False


class Sender(BasePushNotificationSender):
    """Tries three times; no redirect is followed, no proxy is asked."""

    def __init__(self, configs: PushNotificationConfigStore, check: UrlCheck) -> None:
        self._http = httpx.AsyncClient(
            transport=PublicTransport(check.allows),
            timeout=SECONDS,
            trust_env=False,
            follow_redirects=False,
        )
        super().__init__(self._http, configs, push_url_validator=check)

    async def _dispatch_notification(
        self, event: TaskEvent, push_info: TaskPushNotificationConfig, task_id: str
    ) -> bool:
        for pause in PAUSES:
            await asyncio.sleep(pause)
            if await super()._dispatch_notification(event, push_info, task_id):
                return True
        return False

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class Watchers:
    """One per open task with a registered address."""

    def __init__(
        self, tasks: ApprovalTasks, configs: PushNotificationConfigStore, sender: Sender
    ) -> None:
        self._tasks = tasks
        self._configs = configs
        self._sender = sender
        self._running: dict[str, asyncio.Task[None]] = {}

    async def resume(self, programs: Iterable[Program]) -> None:
        """Go on with what was open when the last process stopped."""
        for program in programs:
            try:
                for task in await self._tasks.open(program, MOST_RESUMED):
                    await self.watch(task, program)
            except A2AError:
                _log.exception("push_not_resumed", program=program.name)

    async def watch(self, task: Task, program: Program) -> None:
        """Follow this task, if anybody wants to hear about it and nobody follows it yet."""
        context = ServerCallContext(user=StarletteUser(SimpleUser(program.name)))
        wanted = await self._configs.get_info(task.id, context)
        if not wanted or task.id in self._running:
            return
        following = asyncio.create_task(self._follow(task, program))
        self._running[task.id] = following
        following.add_done_callback(lambda _: self._running.pop(task.id, None))

    async def aclose(self) -> None:
        """Stop; `resume` goes on in the next process."""
        running = list(self._running.values())
        for following in running:
            following.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._sender.aclose()

    async def _follow(self, task: Task, program: Program) -> None:
        async with contextlib.aclosing(self._tasks.follow(task, program)) as events:
            async for event in events:
                if not isinstance(event, Task):  # its program has that already
                    await self._sender.send_notification(task.id, event)
