"""Who am I, where am I, is anybody there: api, auth, apps, team, bots, blocks."""

from playground import blocks as block_rules
from playground.api.methods import SPECIAL, TIER_3, Call, Methods
from playground.errors import SlackError
from playground.http.wire import Json


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("api.test", api_test, SPECIAL, token="none")  # noqa: S106 - no token needed
    methods.add("auth.test", auth_test, SPECIAL, token="any")  # noqa: S106 - any kind of token
    methods.add("apps.connections.open", connections_open, 100, token="app")  # noqa: S106
    methods.add("team.info", team_info, TIER_3, "team:read")
    methods.add("bots.info", bots_info, TIER_3, "users:read")
    methods.add("blocks.validate", blocks_validate, SPECIAL)


def api_test(call: Call) -> Json:
    values = call.arguments.values
    if error := call.arguments.text("error"):
        raise SlackError(error, args=values)
    return {"args": values}


def auth_test(call: Call) -> Json:
    config = call.workspace.config
    return {
        "url": f"{call.workspace.url}/",
        "team": config.team.name,
        "user": config.app.bot_name,
        "team_id": config.team.id,
        "user_id": config.app.bot_user,
        "bot_id": config.app.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": config.team.enterprise_id} if config.team.enterprise_id else {}),
    }


def connections_open(call: Call) -> Json:
    return {"url": call.sockets.ticket()}


def team_info(call: Call) -> Json:
    team = call.workspace.config.team
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "url": f"{call.workspace.url}/",
            "domain": team.domain,
            "email_domain": "",
            "icon": {"image_default": True},
            "avatar_base_url": "",
            "is_verified": False,
        }
    }


def bots_info(call: Call) -> Json:
    app = call.workspace.config.app
    if call.arguments.text("bot", app.bot_id) != app.bot_id:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.name,
            "updated": 0,
            "app_id": app.id,
            "user_id": app.bot_user,
            "icons": {},
        }
    }


def blocks_validate(call: Call) -> Json:
    """Check blocks or a view without showing them anywhere."""
    view = call.arguments.structure("view", "invalid_view")
    if view is not None:
        problems = block_rules.view_problems(view)
    else:
        problems = block_rules.problems(
            call.arguments.structure("blocks", "invalid_blocks_format"), "message"
        )
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        metadata = {"messages": messages}
        raise SlackError("invalid_blocks", errors=problems, response_metadata=metadata)
    return {}
