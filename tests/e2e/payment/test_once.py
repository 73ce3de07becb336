"""`/task pay`, and the model fails after the tools' results: each payment is ordered once."""

import contextlib
import functools
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents.samples.offline import OfflineModel
from agents.samples.tools.payments import PaymentTools
from bot.approvals import delivery
from bot.config.sections.agents import AgentSettings
from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from notifications.slack.delivery import RECEIPT
from playground.server import Playground
from tests.agents.scripted import overloaded
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for
from tests.e2e.payment.test_patterns import approve
from workflows.task.turns import AGENT_RETRIES

pytestmark = pytest.mark.filterwarnings(r"ignore:\[EXPERIMENTAL\]:UserWarning")


class FlakyModel:
    """The offline model, which fails `left` times where it has heard of an order."""

    def __init__(self) -> None:
        self.left = 0
        self.failed = 0
        self._answer = OfflineModel.generate_content_async

    def put_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In place of the model itself."""
        flaky = self

        async def answer(model: Any, request: Any, stream: bool = False) -> AsyncGenerator[Any]:
            if flaky.left and "'order'" in str(request.contents):
                flaky.left -= 1
                flaky.failed += 1
                raise overloaded()
            async for said in flaky._answer(model, request, stream):
                yield said

        monkeypatch.setattr(OfflineModel, "generate_content_async", answer)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every time that the tool ran."""
    made: list[str] = []
    order = PaymentTools.order_payment

    @functools.wraps(order)
    async def counted(self: PaymentTools, **arguments: Any) -> dict[str, Any]:
        answer = await order(self, **arguments)
        made.append(answer["order"])
        return answer

    monkeypatch.setattr(PaymentTools, "order_payment", counted)
    return made


@pytest.fixture
async def office(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Everything running, the agent in the worker, which is built as it is shipped."""
    monkeypatch.setattr(
        delivery, "FIRST_TRY_SECONDS", 2.0
    )  # agents compute on this very event loop
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff").model_copy(
        update={"agents": {"payment": AgentSettings(run="local")}}
    )
    settings.folder.mkdir()
    built = Office(workspace, settings)
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings))
        await stack.enter_async_context(bootstrap.bot(settings))
        yield built
        await built.close()


async def test_each_payment_is_ordered_once(
    office: Office, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One approval; every attempt fails, a person presses Retry, the next one fails too."""
    flaky = FlakyModel()
    flaky.put_in(monkeypatch)
    attempts = AGENT_RETRIES.maximum_attempts
    flaky.left = attempts + 1
    await office.ada.command("/task pay examples/payments.csv", CHANNEL)
    thread = await office.thread()
    asked = "payment-question-1"
    await approve(office, await office.card(thread, asked), asked)
    stuck = await office.ada.wait_for(
        lambda m: "is overloaded" in str(m.get("blocks")), CHANNEL, timeout=PATIENCE
    )
    assert (flaky.failed, len(orders)) == (attempts, 3)
    await office.ada.click(stuck, ActionId.RETRY)
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=PATIENCE)
    assert flaky.failed == attempts + 1
    assert len(set(orders)) == len(orders) == 3
    shown = await office.ada.messages(CHANNEL, thread)
    (receipt,) = [m for m in shown if (m.get("metadata") or {}).get("event_type") == RECEIPT]
    assert receipt["text"].startswith("🧾 3 actions carried out")
