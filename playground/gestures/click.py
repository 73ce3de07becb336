"""Using an element: a button, a menu, a picker, an input that reports at once."""

from playground.delivery.envelope import Envelope
from playground.delivery.postman import Postman
from playground.errors import ControlError
from playground.gestures.elements import (
    chosen,
    entered,
    find,
    options_of,
    state_values,
    value_field,
)
from playground.gestures.person import (
    acting,
    brief_channel,
    envelope_base,
    now_ts,
    visible_channel,
)
from playground.gestures.surface import Surface, message_surface, view_surface
from playground.gestures.triggering import response_url, trigger_id
from playground.gestures.triggers import ResponseTarget
from playground.http.wire import Json
from playground.testing.faults import Faults
from playground.workspace import Workspace

_CARRIED = ("text", "value", "style", "placeholder", "confirm", "alt_text")


async def click(workspace: Workspace, postman: Postman, faults: Faults, body: Json) -> Json:
    """Use one element of a message or view; what became of the block_actions payload."""
    user = acting(workspace, str(body.get("user", "")))
    surface = surface_of(workspace, user["id"], body)
    action = _action(workspace, surface, body)
    payload = envelope_base(workspace, user) | {"type": "block_actions", "actions": [action]}
    payload |= {"container": surface.container}
    view_id = surface.view["id"] if surface.view else ""
    payload["trigger_id"] = trigger_id(workspace, faults, user["id"], view_id)
    payload |= _place(workspace, user, surface, body)
    receipt = await postman.deliver(Envelope("interactive", payload))
    return receipt.told(payload["trigger_id"])


def surface_of(workspace: Workspace, user: str, body: Json) -> Surface:
    """The message or view a person points at."""
    if body.get("view_id"):
        return view_surface(workspace, user, str(body["view_id"]))
    channel = visible_channel(workspace, str(body.get("channel", "")), user)
    return message_surface(workspace, user, channel, str(body.get("ts", "")))


def _place(workspace: Workspace, user: Json, surface: Surface, body: Json) -> Json:
    """The view, or the message with its channel, state and response URL."""
    values = state_values(surface.blocks, entered(body))
    if surface.view is not None:
        values = surface.view["state"]["values"] | _touched(surface, body)
        return {"view": surface.view | {"state": {"values": values}}}
    assert surface.channel is not None
    reply = ResponseTarget(
        channel=surface.channel["id"],
        user=user["id"],
        ts=surface.message["ts"],
        thread_ts=surface.thread_ts,
        is_ephemeral=surface.is_ephemeral,
    )
    place: Json = {
        "channel": brief_channel(surface.channel),
        "state": {"values": values},
        "response_url": response_url(workspace, reply),
    }
    if not surface.is_ephemeral:
        place["message"] = workspace.shown(surface.message)
    return place


def _touched(surface: Surface, body: Json) -> Json:
    """The view's state with what the person entered so far, the used element included."""
    assert surface.view is not None
    known = surface.view["state"]["values"]
    given = {**known, **entered(body)}
    found = find(surface.blocks, str(body["action_id"]), str(body.get("block_id") or ""))
    if found and value_field(found[1]) in body:
        block, element = found
        own = {element["action_id"]: body[value_field(element)]}
        given[block["block_id"]] = given.get(block["block_id"], {}) | own
    return state_values(surface.blocks, given)


def _action(workspace: Workspace, surface: Surface, body: Json) -> Json:
    action_id = str(body.get("action_id", ""))
    found = find(surface.blocks, action_id, str(body.get("block_id") or ""))
    if found is None:
        raise ControlError("no_such_element", f"There is no element {action_id!r} here.", 404)
    block, element = found
    action: Json = {
        "type": element["type"],
        "action_id": action_id,
        "block_id": block["block_id"],
        "action_ts": now_ts(workspace),
    }
    action |= {name: element[name] for name in _CARRIED if name in element}
    if element["type"] == "button":
        return action
    field = value_field(element)
    if field not in body:
        raise ControlError("no_value", f"{action_id!r} needs {field!r}.")
    return action | _checked(element, chosen(element, body[field]))


def _checked(element: Json, choice: Json) -> Json:
    """The choice, which must be among the options the element lists."""
    values = {option.get("value") for option in options_of(element)}
    picked = choice.get("selected_options") or [choice.get("selected_option")]
    is_listed = element["type"] in ("static_select", "multi_static_select", "overflow")
    for option in picked:
        if option and is_listed and option.get("value") not in values:
            raise ControlError("no_such_option", f"{option.get('value')!r} is not an option.")
    return choice
