"""The app's Home: what waits for me, what I asked for, what was decided lately, my settings.

Its private metadata is a `HomeCursor`: which filters are set and which page is shown, so that
nothing about it has to be kept anywhere else.
"""

from collections.abc import Sequence
from datetime import datetime

from notifications.cards.buttons import ActionId, HomeCursor
from notifications.text.sanitize import clip, mrkdwn
from notifications.views import words
from notifications.views.approval_list import (
    DecidedLine,
    PendingLine,
    PendingPage,
    bulk_button,
    line_buttons,
    line_text,
)
from notifications.views.blocks import (
    Block,
    actions,
    button,
    context,
    divider,
    header,
    option,
    section,
)
from notifications.views.format import code, files, moment, people, person
from workflows.messages.base import Frozen
from workflows.messages.decisions import Outcome
from workflows.messages.policy import Risk

PAGE = 12
ASKED = 6
RECENT = 6
ANY = "any"


class TaskLine(Frozen):
    """One line of a list of tasks."""

    id: str
    pipeline: str
    sources: str
    requester: str
    status: str


class HomeView(Frozen):
    """Everything Home shows. `said` is the answer to the last gesture; ready mrkdwn."""

    now: datetime
    pending: PendingPage
    bulk: int = 0
    asked: tuple[PendingLine, ...] = ()
    running: tuple[TaskLine, ...] = ()
    recent: tuple[DecidedLine, ...] = ()
    pipelines: tuple[str, ...] = ()
    settings: str = ""
    cursor: HomeCursor = HomeCursor()
    said: str = ""


def home(view: HomeView) -> Block:
    """The view to publish."""
    blocks = [
        *([context(view.said)] if view.said else []),
        header("Waiting for your decision"),
        _filters(view),
        *_pending(view),
        *_asked(view),
        *_recent(view.recent),
        divider(),
        header("Settings"),
        section(view.settings or "Nothing is set."),
        actions("signoff_settings", [button(ActionId.SETTINGS, "Change…", "s", label="Settings")]),
        context(f"Updated {moment(view.now)}"),
    ]
    return {"type": "home", "private_metadata": view.cursor.model_dump_json(), "blocks": blocks}


AWAY = "Signoff's workflow server isn't answering. Nothing is lost: your clicks are kept."


def home_in_trouble(cursor: HomeCursor, said: str, sorry: str = AWAY) -> Block:
    """While our lists cannot be had: why (ready mrkdwn), and a button to try again."""
    again = button(ActionId.HOME_FIRST, "Try again", "first", label="Show Home again")
    blocks = [*([context(said)] if said else []), section(f"⚠️ {sorry}")]
    blocks.append(actions("signoff_pages", [again]))
    return {"type": "home", "private_metadata": cursor.model_dump_json(), "blocks": blocks}


def _filters(view: HomeView) -> Block:
    risks = [("Any risk", ANY), *((f"{risk.value.capitalize()} risk", risk) for risk in Risk)]
    menus = [_menu(ActionId.HOME_RISK, "Risk", risks, view.cursor.risk)]
    if view.pipelines:
        names = [("Any pipeline", ANY), *((name, name) for name in view.pipelines[:99])]
        menus.append(_menu(ActionId.HOME_PIPELINE, "Pipeline", names, view.cursor.pipeline))
    return actions("signoff_filters", menus)


def _menu(action: ActionId, name: str, options: Sequence[tuple[str, str]], chosen: str) -> Block:
    choices = [option(text, value) for text, value in options]
    initial = next((one for one in choices if one["value"] == (chosen or ANY)), choices[0])
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": {"type": "plain_text", "text": name},
        "options": choices,
        "initial_option": initial,
    }


def _pending(view: HomeView) -> list[Block]:
    page, cursor = view.pending, view.cursor
    if not page.lines:
        filtered = bool(cursor.risk or cursor.pipeline or cursor.after)
        nothing = "Nothing else fits these filters." if filtered else "You're all caught up."
        return [section(f"✅ {nothing}"), *_pages(view)]
    blocks: list[Block] = []
    for line in page.lines[:PAGE]:
        blocks += [section(line_text(line, view.now)), line_buttons(line, view.now)]
    if view.bulk > 1:
        blocks.append(actions("signoff_bulk", [bulk_button(view.bulk)]))
    return [*blocks, *_pages(view)]


def _pages(view: HomeView) -> list[Block]:
    shown = view.pending.lines[:PAGE]
    buttons = []
    if view.cursor.after:
        buttons.append(button(ActionId.HOME_FIRST, "Most urgent", "first"))
    if view.pending.total > len(shown) and shown:
        more = view.pending.total - len(shown)
        after = shown[-1].deadline.isoformat()
        buttons.append(button(ActionId.HOME_NEXT, f"Next of {more:,} more", after))
    return [actions("signoff_pages", buttons)] if buttons else []


def _asked(view: HomeView) -> list[Block]:
    blocks = [divider(), header("Your requests")]
    lines = [
        f"• {mrkdwn(line.named())} waits for {mrkdwn(', '.join(line.approvers[:5]))}, "
        f"until {moment(line.deadline)}"
        for line in view.asked[:ASKED]
    ]
    lines += [
        f"• {code(task.id)} {mrkdwn(task.pipeline)} of {files(task.sources.split(', '))}: "
        f"{words.task(task.status)[1]}"
        for task in view.running[:ASKED]
    ]
    return [*blocks, *(section(line) for line in lines or ["No active requests."])]


def _recent(recent: Sequence[DecidedLine]) -> list[Block]:
    if not recent:
        return []
    lines = [_decided(line) for line in recent[:RECENT]]
    return [divider(), header("Recent decisions"), *(section(line) for line in lines)]


def _decided(line: DecidedLine) -> str:
    sign, word = words.decided(_outcome(line.outcome), edited=line.edited)
    if line.edited and line.outcome == Outcome.CHANGES_REQUESTED:
        word += f" → v{line.revision + 1}"
    by = f" by {people(line.by)}" if line.by else ""
    title = clip(line.title, 140, mrkdwn).shown
    return f"{sign} {title} · v{line.revision}: {word[:1].lower()}{word[1:]}{by}, {moment(line.at)}"


def _outcome(value: str) -> Outcome:
    try:
        return Outcome(value)
    except ValueError:
        return Outcome.EXPIRED


def settings_text(deputy: str, away: str, quiet: str, *, digest: bool) -> str:
    """The settings in a sentence each; `deputy` is a user id."""
    stands = f"{person(deputy)} decides in your place{away}" if deputy else "no delegate set"
    return (
        f"• Out of office: {stands}\n• Quiet hours: {quiet or 'none'}\n"
        f"• Daily digest: {'on' if digest else 'off'}"
    )
