"""Approvals live through the first key, its rotation, and encryption; forged messages do not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import Replayer

from bot.approvals import delivery
from bot.config.payload_keys import mac_keys, payload_codec, signing_codec
from bot.processes import bootstrap
from bot.processes.bootstrap import _parts
from bot.temporal import client as temporal
from bot.temporal.data_converter import data_converter
from notifications.cards.buttons import ActionId
from playground.server import Playground
from storage.payloads.mac_codec import MAC, meant_for
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for
from tests.e2e.gestures import COMMAND, approval_of, first_card
from tests.e2e.security.test_encryption import keyed, running
from tests.security.conftest import Outsider, refused
from tests.security.test_forged_messages import until, view_of, yes
from tests.security.thief import answers_activities


@pytest.fixture
async def office(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Nothing runs yet."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    built = Office(workspace, settings)
    yield built
    await built.close()


async def _to_the_end(office: Office, thread: str) -> None:
    for step in ("strategy", "patterns", "report"):
        await office.grace.click(await office.card(thread, step), ActionId.APPROVE)
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=PATIENCE)


async def replays(office: Office) -> int:
    """Every history of this test, in this code and with the keys of now."""
    client = await bootstrap.connect(office.settings)
    files = bootstrap.payload_files(office.settings)
    ours = temporal.plugin(files, codec=signing_codec(office.settings))
    replayer, count = Replayer(workflows=[], plugins=[ours], namespace=client.namespace), 0
    queue = f"TaskQueue = '{office.settings.temporal.task_queue}'"
    async for found in client.list_workflows(queue):
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        await replayer.replay_workflow(history)
        count += 1
    return count


async def test_a_task_lives_through_a_rotation(office: Office, outsider: Outsider) -> None:
    """Begun with the old key, forged at with it after it was retired, ended with the new one."""
    await bootstrap.prepare(office.settings)
    async with running(office, office.settings):
        thread, card = await first_card(office)
        approval = approval_of(card)
        view = await view_of(office, approval)
        stolen = await _signed(office, approval, yes(view))
        mac_keys(office.settings).rotate(timedelta(0))
        await outsider.signal(approval, "decide", stolen)
        await office.linus.click(card, ActionId.APPROVE)
        await _to_the_end(office, thread)
    assert await refused(office) == ["signal decide: made with a retired key"]
    assert await replays(office) == 5


async def _at_rest(office: Office) -> None:
    """Until nothing is under way: a result that is would count as one of after the keys."""
    client = await bootstrap.connect(office.settings)
    queue = f"TaskQueue = '{office.settings.temporal.task_queue}' AND ExecutionStatus = 'Running'"

    async def nothing_runs() -> None:
        async for found in client.list_workflows(queue):
            told = (await client.get_workflow_handle(found.id).describe()).raw_description
            if told.pending_activities or told.HasField("pending_workflow_task"):
                raise LookupError("something is under way")

    await until(nothing_runs)


async def test_what_was_begun_before_there_were_keys_goes_on(
    office: Office, outsider: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its start, its earlier decisions and activities stay; a plain gesture of now is none."""
    with monkeypatch.context() as before:
        before.setattr(_parts, "signing_codec", payload_codec)
        await bootstrap.prepare(office.settings)
        async with running(office, office.settings):
            thread, card = await first_card(office)
            await office.grace.click(card, ActionId.APPROVE)
            second = await office.card(thread, "strategy")
            await view_of(office, approval_of(second))
            await _at_rest(office)
    assert mac_keys(office.settings).ring().plain_until is not None
    async with running(office, office.settings):
        approval = approval_of(second)
        plain = await outsider.plain(yes(await view_of(office, approval)))
        await outsider.signal(approval, "decide", plain)
        assert (await view_of(office, approval)).ballot.outcome is None
        await _to_the_end(office, thread)
    assert await refused(office) == ["signal decide: without a MAC"]
    assert await replays(office) == 5


async def test_an_activity_scheduled_before_there_were_keys_is_done(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arguments carry no MAC, and were scheduled before; the attempt comes afterwards."""
    settings = office.settings
    with monkeypatch.context() as before:
        before.setattr(_parts, "signing_codec", payload_codec)
        await bootstrap.prepare(settings)
        client = await bootstrap.connect(settings)

        async def scheduled() -> None:
            async for task in client.list_workflows(
                f"TaskQueue = '{settings.temporal.task_queue}'"
            ):
                if (
                    await client.get_workflow_handle(task.id).describe()
                ).raw_description.pending_activities:
                    return
            raise LookupError("nothing is scheduled")

        async with bootstrap.bot(settings), temporal.worker(client, settings.temporal):
            await office.ada.command(COMMAND, CHANNEL)
            await until(scheduled)
    async with running(office, settings):
        thread = await office.thread()
        assert await office.card(thread, "analysis")


@pytest.mark.parametrize("read_plain", [True, False])
async def test_encryption_is_no_door_for_plain_messages(
    office: Office, outsider: Outsider, read_plain: bool
) -> None:
    """With `read_plain` one counted, without it one stopped the approval for good."""
    settings = keyed(office.settings, "key1")
    storage = settings.storage.model_copy(update={"read_plain": read_plain})
    office.settings = settings.model_copy(update={"storage": storage})
    await bootstrap.prepare(office.settings)
    async with running(office, office.settings):
        thread, card = await first_card(office)
        approval = approval_of(card)
        forged = yes(await view_of(office, approval))
        await outsider.signal(approval, "decide", await outsider.plain(forged))
        assert (await view_of(office, approval)).ballot.outcome is None
        await office.linus.click(card, ActionId.APPROVE)
        await office.decided(thread, "analysis")
        assert await office.card(thread, "strategy")
    assert await refused(office) == ["signal decide: without a MAC"]


async def test_a_forged_answer_of_an_activity_is_asked_for_again(
    office: Office, outsider: Outsider
) -> None:
    """An outsider who takes activities off the queue and answers them delays them, and no more."""
    await bootstrap.prepare(office.settings)
    without_activities = await bootstrap.connect(office.settings)
    queue = office.settings.temporal.task_queue

    async def two_taken() -> None:
        if len(taken) < 2:
            raise LookupError(taken)

    async with bootstrap.bot(office.settings):
        async with (
            temporal.worker(without_activities, office.settings.temporal),
            answers_activities(outsider.client, queue) as taken,
        ):
            await office.ada.command(COMMAND, CHANNEL)
            await until(two_taken)
        async with bootstrap.worker(office.settings, office.agent):
            thread = await office.thread()
            card = await office.card(thread, "analysis")
            await office.grace.click(card, ActionId.APPROVE)
            await office.decided(thread, "analysis")

    async def told() -> None:
        missing = {f"result of {name}: without a MAC" for name in taken} - set(
            await refused(office)
        )
        if missing:
            raise LookupError(missing)

    await until(told)
    assert await replays(office) >= 2


async def _signed(office: Office, workflow: str, value: object) -> list[Payload]:
    """What a thief of today's keys keeps for later."""
    converter = data_converter(
        bootstrap.payload_files(office.settings), signing_codec(office.settings)
    ).with_context(WorkflowSerializationContext(namespace="default", workflow_id=workflow))
    with meant_for("signal decide"):
        payloads: list[Payload] = await converter.encode([value])
    assert MAC in payloads[0].metadata
    return payloads
