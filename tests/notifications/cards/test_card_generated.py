"""Whole cards made of a million generated agent texts: valid, inert, nothing hidden, within limits."""

import os
import random
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from notifications.cards.card import card, card_text
from playground.blocks import problems
from tests.notifications.card_views import ADA, GRACE, LINUS, said, settled, view
from tests.notifications.cards.test_card import strings
from tests.notifications.corpus import (
    HOSTS,
    LANGUAGES,
    LINKS,
    MENTIONS,
    SCHEMES,
    SINGLES,
    STYLES,
)
from tests.notifications.slack_reader import hidden_parts, live_words
from workflows.messages.decisions import Outcome, Verdict
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, ExecutionMode

FULL = os.environ.get("SIGNOFF_FULL") == "1"
TEXTS = 1_000_000 if FULL else 4_000
MOST_BLOCKS, MOST_CHARACTERS = 50, 12_000
PIECES = (
    *(*HOSTS, *MENTIONS, *LINKS, *STYLES, *SCHEMES, *LANGUAGES, *map(chr, SINGLES)),
    *"<>&*_~`@#:./|[]()!- \n\t\"'\\0aZé\u0301\u0336",
    *("&amp;", "&lt;", "word", "a.b", "http", "www."),
)
OURS = re.compile(
    rf"<@(?:{ADA}|{GRACE}|{LINUS})>|<!date\^\d+\^[^|<>]*\|[^<>]*>|`t-abcdefgh[a-z0-9.]*`"
)
"""What our own words may hold: people, moments, ids, digests."""


class Source:
    """Texts, counted."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.made = 0

    def text(self, most: int = 600) -> str:
        """One text of a few pieces, now and then of hundreds."""
        self.made += 1
        pieces = self._dice.choice((1, 2, 3, 5, 8, 13, 13, 400))
        return "".join(self._dice.choices(PIECES, k=self._dice.randint(1, pieces)))[:most]

    def result(self) -> AgentResult:
        """A result with up to 20 findings, once in a while with 400."""
        findings = self._dice.choice((0, 1, 3, 3, 8, 20, 20, 400))
        return AgentResult.model_construct(
            summary=self.text(),
            findings=tuple(self.text(2_000) for _ in range(findings)),
            metrics={self.text(40): 1.0},
            full_text=self.text(),
            offline=self._dice.random() < 0.1,
            model=self.text(30),
        )

    def card(self) -> CardView:
        """A card in one of its states, agent text wherever there may be some."""
        result, state = self.result(), self._dice.randrange(6)
        common: dict[str, Any] = {"title": self.text(300), "mode_reason": self.text(300)}
        if state == 0:
            return made(view(**common, execution_mode=ExecutionMode.FALLBACK), result)
        if state == 1:
            return made(view(policy={"risk": Risk.HIGH}, **common), result)
        if state == 2:
            changed = view(revision=2, feedback=self.text(3_000), **common)
            return made(changed, result, previous=self.result())
        if state == 3:
            edited = view(revision=2, authors=(GRACE,), edited_by=GRACE, **common)
            return made(edited, result, previous=self.result())
        if state == 4:
            reason = self.text(3_000)
            by = said(LINUS, Verdict.REJECT, comment=reason)
            return made(settled(Outcome.REJECTED, by, reason=reason, **common), result)
        return made(settled(Outcome.APPROVED, said(comment=self.text(3_000)), **common), result)


def made(shown: CardView, result: AgentResult, **changed: Any) -> CardView:
    """The card with these results, past every check at the door."""
    request = shown.request.model_copy(update={"result": result, **changed})
    return shown.model_copy(update={"request": request})


def faults(shown: CardView) -> Iterator[str]:
    """Everything that is wrong with a card."""
    blocks = card(shown)
    yield from problems(blocks, "message")
    if len(blocks) > MOST_BLOCKS:
        yield f"{len(blocks)} blocks"
    spoken = card_text(shown)
    if (total := sum(map(len, strings(blocks)))) > MOST_CHARACTERS:
        yield f"{total} characters"
    if len(spoken) > 120:
        yield f"{len(spoken)} characters of plain text"
    for text in (*strings(blocks), spoken):
        text.encode()
        yield from hidden_parts(text)
        yield from live_words(unescape(OURS.sub(" ", text)))
    for source in (*mrkdwn_of(blocks), spoken):
        if "<" in OURS.sub(" ", source):
            yield f"control sequence in {source!r}"


def mrkdwn_of(part: Any) -> Iterator[str]:
    """Every text in which Slack would read control sequences."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from mrkdwn_of(item)


def test_a_million_generated_texts_make_sound_cards() -> None:
    """A million texts in the full run, 4,000 in the reduced one; the seed is fixed."""
    source = Source(20260321)
    cards = 0
    while source.made < TEXTS:
        shown = source.card()
        found = list(faults(shown))
        assert found == [], (cards, found[:5], card_text(shown))
        cards += 1
    assert cards > TEXTS / 500
