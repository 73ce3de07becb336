"""Slack's gestures, one file each. `register` tells Bolt who listens to what."""

import re
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.listeners.bulk import BulkListeners
from bot.listeners.comment import CommentListeners
from bot.listeners.decide import DecideListeners
from bot.listeners.inbox import InboxListeners
from bot.listeners.more import MoreListeners
from bot.listeners.send import SendListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from notifications.cards.buttons import ActionId
from notifications.forms.task import FieldKind


@dataclass(frozen=True)
class Listeners:
    """Whoever listens."""

    decide: DecideListeners
    more: MoreListeners
    inbox: InboxListeners
    bulk: BulkListeners
    send: SendListeners
    start_task: StartTaskListeners
    task_help: TaskHelpListeners
    comment: CommentListeners


def register(app: AsyncApp, listeners: Listeners) -> None:
    """Connect every gesture with its handler."""
    decide, more, inbox = listeners.decide, listeners.more, listeners.inbox
    app.action(ActionId.APPROVE)(decide.approve)
    app.action(ActionId.APPROVE_WITH_CARE)(decide.ask)
    app.action(ActionId.REJECT)(decide.ask)
    app.action(ActionId.REQUEST_CHANGES)(decide.ask)
    app.view(ActionId.DECIDE_MODAL)(decide.submit)
    app.view(ActionId.EDIT_MODAL)(decide.submit_edit)
    app.action(ActionId.MORE)(more.choose)
    app.action(ActionId.DETAILS)(more.choose)
    app.view(ActionId.HAND_ON_MODAL)(more.hand_on)
    app.view(ActionId.LATER_MODAL)(more.later)
    app.view(ActionId.WITHDRAW_MODAL)(more.withdraw)
    app.event("app_home_opened")(inbox.opened)
    app.event("message")(listeners.comment.written)
    for action in (
        ActionId.HOME_RISK,
        ActionId.HOME_PIPELINE,
        ActionId.HOME_NEXT,
        ActionId.HOME_FIRST,
        ActionId.OPEN_HOME,
    ):
        app.action(action)(inbox.turn)
    app.action(ActionId.SETTINGS)(inbox.settings)
    app.view(ActionId.SETTINGS_MODAL)(inbox.keep)
    app.command("/approvals")(inbox.command)
    _register_tasks(app, listeners)


def _register_tasks(app: AsyncApp, listeners: Listeners) -> None:
    bulk, send = listeners.bulk, listeners.send
    start_task, task_help = listeners.start_task, listeners.task_help
    app.action(ActionId.BULK)(bulk.open)
    app.view(ActionId.BULK_MODAL)(bulk.choose)
    app.view(ActionId.BULK_CONFIRM_MODAL)(bulk.confirm)
    app.shortcut(ActionId.SEND)(send.form)
    app.view(ActionId.SEND_MODAL)(send.submit)
    app.command("/task")(start_task.command)
    app.shortcut(ActionId.NEW_TASK)(start_task.form)
    app.action(ActionId.PIPELINE)(start_task.choose)
    app.options(ActionId.PIPELINE)(start_task.suggest)
    app.options(re.compile(f"^{FieldKind.FILE}_"))(start_task.suggest)
    app.view(ActionId.TASK_MODAL)(start_task.submit)
    app.action(ActionId.RETRY)(task_help.retry)
    app.action(ActionId.CANCEL)(task_help.cancel)
