"""Who may start a pipeline: the policy's words against every kind of person, and what is said."""

from pathlib import Path
from typing import Any

import pytest

from bot.access.onlookers import Onlookers
from bot.access.sight import Sight
from bot.access.starters import Starters
from bot.config.errors import BadRequest, UnavailableError
from bot.config.settings import Settings, load
from bot.listeners.start_task import StartTaskListeners
from tests.bot.onlooking import BUSY, FOREIGN, GUEST, HERE, SINGLE, ZOE, FakeSlack, Onlooking

SETTINGS = """
[policy]
approvers = ["grace@acme.example"]
{starters}
[pipelines.review]
steps = [{{ name = "analysis" }}]
[pipelines.pay]
policy = {{ starters = ["@finance"] }}
steps = [{{ name = "payment" }}]
"""
MEMBER: dict[str, Any] = {}
GONE, BOT = {"deleted": True}, {"is_bot": True}
BY_NAME = (f'["{ZOE}"]', '["z@acme.example"]', '["Z@ACME.example"]')
EVERYWHERE = ("", '["members"]', '["channel"]', '["@finance"]', '["S0FINANCE"]', *BY_NAME, "[]")


def settings(folder: Path, starters: str = "") -> Settings:
    file = folder / "signoff.toml"
    line = f"starters = {starters}" if starters else ""
    file.write_text(SETTINGS.format(starters=line), encoding="utf-8")
    return load(file)


def starters(folder: Path, named: str, slack: FakeSlack) -> Starters:
    return Starters(settings(folder, named), Onlookers(slack))


def person(faults: dict[str, str] | None = None, **slack: Any) -> FakeSlack:
    """Zoe, who is in the finance channel and in the group of that name."""
    row = Onlooking("x", Sight.SEES, slack=slack, channels=(HERE,), faults=faults or {})
    return FakeSlack(row, groups={"finance": [ZOE]})


@pytest.mark.parametrize("named", EVERYWHERE)
@pytest.mark.parametrize(
    ("slack", "by_name_only"),
    [
        (MEMBER, False),
        (GUEST, True),
        (SINGLE, True),
        (FOREIGN, True),
        ({"is_stranger": True}, True),
    ],
    ids=["member", "guest", "single-channel guest", "other workspace", "stranger"],
)
async def test_guests_and_strangers_start_only_when_named_one_by_one(
    tmp_path: Path, named: str, slack: dict[str, Any], by_name_only: bool
) -> None:
    """Full members by every word of the policy that means them; nobody by an empty list."""
    may = named in BY_NAME if by_name_only else named != "[]"
    door = starters(tmp_path, named, person(**slack))
    if may:
        await door.require("review", ZOE, HERE)
        await door.require_sender(ZOE, HERE)
        return
    for refused in (door.require("review", ZOE, HERE), door.require_sender(ZOE, HERE)):
        with pytest.raises(BadRequest, match=r"^You can't .*\.$"):
            await refused


@pytest.mark.parametrize("named", EVERYWHERE)
@pytest.mark.parametrize("slack", [GONE, BOT, GONE | GUEST], ids=["deactivated", "bot", "both"])
async def test_the_deactivated_and_bots_never_start(
    tmp_path: Path, named: str, slack: dict[str, Any]
) -> None:
    """Not even by name."""
    with pytest.raises(BadRequest):
        await starters(tmp_path, named, person(**slack)).require("review", ZOE, HERE)


async def test_channel_means_the_tasks_own(tmp_path: Path) -> None:
    """Another channel, and one's own messages with the bot, are not it."""
    door = starters(tmp_path, '["channel"]', person())
    await door.require("review", ZOE, HERE)
    for elsewhere in ("C0OTHER001", "D0ZOE00001", ZOE, ""):
        with pytest.raises(BadRequest):
            await door.require("review", ZOE, elsewhere)


async def test_a_pipelines_own_word_goes_over_the_general_one(tmp_path: Path) -> None:
    """`pay` is for the group, and whoever is not in it is offered the rest only."""
    slack = person()
    assert await starters(tmp_path, "", slack).pipelines(ZOE, HERE) == ("review", "pay")
    slack.groups = {"finance": []}
    door = starters(tmp_path, "", slack)
    assert await door.pipelines(ZOE, HERE) == ("review",)
    with pytest.raises(BadRequest):
        await door.require("pay", ZOE, HERE)


async def test_somebody_who_may_start_nothing_learns_no_names(tmp_path: Path) -> None:
    """Neither of pipelines nor of files, whatever they type."""
    door = starters(tmp_path, "", person(is_restricted=True))
    for pipeline in ("review", "nothing", ""):
        with pytest.raises(BadRequest) as refused:
            await door.require(pipeline, ZOE, HERE)
        assert "review" not in str(refused.value)
    with pytest.raises(BadRequest):
        await door.pipelines(ZOE, HERE)


@pytest.mark.parametrize("named", EVERYWHERE)
async def test_what_slack_does_not_say_is_not_allowed(tmp_path: Path, named: str) -> None:
    """And said as that, not as a refusal."""
    door = starters(tmp_path, named, person(BUSY))
    with pytest.raises(UnavailableError, match="couldn't check"):
        await door.require("review", ZOE, HERE)


@pytest.mark.parametrize("wrong", ['["nobody in particular"]', '"members"', "[5]", '["everyone"]'])
def test_a_word_nobody_knows_is_refused_at_the_start(tmp_path: Path, wrong: str) -> None:
    """With the place."""
    with pytest.raises(Exception, match="starters"):
        settings(tmp_path, wrong)


def test_starters_are_no_part_of_what_is_approved(tmp_path: Path) -> None:
    """The digest of an approval covers the policy of its decision; who started it is not in that."""
    (plain,) = settings(tmp_path).plans("review")
    (named,) = settings(tmp_path, '["channel"]').plans("review")
    assert plain == named


async def test_how_the_agents_are_is_for_those_who_may_start(tmp_path: Path) -> None:
    """The names of agents and what is wrong with them are not told to guests."""
    body = {"text": "health", "user_id": ZOE, "channel_id": HERE}
    nothing: Any = None
    door = starters(tmp_path, "", person(is_restricted=True))
    listeners = StartTaskListeners(
        tasks=nothing,
        seen=nothing,
        starters=door,
        settings=settings(tmp_path),
        folders=nothing,
        bypasses=nothing,
        fleet=nothing,
    )
    with pytest.raises(BadRequest, match="can't start tasks here"):
        await listeners.command(nothing, body, nothing)
