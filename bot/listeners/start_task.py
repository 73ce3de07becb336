"""`/task`, the shortcut "New task", and the form behind both."""

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot import commands
from bot.bypasses import Bypasses
from bot.channels import require_member
from bot.commands import Command, Verb
from bot.errors import BadRequest
from bot.fleet_watch import FleetReports
from bot.inputs import InputFolders
from bot.listeners.edge import sentence
from bot.settings import Settings
from bot.slack_files import file_named, visible_file
from bot.tasks import TaskLine, Tasks
from notifications.buttons import ActionId
from notifications.facts import code, person
from notifications.fleet_card import fleet_blocks, fleet_text
from notifications.inputs import OPTIONS
from notifications.task_form import (
    CHANNEL,
    chosen_channel,
    chosen_pipeline,
    file_options,
    file_value,
    first_block,
    is_digest,
    pipeline_options,
    sources,
    task_form,
)
from notifications.task_message import task_text
from notifications.text import mrkdwn
from workflows.tasks import Source, SourceKind

Body = dict[str, Any]


class StartTaskListeners:
    """Every answer is private to whoever asked."""

    def __init__(
        self,
        tasks: Tasks,
        settings: Settings,
        folders: InputFolders,
        bypasses: Bypasses,
        fleet: FleetReports,
    ) -> None:
        self._tasks = tasks
        self._settings = settings
        self._folders = folders
        self._bypasses = bypasses
        self._fleet = fleet

    async def command(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """`/task ...`."""
        command = commands.parse(body.get("text") or "")
        if command.verb is Verb.FORM:
            await self.form(ack, body, client)
            return
        if command.verb is Verb.HEALTH:
            fleet = await self._fleet.latest()
            blocks = fleet_blocks(fleet)
            await ack(response_type="ephemeral", blocks=blocks, text=fleet_text(fleet))
            return
        try:
            text = await self._run(command, body, client)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            text = mrkdwn(sentence(error))
        await ack(response_type="ephemeral", text=text)

    async def form(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form, for the first pipeline."""
        await ack()
        view = await self._form(next(iter(self._settings.pipelines)), body.get("channel_id", ""))
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def choose(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Another pipeline was chosen: its fields replace the others."""
        await ack()
        view, chosen = body["view"], body["actions"][0]["selected_option"]["value"]
        if chosen in self._settings.pipelines:
            form = await self._form(chosen, view["private_metadata"])
            await client.views_update(view_id=view["id"], hash=view["hash"], view=form)

    async def suggest(self, ack: AsyncAck, body: Body) -> None:
        """Somebody types into a menu of the form: what fits."""
        words = str(body.get("value") or "")
        if body.get("action_id") == ActionId.PIPELINE:
            await ack(options=pipeline_options(self._pipelines(), words))
            return
        await ack(options=file_options(await self._folders.listing.matching(words, OPTIONS)))

    async def submit(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form is in; what is wrong with it is said beside its field."""
        view, user = body["view"], body["user"]["id"]
        pipeline = chosen_pipeline(view)
        fields = self._settings.fields(pipeline)
        channel = chosen_channel(view) or view["private_metadata"] or user
        try:
            await self._require_channel(client, pipeline, channel)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            await ack(response_action="errors", errors={CHANNEL: sentence(error)})
            return
        try:
            wanted = tuple([await self._named(source) for source in sources(view, fields)])
            await self._start(pipeline, wanted, user, channel, view["id"], client)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            field = first_block(fields, await self._folders.listing.names())
            await ack(response_action="errors", errors={field: sentence(error)})
            return
        await ack()

    async def _form(self, pipeline: str, channel: str) -> Body:
        return task_form(
            self._pipelines(),
            pipeline,
            self._settings.fields(pipeline),
            await self._folders.listing.names(),
            channel,
            asks_channel=not self._settings.pipelines[pipeline].channel,
        )

    def _pipelines(self) -> dict[str, str]:
        return {name: p.description for name, p in self._settings.pipelines.items()}

    async def _require_channel(self, client: AsyncWebClient, pipeline: str, channel: str) -> None:
        """Nothing to say where the form did not ask."""
        known = self._settings.pipelines.get(pipeline)
        if known is not None and not known.channel:
            await require_member(client, channel)

    async def _named(self, source: Source) -> Source:
        """The file behind a menu's value; a name that is too long for that stands as a digest."""
        if source.kind is not SourceKind.FILE or not is_digest(source.value):
            return source
        for name in await self._folders.listing.names() or ():
            if file_value(name) == source.value:
                return source.model_copy(update={"value": name, "name": name})
        raise BadRequest("That file is not there any more: choose another one.")

    async def _run(self, command: Command, body: Body, client: AsyncWebClient) -> str:
        user = body["user_id"]
        match command.verb:
            case Verb.START:
                task = await self._start(
                    command.argument,
                    command.sources,
                    user,
                    body["channel_id"],
                    body["trigger_id"],
                    client,
                )
                return f"Task {code(task)} is on its way; its message appears here in a moment."
            case Verb.LIST:
                return _listed(await self._tasks.running(user))
            case Verb.STATUS:
                return task_text(await self._tasks.view(_required(command)))
            case Verb.CANCEL:
                return mrkdwn(await self._tasks.cancel(_required(command), user))
            case Verb.BYPASS:
                words = command.words
                return mrkdwn(await self._bypasses.open(words, user, body["trigger_id"]))
            case _:
                return commands.HELP

    async def _start(
        self,
        pipeline: str,
        sources: tuple[Source, ...],
        user: str,
        channel: str,
        key: str,
        client: AsyncWebClient,
    ) -> str:
        found = tuple([await self._found(one, user, channel, client) for one in sources])
        await self._tasks.check(pipeline, found)
        wanted = self._settings.pipelines[pipeline].channel or channel
        await require_member(client, wanted)
        return await self._tasks.start(pipeline, found, user, wanted, key=key)

    async def _found(
        self, source: Source, user: str, channel: str, client: AsyncWebClient
    ) -> Source:
        """A name that no input file has may be that of a file shared in the channel.

        Files in Slack are looked at with the eyes of whoever asks, before anything is started.
        """
        if source.kind is SourceKind.FILE and not await asyncio.to_thread(
            self._folders.has, source.value
        ):
            shared = await file_named(client, channel, source.value)
            if not shared:
                return source
            source = Source(kind=SourceKind.SLACK, value=shared, name=source.value)
        if source.kind is SourceKind.SLACK:
            file = await visible_file(client, source.value, user)
            return source.model_copy(update={"name": str(file.get("name") or source.name)})
        return source


def _required(command: Command) -> str:
    if not command.argument:
        raise BadRequest(f"Which task? Write /task {command.verb} and its id; see /task list.")
    return command.argument


def _listed(lines: list[TaskLine]) -> str:
    if not lines:
        return "You have no running task. `/task` opens a form to start one."
    return "\n".join(
        f"• {code(line.id)} {mrkdwn(line.pipeline)} of {mrkdwn(line.sources)}: "
        f"{mrkdwn(line.status)}, for {person(line.requester)}"
        for line in lines
    )
