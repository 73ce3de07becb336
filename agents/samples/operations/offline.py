"""What the operations agent says offline: each action of the runbook, and what became of it."""

from agents.samples.conversation import Call, Conversation, ModelAnswer, Returned
from agents.samples.evidence import answer
from agents.samples.markdown import bullets, page, section, table


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Read, act, report."""
    reads = [Call("read_runbook", {"file": file.name}) for file in conversation.brief.files]
    calls = conversation.missing(*reads) or conversation.owed(*_actions(conversation))
    if calls:
        return calls
    done = [item for item in conversation.returned if item.call.tool != "read_runbook"]
    problems = _problems(conversation)
    return answer(
        _summary(done, problems),
        [_sentence(item) for item in done] + problems,
        dict(_counts(done)),
        page(
            "Runbook",
            section("Actions", table(("action", "with", "outcome"), map(_row, done))),
            section("Problems", bullets(problems)),
            "Simulated: no fleet is connected.",
        ),
    )


def _actions(conversation: Conversation) -> list[Call]:
    return [
        Call(str(action["tool"]), dict(action["arguments"]))
        for item in conversation.results("read_runbook")
        for action in item.response.get("actions", [])
    ]


def _problems(conversation: Conversation) -> list[str]:
    reads = [item for item in conversation.returned if item.call.tool == "read_runbook"]
    found = [item.error for item in reads if item.error]
    for item in reads:
        found += [f"Not understood: {line}" for line in item.response.get("not_understood", [])]
    return found


def _outcome(item: Returned) -> str:
    if item.response.get("denied"):
        return "refused by the policy"
    if item.response.get("unknown"):
        return "not known"
    if item.response.get("rejected"):
        return "rejected by people"
    if item.response.get("already_done"):
        return "already done before this version"
    return "done" if item.response.get("done") else "failed"


def _counts(done: list[Returned]) -> dict[str, float | None]:
    outcomes = [_outcome(item) for item in done]
    names = ("done", "refused by the policy", "rejected by people", "failed")
    return {name: outcomes.count(name) for name in dict.fromkeys((*names, *outcomes))}


def _summary(done: list[Returned], problems: list[str]) -> str:
    if not done:
        return " ".join(problems) or "There is no runbook. Give a file with one action per line."
    counted = ", ".join(f"{count} {name}" for name, count in _counts(done).items() if count)
    return f"{len(done)} actions: {counted}. " + " ".join(problems)


def _sentence(item: Returned) -> str:
    said = item.response.get("done") or item.error or "no answer"
    return f"{item.call.tool} ({_given(item)}): {_outcome(item)}. {said}"


def _row(item: Returned) -> tuple[str, str, str]:
    return item.call.tool, _given(item), _outcome(item)


def _given(item: Returned) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(item.arguments.items()))
