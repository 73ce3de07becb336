"""Slack's gestures, one file each. `register` tells Bolt who listens to what."""

from slack_bolt.async_app import AsyncApp

from bot.listeners.decide import DecideListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from notifications.buttons import ActionId


def register(
    app: AsyncApp,
    decide: DecideListeners,
    start_task: StartTaskListeners,
    task_help: TaskHelpListeners,
) -> None:
    """Connect every gesture with its handler."""
    app.action(ActionId.APPROVE)(decide.approve)
    app.action(ActionId.APPROVE_WITH_CARE)(decide.ask)
    app.action(ActionId.REJECT)(decide.ask)
    app.view(ActionId.DECIDE_MODAL)(decide.submit)
    app.command("/task")(start_task.command)
    app.shortcut(ActionId.NEW_TASK)(start_task.form)
    app.view(ActionId.TASK_MODAL)(start_task.submit)
    app.action(ActionId.RETRY)(task_help.retry)
    app.action(ActionId.CANCEL)(task_help.cancel)
