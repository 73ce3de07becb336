"""Whether somebody who decides still may: the account, the group, the channel and the address."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from temporalio.testing import ActivityEnvironment

from notifications.people import approvers
from notifications.people.approvers import SlackPeople
from workflows.activities import ElectorateRequest, EntitlementRequest
from workflows.messages.electorate import Electorate, Entitled, Entitlement, Person
from workflows.messages.policy import Policy

TEAM, OTHER, GRID = "T0ACME0001", "T0OTHER001", "E0GRID0001"
GRACE, ADA, EVE = "U0GRACE001", "U0ADA00001", "eve@partner.example"
CHANNEL, GROUP = "C0GENERAL1", "S0FINANCE1"


class Slack(AsyncWebClient):
    """Answers for Grace as she is now; `faults` by method: an error's code, `hang` or `away`."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-fake")
        self.grace: dict[str, Any] = {
            "id": GRACE,
            "team_id": TEAM,
            "profile": {"email": "grace@acme.example"},
        }
        self.group, self.members = [GRACE], [GRACE, ADA]
        self.faults: dict[str, str] = {}
        self.asked: list[str] = []

    async def api_call(self, api_method: str, **said: Any) -> Any:
        asked = said.get("params") or said.get("json") or {}
        self.asked.append(api_method)
        await self._fail(self.faults.get(api_method) or self.faults.get("*"))
        match api_method:
            case "auth.test":
                return {"ok": True, "team_id": TEAM, "enterprise_id": GRID}
            case "users.info":
                return {"ok": True, "user": self.grace}
            case "users.lookupByEmail":
                same = asked["email"] == self.grace["profile"]["email"]
                if self.grace.get("deleted") or not same:
                    raise refused("users_not_found")
                return {"ok": True, "user": self.grace}
            case "usergroups.list":
                return {"ok": True, "usergroups": [{"handle": "finance", "id": GROUP}]}
            case "usergroups.users.list":
                return {"ok": True, "users": self.group}
            case "conversations.members":
                return {"ok": True, "members": self.members}
        raise LookupError(api_method)

    async def _fail(self, fault: str | None) -> None:
        if fault == "hang":
            await asyncio.Event().wait()
        if fault == "away":
            raise ConnectionError("planted")
        if fault:
            raise refused(fault)


def refused(code: str) -> SlackApiError:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api",
        req_args={},
        data={"ok": False, "error": code},
        headers={"Retry-After": "1"},
        status_code=429 if code == "ratelimited" else 200,
    )
    return SlackApiError(f"planted {code}", response)


class Desk:
    """Raises for these names, lets things change, and asks again."""

    def __init__(self, *names: str, **policy: Any) -> None:
        self.slack = Slack()
        self.people = SlackPeople(self.slack)
        self.policy = Policy(approvers=names, **policy)

    async def raised(self) -> Electorate:
        asked = ElectorateRequest(policy=self.policy, channel=CHANNEL, requester=ADA)
        return await ActivityEnvironment().run(self.people.resolve_electorate, asked)

    async def now(self, person: Person) -> Entitlement:
        asked = EntitlementRequest(person=person, policy=self.policy, channel=CHANNEL)
        return await ActivityEnvironment().run(self.people.confirm_decider, asked)


async def raised(*names: str, **policy: Any) -> tuple[Desk, Person]:
    """Somebody who may decide now, with the desk they do so at."""
    desk = Desk(*names, **policy)
    (person,) = (await desk.raised()).people
    assert (await desk.now(person)).entitled is Entitled.YES
    desk.people = SlackPeople(desk.slack)  # nothing is remembered
    return desk, person


NAMES = [(GRACE,), ("grace@acme.example",), ("@finance",), (GROUP,), ("@finance", GRACE)]
LEFT = [
    ({"deleted": True}, "deactivated"),
    ({"is_restricted": True}, "guest"),
    ({"is_ultra_restricted": True}, "guest"),
    ({"is_bot": True}, "bot"),
    ({"team_id": OTHER}, "other workspace"),
    ({"is_stranger": True}, "other workspace"),
    ({"is_email_confirmed": False}, "address not confirmed"),
]


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
@pytest.mark.parametrize(("changed", "why"), LEFT, ids=[str(one[0]) for one in LEFT])
async def test_whoever_is_no_member_any_more_decides_nothing(
    names: tuple[str, ...], changed: dict[str, Any], why: str
) -> None:
    """However the policy names them."""
    desk, grace = await raised(*names)
    desk.slack.grace |= changed
    assert await desk.now(grace) == Entitlement(entitled=Entitled.NO, why=why)


async def test_whoever_left_the_group_decides_nothing() -> None:
    """By handle and by id; somebody named by themselves as well still does."""
    for names, may in ((("@finance",), False), ((GROUP,), False), (("@finance", GRACE), True)):
        desk, grace = await raised(*names)
        desk.slack.group = [ADA]
        found = await desk.now(grace)
        assert (found.entitled is Entitled.YES) == may
        assert may or found.why == f"not in {names[0]} any more"


async def test_whoever_left_one_of_two_groups_does_not_fill_its_seat() -> None:
    """Grace sits in both; the policy wants somebody of each."""
    groups = {"finance": ("@finance",), "legal": (GRACE,)}
    desk, grace = await raised(quorum=2, groups=groups)
    assert set(grace.named) == {"@finance", GRACE}
    desk.slack.group = [ADA]
    found = await desk.now(grace)
    assert (found.entitled, found.why) == (Entitled.NO, "not in @finance any more")


async def test_whoever_left_the_channel_decides_nothing() -> None:
    """Where its members are the approvers."""
    desk = Desk("channel")
    desk.slack.members = [GRACE]
    (grace,) = (await desk.raised()).people
    desk.slack.members = [ADA]
    found = await desk.now(grace)
    assert (found.entitled, found.why) == (Entitled.NO, "not in the channel any more")


async def test_an_address_stands_for_whoever_has_it_now() -> None:
    """Grace has another one now."""
    desk, grace = await raised("grace@acme.example")
    desk.slack.grace["profile"] = {"email": "hopper@acme.example"}
    assert (await desk.now(grace)).why == "grace@acme.example is not your address any more"


async def test_a_guest_who_is_allowed_stays_allowed_by_name_only() -> None:
    """The group never stands for guests."""
    for names, may in (((GRACE,), True), (("@finance",), False), (("@finance", GRACE), True)):
        desk, grace = await raised(*names, allow_guests=True)
        desk.slack.grace |= {"is_restricted": True}
        assert ((await desk.now(grace)).entitled is Entitled.YES) == may


@pytest.mark.parametrize("fault", ["away", "hang", "ratelimited", "internal_error"])
async def test_while_slack_is_away_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Within the budget."""
    desk, grace = await raised("@finance")
    monkeypatch.setattr(approvers, "BUDGET", 0.1)
    desk.slack.faults["*"] = fault
    assert (await desk.now(grace)).entitled is Entitled.UNKNOWN


@pytest.mark.parametrize("fault", ["away", "hang", "ratelimited"])
async def test_a_known_refusal_wins(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """One answer is enough to refuse, whichever it is; to allow, both are needed."""
    monkeypatch.setattr(approvers, "BUDGET", 0.3)
    for method, change in (("users.info", "group"), ("usergroups.users.list", "account")):
        desk, grace = await raised("@finance")
        desk.slack.faults[method] = fault
        assert (await desk.now(grace)).entitled is Entitled.UNKNOWN
        desk.people = SlackPeople(desk.slack)
        if change == "group":
            desk.slack.group = []
        else:
            desk.slack.grace["deleted"] = True
        assert (await desk.now(grace)).entitled is Entitled.NO


async def test_what_slack_said_last_is_kept_for_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they may: for a minute. That they may not: until Slack says otherwise."""
    monkeypatch.setattr(approvers, "FRESH", 0.0)
    desk, grace = await raised(GRACE)
    assert (await desk.now(grace)).entitled is Entitled.YES
    desk.slack.faults["*"] = "away"
    assert (await desk.now(grace)).entitled is Entitled.YES
    desk.slack.faults.clear()
    desk.slack.grace["deleted"] = True
    assert (await desk.now(grace)).entitled is Entitled.NO
    desk.slack.faults["*"] = "away"
    assert (await desk.now(grace)).entitled is Entitled.NO


async def test_a_burst_of_decisions_is_one_look_up() -> None:
    """Forty at once by one person: who they are, and their group, are asked once."""
    desk, grace = await raised("@finance")
    desk.slack.asked.clear()
    await asyncio.gather(*(desk.now(grace) for _ in range(40)))
    assert desk.slack.asked.count("users.info") == 1
    assert desk.slack.asked.count("usergroups.users.list") == 1


async def test_a_deactivated_person_is_no_approver_by_e_mail() -> None:
    """To Slack's look-up by address they are unknown, as a partner without an account is."""
    for policy in ({}, {"mail_addresses": (EVE,)}, {"mail_addresses": ("@partner.example",)}):
        desk = Desk("grace@acme.example", EVE, mail_only=True, **policy)
        desk.slack.grace["deleted"] = True
        found = await desk.raised()
        assert [person.id for person in found.people] == ([EVE] if policy else [])
        assert "grace@acme.example" in [one.name for one in found.excluded]


@pytest.mark.parametrize(
    "address", ["eve@partner.example.evil", "eve@evil.example", "@partner.example", "eve", ""]
)
async def test_an_address_that_the_policy_does_not_allow_is_nobodys(address: str) -> None:
    """Neither by likeness, nor as the pattern itself."""
    policy = Policy(approvers=(GRACE,), mail_only=True, mail_addresses=("@partner.example",))
    assert not policy.mail_decides(address)
    assert policy.mail_decides("Eve@Partner.example")
    assert not policy.model_copy(update={"mail_only": False}).mail_decides(EVE)


async def test_a_partner_without_an_account_is_looked_up_by_address() -> None:
    """And is an approver for as long as the policy says so."""
    desk = Desk(EVE, mail_only=True, mail_addresses=(EVE,))
    (eve,) = (await desk.raised()).people
    assert (await desk.now(eve)).entitled is Entitled.YES
    desk.policy = desk.policy.model_copy(update={"mail_addresses": ()})
    assert (await desk.now(eve)).entitled is Entitled.NO
