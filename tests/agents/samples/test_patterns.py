"""The agents made of several members, on the offline model."""

import pytest

from agents.catalogue import CATALOGUE
from agents.inputs.table import open_table
from agents.runtime.local import LocalAgents
from agents.samples.claims import check, sentences
from agents.samples.help_desk.offline import route
from agents.samples.text_checks import problems, repair_one
from agents.samples.tools.payments import amount_of, payments_in
from agents.samples.tools.table_profile import profile
from tests.agents.requests import EXAMPLES, SALES, input_file, request
from workflows.messages.results import AgentResult


async def run(agent: str, *names: str) -> AgentResult:
    contents = [(EXAMPLES / name).read_bytes() for name in names]
    inputs = tuple(map(input_file, names, contents))
    asked = request(agent).model_copy(update={"inputs": inputs})
    outcome = await LocalAgents(offline=True).run(asked, contents)
    assert outcome.result is not None
    assert outcome.result.offline
    return outcome.result


async def test_the_desk_routes_to_a_specialist() -> None:
    """Who finds the facts of the message and drafts the reply."""
    result = await run("help_desk", "complaint.txt")
    assert result.summary.startswith("For billing: ")
    assert "reference: INV-20417" in result.findings
    assert "amount: 49.90 EUR" in result.findings
    assert "## Draft of the reply" in result.full_text


@pytest.mark.parametrize(
    ("message", "role"),
    [
        ("I forgot my password", "account"),
        ("Error 500 after the update, the app crashes", "technical"),
        ("Where is my refund?", "billing"),
        ("Good morning", "technical"),
    ],
)
def test_routing_goes_by_the_words(message: str, role: str) -> None:
    """And to technical when no word is known."""
    assert route(message) == role


async def test_the_pipeline_hands_on_what_it_found() -> None:
    """The reporter sees the validation and the aggregates, and reads nothing itself."""
    result = await run("data_pipeline", "penguins.csv")
    assert result.metrics == {"valid": 1, "rows": 344, "problems": 0}
    assert result.findings[0].startswith("Mean Flipper Length (mm) by Species: Gentoo")


async def test_the_researchers_are_gathered() -> None:
    """Every researcher's findings arrive, the contradiction first."""
    result = await run("research", "penguins.csv", "penguins-note.md")
    assert result.findings[0].startswith("Invalid: “The highest flipper length is 241 mm.”")
    assert all(result.metrics[f"findings {role}"] for role in ("figures", "texts", "claims"))


async def test_the_hierarchy_passes_evidence_up() -> None:
    """What the searcher found reaches the writer through two levels."""
    result = await run("report_writer", "penguins.csv", "release-plan.md")
    assert result.metrics["evidence"] == len(result.findings) == 9
    assert any(finding.startswith("release-plan.md: ") for finding in result.findings)


async def test_the_checker_finds_the_wrong_claim() -> None:
    """One of six is wrong, one cannot be checked."""
    result = await run("fact_check", "penguins.csv", "penguins-note.md")
    assert result.metrics == {"invalid": 1, "unclear": 1, "valid": 4}


async def test_the_loop_ends_when_the_checks_pass() -> None:
    """One kind of problem per round."""
    result = await run("refine", "draft.md")
    assert result.metrics == {"rounds": 4, "problems before": 4, "problems left": 0}


async def test_the_loop_ends_when_nothing_helps() -> None:
    """What only a writer can settle is left and said, in less than five rounds."""
    content = b"The price is TODO.\n"
    asked = request("refine", "a.md", content)
    outcome = await LocalAgents(offline=True).run(asked, [content])
    assert outcome.result is not None
    assert outcome.result.metrics["problems left"] == 1
    assert outcome.result.metrics["rounds"] <= 5


@pytest.mark.parametrize("agent", [name for name in CATALOGUE if name != "payment"])
async def test_the_same_request_gives_the_same_result(agent: str) -> None:
    """Fan-out included."""
    names = {
        "help_desk": ("complaint.txt",),
        "operations": ("runbook.md",),
        "refine": ("draft.md",),
    }.get(agent, ("seattle-weather.csv",))
    contents = [(EXAMPLES / name).read_bytes() for name in names]
    inputs = tuple(map(input_file, names, contents))
    asked = request(agent).model_copy(update={"inputs": inputs})
    first = await LocalAgents(offline=True).run(asked, contents)
    second = await LocalAgents(offline=True).run(asked, contents)
    assert first.result == second.result
    assert len(first.questions) == len(second.questions)


def test_a_claim_is_held_against_the_figure_its_words_name() -> None:
    """Rounded to the digits that were said."""
    with open_table("sales.csv", SALES) as table:
        known = profile(table)
    verdicts = {
        "There are 10 rows.": "valid",
        "There are 11 rows.": "invalid",
        "The mean units is 108.5.": "valid",
        "The mean units is 109.": "valid",
        "The mean units is 120.": "invalid",
        "It took 3 days.": "unclear",
    }
    for sentence, verdict in verdicts.items():
        assert check(sentence, [known]).verdict == verdict, sentence


def test_only_sentences_with_numbers_are_claims() -> None:
    """Marks of Markdown are no part of them."""
    assert sentences("# Title\n\nNo number. * 12 apples.\n- 3 pears") == ["12 apples.", "3 pears"]


@pytest.mark.parametrize("text", ["", "fine.\n", "a  b", "the the", "x " * 60, "TODO", "# a  b\n"])
def test_repairs_come_to_an_end(text: str) -> None:
    """Each repair changes something or is the last."""
    for _ in range(20):
        repaired = repair_one(text)
        if repaired == text:
            return
        text = repaired
    raise AssertionError(problems(text))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("120.50", 120.5),
        ("1,250.00", 1250),
        ("1.250,50", 1250.5),
        ("1'250.5", 1250.5),
        ("99,5", 99.5),
        ("1,250", 1250),
        ("0", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("abc", None),
        (None, None),
    ],
)
def test_amounts_are_read_as_written(text: object, amount: float | None) -> None:
    """English and continental; nothing that is not a payable amount."""
    assert amount_of(text) == amount


def test_payments_are_found_in_words() -> None:
    """One line, one payment."""
    text = b"Please pay 120.50 EUR to Ann Meyer for invoice 17.\npay 1,000 CHF to Bureau Rossi"
    found = payments_in("mail.txt", text)
    assert [(p.to, p.amount, p.currency, p.reason) for p in found] == [
        ("Ann Meyer", 120.5, "EUR", "invoice 17"),
        ("Bureau Rossi", 1000, "CHF", ""),
    ]
