"""The id of one kind of thing given where the other is asked for: the answer to an unknown id."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from bot.approvals.queries import Approvals, no_approval
from bot.approvals.tasks import Tasks, no_task
from bot.config.errors import BadRequest
from bot.config.settings import load
from bot.processes.bootstrap import input_folders
from tests.workflows.conftest import House

ROOT = Path(__file__).parents[2]


async def test_the_id_of_something_else_is_that_of_nothing(house: House) -> None:
    """Whether it exists cannot be told from the answer, whatever kind it is of."""
    task = await house.start("analyse")
    approval = f"{task.id}.analyse.v1"
    await house.card(approval)
    settings = load(ROOT / "signoff.toml")
    tasks = Tasks(house.client, settings, input_folders(settings))
    approvals = Approvals(house.client, house.queue)
    asked: list[tuple[Awaitable[Any], BadRequest]] = [
        (tasks.view(approval), no_task(approval)),
        (tasks.cancel(approval, "U0GRACE001"), no_task(approval)),
        (tasks.view("t-never.analyse.v1"), no_task("t-never.analyse.v1")),
        (approvals.view(task.id), no_approval(task.id)),
        (approvals.look(task.id, 10), no_approval(task.id)),
        (approvals.look("t-never", 10), no_approval("t-never")),
    ]
    for question, answer in asked:
        with pytest.raises(BadRequest) as refused:
            await question
        assert str(refused.value) == str(answer)
    assert (await tasks.view(task.id)).id == task.id
    assert (await approvals.look(approval, 10)).view.request.id == approval
