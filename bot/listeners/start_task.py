"""`/task`, the shortcut "New task", and the form behind both."""

import asyncio
from collections.abc import Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.access.seen_tasks import SeenTasks
from bot.access.starters import Starters
from bot.activities.collect_inputs import InputFolders
from bot.approvals.bypasses import Bypasses
from bot.approvals.tasks import Tasks
from bot.config.errors import BadRequest, SignoffError
from bot.config.settings import Settings
from bot.listeners import slash_commands
from bot.listeners.slash_commands import Command, Verb
from bot.listeners.trouble import in_time
from bot.monitoring.agent_health import FleetReports
from bot.slack.channels import permalink, require_member
from bot.slack.files import file_named, visible_file
from notifications.cards.buttons import ActionId
from notifications.forms.inputs import OPTIONS
from notifications.forms.task import (
    CHANNEL,
    chosen_channel,
    chosen_pipeline,
    file_options,
    file_value,
    is_digest,
    nothing_given,
    pipeline_options,
    sources,
    task_form,
)
from notifications.text.sanitize import mrkdwn
from notifications.views import words
from notifications.views.agent_health import fleet_blocks, fleet_text
from notifications.views.blocks import shown
from notifications.views.format import code, files, person, told
from notifications.views.home import TaskLine
from notifications.views.task_message import task_status
from workflows.messages.tasks import Source, SourceKind

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
        starters: Starters,
        seen: SeenTasks,
    ) -> None:
        self._starters = starters
        self._seen = seen
        self._tasks = tasks
        self._settings = settings
        self._folders = folders
        self._bypasses = bypasses
        self._fleet = fleet

    async def command(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """`/task ...`."""
        command = slash_commands.parse(body.get("text") or "")
        if command.verb is Verb.FORM:
            await self.form(ack, body, client)
            return
        if command.verb is Verb.HEALTH:
            async with in_time():
                await self._starters.pipelines(body["user_id"], body["channel_id"])
                fleet = await self._fleet.latest()
            blocks = fleet_blocks(fleet)
            await ack(response_type="ephemeral", blocks=blocks, text=fleet_text(fleet))
            return
        if command.verb is Verb.STATUS:
            async with in_time():
                view = await self._seen.view(_required(command), body["user_id"])
                view = await self._tasks.with_progress(view)
                blocks = task_status(view, await permalink(client, view.place))
            await ack(response_type="ephemeral", blocks=blocks, text=shown(blocks))
            return
        async with in_time():
            text = await self._run(command, body, client)
        await ack(response_type="ephemeral", text=text)

    async def form(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form, for the first pipeline the person may start."""
        await ack()
        user = body.get("user_id") or body["user"]["id"]
        channel = body.get("channel_id", "")
        allowed = await self._starters.pipelines(user, channel or user)
        view = await self._form(allowed[0], channel, allowed)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def choose(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Another pipeline was chosen: its fields replace the others."""
        await ack()
        view, chosen = body["view"], body["actions"][0]["selected_option"]["value"]
        user, channel = body["user"]["id"], view["private_metadata"]
        allowed = await self._starters.pipelines(user, channel or user)
        if chosen in allowed:
            form = await self._form(chosen, channel, allowed)
            await client.views_update(view_id=view["id"], hash=view["hash"], view=form)

    async def suggest(self, ack: AsyncAck, body: Body) -> None:
        """Somebody types into a menu of the form: what fits, and nothing for whoever may not."""
        words, user = str(body.get("value") or ""), body["user"]["id"]
        channel = (body.get("view") or {}).get("private_metadata") or user
        try:
            allowed = await self._starters.pipelines(user, channel)
        except SignoffError:
            await ack(options=[])
            return
        if body.get("action_id") == ActionId.PIPELINE:
            await ack(options=pipeline_options(self._described(allowed), words))
            return
        await ack(options=file_options(await self._folders.listing.matching(words, OPTIONS)))

    async def submit(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form is in; what is wrong with it is said beside its field."""
        view, user = body["view"], body["user"]["id"]
        pipeline = chosen_pipeline(view)
        channel = chosen_channel(view) or view["private_metadata"] or user
        async with in_time():
            await self._starters.require(pipeline, user, channel)
            errors = await self._no_channel(client, pipeline, channel)
            inputs: list[Source] = []
            for block, given in sources(view, self._settings.fields(pipeline)).items():
                try:
                    inputs += [await self._usable(one, user, channel, client) for one in given]
                except BadRequest as error:
                    errors[block] = str(error)
            if not inputs:
                errors = nothing_given(view, self._settings.fields(pipeline)) | errors
            if errors:
                await ack(response_action="errors", errors=errors)
                return
            await self._begin(pipeline, tuple(inputs), user, channel, view["id"], client)
        await ack()

    async def _no_channel(
        self, client: AsyncWebClient, pipeline: str, channel: str
    ) -> dict[str, str]:
        """What is wrong with the channel, beside its field, where the form asked for one."""
        try:
            if not self._settings.pipelines[pipeline].channel:
                await require_member(client, channel)
        except BadRequest as error:
            return {CHANNEL: str(error)}
        return {}

    async def _usable(
        self, source: Source, user: str, channel: str, client: AsyncWebClient
    ) -> Source:
        """An input of the form, looked at; raises BadRequest for its field."""
        found = await self._found(await self._named(source), user, channel, client)
        await self._tasks.check_source(found)
        return found

    async def _named(self, source: Source) -> Source:
        """The file behind a menu's value; a name that is too long for that stands as a digest."""
        if source.kind is not SourceKind.FILE or not is_digest(source.value):
            return source
        for name in await self._folders.listing.names() or ():
            if file_value(name) == source.value:
                return source.model_copy(update={"value": name, "name": name})
        raise BadRequest("That file is not there any more: choose another one.")

    async def _form(self, pipeline: str, channel: str, allowed: Sequence[str]) -> Body:
        return task_form(
            self._described(allowed),
            pipeline,
            self._settings.fields(pipeline),
            await self._folders.listing.names(),
            channel,
            asks_channel=not self._settings.pipelines[pipeline].channel,
        )

    def _described(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self._settings.pipelines[name].description for name in names}

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
            case Verb.CANCEL:
                return told(await self._seen.cancel(_required(command), user))
            case Verb.BYPASS:
                words = command.words
                return told(await self._bypasses.open(words, user, body["trigger_id"]))
            case _:
                return slash_commands.help_text(await self._startable(user, body["channel_id"]))

    async def _startable(self, user: str, channel: str) -> dict[str, str]:
        """Help is for everybody: whoever may start nothing reads of no pipeline."""
        try:
            return self._described(await self._starters.pipelines(user, channel))
        except (SignoffError, SlackApiError):
            return {}

    async def _start(
        self,
        pipeline: str,
        sources: tuple[Source, ...],
        user: str,
        channel: str,
        key: str,
        client: AsyncWebClient,
    ) -> str:
        await self._starters.require(pipeline, user, channel)
        found = tuple([await self._found(one, user, channel, client) for one in sources])
        return await self._begin(pipeline, found, user, channel, key, client)

    async def _begin(
        self,
        pipeline: str,
        found: tuple[Source, ...],
        user: str,
        channel: str,
        key: str,
        client: AsyncWebClient,
    ) -> str:
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
        f"• {code(line.id)} {mrkdwn(line.pipeline)} of {files(line.sources.split(', '))}: "
        f"{words.task(line.status)[1]}, for {person(line.requester)}"
        for line in lines
    )
