"""Agent text in Slack: nothing live, nothing hidden, nothing cut in half."""

import os
import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifications.text.sanitize import cautions, clip, escape, inert, mrkdwn, visible
from tests.notifications.corpus import (
    HOSTS,
    LANGUAGES,
    LINKS,
    MENTIONS,
    RESULTS,
    SCHEMES,
    SINGLES,
    STYLES,
    TEXTS,
    Poison,
)
from tests.notifications.slack_reader import hidden_parts, live_parts, live_words

FULL = os.environ.get("SIGNOFF_FULL") == "1"
GENERATED = 1_000_000 if FULL else 15_000
PIECES = (
    *HOSTS,
    *MENTIONS,
    *LINKS,
    *STYLES,
    *SCHEMES,
    *LANGUAGES,
    *map(chr, SINGLES),
    *"<>&*_~`@#:./|[]()!- \n\t\"'\\0aZé\u0301\u0336",
    "&amp;",
    "&lt;",
    "word",
    "a.b",
    "http",
    "www.",
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)


def assert_harmless(text: str) -> None:
    """The whole contract, read by the oracle."""
    shown = mrkdwn(text)
    assert list(live_parts(shown)) == []
    assert list(live_words(inert(text))) == []
    assert list(hidden_parts(shown)) == []
    shown.encode("utf-8")


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
def test_poison_becomes_harmless(poison: Poison) -> None:
    """Every case of the corpus, cut to what a card shows, within a tenth of a second or so."""
    text: str = poison.make()
    started = time.perf_counter()
    clipped = clip(text, 2_900, render=mrkdwn)
    seconds = time.perf_counter() - started
    assert len(clipped.shown.encode("utf-16-le")) <= 5_800
    assert clipped.total == len(text)
    assert_harmless(text[: clipped.shown_count])
    assert clipped.shown == mrkdwn(text[: clipped.shown_count])
    assert seconds < 1


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
@pytest.mark.timeout(60)
def test_poison_is_rendered_whole_in_reasonable_time(poison: Poison) -> None:
    """Even megabytes at once take seconds at worst: no expression runs away."""
    text: str = poison.make()
    started = time.perf_counter()
    mrkdwn(text)
    assert time.perf_counter() - started < 40


def test_the_corpus_is_large() -> None:
    """At least 300 cases, each with its own name."""
    names = [poison.name for poison in (*TEXTS, *RESULTS)]
    assert len(names) >= 300
    assert len({poison.name for poison in TEXTS}) == len(TEXTS)


@settings(max_examples=5_000 if FULL else 300, deadline=None)
@given(HOSTILE | ANY_TEXT)
@example("_.com*@a")
def test_nothing_is_live_and_nothing_hidden(text: str) -> None:
    """Whatever the text: no link, no mention, no style, no invisible character."""
    assert_harmless(text)


def test_a_million_generated_texts_are_harmless() -> None:
    """A million adversarial texts in the full run, 15,000 in the reduced one; the seed is fixed."""
    dice = random.Random(20260320)
    for _ in range(GENERATED):
        assert_harmless("".join(dice.choices(PIECES, k=dice.randrange(1, 9))))


@settings(max_examples=1_000 if FULL else 200, deadline=None)
@given(HOSTILE | ANY_TEXT)
@example("https://evil.example/`code`.example.com")
def test_making_inert_twice_changes_nothing_more(text: str) -> None:
    """Text that was made inert is left alone."""
    once = inert(text)
    assert inert(once) == once
    assert visible(visible(text)) == visible(text)


@settings(max_examples=2_000 if FULL else 200, deadline=None)
@given(HOSTILE | ANY_TEXT, st.integers(0, 80))
def test_a_clipped_text_fits_and_counts_right(text: str, limit: int) -> None:
    """What is shown is the rendering of exactly the characters counted, and fits."""
    clipped = clip(text, limit, render=mrkdwn)
    assert len(clipped.shown.encode("utf-16-le")) // 2 <= limit
    assert clipped.shown == mrkdwn(text[: clipped.shown_count])
    assert clipped.total == len(text)
    assert clipped.whole == (clipped.shown_count == len(text))
    assert list(live_parts(clipped.shown)) == []


@settings(max_examples=2_000 if FULL else 200, deadline=None)
@given(HOSTILE, st.integers(0, 60))
def test_rendered_text_is_never_cut_inside_an_escape(text: str, limit: int) -> None:
    """Clipping text that is already rendered keeps escapes and marks whole."""
    rendered = mrkdwn(text)
    clipped = clip(rendered, limit)
    assert rendered.startswith(clipped.shown)
    assert list(live_parts(clipped.shown)) == []
    tail = clipped.shown.rpartition("&")[2]
    assert "&" not in clipped.shown or ";" in tail


@pytest.mark.parametrize("name", ["a.png", "evil[.]example/p.png", "report.docx", "x.do.html"])
def test_a_rendered_name_is_never_cut_into_a_host(name: str) -> None:
    """A file's ending makes a name harmless; half of it may be a country's."""
    for limit in range(len(name) + 5):
        assert list(live_words(clip(f"see {name}", limit).shown)) == []


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "🇩🇪", "👩🏽‍💻", "é", "각", "1️⃣", "❤️‍🔥", "\r\n", "กำ"])
@pytest.mark.parametrize("before", ["", "a", "🇫🇷"])
def test_a_character_is_never_cut(text: str, before: str) -> None:
    """Emoji sequences, flags, accents and syllables are shown whole or not at all."""
    for limit in range(24):
        shown = clip(before + text + "z", limit).shown
        assert shown in ("", before, before + text, before + text + "z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world.", "Hello, world."),
        ("sales.csv and snake_case, 3.14, e.g. this", "sales.csv and snake_case, 3.14, e.g. this"),
        (
            "No payment in complaint.txt. Give a table.",
            "No payment in complaint.txt. Give a table.",
        ),
        ("(complaint.txt), complaint.txt: no", "(complaint.txt), complaint.txt: no"),
        ("complaint.txt.example.com", "complaint[.]txt[.]example[.]com"),
        ("https://example.com/a?b=1", "hxxps[:]//example[.]com/a?b=1"),
        ("bob@example.com", "bob[at]example[.]com"),
        ("@here #general", "[at]here [#]general"),
        ("<!channel> & <b>", "&lt; !channel&gt; &amp; &lt;b&gt;"),
        ("*bold* and 3 * 4", "\uff0abold\uff0a and 3 * 4"),
        ("> quote", "\uff1e quote"),
        ("a > b", "a &gt; b"),
        (":tada: at 10:30:45", "\uff1atada: at 10:30:45"),
        ("pay \u202e001", "pay [U+202E]001"),
        ("a" + "\u200b" * 9 + "b", "a[U+200B U+200B U+200B U+200B ... 9 hidden]b"),
        ("Z" + "\u0301" * 9, "Z" + "\u0301" * 5 + "[4 more accents]"),
        ("a\r\nb\rc", "a\nb[U+000D]c"),
        ("1\u00a0000\u202f000", "1 000 000"),
        ("\ud800", "[U+D800]"),
        ("👨‍👩‍👧 ⚠️ ❤️‍🔥 1️⃣", "👨‍👩‍👧 ⚠️ ❤️‍🔥 1️⃣"),
        ("می‌خواهم क्‍ष", "می‌خواهم क्‍ष"),
        ("a\u200cb", "a[U+200C]b"),
    ],
)
def test_what_people_read(text: str, expected: str) -> None:
    """The table of the module, by example."""
    assert mrkdwn(text) == expected


def test_escape_is_slack_s_own() -> None:
    """Three characters, once."""
    assert escape("&<>\"'&amp;") == "&amp;&lt;&gt;\"'&amp;amp;"


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]) | st.just("\n")))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    """Printable ASCII needs no marks, and no caution."""
    assert visible(text) == text
    assert cautions(text) == ()


def test_cautions_name_what_a_reader_cannot_see() -> None:
    """Hidden characters and words that mix alphabets; ordinary foreign words are no reason."""
    assert "Hidden" in cautions("pay\u202e")[0]
    assert "\u0410pproved" in cautions("\u0410pproved by Ann")[0]
    for text in ("Привет, Ann", "naïve café", "Ελλάδα and USA", "µm ΔT", "1\u00a0000", "a\r\nb"):
        assert cautions(text) == ()
