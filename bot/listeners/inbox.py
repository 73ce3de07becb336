"""Home: opened, filtered, paged; one's settings; and `/approvals`, the same in a private list."""

from datetime import datetime
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals.deputies import Deputies
from bot.approvals.home import HomePage
from bot.approvals.lists import ApprovalLists
from bot.listeners.click import Body, clicked, submitted
from bot.listeners.replier import Replier
from bot.listeners.trouble import in_time
from notifications.cards.buttons import ActionId, HomeCursor
from notifications.forms.settings import Wanted, settings_form, wanted
from notifications.views.handover import absent_told
from notifications.views.home import ANY
from storage.preferences import Preferences, PreferenceStore


class InboxListeners:
    """What waits for me, wherever I look for it."""

    def __init__(
        self,
        home: HomePage,
        lists: ApprovalLists,
        preferences: PreferenceStore,
        deputies: Deputies,
        replier: Replier,
    ) -> None:
        self._home = home
        self._lists = lists
        self._preferences = preferences
        self._deputies = deputies
        self._replier = replier

    async def opened(self, event: Body) -> None:
        """Home was opened: the filters stay, the page is the first."""
        if event.get("tab") == "home":
            view = event.get("view") or {}
            cursor = HomeCursor.read(view.get("private_metadata", ""))
            await self._home.publish(
                event["user"],
                cursor.model_copy(update={"after": ""}),
                instead_of=view.get("hash", ""),
            )

    async def turn(self, ack: AsyncAck, body: Body) -> None:
        """A filter or a page was chosen."""
        await ack()
        click, action = clicked(body), body["actions"][0]
        cursor = click.home or HomeCursor()
        chosen = (action.get("selected_option") or {}).get("value", "")
        chosen = "" if chosen == ANY else chosen
        match action["action_id"]:
            case ActionId.HOME_RISK:
                cursor = cursor.model_copy(update={"risk": chosen, "after": ""})
            case ActionId.HOME_PIPELINE:
                cursor = cursor.model_copy(update={"pipeline": chosen, "after": ""})
            case ActionId.HOME_NEXT:
                cursor = cursor.model_copy(update={"after": str(action.get("value", ""))[:40]})
            case _:
                cursor = cursor.model_copy(update={"after": ""})
        await self._home.publish(click.user, cursor)

    async def settings(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form."""
        await ack()
        mine = await self._preferences.of(body["user"]["id"])
        form = settings_form(Wanted.model_validate(mine.model_dump()))
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    async def keep(self, ack: AsyncAck, body: Body) -> None:
        """Keep the settings; a deputy who is needed now gets what already waits."""
        user, chosen = body["user"]["id"], wanted(body["view"])
        async with in_time():
            errors = chosen.errors(user) or await self._deputies.errors(chosen.deputy)
            if errors:
                await ack(response_action="errors", errors=errors)
                return
            mine = Preferences.model_validate(chosen.model_dump())
            await self._preferences.keep(user, mine)
        await ack()
        self._replier.beside(submitted(body), self._take_over(body, mine))

    async def _take_over(self, body: Body, mine: Preferences) -> None:
        click = submitted(body)
        zone = await self._deputies.zone(click.user)
        said = "Your settings are kept."
        if deputy := mine.deputy_at(datetime.now(ZoneInfo(zone))):
            done = await self._deputies.take_over(
                click.user, click.team, deputy, click.unique, enterprise=click.enterprise
            )
            said = f"{said} {absent_told(deputy, done)}".strip()
        await self._home.publish(click.user, HomeCursor(), said=said)

    async def command(self, ack: AsyncAck, body: Body) -> None:
        """`/approvals [mine | all | ID]`."""
        async with in_time():
            answer = await self._lists.answer((body.get("text") or "").strip(), body["user_id"])
        await ack(response_type="ephemeral", **answer)
