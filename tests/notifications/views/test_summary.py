"""Digests: one message instead of many."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.views.summary import (
    OPEN_HOME,
    PendingItem,
    Summary,
    blocks,
    fold,
    gather,
    heading,
    subject,
    text,
)
from tests.notifications.corpus import TEXTS, Poison
from workflows.messages.policy import Risk

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def waiting(number: int, **changes: Any) -> PendingItem:
    """One a minute, each with its own content."""
    values: dict[str, Any] = {
        "approval_id": f"t{number}.a.v1",
        "audience": "C1",
        "title": f"Review {number}",
        "requester": "U0ADA00001",
        "raised_at": NOW + number * MINUTE,
        "deadline": NOW + timedelta(hours=24 - number % 24),
        "digest": f"{number:064}",
    }
    return PendingItem.model_validate({**values, **changes})


def ids(found: tuple[PendingItem, ...]) -> list[str]:
    return [one.approval_id for one in found]


def test_a_few_are_announced_one_by_one() -> None:
    """Five within ten minutes are no noise."""
    gathered = gather([waiting(n) for n in range(5)])
    assert len(gathered.single) == 5
    assert gathered.digests == ()


def test_a_burst_becomes_one_message() -> None:
    """Six within ten minutes, most urgent first."""
    gathered = gather([waiting(n) for n in range(6)])
    assert gathered.single == ()
    assert [line.first.title for line in gathered.digests[0].lines] == [
        f"Review {n}" for n in (5, 4, 3, 2, 1, 0)
    ]
    assert gathered.digests[0].count == 6


def test_slow_arrivals_are_no_burst() -> None:
    """Twenty, one every three minutes: never more than four within ten minutes."""
    many = [waiting(n, raised_at=NOW + 3 * n * MINUTE) for n in range(20)]
    assert len(gather(many).single) == 20


def test_a_burst_does_not_swallow_its_neighbours() -> None:
    """What was raised an hour later is announced by itself."""
    late = waiting(90)
    gathered = gather([*(waiting(n) for n in range(8)), late])
    assert ids(gathered.single) == [late.approval_id]
    assert gathered.digests[0].count == 8


def test_audiences_are_counted_apart() -> None:
    """Four here and four there are no burst; a person's are not a channel's."""
    here = [waiting(n) for n in range(4)]
    there = [waiting(n + 10, audience="U0GRACE001", raised_at=NOW) for n in range(4)]
    assert len(gather([*here, *there]).single) == 8


def test_what_was_announced_counts_and_is_not_repeated() -> None:
    """Five cards are out, the sixth makes it a burst: it alone is in the digest."""
    many = [waiting(n) for n in range(6)]
    gathered = gather(many, announced={one.approval_id for one in many[:5]})
    assert gathered.single == ()
    assert gathered.digests[0].lines[0].ids == (many[5].approval_id,)
    done = gather(many, announced={one.approval_id for one in many})
    assert (done.single, done.digests) == ((), ())


def test_limits_are_settings() -> None:
    """More than one within two minutes."""
    many = [waiting(0), waiting(1), waiting(9)]
    gathered = gather(many, more_than=1, within=2 * MINUTE)
    assert ids(gathered.single) == [many[2].approval_id]


def test_identical_requests_are_one_line() -> None:
    """Same title, same requester, same content; the most urgent stands for them."""
    alike = [waiting(n, title="Same", digest="d") for n in range(4)]
    other = waiting(9, title="Same", digest="e")
    lines = fold([*alike, other])
    assert [line.count for line in lines] == [1, 4] or [line.count for line in lines] == [4, 1]
    folded = next(line for line in lines if line.count == 4)
    assert folded.first == min(alike, key=lambda one: one.deadline)
    assert "4 alike" in json.dumps(blocks(Summary(audience="C1", lines=lines)))


@pytest.mark.parametrize("changes", [{"risk": Risk.HIGH}, {"digest": ""}])
def test_some_are_never_folded(changes: dict[str, Any]) -> None:
    """High risk is looked at one by one, and so is what cannot be compared."""
    values = {"title": "Same", "digest": "d", **changes}
    assert [line.count for line in fold(waiting(n, **values) for n in range(3))] == [1, 1, 1]


def test_a_digest_has_a_way_home_and_no_decisions() -> None:
    """One button, which opens the list."""
    found = blocks(
        Summary(audience="C1", lines=fold(waiting(n) for n in range(6))), "slack://app?id=A"
    )
    buttons = [e for block in found if block["type"] == "actions" for e in block["elements"]]
    assert [(b["action_id"], b["url"]) for b in buttons] == [(OPEN_HOME, "slack://app?id=A")]
    plain = blocks(Summary(audience="C1", lines=fold([waiting(1)])))
    assert "url" not in plain[-1]["elements"][0]


def test_headings_count() -> None:
    """One waits, two wait, a thousand has a comma; the subject names the first deadline."""
    counted = [heading(Summary(audience="C1", lines=fold(map(waiting, range(n))))) for n in (1, 2)]
    assert counted == ["1 approval waits for a decision", "2 approvals wait for a decision"]
    many = Summary(audience="C1", lines=fold(map(waiting, range(1_000))))
    assert heading(many).startswith("1,000 approvals")
    assert subject(many, NOW) == "1,000 approvals wait for a decision, the first ends in 1 h"
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
    digest = Summary(audience="C1", lines=fold(map(waiting, range(count))))
    found = blocks(digest)
    check_blocks(found)
    assert ("And" in json.dumps(found)) == (count > 30)


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
def test_no_title_breaks_out(poison: Poison) -> None:
    """Titles and names are other people's text: no mention, no link, no line of their own."""
    words = str(poison.make())[:5_000].encode("utf-8", "replace").decode()
    many = [waiting(n, title=words, requester=words, digest="") for n in range(40)]
    digest = Summary(audience="C1", lines=fold(many))
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


@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.sampled_from("AB"), st.integers(0, 5), st.booleans()),
        max_size=60,
    ),
    st.integers(0, 8),
)
@settings(max_examples=200, deadline=None)
def test_everything_new_is_announced_exactly_once(
    raised: list[tuple[int, str, int, bool]], more_than: int
) -> None:
    """As a single or in one digest; and no stretch of singles is a burst."""
    many = [
        waiting(n, audience=who, raised_at=NOW + at * MINUTE, digest=f"{same}")
        for n, (at, who, same, _) in enumerate(raised)
    ]
    known = {one.approval_id for one, (*_, out) in zip(many, raised, strict=True) if out}
    gathered = gather(many, announced=known, more_than=more_than)
    said = [*ids(gathered.single)]
    for digest in gathered.digests:
        said += [name for line in digest.lines for name in line.ids]
    assert sorted(said) == sorted({one.approval_id for one in many} - known)
    for one in gathered.single:
        beside = [
            other
            for other in many
            if other.audience == one.audience
            and timedelta(0) <= other.raised_at - one.raised_at <= timedelta(minutes=10)
        ]
        assert len(beside) <= more_than
