"""Elements that offer a choice as HTML: selects, multi-selects, overflow, checkboxes, radios."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from playground.render.json import Json, number, record, records, string, strings
from playground.render.mrkdwn import Directory
from playground.render.tag import JOIN, link, safe_url, tag
from playground.render.text import compact, option_label, words

Place = dict[str, Any]
Menu = Callable[[Json, Place, Directory], Markup]

_SOURCES = {"users": "user", "channels": "channel", "conversations": "conversation"}


def _name(element: Json) -> str:
    return words(element.get("placeholder")) or "Choose an option"


def _choices(element: Json) -> list[Json]:
    """Return the preselected options, one or several."""
    single = record(element.get("initial_option"))
    return [single] if single else records(element.get("initial_options"))


def _is_chosen(option: Json, chosen: list[Json]) -> bool:
    return any(option.get("value") == entry.get("value") for entry in chosen)


def _focus(element: Json) -> dict[str, Any]:
    return {"data_focus": True} if element.get("focus_on_load") is True else {}


def _groups(element: Json) -> list[tuple[str, list[Json]]]:
    """Return the options under their labels; ungrouped ones under an empty label."""
    groups = records(element.get("option_groups"))
    if not groups:
        return [("", records(element.get("options")))]
    return [(words(group.get("label")), records(group.get("options"))) for group in groups]


def _option(option: Json, chosen: list[Json]) -> Markup:
    return tag(
        "option",
        words(option.get("text")),
        value=string(option.get("value")),
        selected=_is_chosen(option, chosen),
        data_option=compact(option),
    )


def _static_select(element: Json, place: Place, _directory: Directory) -> Markup:
    chosen = _choices(element)
    parts = [tag("option", _name(element), value="")]
    for label, options in _groups(element):
        entries = [_option(option, chosen) for option in options]
        parts += [tag("optgroup", *entries, label=label)] if label else entries
    return tag(
        "select",
        *parts,
        class_="control",
        aria_label=_name(element),
        **_focus(element),
        **place,
    )


def _check(option: Json, chosen: list[Json], kind: str, directory: Directory) -> Markup:
    box = tag(
        "input",
        type_=kind,
        checked=_is_chosen(option, chosen),
        value=string(option.get("value")),
        data_option=compact(option),
    )
    return tag("label", box, option_label(option, directory), class_="choice")


def _many(element: Json, place: Place, body: Markup, **more: object) -> Markup:
    """Render a closed list of checkboxes; the page writes what is chosen into its summary."""
    most = int(number(element.get("max_selected_items")))
    return tag(
        "details",
        tag("summary", tag("span", _name(element)), class_="control"),
        tag("div", body, class_="popover"),
        class_="multi",
        data_most=most if most > 0 else None,
        data_placeholder=_name(element),
        aria_label=_name(element),
        **more,
        **_focus(element),
        **place,
    )


def _multi_static_select(element: Json, place: Place, directory: Directory) -> Markup:
    chosen = _choices(element)
    parts: list[Markup] = []
    for label, options in _groups(element):
        if label:
            parts.append(tag("div", label, class_="group-label"))
        parts += [_check(option, chosen, "checkbox", directory) for option in options]
    return _many(element, place, JOIN(parts))


def _initial(element: Json, kind: str) -> list[str]:
    source = _SOURCES[kind]
    single = string(element.get(f"initial_{source}"))
    return [single] if single else strings(element.get(f"initial_{source}s"))


def _label_of(kind: str, identifier: str, directory: Directory) -> str:
    if kind == "users" or identifier[:1] in ("U", "W"):
        return directory.user_name(identifier)
    return f"#{directory.channel_name(identifier)}"


def _directory_select(kind: str) -> Menu:
    def render(element: Json, place: Place, directory: Directory) -> Markup:
        chosen = [
            tag("option", _label_of(kind, entry, directory), value=entry, selected=True)
            for entry in _initial(element, kind)
        ]
        return tag(
            "select",
            tag("option", _name(element), value=""),
            *chosen,
            class_="control",
            aria_label=_name(element),
            data_source=kind,
            data_current=element.get("default_to_current_conversation") is True,
            data_filter=compact(element["filter"]) if record(element.get("filter")) else None,
            **_focus(element),
            **place,
        )

    return render


def _directory_multi_select(kind: str) -> Menu:
    def render(element: Json, place: Place, directory: Directory) -> Markup:
        chosen = [
            tag(
                "label",
                tag("input", type_="checkbox", checked=True, value=entry),
                tag("span", _label_of(kind, entry, directory), class_="option"),
                class_="choice",
            )
            for entry in _initial(element, kind)
        ]
        return _many(
            element,
            place,
            JOIN(chosen),
            data_source=kind,
            data_current=element.get("default_to_current_conversation") is True,
            data_filter=compact(element["filter"]) if record(element.get("filter")) else None,
        )

    return render


def _external_select(element: Json, place: Place, directory: Directory) -> Markup:
    """Render a search field over a list; the page fills the list with the app's suggestions."""
    chosen = _choices(element)
    least = element.get("min_query_length")
    kind = "checkbox" if "multi" in place["data_type"] else "radio"
    return tag(
        "div",
        tag(
            "input",
            type_="search",
            class_="control",
            placeholder=_name(element),
            aria_label=_name(element),
            autocomplete="off",
            **_focus(element),
        ),
        tag("div", *(_check(entry, chosen, kind, directory) for entry in chosen), class_="found"),
        class_="external",
        role="group",
        data_least=int(number(least)) if least is not None else 3,
        **place,
    )


def _overflow(element: Json, place: Place, directory: Directory) -> Markup:
    return tag(
        "details",
        tag(
            "summary",
            "⋯",
            class_="icon-button",
            aria_label="More actions",
            aria_haspopup="menu",
        ),
        tag(
            "div",
            *(_overflow_item(entry, directory) for entry in records(element.get("options"))),
            class_="popover",
            role="menu",
            aria_label="More actions",
        ),
        class_="overflow",
        **place,
    )


def _overflow_item(option: Json, directory: Directory) -> Markup:
    label = option_label(option, directory)
    url = string(option.get("url"))
    if safe_url(url):
        return link(url, label, class_="menu-item", role="menuitem", data_option=compact(option))
    return tag(
        "button",
        label,
        type_="button",
        role="menuitem",
        class_="menu-item",
        data_option=compact(option),
    )


def _boxes(kind: str) -> Menu:
    def render(element: Json, place: Place, directory: Directory) -> Markup:
        chosen = _choices(element)
        options = records(element.get("options"))
        return tag(
            "div",
            *(_check(option, chosen, kind, directory) for option in options),
            class_="choices",
            role="radiogroup" if kind == "radio" else "group",
            **_focus(element),
            **place,
        )

    return render


MENUS: dict[str, Menu] = {
    "static_select": _static_select,
    "multi_static_select": _multi_static_select,
    "external_select": _external_select,
    "multi_external_select": _external_select,
    "users_select": _directory_select("users"),
    "channels_select": _directory_select("channels"),
    "conversations_select": _directory_select("conversations"),
    "multi_users_select": _directory_multi_select("users"),
    "multi_channels_select": _directory_multi_select("channels"),
    "multi_conversations_select": _directory_multi_select("conversations"),
    "overflow": _overflow,
    "checkboxes": _boxes("checkbox"),
    "radio_buttons": _boxes("radio"),
}
