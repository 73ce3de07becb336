"""What the payment agent says offline: one order per payment asked for, then what became of it."""

from typing import Any

from agents.samples.conversation import Call, Conversation, ModelAnswer, Returned
from agents.samples.evidence import answer
from agents.samples.markdown import bullets, page, section, table
from workflows.content.money import money_in


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Read, order, report."""
    reads = [Call("read_payments", {"file": file.name}) for file in conversation.brief.files]
    calls = conversation.missing(*reads) or conversation.owed(*_orders(conversation))
    if calls:
        return calls
    done = [item for item in conversation.returned if item.call.tool == "order_payment"]
    findings = [_sentence(item) for item in done]
    problems = [item.error for item in conversation.returned if item.call.tool == "read_payments"]
    problems = [problem for problem in problems if problem]
    return answer(
        _summary(done, problems),
        [*findings, *problems],
        _metrics(done),
        page(
            "Payments",
            section("Decided", table(("to", "amount", "for", "outcome"), map(_row, done))),
            section("Problems", bullets(problems)),
            "No bank is connected: an order is a record of what may be paid.",
        ),
    )


def _orders(conversation: Conversation) -> list[Call]:
    return [
        Call("order_payment", dict(payment))
        for item in conversation.results("read_payments")
        for payment in item.response.get("payments", [])
    ]


def _ordered(done: list[Returned]) -> list[Returned]:
    return [item for item in done if item.response.get("order")]


def _totals(done: list[Returned]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for item in _ordered(done):
        currency = str(item.response.get("currency", ""))
        totals[currency] = totals.get(currency, 0) + float(item.response.get("amount", 0))
    return dict(sorted(totals.items()))


def _summary(done: list[Returned], problems: list[str]) -> str:
    if not done:
        return " ".join(problems) or "No payment was asked for. Give a file or a text that does."
    ordered = len(_ordered(done))
    total = ", ".join(f"{amount:,.2f} {currency}" for currency, amount in _totals(done).items())
    refused = len(done) - ordered
    before = sum(bool(item.response.get("already_done")) for item in done)
    said = [f"{ordered} payments ordered ({total or 'nothing'}), {refused} not."]
    said += [f"{before} of them already before this version."] if before else []
    return " ".join([*said, *problems])


def _metrics(done: list[Returned]) -> dict[str, float | None]:
    counts: dict[str, float | None] = {
        "ordered": len(_ordered(done)),
        "not ordered": len(done) - len(_ordered(done)),
    }
    return counts | {f"total {currency}": amount for currency, amount in _totals(done).items()}


def _sentence(item: Returned) -> str:
    ran, asked = item.arguments, item.call.arguments
    what = f"{_amount(ran)} to {ran.get('to')}"
    if item.response.get("unknown"):
        return f"It is not known whether this was ordered: {what}. {item.error}"
    if not item.response.get("order"):
        return f"Not ordered: {what}. {item.error}"
    was = f"{_amount(asked)} to {asked.get('to')}"
    changed = "" if ran == asked else f", changed by people, before: {was}"
    when = "Already ordered" if item.response.get("already_done") else "Ordered"
    return f"{when}: {what}{changed} ({item.response['order']})."


def _row(item: Returned) -> tuple[str, str, str, str]:
    ran = item.arguments
    outcome = str(item.response.get("order") or item.error or "waiting")
    return str(ran.get("to")), _amount(ran), str(ran.get("reason")), outcome


def _amount(arguments: dict[str, Any]) -> str:
    money = money_in(arguments)
    return str(money) if money else f"{arguments.get('amount')} {arguments.get('currency')}"
