"""What `[agents.<name>]` and a step's agent may say, before anything is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.agents import registry
from bot.config.errors import ConfigurationError
from bot.config.packages import namesakes
from bot.config.settings import Settings, load

ROOT = Path(__file__).parents[3]
REVIEW = (
    '[policy]\napprovers = ["a@b.example"]\n[pipelines.review]\nsteps = [{name = "analysis"}]\n'
)
MINE = '[agents.mine]\nmodule = "my_pkg.agent"\n'


def loaded(folder: Path, text: str) -> Settings:
    (folder / "signoff.toml").write_text(REVIEW + text, encoding="utf-8")
    return load(folder / "signoff.toml")


WRONG = {
    "taken": ('[agents.analysis]\nmodule = "a.b"', "agents.analysis: the name is taken by Signoff"),
    "user": ('[agents.user]\nmodule = "a.b"', "agents.user: the name is taken by Signoff"),
    "form": ('[agents."My-Agent"]\nmodule = "a.b"', "its name needs lower-case letters"),
    "two ways": (MINE + 'url = "http://127.0.0.1:1/"', "it has a url and a module"),
    "workflow": (MINE + 'run = "workflow"', "run = 'workflow' is for our own agents only"),
    "neither": (
        '[agents.quotes]\ncache = "1h"',
        "agents.quotes: give it a url, where it is served",
    ),
    "folder only": ('[agents.analysis]\nfolder = "x"', "folder and model belong to a module"),
    "a step's": (
        '[pipelines.offer]\nsteps = [{name = "first", agent = "nobody"}]\n' + MINE,
        "pipelines.offer.steps.first: there is no agent called 'nobody'. There are analysis, data_",
    ),
    "a step of that name": (
        '[pipelines.offer]\nsteps = [{name = "quotes"}]',
        "yours needs its [agents.quotes] with a url or a module",
    ),
    "a policy's": (
        '[tool_policy]\nagents = { nobody = "p.toml" }',
        "tool_policy.agents: nobody is no agent of analysis, strategy",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, name: str) -> None:
    """One sentence, with the place."""
    text, says = WRONG[name]
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_known_agents_are_named(tmp_path: Path) -> None:
    """One's own among them."""
    with pytest.raises(ConfigurationError, match=r"help_desk, mine, operations"):
        loaded(tmp_path, MINE + '[pipelines.offer]\nsteps = [{name = "nobody"}]')


@pytest.mark.parametrize("agent", ["mine", "analysis", "https://quotes.example/a2a/"])
def test_a_step_may_name_it_at_once(tmp_path: Path, agent: str) -> None:
    """An own agent, one of ours, or one at an address."""
    step = f'[pipelines.offer]\nsteps = [{{name = "first", agent = "{agent}"}}]\n'
    settings = loaded(tmp_path, MINE + step)
    assert settings.plans("offer")[0].agent == agent


def test_it_is_served_like_ours(tmp_path: Path) -> None:
    """At our agents' server, with their token; a rule file may judge it."""
    (tmp_path / ".env").write_text("AGENTS_TOKEN=canary\n", encoding="utf-8")
    settings = loaded(tmp_path, MINE + '[tool_policy]\nagents = { mine = "p.toml" }')
    endpoint = registry(settings).endpoints["mine"]
    assert endpoint.url == "http://127.0.0.1:8331/mine/"
    assert endpoint.token.get_secret_value() == "canary"
    assert settings.own["mine"].folder == str(tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with a package of somebody else that is called `agents`."""
    (tmp_path / "site" / "agents").mkdir(parents=True)
    (tmp_path / "site" / "agents" / "__init__.py").touch()
    return tmp_path / "site"


def test_a_package_of_the_same_name_is_found(elsewhere: Path) -> None:
    """`doctor` says so, whether it comes before ours or behind."""
    for path in ([str(elsewhere), str(ROOT)], [str(ROOT), str(elsewhere)]):
        (sentence,) = namesakes(path)
        assert f"Another package called agents is installed ({elsewhere / 'agents'})." in sentence
    assert not list(namesakes([str(ROOT)]))


@pytest.mark.parametrize("module", ["bot", "signoff"])
def test_a_package_that_goes_first_is_refused_or_passed_over(elsewhere: Path, module: str) -> None:
    """`python -m bot` takes the path as it is; `signoff` puts its own first."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, "--version"],
        cwd=elsewhere,
        env={"PYTHONPATH": f"{elsewhere}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if module == "signoff":
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode == 2
    assert done.stderr == (
        f"Another package called agents goes before Signoff's own: {elsewhere / 'agents'}. Start "
        "Signoff as 'signoff', which puts its own first, or take the other one out.\n"
    )
