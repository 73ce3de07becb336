"""People as they are now: whoever could decide when it was raised may not any more."""

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from bot.commands import ask
from bot.config.errors import BadRequest
from bot.processes import bootstrap
from notifications.cards.buttons import ActionId, ButtonValue
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import COMMAND, approval_of, buttons, first_card, told
from tests.e2e.test_answers import click_payload
from tests.fakes import GRACE, LINUS
from tests.security.conftest import recorded
from workflows.messages.decisions import Decision, Delegation, ReplyKind, Verdict, Via

GROUP, FORMER, OTHER = "S0FINANCE1", "former@acme.example", "T0OTHER001"


def policy(**keys: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("office", [keys], indirect=True)


async def desk_of(office: Office) -> Any:
    return (await bootstrap.desk(office.settings)).approvals


async def decides(office: Office, card: dict[str, Any], via: Via, by: str = GRACE) -> Any:
    """By a path that waits for the answer."""
    value = ButtonValue.model_validate_json(buttons(card)[0]["value"])
    approvals = await desk_of(office)
    view = await approvals.view(value.approval)
    decision = Decision(
        id=f"{via}:1",
        verdict=Verdict.APPROVE,
        by=by,
        at=view.raised_at,
        revision=1,
        digest=value.digest,
        via=via,
    )
    return await approvals.decide(value.approval, decision)


@policy(approvers=["@finance"])
async def test_whoever_left_the_group_decides_nothing(office: Office) -> None:
    """Grace is told why, by click, mail and command line; Linus still decides."""
    thread, card = await first_card(office)
    await office.ada.change_group(GROUP, [LINUS])
    await office.grace.click(card, ActionId.APPROVE)
    await told(office.grace, "are one no longer (not in @finance any more)", thread)
    for via in (Via.EMAIL, Via.CLI):
        answer = await decides(office, card, via)
        assert (answer.reply, answer.approvers) == (ReplyKind.NO_LONGER, (LINUS,))
    await office.linus.click(card, ActionId.APPROVE)
    assert f"<@{LINUS}>" in (await office.decided(thread, "analysis"))["text"]
    refusals = [row for row in await recorded(office) if row.kind == "refused"]
    assert [row.detail["entitlement"]["entitled"] for row in refusals] == ["no"] * 3


LEFT: list[tuple[str, dict[str, Any], str]] = [
    ("deactivated", {"deleted": True}, "deactivated"),
    ("a guest", {"is_restricted": True}, "guest"),
    ("of another workspace", {"team_id": OTHER, "is_stranger": True}, "other workspace"),
]


@pytest.mark.parametrize(("what", "changes", "why"), LEFT, ids=[one[0] for one in LEFT])
async def test_whoever_is_no_member_any_more_decides_nothing(
    office: Office, what: str, changes: dict[str, Any], why: str
) -> None:
    """A click that Slack took before, a mailed link of the last day, the operator's --as."""
    _, card = await first_card(office)
    await office.ada.change_user(GRACE, **changes)
    payload = click_payload(card, buttons(card)[0], GRACE)
    assert (await office.ada.deliver("interactive", payload))["acked"]
    answer = await decides(office, card, Via.EMAIL)
    assert (answer.reply, answer.detail) == (ReplyKind.NO_LONGER, why), what
    value = ButtonValue.model_validate_json(buttons(card)[0]["value"])
    quiet, approve = Console(file=io.StringIO()), Verdict.APPROVE
    command = (approval_of(card), approve, GRACE, value.digest, "", "")
    with pytest.raises(BadRequest, match=f"are one no longer \\({why}\\)"):
        await ask.decide(office.settings, quiet, *command)
    view = await (await desk_of(office)).view(approval_of(card))
    assert (view.ballot.outcome, view.ballot.counted) == (None, ())


@pytest.mark.parametrize("office", [{}, {"risk": "high"}], indirect=True, ids=["normal", "high"])
async def test_while_slack_is_away_the_policy_decides(
    office: Office, request: pytest.FixtureRequest
) -> None:
    """Every click is acknowledged; at normal risk it counts, at high risk it is asked for again."""
    thread, card = await first_card(office)
    await office.ada.fault("server_error", method="users.*")
    if office.settings.policy.get("risk") == "high":
        value = ButtonValue.model_validate_json(buttons(card)[0]["value"])
        answer = await (await desk_of(office)).decide(
            value.approval,
            Decision(
                id="cli:1",
                verdict=Verdict.APPROVE,
                by=GRACE,
                at=(await (await desk_of(office)).view(value.approval)).raised_at,
                revision=1,
                digest=value.digest,
                via=Via.CLI,
                confirmation="analysis",
            ),
        )
        assert answer.reply is ReplyKind.UNCONFIRMED
        return
    payload = click_payload(card, buttons(card)[0], GRACE)
    assert (await office.ada.deliver("interactive", payload))["acked"]
    assert f"<@{GRACE}>" in (await office.decided(thread, "analysis"))["text"]


@policy(
    approvers=[FORMER, "grace@acme.example", "linus@acme.example"],
    mail_only=True,
    mail_addresses=["@partner.example"],
)
async def test_somebody_deactivated_is_no_approver_by_e_mail(office: Office) -> None:
    """To Slack's look-up by address they are unknown; the card asks those who are there."""
    _, card = await first_card(office)
    electorate = (await (await desk_of(office)).view(approval_of(card))).ballot.electorate
    assert [person.id for person in electorate.people] == [GRACE, LINUS]
    assert FORMER in [one.name for one in electorate.excluded]


@policy(approvers=["grace@acme.example"], mail_only=True, mail_addresses=["@partner.example"])
async def test_a_decision_is_handed_on_to_people_only(office: Office) -> None:
    """Not to any address; what is refused is recorded."""
    _, card = await first_card(office)
    approvals, approval = await desk_of(office), approval_of(card)
    for to, done in (
        ("evil@evil.example", False),
        (FORMER, False),
        ("U0NOBODY01", False),
        ("@finance", False),
        ("eve@partner.example", True),
    ):
        handed = Delegation(id=f"d:{to}", by=GRACE, to=to, team="T0ACME0001")
        answer = await approvals.delegate(approval, handed)
        assert (answer.reply is ReplyKind.DELEGATED) == done, to
    rows = [row for row in await recorded(office) if "delegated_to" in row.detail]
    assert len(rows) == 4


@policy(bypassers=["linus@acme.example"])
async def test_a_strangers_profile_opens_no_bypass(office: Office) -> None:
    """With a bypasser's address in it: from another workspace, or never confirmed."""
    address, guest = {"email": "linus@acme.example"}, office.person("U0GUEST001")
    await office.ada.change_user(GRACE, team_id=OTHER, is_stranger=True, **address)
    await office.ada.change_user(
        guest.user, is_restricted=False, is_email_confirmed=False, **address
    )
    for person in (office.grace, guest):
        answer = await person.command("/task bypass review 1h fire", CHANNEL)
        assert "You may not bypass review" in str(answer["response"])
    await guest.close_session()


@policy(bypassers=["linus@acme.example"])
async def test_a_bypass_ends_when_its_opener_leaves(office: Office) -> None:
    """The next task asks people."""
    opened = await office.linus.command("/task bypass review incident 42", CHANNEL)
    assert "need nobody" in str(opened["response"])
    await office.ada.change_user(LINUS, deleted=True)
    await office.ada.command(COMMAND, CHANNEL)
    assert await office.card(await office.thread(), "analysis")


async def test_sibling_workspaces_are_one_organisation(office: Office) -> None:
    """An approver of Enterprise Grid clicks as a member of another of its workspaces."""
    grid = {"id": GRACE, "enterprise_id": "E0GRID0001", "teams": [OTHER, "T0ACME0001"]}
    await office.ada.change_user(GRACE, team_id=OTHER, enterprise_user=grid)
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.APPROVE)
    assert f"<@{GRACE}>" in (await office.decided(thread, "analysis"))["text"]


async def test_the_command_line_is_named_by_its_account(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever LOGNAME says."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    _, card = await first_card(office)
    value = ButtonValue.model_validate_json(buttons(card)[0]["value"])
    quiet, approve = Console(file=io.StringIO()), Verdict.APPROVE
    await ask.decide(
        office.settings, quiet, approval_of(card), approve, GRACE, value.digest, "", ""
    )
    for _ in range(100):  # the log is written beside the decision
        rows = [row for row in await recorded(office) if row.kind == "decided"]
        if rows:
            break
        await asyncio.sleep(0.1)
    (row,) = rows
    assert row.detail["operator"] == ask.operator()
    assert "somebody-else" not in str(row.detail)
