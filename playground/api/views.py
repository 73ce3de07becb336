"""views.*: modals and Homes."""

from typing import Any

from playground import blocks as block_rules
from playground.api.methods import TIER_4, Call, Methods
from playground.errors import SlackError
from playground.gestures.modal import new_view, replaced
from playground.http.wire import Json, dumps

STACK = 3
VIEW_BYTES = 250_000


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("views.open", open_, TIER_4)
    methods.add("views.push", push, TIER_4)
    methods.add("views.update", update, TIER_4)
    methods.add("views.publish", publish, TIER_4)


def open_(call: Call) -> Json:
    return _on_top(call, is_push=False)


def push(call: Call) -> Json:
    return _on_top(call, is_push=True)


def update(call: Call) -> Json:
    view = checked_view(call.arguments.structure("view", "invalid_view"), "modal", "home")
    known = _known(call)
    given = call.arguments.text("hash")
    if given and given != known["hash"]:
        raise SlackError("hash_conflict", view=known)
    if view["type"] != known["type"]:
        raise SlackError("invalid_view_type")
    return {"view": replaced(call.workspace, known, view)}


def publish(call: Call) -> Json:
    user = call.arguments.text("user_id")
    person = call.workspace.people.user(user)
    if person is None or person["deleted"]:
        raise SlackError("user_not_found" if user else "invalid_arguments")
    view = checked_view(call.arguments.structure("view", "invalid_view"), "home")
    known = call.workspace.views.home(user)
    given = call.arguments.text("hash")
    if known is None:
        return {"view": new_view(call.workspace, user, view)}
    if given and given != known["hash"]:
        raise SlackError("hash_conflict", view=known)
    return {"view": replaced(call.workspace, known, view)}


def checked_view(view: Any, *types: str) -> Json:
    """The view, or invalid_arguments with every reason."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    if view.get("type") not in types:
        reason = f"failed to match type {' or '.join(types)} [json-pointer:/view/type]"
        raise _refused([reason])
    problems = block_rules.view_problems(view)
    if problems:
        raise _refused(problems)
    if len(dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    return view


def _refused(problems: list[str]) -> SlackError:
    messages = [f"[ERROR] {problem}" for problem in problems]
    return SlackError("invalid_arguments", response_metadata={"messages": messages})


def _on_top(call: Call, *, is_push: bool) -> Json:
    view = checked_view(call.arguments.structure("view", "invalid_view"), "modal")
    external_id = view.get("external_id")
    if external_id and call.workspace.views.by_external_id(external_id):
        raise SlackError("duplicate_external_id")
    trigger_id = call.arguments.text("trigger_id") or call.arguments.text("interactivity_pointer")
    if not trigger_id:
        raise SlackError("invalid_trigger_id")
    user, from_view = call.workspace.triggers.redeem(trigger_id)
    stack = call.workspace.views.stack(user)
    if is_push and not (from_view and stack):
        raise SlackError("push_no_view") if not stack else SlackError("invalid_trigger_id")
    if is_push and len(stack) >= STACK:
        raise SlackError("push_limit_reached")
    if not is_push:
        call.workspace.views.clear(user)
    return {"view": new_view(call.workspace, user, view, stack[-1] if is_push else None)}


def _known(call: Call) -> Json:
    views = call.workspace.views
    if view_id := call.arguments.text("view_id"):
        view = views.get(view_id)
    elif external_id := call.arguments.text("external_id"):
        view = views.by_external_id(external_id)
    else:
        raise SlackError("invalid_arguments")
    if view is None:
        raise SlackError("not_found")
    return view
