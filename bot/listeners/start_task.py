"""`/task`, the shortcut "New task", and the form behind both."""

from collections.abc import Mapping, Sequence
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
from bot.listeners.trouble import in_time
from bot.seen_tasks import SeenTasks
from bot.settings import Settings
from bot.starters import Starters
from bot.tasks import TaskLine, Tasks
from notifications import words
from notifications.facts import code, person
from notifications.fleet_card import fleet_blocks, fleet_text
from notifications.task_form import chosen_pipeline, sources, task_form
from notifications.task_message import task_text
from notifications.text import mrkdwn
from workflows.tasks import Source

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
        command = commands.parse(body.get("text") or "")
        if command.verb is Verb.FORM:
            await self.form(ack, body, client)
            return
        if command.verb is Verb.HEALTH:
            async with in_time():
                fleet = await self._fleet.latest()
            blocks = fleet_blocks(fleet)
            await ack(response_type="ephemeral", blocks=blocks, text=fleet_text(fleet))
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
        view = self._form(allowed[0], channel, allowed)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def choose(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Another pipeline was chosen: its fields replace the others."""
        await ack()
        view, chosen = body["view"], body["actions"][0]["selected_option"]["value"]
        user, channel = body["user"]["id"], view["private_metadata"]
        allowed = await self._starters.pipelines(user, channel or user)
        if chosen in allowed:
            form = self._form(chosen, channel, allowed)
            await client.views_update(view_id=view["id"], hash=view["hash"], view=form)

    async def submit(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form is in; what is wrong with it is said beside its field."""
        view, user = body["view"], body["user"]["id"]
        pipeline = chosen_pipeline(view)
        channel = view["private_metadata"] or user
        async with in_time():
            wanted = sources(view, self._settings.fields(pipeline))
            if errors := self._errors(wanted):
                await ack(response_action="errors", errors=errors)
                return
            inputs = tuple(wanted.values())
            await self._start(pipeline, inputs, user, channel, view["id"], client)
        await ack()

    def _errors(self, wanted: Mapping[str, Source]) -> dict[str, str]:
        """What is wrong with an input, beside its own field."""
        errors: dict[str, str] = {}
        for block, one in wanted.items():
            try:
                self._tasks.check_source(one)
            except BadRequest as error:
                errors[block] = str(error)
        return errors

    def _form(self, pipeline: str, channel: str, allowed: Sequence[str]) -> Body:
        pipelines = {name: self._settings.pipelines[name].description for name in allowed}
        fields = self._settings.fields(pipeline)
        return task_form(pipelines, pipeline, fields, self._folders.files(), channel)

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
                return task_text(await self._seen.view(_required(command), user))
            case Verb.CANCEL:
                return mrkdwn(await self._seen.cancel(_required(command), user))
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
        await self._starters.require(pipeline, user, channel)
        self._tasks.check(pipeline, sources)
        wanted = self._settings.pipelines[pipeline].channel or channel
        await require_member(client, wanted)
        return await self._tasks.start(pipeline, sources, user, wanted, key=key)


def _required(command: Command) -> str:
    if not command.argument:
        raise BadRequest(f"Which task? Write /task {command.verb} and its id; see /task list.")
    return command.argument


def _listed(lines: list[TaskLine]) -> str:
    if not lines:
        return "You have no running task. `/task` opens a form to start one."
    return "\n".join(
        f"• {code(line.id)} {mrkdwn(line.pipeline)} of {mrkdwn(line.sources)}: "
        f"{words.task(line.status)[1]}, for {person(line.requester)}"
        for line in lines
    )
