"""Templates that forked processes compile once between them, with Ansible's own engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

TEXTS = {
    "expression": "{{ it + 1 }}",
    "text": "is {{ it }}",
    "newline": "{{ it }}{{ '\n' | length }}",
    # Ansible reads a backslash in two ways, by where a template comes from.
    "backslash": r"{{ it ~ ('a\nb' | length) }}",
    "syntax": "#jinja2:variable_start_string:'[['\n[[ it }}",
    "broken": "{{ it + }}",
}
# Like Ansible's workers: each is forked from a process that has compiled nothing, and says how
# much it compiled itself.
_WORKERS = """
import json, os, sys
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from jinja2 import Environment

from ci_scripts.runner.templates import share_compiled

compiled, compile_anew = [], Environment._compile

def counting(self, source, filename):
    compiled.append(source)
    return compile_anew(self, source, filename)

def answer(text, turn):
    try:
        return Templar(DataLoader(), variables={"it": turn}).template(trust_as_template(text))
    except AnsibleError as error:
        return str(error)

Environment._compile = counting
texts, folder = json.loads(sys.argv[1]), sys.argv[2]
if folder:
    share_compiled(Path(folder))
for name, text in texts.items():
    for turn in range(3):
        worker = os.fork()
        if worker == 0:
            print(json.dumps([name, str(answer(text, turn)), len(compiled)]), flush=True)
            os._exit(0)
        os.waitpid(worker, 0)
"""


class Told(NamedTuple):
    """What the three workers of one template answered, and how much each of them compiled."""

    answers: list[str]
    compiled: list[int]


def workers(folder: Path | str) -> dict[str, Told]:
    argv = [sys.executable, "-c", _WORKERS, json.dumps(TEXTS), str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        name: Told(
            [answer for it, answer, _ in rows if it == name],
            [compiled for it, _, compiled in rows if it == name],
        )
        for name in TEXTS
    }


@pytest.fixture(scope="module")
def alone() -> dict[str, Told]:
    return workers("")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    return workers(tmp_path_factory.mktemp("compiled"))


@pytest.mark.parametrize("name", TEXTS)
def test_a_shared_template_says_what_it_says_alone(
    name: str, alone: dict[str, Told], together: dict[str, Told]
) -> None:
    assert together[name].answers == alone[name].answers
    assert len({*alone[name].answers}) == (1 if name == "broken" else 3)


@pytest.mark.parametrize("name", ["expression", "text", "newline"])
def test_later_workers_take_what_the_first_one_compiled(
    name: str, alone: dict[str, Told], together: dict[str, Told]
) -> None:
    assert alone[name].compiled == [1, 1, 1]
    assert together[name].compiled == [1, 0, 0]


@pytest.mark.parametrize("name", ["backslash", "syntax"])
def test_what_depends_on_more_than_its_text_is_compiled_anew(
    name: str, together: dict[str, Told]
) -> None:
    assert together[name].compiled == [1, 1, 1]
