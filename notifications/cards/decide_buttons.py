"""The buttons of a pending approval, the same on a card and in Home."""

from notifications.cards.buttons import ActionId, ButtonValue, MenuChoice, MenuValue, Target
from notifications.views.blocks import Block, actions, button, option
from workflows.messages.decisions import Verdict

BLOCK = "signoff_decision"
VALUE = 150

_MENU = {
    MenuChoice.EDIT: "Edit and resubmit…",
    MenuChoice.HAND_ON: "Delegate…",
    MenuChoice.LATER: "Remind me later…",
    MenuChoice.WITHDRAW: "Withdraw…",
}
_BUTTONS = {
    ActionId.APPROVE: ("Approve", "primary"),
    ActionId.APPROVE_WITH_CARE: ("Approve…", "primary"),
    ActionId.REJECT: ("Reject…", "danger"),
    ActionId.REQUEST_CHANGES: ("Request changes…", ""),
}
_VERDICTS = {
    ActionId.REJECT: Verdict.REJECT,
    ActionId.REQUEST_CHANGES: Verdict.REQUEST_CHANGES,
}


def decide_buttons(
    target: Target,
    title: str,
    *,
    careful: bool,
    changeable: bool,
    block: str = BLOCK,
    without: frozenset[MenuChoice] = frozenset(),
    shown: float = 0.0,
    settles: bool = False,
) -> Block:
    """Approve, Reject, Request changes while that is possible, Details, and the menu.

    `settles` where whoever edits it approves it, too. `shown` is now (epoch) in a list that is
    replaced in place; a card's own time is Slack's.
    """
    wanted = [ActionId.APPROVE_WITH_CARE if careful else ActionId.APPROVE, ActionId.REJECT]
    if changeable:
        wanted.append(ActionId.REQUEST_CHANGES)
    choices = [choice for choice in _MENU if choice not in without]
    buttons = [_button(target, title, action, shown) for action in wanted]
    buttons.append(details_button(target, title))
    return actions(block, [*buttons, *_more(target, choices, settles=settles)])


def details_button(target: Target, title: str) -> Block:
    """Opens everything about it; also once it is decided."""
    value = MenuValue(**target.about().model_dump(), choice=MenuChoice.EVERYTHING).text()
    label = f"Details of {title}, version {target.revision}"
    return button(ActionId.DETAILS, "Details", value, label=label)


def _button(target: Target, title: str, action: ActionId, shown: float) -> Block:
    text, style = _BUTTONS[action]
    value = ButtonValue(
        **target.about().model_dump(),
        verdict=_VERDICTS.get(action, Verdict.APPROVE),
        shown=shown,
    )
    label = f"{text.rstrip('…')} {title}, version {target.revision}"
    return button(action, text, value.text(), label=label, style=style)


def _more(target: Target, choices: list[MenuChoice], *, settles: bool) -> list[Block]:
    """The menu; left out for an id too long for an option's value."""
    values = [MenuValue(**target.about().model_dump(), choice=choice) for choice in choices]
    if any(len(value.text()) > VALUE for value in values):
        return []
    menu = _MENU | ({MenuChoice.EDIT: "Approve with edits…"} if settles else {})
    options = [option(menu[value.choice], value.text()) for value in values]
    return [{"type": "overflow", "action_id": ActionId.MORE, "options": options}]
