"""The adapter with a real Temporal server: what it says while people decide, and afterwards."""

import asyncio
import contextlib
import uuid
from pathlib import Path
from typing import Any

import pytest
from temporalio.common import SearchAttributeKey

from agents.programs.port import ApprovalStanding, Asking, DeskRefused, DeskUnavailable, State
from agents.programs.request import draft_from
from bot.approvals.desk import TemporalDesk
from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.programs.fakes import OTHER, PEER
from tests.bot.black_hole import DOWN, UP, BlackHole
from tests.fakes import ADA, GRACE
from tests.workflows.conftest import House, click, house
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Edit, Outcome, Verdict
from workflows.messages.policy import Policy

__all__ = ["house"]  # the fixture


def asking(**draft: Any) -> Asking:
    """Something new to ask."""
    said = {"title": "Deploy", "summary": "All checks passed.", "full_text": "# Log", **draft}
    return Asking(id=f"x-{uuid.uuid4().hex[:16]}.approve.v1", program=PEER, draft=draft_from(said))


def desk_of(house: House) -> TemporalDesk:
    return TemporalDesk(house.client, house.queue)


async def looked(desk: TemporalDesk, approval: str) -> ApprovalStanding:
    found = await desk.look(approval, PEER.name)
    assert found is not None
    return found


async def test_approved_is_told_with_names_and_digest(house: House) -> None:
    """The result's digest can be computed from what was sent."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    await house.decide(asked.id, Verdict.APPROVE, GRACE)
    async with asyncio.timeout(10):
        await desk.settled(asked.id)
    standing = await looked(desk, asked.id)
    assert standing.outcome is Outcome.APPROVED
    assert standing.settlement is not None
    assert standing.settlement.result_digest == digest(asked.draft.result())
    assert standing.names[GRACE] == GRACE.title()
    assert standing.title == "The peer: Deploy"


async def test_waiting_needs_no_worker(house: House) -> None:
    """Who may decide and until when is known to the server."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    await house.card(asked.id)
    standing = await looked(desk, asked.id)
    assert (standing.state, len(standing.approvers)) == (State.PENDING, 2)
    assert standing.deadline is not None


async def test_an_outcome_is_known_while_slack_is_down(house: House) -> None:
    """The cards are rewritten later; the program need not wait for that."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    view = await house.card(asked.id)
    house.cards.down.set()
    decision = click(view, Verdict.APPROVE, GRACE)
    await house.approval(asked.id).signal(ApprovalWorkflow.decide, decision)
    async with asyncio.timeout(10):
        await desk.settled(asked.id)
    standing = await looked(desk, asked.id)
    house.cards.down.clear()
    assert standing.outcome is Outcome.APPROVED
    assert standing.settlement is not None
    assert standing.settlement.result_digest == digest(asked.draft.result())


async def test_who_withdrew_is_known_while_slack_is_down(house: House) -> None:
    """The same before its workflow has ended as afterwards: a statement of it is signed."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    await house.card(asked.id)
    house.cards.down.set()
    await desk.withdraw(asked.id, PEER, "not needed")
    await asyncio.wait_for(desk.settled(asked.id), 30)
    before = await looked(desk, asked.id)
    assert before.settlement is not None
    assert before.settlement.ended_by == PEER.owner
    house.cards.down.clear()
    await house.client.get_workflow_handle(asked.id).result()
    assert await looked(desk, asked.id) == before


async def test_the_same_id_twice_is_one_approval(house: House) -> None:
    """With another content it is refused; also after the end."""
    desk, asked = desk_of(house), asking()
    await asyncio.gather(*(desk.ask(asked) for _ in range(5)))
    await house.decide(asked.id, Verdict.APPROVE, GRACE)
    await desk.settled(asked.id)
    await desk.ask(asked)
    with pytest.raises(DeskRefused, match="another content"):
        await desk.ask(asked.model_copy(update={"draft": asking(title="Other").draft}))
    with pytest.raises(DeskRefused, match="another content"):
        await desk.ask(asked.model_copy(update={"program": OTHER}))


async def test_an_approval_is_its_principals_own(house: House) -> None:
    """For others, and for ids of other approvals, there is none."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    assert await desk.look(asked.id, OTHER.name) is None
    assert await desk.look("x-0.approve.v1", PEER.name) is None
    await house.start("analysis")
    assert await desk.look("t-0.analysis.v1", PEER.name) is None


async def test_the_owner_withdraws_and_cannot_decide(house: House) -> None:
    """Ada answers for the program: her approval does not count."""
    owned = PEER.model_copy(update={"policy": Policy(approvers=(ADA, GRACE))})
    desk, asked = desk_of(house), asking().model_copy(update={"program": owned})
    await desk.ask(asked)
    await house.decide(asked.id, Verdict.APPROVE, ADA)
    assert (await looked(desk, asked.id)).state is State.PENDING
    await desk.withdraw(asked.id, owned, "not needed")
    await desk.settled(asked.id)
    standing = await looked(desk, asked.id)
    assert standing.outcome is Outcome.WITHDRAWN
    await desk.withdraw(asked.id, owned, "again")
    assert await looked(desk, asked.id) == standing


async def test_a_next_version_remembers_who_had_a_hand_in_it(house: House) -> None:
    """Grace edited version 1, so she cannot approve version 2; the difference can be shown."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    edit = Edit(summary="only in Europe")
    await house.decide(asked.id, Verdict.APPROVE, GRACE, edit=edit)
    await desk.settled(asked.id)
    standing = await looked(desk, asked.id)
    assert standing.outcome is Outcome.CHANGES_REQUESTED
    assert standing.edited is not None
    second = asking(summary="only in Europe").model_copy(
        update={"id": asked.id[:-1] + "2", "revision": 2, "previous": asked.id}
    )
    await desk.ask(second)
    view = await house.card(second.id)
    assert view.request.authors == (GRACE,)
    assert view.request.previous == asked.draft.result().model_copy(update={"full_text": ""})
    assert view.request.edited_by == GRACE
    assert GRACE not in view.ballot.eligible()


async def test_there_is_no_next_version_of_what_stands(house: House) -> None:
    """Pending, approved, or somebody else's: refused before anybody is asked."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    second = asked.model_copy(
        update={"id": asked.id[:-1] + "2", "revision": 2, "previous": asked.id}
    )
    with pytest.raises(DeskRefused, match="no next version"):
        await desk.ask(second)
    with pytest.raises(DeskRefused, match="no next version"):
        await desk.ask(second.model_copy(update={"program": OTHER}))
    with pytest.raises(DeskRefused, match="used up"):
        await desk.ask(second.model_copy(update={"revision": 9}))


async def test_a_program_has_only_so_many_approvals_open(house: House) -> None:
    """One more is refused with a sentence, its own repeats and other programs are not."""
    few = PEER.model_copy(update={"most_open": 3})
    desk = desk_of(house)
    asked = [asking().model_copy(update={"program": few}) for _ in range(6)]
    told = await asyncio.gather(*(desk.ask(one) for one in asked), return_exceptions=True)
    taken = [one for one, error in zip(asked, told, strict=True) if error is None]
    refused = [error for error in told if error is not None]
    assert (len(taken), len(refused)) == (3, 3)
    assert all(isinstance(error, DeskRefused) for error in refused)
    assert str(refused[0]).startswith("3 approvals of this program wait already")
    await desk.ask(taken[0])
    await desk.ask(asking().model_copy(update={"program": OTHER}))
    another = desk_of(house)
    last = asking().model_copy(update={"program": few})
    for one in taken:
        await house.card(one.id)
    with pytest.raises(DeskRefused, match="wait for decisions, or withdraw"):
        await until_listed(another, last)
    await house.decide(taken[0].id, Verdict.REJECT, GRACE, comment="no")
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(DeskRefused):
                await another.ask(last)
                break


async def test_an_unfinished_set_up_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search attribute that nobody registered: not 'no such approval'."""
    unknown = SearchAttributeKey.for_keyword("SignoffNowhere")
    monkeypatch.setattr("workflows.approval.search_attributes.PROGRAM", unknown)
    with pytest.raises(DeskUnavailable, match="signoff doctor"):
        await desk_of(house).ask(asking())


async def until_listed(desk: TemporalDesk, one: Asking) -> None:
    """Ask once the lists of a desk that started none of them hold all three."""
    async with asyncio.timeout(10):
        while len(await desk._waiting_for(one.program.name, 3)) < 3:  # noqa: ASYNC110 - lists lag
            await asyncio.sleep(0.02)
    await desk.ask(one)


async def test_an_operators_end_is_no_decision(house: House) -> None:
    """A terminated workflow is broken, with a sentence."""
    desk, asked = desk_of(house), asking()
    await desk.ask(asked)
    await house.card(asked.id)
    await house.approval(asked.id).terminate()
    await desk.settled(asked.id)
    standing = await looked(desk, asked.id)
    assert (standing.state, standing.outcome) == (State.BROKEN, None)
    assert "operator" in standing.problem


async def test_without_temporal_it_is_said(
    house: House, temporal_address: str, tmp_path: Path
) -> None:
    """Nothing is guessed, and nobody waits for ever."""
    async with BlackHole(int(temporal_address.rpartition(":")[2])) as hole:
        plugin = temporal.plugin(PayloadFiles(tmp_path))
        settings = TemporalSettings(address=f"127.0.0.1:{hole.port}")
        client = await temporal.connect(settings, plugin)
        desk, asked = TemporalDesk(client, house.queue, seconds=0.5), asking()
        await desk.ask(asked)
        hole.swallow(UP, DOWN)
        for doing in (desk.ask(asking()), desk.look(asked.id, PEER.name)):
            with pytest.raises(DeskUnavailable, match="try again"):
                await doing
        with pytest.raises(DeskUnavailable, match="try again"):
            await desk.withdraw(asked.id, PEER, "no")


async def test_a_twin_is_one_that_waits_with_the_same_content(house: House) -> None:
    """Not another program's, not of other words, not of high risk, and not a decided one."""
    desk, asked, again = desk_of(house), asking(), asking()
    await desk.ask(asked)
    await house.card(asked.id)
    async with asyncio.timeout(10):
        while await desk.twin(again) != asked.id:  # noqa: ASYNC110 - Temporal lists it soon
            await asyncio.sleep(0.05)
    assert await desk.twin(again.model_copy(update={"program": OTHER})) == ""
    assert await desk.twin(asking(summary="Another log.")) == ""
    risky = asking(risk="high")
    await desk.ask(risky)
    await house.card(risky.id)
    assert await desk.twin(asking(risk="high")) == ""
    await house.decide(asked.id, Verdict.APPROVE, GRACE)
    await desk.settled(asked.id)
    async with asyncio.timeout(10):
        while await desk.twin(again):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
