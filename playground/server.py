"""A running playground."""

from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from playground import page
from playground.api import basics, chat, conversations, files, reactions, users, views
from playground.api.arguments import Arguments
from playground.api.dispatch import WebApi
from playground.api.methods import Call, Methods
from playground.api.schedule import Schedule
from playground.clock import Clock, SystemClock
from playground.config import PlaygroundConfig
from playground.delivery.events import Events
from playground.delivery.postman import Postman
from playground.delivery.sockets import Sockets
from playground.delivery.webhook import Webhook
from playground.gestures.answers import handle_response_url
from playground.http.downloads import LARGEST_UPLOAD, Downloads
from playground.http.gate import gate
from playground.ids import new_secret
from playground.journal import Journal
from playground.mailbox import Mailbox
from playground.testing.control import routes
from playground.testing.control.desk import Desk
from playground.testing.faults import Faults
from playground.testing.outage import outage
from playground.workspace import Workspace


class Playground:
    """A Slack-compatible workspace on loopback, while its `async with` block lasts.

    `state` is the SQLite file (None keeps everything in memory); `fresh` empties it first.
    Without `local_token` and `page_key` in the configuration they are made, and kept in that file.
    `port` 0 takes a free one. With `mail_port` (0 for a free one) a mail server runs beside it.
    """

    def __init__(
        self,
        config: PlaygroundConfig | None = None,
        state: Path | None = None,
        port: int = 0,
        fresh: bool = False,
        *,
        clock: Clock | None = None,
        mail_port: int | None = None,
    ) -> None:
        self.config = config or PlaygroundConfig()
        self.local_token = self.config.local_token
        self.page_key = self.config.page_key
        self.url = ""
        self._state = state
        self._port = port
        self._fresh = fresh
        self._clock = clock or SystemClock()
        self._mail_port = mail_port
        self._mailbox: Mailbox | None = None

    @property
    def api_url(self) -> str:
        """What a Slack client takes as its base URL."""
        return f"{self.url}/api/"

    @property
    def page_url(self) -> str:
        """What a browser opens; it holds the page's key."""
        return f"{self.url}/?key={self.page_key}"

    @property
    def bot_token(self) -> str:
        return self.config.app.bot_token

    @property
    def app_token(self) -> str:
        return self.config.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.config.app.signing_secret

    @property
    def mail_port(self) -> int | None:
        """Where the mail server listens, if one was asked for."""
        return self._mail_port

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the state and listen."""
        self._build()
        self._runner = web.AppRunner(
            self._app(), access_log=None, shutdown_timeout=0.5, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = self.workspace.url = f"http://127.0.0.1:{port}"
        self.sockets.base_url = f"ws://127.0.0.1:{port}"
        self._schedule.start()
        if self._mail_port is not None:
            self._mailbox = Mailbox(self.workspace, self._mail_port)
            await self._mailbox.start()
            self._mail_port = self._mailbox.port

    async def stop(self) -> None:
        """Stop listening and close the state."""
        if self._mailbox is not None:
            await self._mailbox.stop()
        self._events.close()
        await self._schedule.stop()
        await self.postman.close()
        await self.sockets.close()
        await self._webhook.close()
        await self._runner.cleanup()
        self.workspace.close()

    def _build(self) -> None:
        config = self.config
        self.workspace = Workspace(config, self._state, self._clock)
        if self._fresh:
            self.workspace.reset()
        if not self.local_token:
            self.local_token = self.workspace.database.secret("local_token", new_secret(32))
        if not self.page_key:
            self.page_key = self.workspace.database.secret("page_key", new_secret(32))
        self.faults = Faults()
        self.journal = Journal(self._clock)
        self.sockets = Sockets(config, self.faults, self._clock)
        self._webhook = Webhook(config)
        transport = self._webhook if config.app.mode == "http" else self.sockets
        self.postman = Postman(transport, self.faults, self.journal, self._clock)
        self._events = Events(self.workspace, self.postman)
        self._schedule = Schedule(self._call)

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[gate, outage(self.faults)], client_max_size=LARGEST_UPLOAD
        )
        self.methods = methods = self._methods()
        api = WebApi(self.workspace, self.sockets, methods, self.faults, self.journal)
        for verb in ("GET", "POST"):
            app.router.add_route(verb, "/api/{method}", api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/actions/{team}/{app}/{secret}", self._take_answer)
        Downloads(self.workspace, self.local_token, self.faults).register(app)
        routes.register(app, self._desk(methods))
        page.register(app, self.local_token, self.page_key)
        return app

    def _methods(self) -> Methods:
        methods = Methods()
        for family in (basics, chat, conversations, files, reactions, users, views):
            family.register(methods)
        self._schedule.register(methods)
        return methods

    def _desk(self, methods: Methods) -> Desk:
        return Desk(
            workspace=self.workspace,
            postman=self.postman,
            sockets=self.sockets,
            webhook=self._webhook,
            faults=self.faults,
            journal=self.journal,
            methods=methods,
            local_token=self.local_token,
        )

    def _call(self, arguments: Arguments) -> Call:
        return Call(arguments, self.workspace, self.sockets)

    async def _take_answer(self, request: web.Request) -> web.Response:
        return await handle_response_url(self.workspace, request)
