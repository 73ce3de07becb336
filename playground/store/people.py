"""People, bots and user groups."""

import datetime
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playground.config import AppConfig, GroupConfig, UserConfig
from playground.http.wire import Json, dumps
from playground.store.database import Database


class People:
    """Users as Slack's user objects, groups as Slack's usergroup objects."""

    def __init__(self, database: Database, team_id: str) -> None:
        self._database = database
        self._team_id = team_id

    def seed(
        self, users: Iterable[UserConfig], groups: Iterable[GroupConfig], app: AppConfig
    ) -> None:
        """Bring users up to date with the configuration; add groups that are new."""
        documents = [self._user(user) for user in users]
        documents.append(self._bot_user(app))
        for document in documents:
            self._database.run(
                "INSERT OR REPLACE INTO users VALUES (?, ?)", document["id"], dumps(document)
            )
        for group in groups:
            document = self._group(group)
            self._database.run(
                "INSERT OR IGNORE INTO groups VALUES (?, ?)", group.id, dumps(document)
            )

    def user(self, user_id: str) -> Json | None:
        """The user of that id."""
        return self._database.document("SELECT doc FROM users WHERE id = ?", user_id)

    def users(self) -> list[Json]:
        """Everybody, in the order of their ids."""
        return self._database.documents("SELECT doc FROM users ORDER BY id")

    def by_name(self, name: str) -> Json | None:
        """The user called that, by handle, display name or real name."""
        wanted = name.casefold()
        return next((user for user in self.users() if wanted in _names(user)), None)

    def by_email(self, email: str) -> Json | None:
        """The active user with that address."""
        wanted = email.casefold()
        for user in self.users():
            if user["profile"].get("email", "").casefold() == wanted and not user["deleted"]:
                return user
        return None

    def group(self, group_id: str) -> Json | None:
        """The user group of that id, with its `users`."""
        return self._database.document("SELECT doc FROM groups WHERE id = ?", group_id)

    def groups(self) -> list[Json]:
        """Every user group, disabled ones (`date_delete` > 0) included."""
        return self._database.documents("SELECT doc FROM groups ORDER BY id")

    def set_members(self, group_id: str, users: list[str], now: float) -> Json:
        """Replace a group's members; the group as it is now."""
        group = self.group(group_id)
        assert group is not None
        group |= {"users": users, "user_count": len(users), "date_update": int(now)}
        self._database.run("UPDATE groups SET doc = ? WHERE id = ?", dumps(group), group_id)
        return group

    def change(self, user_id: str, changes: Json) -> Json | None:
        """The user with these fields of Slack's user object changed; `email` is in the profile."""
        user = self.user(user_id)
        if user is None:
            return None
        if "email" in changes:
            user["profile"] |= {"email": changes["email"]}
        user |= {name: value for name, value in changes.items() if name != "email"}
        self._database.run("UPDATE users SET doc = ? WHERE id = ?", dumps(user), user_id)
        return user

    def _user(self, user: UserConfig) -> Json:
        label, offset = _zone(user.tz)
        return {
            "id": user.id,
            "team_id": user.team_id or self._team_id,
            "name": user.name,
            "deleted": user.deleted,
            "color": _color(user.id),
            "real_name": user.real_name,
            "tz": user.tz,
            "tz_label": label,
            "tz_offset": offset,
            "profile": {
                "title": user.title,
                "real_name": user.real_name,
                "real_name_normalized": user.real_name,
                "display_name": user.display_name,
                "display_name_normalized": user.display_name,
                "first_name": user.real_name.partition(" ")[0],
                "last_name": user.real_name.partition(" ")[2],
                "status_text": "",
                "status_emoji": "",
                "team": user.team_id or self._team_id,
                "email": user.email,
            },
            "is_admin": user.is_admin or user.is_owner,
            "is_owner": user.is_owner,
            "is_primary_owner": user.is_owner,
            "is_restricted": user.is_restricted or user.is_ultra_restricted,
            "is_ultra_restricted": user.is_ultra_restricted,
            "is_bot": user.is_bot,
            "is_stranger": user.team_id is not None and user.team_id != self._team_id,
            "is_app_user": False,
            "is_email_confirmed": not user.is_bot,
            "updated": 0,
        }

    def _bot_user(self, app: AppConfig) -> Json:
        config = UserConfig(
            id=app.bot_user,
            name=app.bot_name,
            real_name=app.name,
            display_name=app.name,
            is_bot=True,
        )
        document = self._user(config)
        document["profile"] |= {"api_app_id": app.id, "bot_id": app.bot_id}
        return document

    def _group(self, group: GroupConfig) -> Json:
        return {
            "id": group.id,
            "team_id": self._team_id,
            "is_usergroup": True,
            "is_subteam": True,
            "name": group.name,
            "description": "",
            "handle": group.handle,
            "is_external": False,
            "date_create": 0,
            "date_update": 0,
            "date_delete": 1 if group.is_disabled else 0,
            "auto_type": None,
            "user_count": len(group.users),
            "users": list(group.users),
        }


def _names(user: Json) -> set[str]:
    profile = user["profile"]
    return {
        user["name"].casefold(),
        profile["display_name"].casefold(),
        user["real_name"].casefold(),
    }


def _zone(name: str) -> tuple[str, int]:
    """The zone's label and its seconds east of Greenwich today."""
    try:
        today = datetime.datetime.now(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return name, 0
    offset = today.utcoffset()
    return today.tzname() or name, int(offset.total_seconds()) if offset else 0


def _color(user_id: str) -> str:
    palette = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "684b6c", "50a0cf")
    return palette[sum(user_id.encode()) % len(palette)]
