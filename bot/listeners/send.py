"""The message shortcut "Send for approval": a message becomes an approval of its own."""

import asyncio
import hashlib
from collections.abc import Sequence

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.access.onlookers import Onlookers
from bot.access.starters import Starters
from bot.approvals.queries import Approvals
from bot.config.errors import BadRequest
from bot.config.settings import Settings
from bot.listeners.click import Body
from bot.listeners.trouble import in_time
from bot.slack.channels import require_member
from notifications.cards.buttons import read
from notifications.forms.send import APPROVERS, MessageDraft, Sent, draft, send_form
from notifications.people.membership import Membership, objection
from notifications.slack.errors import passing, refusal
from notifications.text.message_text import as_read
from notifications.text.sanitize import clip
from workflows.messages.decisions import Place
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult

GENERAL = ("timeout", "on_timeout", "ladder", "reason_required", "reject_reasons", "allow_guests")


class SendListeners:
    """The message as it is now is what is decided: later edits change nothing."""

    def __init__(
        self,
        approvals: Approvals,
        settings: Settings,
        starters: Starters,
        onlookers: Onlookers,
    ) -> None:
        self._approvals = approvals
        self._settings = settings
        self._starters = starters
        self._onlookers = onlookers

    async def form(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form for this message."""
        await ack()
        message, channel = body["message"], body["channel"]["id"]
        await self._starters.require_sender(body["user"]["id"], channel)
        sent = Sent(
            channel=channel,
            ts=body["message_ts"],
            thread=message.get("thread_ts") or body["message_ts"],
            author=message.get("user") or "",
        )
        names = [str(file.get("name") or file["id"]) for file in message.get("files") or ()]
        form = send_form(sent, as_read(message.get("text") or ""), names)
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    async def submit(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form is in: read the message again, and raise the approval."""
        view, user = body["view"], body["user"]["id"]
        sent, wanted = read(Sent, view["private_metadata"]), draft(view)
        if sent is None:
            raise BadRequest("This form isn't one of Signoff's: open it again from the message.")
        if not set(wanted.approvers) - {user, sent.author}:
            problem = "Choose somebody who neither wrote nor sends this."
            await ack(response_action="errors", errors={APPROVERS: problem})
            return
        async with in_time():
            await self._starters.require_sender(user, sent.channel)
            if problem := await self._unable(wanted, {user, sent.author}):
                await ack(response_action="errors", errors={APPROVERS: problem})
                return
            await require_member(client, sent.channel)
            message = await _message(client, sent)
            await self._approvals.raise_request(self._request(sent, wanted, user, message, view))
        await ack()

    async def _unable(self, wanted: MessageDraft, own: set[str]) -> str:
        """Why the people chosen could never approve; the workflow looks again."""
        policy = self._policy(wanted)
        who = await asyncio.gather(*(self._onlookers.of(user) for user in wanted.approvers))
        unable = [
            one.user
            for one in who
            if one.standing is not Membership.UNKNOWN
            and objection(one.standing, guests=policy.allow_guests)
        ]
        able = set(wanted.approvers) - set(unable) - own
        if not unable or len(able) >= wanted.quorum:
            return ""
        return (
            "A guest, a bot, somebody deactivated or of another workspace can't approve this: "
            "choose others."
        )

    def _request(
        self, sent: Sent, wanted: MessageDraft, user: str, message: Body, view: Body
    ) -> ApprovalRequest:
        unique = hashlib.sha256(str(view["id"]).encode()).hexdigest()[:10]
        return ApprovalRequest(
            id=f"a-{unique}",
            title=wanted.title,
            requester=user,
            result=_result(message, wanted.reason),
            policy=self._policy(wanted),
            thread=Place(channel=sent.channel, ts=sent.thread),
            authors=(sent.author,) if sent.author else (),
        )

    def _policy(self, wanted: MessageDraft) -> Policy:
        """The general policy, with the people chosen; one version only, as no agent can mend it."""
        general = {k: v for k, v in self._settings.policy.items() if k in GENERAL}
        return Policy.model_validate(
            general | {"approvers": wanted.approvers, "quorum": wanted.quorum, "max_revisions": 1}
        )


def _result(message: Body, reason: str) -> AgentResult:
    text = as_read(str(message.get("text") or ""))
    summary = clip(text, SUMMARY_CHARACTERS).shown or "(a message without text)"
    findings = [f"Why: {reason}"] if reason else []
    findings += [_file(file) for file in message.get("files") or ()]
    whole = text if len(text) > len(summary) else ""
    return AgentResult(summary=summary, findings=tuple(findings), full_text=whole)


def _file(file: Body) -> str:
    """A file by what identifies it: Slack gives other content another id."""
    return f"File {file.get('name')} ({file['id']}, {int(file.get('size') or 0):,} bytes)"


async def _message(client: AsyncWebClient, sent: Sent) -> Body:
    """The message as it stands there now; raises BadRequest when it cannot be read.

    Raises SlackApiError when Slack cannot be asked now.
    """
    try:
        found = await client.conversations_replies(
            channel=sent.channel, ts=sent.thread, latest=sent.ts, inclusive=True, limit=200
        )
    except SlackApiError as error:
        if passing(error):
            raise
        raise BadRequest(
            f"I can't read this message ({refusal(error)}): add me to the channel."
        ) from None
    messages: Sequence[Body] = found.get("messages") or []
    for message in messages:
        if message.get("ts") == sent.ts:
            return message
    raise BadRequest("This message is not there any more.")
