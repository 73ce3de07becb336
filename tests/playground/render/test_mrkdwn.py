"""mrkdwn as people read it."""

import pytest

from playground.render.mrkdwn import plain_html, to_html


class Directory:
    """A workspace with one of each."""

    def user_name(self, user_id: str) -> str:
        return {"U1": "ada"}.get(user_id, user_id)

    def channel_name(self, channel_id: str) -> str:
        return {"C1": "general"}.get(channel_id, channel_id)

    def group_name(self, group_id: str) -> str:
        return {"S1": "finance"}.get(group_id, group_id)


def anchor(url: str, label: str) -> str:
    return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{label}</a>'


def mention(label: str, kind: str, identifier: str) -> str:
    return f'<span class="mention" data-{kind}-id="{identifier}">{label}</span>'


CASES = [
    ("plain", "plain"),
    ("a\nb", "a<br>b"),
    ("*bold* _italic_ ~gone~", "<b>bold</b> <i>italic</i> <s>gone</s>"),
    ("*bold _both_*", "<b>bold <i>both</i></b>"),
    ("*a _b* c_", "<b>a _b</b> c_"),
    ("2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c"),
    ("* not bold *", "* not bold *"),
    ("(*b*), *b*.", "(<b>b</b>), <b>b</b>."),
    ("`*code*`", "<code>*code*</code>"),
    ("*`b`*", "<b><code>b</code></b>"),
    ("a ```x\n y``` b", "a <pre><code>x\n y</code></pre> b"),
    ("```\nx\n```\nafter", "<pre><code>x</code></pre>after"),
    ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
    ("<b>", "&lt;b&gt;"),
    ("<@U1> and <@U9|x>", f"{mention('@ada', 'user', 'U1')} and {mention('@U9', 'user', 'U9')}"),
    ("<#C1|old>", mention("#general", "channel", "C1")),
    ("<!subteam^S1|@old>", mention("@finance", "group", "S1")),
    (
        "<!here> <!channel>",
        '<span class="mention">@here</span> <span class="mention">@channel</span>',
    ),
    ("<!unknown^x|label>", "label"),
    ("<https://a.example/x_y_z|*label*>", anchor("https://a.example/x_y_z", "*label*")),
    (
        "<https://a.example?a=1&amp;b=2>",
        anchor("https://a.example?a=1&amp;b=2", "https://a.example?a=1&amp;b=2"),
    ),
    ("<mailto:a@b.example|mail>", anchor("mailto:a@b.example", "mail")),
    (
        "see https://a.example/p_q.",
        f"see {anchor('https://a.example/p_q', 'https://a.example/p_q')}.",
    ),
    ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
    ("*<https://a.example|x>*", f"<b>{anchor('https://a.example', 'x')}</b>"),
    ("> quoted\nafter", "<blockquote>quoted</blockquote>after"),
    ("&gt; one\n&gt; two", "<blockquote>one<br>two</blockquote>"),
    (">>> all\nof it", "<blockquote>all<br>of it</blockquote>"),
    (
        "• one\n• two\nend",
        (
            '<span class="item"><span class="bullet">•</span>one</span>'
            '<span class="item"><span class="bullet">•</span>two</span>end'
        ),
    ),
    (":tada: :nosuch: 12:30:45", "🎉 :nosuch: 12:30:45"),
    ("`:tada:`", "<code>:tada:</code>"),
    ("<!date^x^{date}|fallback>", "fallback"),
]


@pytest.mark.parametrize(("text", "html"), CASES)
def test_mrkdwn_reads_as_in_slack(text: str, html: str) -> None:
    """Entities, emphasis, code, quotes, lists, links and emoji."""
    assert str(to_html(text, Directory())) == html


def test_dates_are_shown_in_local_time_with_the_fallback_as_title() -> None:
    """The tokens of the date syntax, linked when an address is given."""
    html = str(to_html("<!date^1735732800^{date_num}^https://a.example|New Year>", Directory()))
    assert 'title="New Year"' in html
    assert ">2025-01-0" in html
    assert html.startswith('<a href="https://a.example"')


def test_plain_text_keeps_its_signs() -> None:
    """Only line breaks and emoji are rendered, and emoji only when wanted."""
    assert str(plain_html("*a* <b>\n:tada:")) == "*a* &lt;b&gt;<br>🎉"
    assert str(plain_html(":tada:", emoji=False)) == ":tada:"


def test_long_texts_of_signs_are_rendered_quickly() -> None:
    """Forty thousand signs do not make the expressions crawl."""
    for sign in ("*", "_", "~", "`", "<", ">", ":", "*_", "<@", "```", "\n>", "https://"):
        assert to_html(sign * (40_000 // len(sign)), Directory())
