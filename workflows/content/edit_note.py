"""What an edit changed, and what it left as the agent wrote it, in words."""

from collections.abc import Iterator

from workflows.content.argument import argument
from workflows.content.json_value import same_json
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult


def changed_arguments(before: AgentResult, after: AgentResult) -> Iterator[tuple[int, str]]:
    """The number of the call, from 1, and the name of each argument with another value."""
    old = {call.id: call for call in before.calls}
    for number, call in enumerate(after.calls, 1):
        known = old[call.id].arguments if call.id in old else {}
        for name, value in call.arguments.items():
            if name not in known or not same_json(known[name], value):
                yield number, name


def one_line(text: str) -> str:
    """A comment beside what it is about."""
    return " ".join(text.split())


def edit_note(view: CardView) -> str:
    """`summary. The full text was not changed.`; empty for a version that nobody edited."""
    request, text_changed = view.request, view.text_change is not None
    if not request.edited_by or request.previous is None:
        return ""
    before, after = request.previous, request.result
    changed = list(_changed(before, after))
    if text_changed:
        changed.append("full text")
    note = f"{', '.join(changed) or 'nothing that is shown'}."
    if view.full_text_characters and not text_changed:
        note += " The agent's full text was not changed."
    if after.metrics and changed and before.metrics == after.metrics:
        note += " The agent's figures were not changed."
    return note


def _changed(before: AgentResult, after: AgentResult) -> Iterator[str]:
    for number, name in changed_arguments(before, after):
        call = after.calls[number - 1]
        yield f"{argument(call, name).name} of {number}. {call.tool or 'question'}"
    for field in ("summary", "findings"):
        if getattr(before, field) != getattr(after, field):
            yield field
