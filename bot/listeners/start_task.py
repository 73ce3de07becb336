"""`/task`, the shortcut "New task", and the form behind both."""

from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import commands
from bot.commands import Command, Verb
from bot.errors import BadRequest
from bot.inputs import InputFolders
from bot.listeners.edge import sentence
from bot.settings import Settings
from bot.tasks import TaskLine, Tasks
from notifications.facts import code, person
from notifications.modals import FILE, LINK, PIPELINE, TEXT, task_modal
from notifications.task_message import task_text
from notifications.text import mrkdwn
from workflows.tasks import Source, SourceKind

Body = dict[str, Any]


class StartTaskListeners:
    """Every answer is private to whoever asked."""

    def __init__(self, tasks: Tasks, settings: Settings, folders: InputFolders) -> None:
        self._tasks = tasks
        self._settings = settings
        self._folders = folders

    async def command(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """`/task ...`."""
        command = commands.parse(body.get("text") or "")
        if command.verb is Verb.FORM:
            await self.form(ack, body, client)
            return
        try:
            text = await self._run(command, body, client)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            text = mrkdwn(sentence(error))
        await ack(response_type="ephemeral", text=text)

    async def form(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form."""
        await ack()
        pipelines = [(name, p.description) for name, p in self._settings.pipelines.items()]
        view = task_modal(pipelines, self._folders.files(), body.get("channel_id", ""))
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def submit(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form is in; what is wrong with it is said beside its field."""
        view, user = body["view"], body["user"]["id"]
        values = view["state"]["values"]
        sources = _sources(values)
        pipeline = values[PIPELINE][PIPELINE]["selected_option"]["value"]
        channel = view["private_metadata"] or user
        try:
            await self._start(pipeline, sources, user, channel, view["id"], client)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            field = FILE if FILE in values else LINK
            await ack(response_action="errors", errors={field: sentence(error)})
            return
        await ack()

    async def _run(self, command: Command, body: Body, client: AsyncWebClient) -> str:
        user = body["user_id"]
        if command.verb is Verb.START:
            task = await self._start(
                command.argument,
                command.sources,
                user,
                body["channel_id"],
                body["trigger_id"],
                client,
            )
            return f"Task {code(task)} is on its way; its message appears here in a moment."
        if command.verb is Verb.LIST:
            return _listed(await self._tasks.running(user))
        if command.verb is Verb.STATUS:
            return task_text(await self._tasks.view(_required(command)))
        if command.verb is Verb.CANCEL:
            return mrkdwn(await self._tasks.cancel(_required(command), user))
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
        self._tasks.check(pipeline, sources)
        wanted = self._settings.pipelines[pipeline].channel or channel
        await _require_member(client, wanted)
        return await self._tasks.start(pipeline, sources, user, wanted, key=key)


async def _require_member(client: AsyncWebClient, channel: str) -> None:
    """Join a public channel; for others say that we have to be added."""
    if channel.startswith(("D", "U", "W")):
        return
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
        if not found.get("is_member") and not found.get("is_im"):
            await client.conversations_join(channel=channel)
    except SlackApiError as error:
        raise BadRequest(
            f"I can't post here ({error.response.get('error')}): add me to this channel first, "
            "with /invite @Signoff, and try again."
        ) from None


def _sources(values: Body) -> tuple[Source, ...]:
    """Whatever was filled in, each as its own input."""
    found = []
    if chosen := values.get(FILE, {}).get(FILE, {}).get("selected_option"):
        found.append(Source(kind=SourceKind.FILE, value=chosen["value"], name=chosen["value"]))
    if link := (values[LINK][LINK].get("value") or "").strip():
        found.append(Source(kind=SourceKind.URL, value=link, name=link))
    if text := (values[TEXT][TEXT].get("value") or "").strip():
        found.append(Source(kind=SourceKind.TEXT, value=text, name="text.md"))
    return tuple(found)


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
