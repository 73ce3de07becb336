"""What is cut ends with a whole word, or with a whole figure."""

import pytest

from notifications.cards.card import FIGURES_SHOWN, card
from notifications.cards.details import FIGURES_SHOWN as MANY_FIGURES
from notifications.text.sanitize import mrkdwn
from notifications.text.whole import WORD, cut, cut_figures, dots
from notifications.views.approval_list import SUMMARY_SHOWN, line_text
from tests.notifications.approval_views import NOW
from tests.notifications.card_views import RESULT, view
from tests.notifications.forms.test_forms import line
from workflows.content.rendering import figures

METRICS = {f"mean of column {n}": 3.0312 + n for n in range(40)}


@pytest.mark.parametrize("limit", range(1, 60))
def test_no_word_is_cut_where_one_ends_nearby(limit: int) -> None:
    """A single one that is too long is cut all the same; what is whole has no dots."""
    text = "one two three four five six seven eight nine ten"
    shown = cut(text, limit)
    assert len(shown.shown) <= limit
    assert (shown.shown + " ").startswith(text[:1])
    if limit >= 3:
        assert set(shown.shown.split()) <= set(text.split())
    assert dots(shown) == ("" if limit >= len(text) else "…")
    assert len(cut("x" * 100, limit + WORD).shown) == limit + WORD


@pytest.mark.parametrize("limit", [FIGURES_SHOWN, MANY_FIGURES, 100])
def test_no_figure_is_cut_in_half(limit: int) -> None:
    """3.03 is not 3.0: there are fewer figures, each of them whole."""
    whole = figures(RESULT.model_copy(update={"metrics": METRICS})).split(", ")
    shown = cut_figures(", ".join(whole), limit, mrkdwn).shown.split(", ")
    assert len(shown) > 1
    assert shown == whole[: len(shown)]


def test_a_card_says_that_figures_are_left_out() -> None:
    """And shows none by half."""
    text = str(card(view(result=RESULT.model_copy(update={"metrics": METRICS}))))
    shown = text.split("Figures: ")[1].split(", …", maxsplit=1)[0].split(", ")
    assert set(shown) <= set(figures(RESULT.model_copy(update={"metrics": METRICS})).split(", "))


def test_a_list_says_that_a_summary_goes_on() -> None:
    """In Home and in `/approvals`."""
    words = "many words of an agent, " * 30
    shown = line_text(line(1, summary=words), NOW)
    assert shown.endswith(("agent,…”", "many…”", "words…”", "of…”", "an…”"))
    assert line_text(line(1, summary=words[: SUMMARY_SHOWN - 40]), NOW).count("…") == 0
