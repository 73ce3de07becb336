"""Tasks as a person in Slack meets them: only those they may see; the others do not exist."""

from bot.access.onlookers import UNSURE, Onlookers
from bot.access.sight import Onlooker, Sight, may_see, subject_of_task
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks, no_task
from bot.config.errors import UnavailableError
from workflows.messages.tasks import TaskView


class SeenTasks:
    """Every method raises SignoffError, the same for a task unknown and for one not to be seen."""

    def __init__(self, tasks: Tasks, approvals: Approvals, onlookers: Onlookers) -> None:
        self._tasks = tasks
        self._approvals = approvals
        self._onlookers = onlookers

    async def view(self, task_id: str, user: str) -> TaskView:
        """Where it stands."""
        who, view = await self._onlookers.of(user), await self._tasks.view(task_id)
        sight = may_see(who, subject_of_task(view))
        if sight is not Sight.SEES and await self._decides(who, view):
            sight = Sight.SEES
        if sight is Sight.UNSURE:
            raise UnavailableError(UNSURE)
        if sight is Sight.HIDDEN:
            raise no_task(task_id)
        return view

    async def cancel(self, task_id: str, user: str) -> str:
        """End it, if it is this person's."""
        await self.view(task_id, user)
        return await self._tasks.cancel(task_id, user)

    async def retry(self, task_id: str, user: str, problem: int) -> str:
        """Try the stuck step again, if it is this person's."""
        await self.view(task_id, user)
        return await self._tasks.retry(task_id, user, problem)

    async def _decides(self, who: Onlooker, view: TaskView) -> bool:
        """Whether this person is an approver of one of its approvals."""
        if may_see(who, subject_of_task(view, [who.user])) is not Sight.SEES:
            return False
        return await self._approvals.concerns(who.user, view.id)
