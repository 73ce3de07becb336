"""Digests: one message instead of many."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.views.approval_list import PendingLine
from notifications.views.summary import OPEN_HOME, blocks, fold, heading, text
from tests.notifications.corpus import TEXTS, Poison
from workflows.messages.policy import Risk

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def waiting(number: int, **changes: Any) -> PendingLine:
    """One a minute, each with its own content."""
    values: dict[str, Any] = {
        "id": f"t{number}.a.v1",
        "title": f"Review {number}",
        "requester": "U0ADA00001",
        "summary": "",
        "revision": 1,
        "approvers": (),
        "risk": "",
        "deadline": NOW + timedelta(hours=24 - number % 24),
        "digest": f"{number:064}",
    }
    return PendingLine.model_validate({**values, **changes})


def test_identical_requests_are_one_line() -> None:
    """Same title, same requester, same content; the most urgent stands for them."""
    alike = [waiting(n, title="Same", digest="d") for n in range(4)]
    other = waiting(9, title="Same", digest="e")
    lines = fold([*alike, other])
    assert [line.count for line in lines] == [1, 4] or [line.count for line in lines] == [4, 1]
    folded = next(line for line in lines if line.count == 4)
    assert folded.first == min(alike, key=lambda one: one.deadline)
    assert "4 alike" in json.dumps(blocks(lines))


@pytest.mark.parametrize("changes", [{"risk": Risk.HIGH}, {"digest": ""}])
def test_some_are_never_folded(changes: dict[str, Any]) -> None:
    """High risk is looked at one by one, and so is what cannot be compared."""
    values = {"title": "Same", "digest": "d", **changes}
    assert [line.count for line in fold(waiting(n, **values) for n in range(3))] == [1, 1, 1]


def test_a_digest_has_a_way_home_and_no_decisions() -> None:
    """One button, which opens the list."""
    found = blocks(fold(waiting(n) for n in range(6)), "slack://app?id=A")
    buttons = [e for block in found if block["type"] == "actions" for e in block["elements"]]
    assert [(b["action_id"], b["url"]) for b in buttons] == [(OPEN_HOME, "slack://app?id=A")]
    plain = blocks(fold([waiting(1)]))
    assert "url" not in plain[-1]["elements"][0]


def test_headings_count() -> None:
    """One waits, two wait, a thousand has a comma."""
    counted = [heading(fold(map(waiting, range(n)))) for n in (1, 2)]
    assert counted == ["1 approval waits for a decision", "2 approvals wait for a decision"]
    many = fold(map(waiting, range(1_000)))
    assert heading(many).startswith("1,000 approvals")
    assert "And 970 more" in text(many)


def check_blocks(found: list[dict[str, Any]]) -> None:
    """Slack's limits, in UTF-16 units."""

    def units(words: str) -> int:
        return len(words.encode("utf-16-le", "surrogatepass")) // 2

    assert len(found) <= 50
    texts = [block["text"]["text"] for block in found if "text" in block]
    texts += [e["text"] for block in found if block["type"] == "context" for e in block["elements"]]
    assert all(0 < units(words) <= 3_000 for words in texts)
    assert sum(map(units, texts)) <= 12_000
    for block in found:
        if block["type"] == "section":
            assert block["text"]["verbatim"] is True
    json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize("count", [1, 29, 30, 31, 500])
def test_any_number_fits_into_one_message(count: int) -> None:
    """At most 50 blocks; whatever is not listed is counted."""
    digest = fold(map(waiting, range(count)))
    found = blocks(digest)
    check_blocks(found)
    assert ("And" in json.dumps(found)) == (count > 30)


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
def test_no_title_breaks_out(poison: Poison) -> None:
    """Titles and names are other people's text: no mention, no link, no line of their own."""
    words = str(poison.make())[:5_000].encode("utf-8", "replace").decode()
    many = [waiting(n, title=words, requester=words, digest="") for n in range(40)]
    digest = fold(many)
    found = blocks(digest)
    check_blocks(found)
    for block in found:
        if block["type"] == "section":
            lines = block["text"]["text"].split("\n")
            assert len(lines) == 2
            assert "<!" not in lines[0]
            assert "<@" not in lines[0]
            assert "http://" not in lines[0]
    assert text(digest).count("\n") == 31
