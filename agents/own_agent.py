"""An ADK agent of somebody's own: `app`, `root_agent` or a factory, in a module settings name."""

import copy
import importlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

import structlog
from google.adk.agents.base_agent import BaseAgent
from google.adk.agents.llm_agent import LlmAgent
from google.adk.apps.app import App
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.workflow import BaseNode
from google.genai import types

from agents.catalogue import LocalAgent
from agents.errors import AgentError, AgentFailed
from agents.models.access import ModelAccess
from agents.runtime.adk_tools import members_of
from agents.runtime.lossy_shapes import refuse_lossy

OURS = Path(__file__).parents[1]
USUAL = ("app", "root_agent")
_PASSED = ("model", "temperature")
_log = structlog.get_logger(__name__)


class OwnAgent:
    """Gives each turn an agent of its own: what the factory makes, or a copy of `root_agent`."""

    def __init__(self, about: LocalAgent) -> None:
        """Imports it; raises ValueError with a sentence that begins with module or attribute."""
        self._module, _, name = about.module.partition(":")
        module = _imported(self._module, Path(about.folder))
        wanted = [name] if name else [usual for usual in USUAL if hasattr(module, usual)]
        if not wanted or not hasattr(module, wanted[0]):
            raise ValueError(
                f"{self._module} has no {name or 'root_agent'}. Define it there, or name what "
                f"makes the agent: module = '{self._module}:make_agent'."
            )
        self._name = f"{self._module}:{wanted[0]}"
        self._found = getattr(module, wanted[0])
        self._takes = self._parameters()
        root = self._made({"model": about.model} if about.model else {})
        members = members_of(root)
        if isinstance(root, LlmAgent) and not root.model and not about.model:
            raise ValueError(f"{self._name} names no model. Give it one, or set model beside it.")
        try:
            refuse_lossy(self._name, root)
        except AgentError as error:
            raise ValueError(error.sentence) from None
        self._model = _called(members[0]) if members else ""
        self.about = about.model_copy(
            update={
                "description": getattr(root, "description", "") or about.description,
                "model": about.model or self._model,
            }
        )

    def build(self, model: str, temperature: float | None = None) -> BaseNode:
        """The agent for one turn. A `model` other than its own is that of all its members."""
        over: dict[str, Any] = {"model": model} if model and model != self._model else {}
        if temperature is not None:
            over["temperature"] = temperature
        root = self._made(over)
        for member in members_of(root):
            if over.get("model") and "model" not in self._takes:
                member.model = over["model"]
            if temperature is not None and "temperature" not in self._takes:
                member.generate_content_config = _at(member, temperature)
        return root

    def plugins(self) -> list[BasePlugin]:
        """Those of its `App`."""
        return list(self._found.plugins) if isinstance(self._found, App) else []

    def _parameters(self) -> set[str]:
        """What of a step its factory takes; raises ValueError for what is no agent."""
        found = self._found
        if isinstance(found, BaseNode) or (isinstance(found, App) and found.root_agent):
            return set()
        if not callable(found) or inspect.iscoroutinefunction(found):
            raise ValueError(
                f"{self._name} is neither an ADK agent nor a plain function that makes one."
            )
        takes = inspect.signature(found).parameters.values()
        if must := [p.name for p in takes if _needed(p) and p.name not in _PASSED]:
            raise ValueError(
                f"{self._name} needs {', '.join(must)}, and is called with model and temperature "
                "only. Give the others defaults."
            )
        return {p.name for p in takes} & set(_PASSED)

    def _made(self, over: dict[str, Any]) -> BaseNode:
        found = self._found.root_agent if isinstance(self._found, App) else self._found
        if isinstance(found, BaseNode):
            return _copy(self._name, found)
        assert callable(found)
        given = {name: over.get(name) for name in self._takes if name in over}
        made = _called_safely(self._name, lambda: found(**given))
        if isinstance(made, App):
            raise ValueError(f"{self._name} makes an App. Name the App, or make its root_agent.")
        if not isinstance(made, BaseNode):
            kind = type(made).__name__
            raise ValueError(f"{self._name} gave no ADK agent but a {kind}. Return the agent.")
        return made


@cache
def own_agent(about: LocalAgent) -> OwnAgent:
    """The agent, imported once a process; raises ValueError with a sentence."""
    return OwnAgent(about)


def refuse_offline(name: str, root: BaseNode, models: ModelAccess) -> None:
    """Raises AgentFailed where models are offline: only our own agents have answers for that."""
    for member in members_of(root) if models.offline else []:
        called = member.model if isinstance(member.model, str) else ""
        if called and models.settings.route(called).provider:
            raise AgentFailed(
                f"{name} cannot ask {called}, and has no answers without a model. "
                f"{models.sentence} Set its key, or use = 'live' under [models].",
                retryable=False,
            )


def _imported(module: str, folder: Path) -> ModuleType:
    """The module, from `folder` or installed; what goes first on the path stays first."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder. Correct folder, or leave it out.")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    importlib.invalidate_caches()
    first = module.partition(".")[0]
    there = (folder / first).is_dir() or (folder / f"{first}.py").is_file()
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise ValueError(_missing(module, folder, error)) from error
    except Exception as error:  # somebody else's code may raise anything
        raise ValueError(_broken(module, error)) from error
    place = Path(getattr(sys.modules[first], "__file__", None) or folder)
    if there and not place.is_relative_to(folder):
        raise ValueError(
            f"{module} is found in {place.parent}, before {folder}: another package has its name. "
            "Rename yours."
        )
    return found


def _missing(module: str, folder: Path, error: ImportError) -> str:
    first = module.partition(".")[0]
    blamed = error.name or ""
    if error.path and Path(error.path).is_relative_to(OURS / "agents"):
        return (
            f"{module} imports a package called agents, which is Signoff's own in here. Run it as "
            "a program of its own, served over A2A."
        )
    if blamed and (module == blamed or module.startswith(f"{blamed}.")):
        place = getattr(sys.modules.get(first), "__file__", None)
        if place and not Path(place).is_relative_to(folder):
            return (
                f"{module} is not in {Path(place).parent}, and a package called {first} is found "
                "there first. Rename yours, or make folder the one below it."
            )
        return (
            f"There is no module {module} in {folder}, nor is one installed. Correct module, or "
            "set folder to where its package lies."
        )
    return (
        f"{module} cannot be imported: {blamed or 'something it imports'} is missing. Install it "
        "beside Signoff."
    )


def _broken(module: str, error: Exception) -> str:
    _log.exception("own_agent_broke", module=module)
    last = extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    return f"{module} cannot be imported: {kind} in line {last.lineno} of {last.filename}."


def _called_safely(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:
        _log.exception("own_agent_broke", agent=name)
        last = extract_tb(error.__traceback__)[-1]
        raise ValueError(
            f"{name} failed: {type(error).__name__} in line {last.lineno} of {last.filename}."
        ) from error


def _needed(parameter: inspect.Parameter) -> bool:
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in several


def _copy(name: str, root: BaseNode) -> BaseNode:
    """Turns run side by side, each with model objects of its own."""
    if isinstance(root, BaseAgent):
        return root.clone()
    try:
        return copy.deepcopy(root)
    except Exception as error:
        raise ValueError(
            f"{name} is a graph that cannot be copied for a turn. Put it into a function "
            "make_agent() that builds it, and name that."
        ) from error


def _called(member: LlmAgent) -> str:
    return member.model if isinstance(member.model, str) else member.model.model


def _at(member: LlmAgent, temperature: float) -> types.GenerateContentConfig:
    config = member.generate_content_config or types.GenerateContentConfig()
    return config.model_copy(update={"temperature": temperature})
