"""users.* and usergroups.*: people."""

from playground.api.cursor import page
from playground.api.methods import TIER_2, TIER_3, TIER_4, Call, Methods
from playground.errors import SlackError
from playground.http.wire import Json


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("users.info", info, TIER_4, "users:read")
    methods.add("users.list", list_, TIER_2, "users:read")
    methods.add("users.lookupByEmail", lookup_by_email, TIER_3, "users:read.email")
    methods.add("users.profile.get", profile, TIER_4, "users.profile:read")
    methods.add("usergroups.list", groups, TIER_2, "usergroups:read")
    methods.add("usergroups.users.list", group_users, TIER_2, "usergroups:read")


def info(call: Call) -> Json:
    return {"user": _seen(call, _user(call, call.arguments.required("user")))}


def list_(call: Call) -> Json:
    users = call.workspace.people.users()
    default = max(len(users), 1)
    chosen, more = page(call.arguments, users, lambda user: str(user["id"]), min(default, 1_000))
    return {
        "members": [_seen(call, user) for user in chosen],
        "cache_ts": int(call.workspace.clock.now()),
        "response_metadata": more,
    }


def lookup_by_email(call: Call) -> Json:
    user = call.workspace.people.by_email(call.arguments.required("email"))
    if user is None:
        raise SlackError("users_not_found")
    return {"user": _seen(call, user)}


def profile(call: Call) -> Json:
    user_id = call.arguments.text("user") or call.workspace.config.app.bot_user
    return {"profile": _seen(call, _user(call, user_id))["profile"]}


def groups(call: Call) -> Json:
    found = [
        group
        for group in call.workspace.people.groups()
        if call.arguments.flag("include_disabled") or not group["date_delete"]
    ]
    if not call.arguments.flag("include_users"):
        found = [_without(group, "users") for group in found]
    return {"usergroups": found}


def group_users(call: Call) -> Json:
    group = call.workspace.people.group(call.arguments.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    if group["date_delete"] and not call.arguments.flag("include_disabled"):
        raise SlackError("subteam_disabled")
    return {"users": group["users"]}


def _user(call: Call, user_id: str) -> Json:
    user = call.workspace.people.user(user_id)
    if user is None:
        raise SlackError("user_not_found")
    return user


def _seen(call: Call, user: Json) -> Json:
    """The user without the address, unless the app may read addresses."""
    if call.has_scope("users:read.email"):
        return user
    return user | {"profile": _without(user["profile"], "email")}


def _without(document: Json, name: str) -> Json:
    return {key: value for key, value in document.items() if key != name}
