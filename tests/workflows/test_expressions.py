"""The evaluator: GitHub's rules, and nothing that it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from .expressions import Closed, ExpressionError, Scope, Status, condition, evaluate, fill

SCOPE = Scope(
    {
        "github": Closed(
            ref="refs/heads/main",
            event_name="push",
            event={"before": "abc", "commits": [{"id": "a"}, {"id": "b"}]},
        ),
        "inputs": Closed(package="", folder="a b", image=True),
        "needs": Closed(build=Closed(result="success", outputs=Closed(digest="sha256:1"))),
    }
)

VALUES: list[tuple[str, Any]] = [
    ("1 == 1.0", True),
    ("'a' == 'A'", True),
    ("null == ''", True),
    ("true == 1", True),
    ("'x' == 0", False),
    ("'it''s'", "it's"),
    ("inputs.package || 'shop'", "shop"),
    ("inputs.image && 'yes' || 'no'", "yes"),
    ("!inputs.image || false", False),
    ("github.event_name == 'push' && github.ref == 'refs/heads/main'", True),
    ("github.event.pull_request.head.sha", None),
    ("github.event.commits.*.id", ["a", "b"]),
    ("github.event.commits[1].id", "b"),
    ("github['ref']", "refs/heads/main"),
    ("needs.build.outputs.digest", "sha256:1"),
    ("contains('Hello', 'ell')", True),
    ("contains(fromJSON('[\"a\", \"b\"]'), 'B')", True),
    ("startsWith(github.ref, 'refs/heads/')", True),
    ("endsWith('abc', 'bc')", True),
    ("format('{0}..{1} {{x}}', 'a', 2)", "a..2 {x}"),
    ("join(github.event.commits.*.id, '-')", "a-b"),
    ("fromJSON('{\"a\": [1]}').a[0]", 1),
    ("(1 < 2) && 3 >= 3", True),
    ("1 < 2 == true", True),
]
REFUSED = [
    ("git.ref", "no context 'git'"),
    ("github.reff", "'reff' is unknown"),
    ("needs.package.outputs.digest", "'package' is unknown"),
    ("needs.build.outputs.digets", "'digets' is unknown"),
    ("hashFiles('**')", "hashFiles"),
    ("success()", "outside of a condition"),
    ("1 +", "no word"),
    ("github.ref ==", "missing"),
    ("(1", "missing"),
    ('"double"', "no word"),
    ("fromJSON('{')", "fromJSON"),
    ("github.ref.name", "asks for a part"),
]
CONDITIONS: list[tuple[str | bool | None, Status, bool]] = [
    (None, Status(), True),
    (None, Status(failed=True), False),
    ("github.ref == 'refs/heads/main'", Status(), True),
    ("github.ref == 'refs/heads/main'", Status(failed=True), False),
    ("${{ github.event_name == 'schedule' }}", Status(), False),
    ("always()", Status(failed=True), True),
    ("failure()", Status(failed=True), True),
    ("failure() && github.event_name == 'push'", Status(), False),
    ("!cancelled()", Status(failed=True), True),
    ("cancelled()", Status(cancelled=True), True),
    (False, Status(), False),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=lambda one: str(one)[:40])
def test_an_expression_comes_to_what_github_makes_of_it(text: str, value: Any) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_unknown_is_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said.replace("(", r"\(")):
        evaluate(text, SCOPE)


@pytest.mark.parametrize(("written", "status", "holds"), CONDITIONS)
def test_a_condition_asks_for_success_unless_it_says_otherwise(
    written: str | bool | None, status: Status, holds: bool
) -> None:
    assert condition(written, SCOPE, status) is holds


def test_a_text_is_filled_and_a_lone_expression_keeps_its_kind() -> None:
    written = {
        "a": "x-${{ github.ref }}-${{ null }}${{ true }}",
        "b": "${{ inputs.image }}",
        "c": 3,
    }
    assert fill(written, SCOPE) == {"a": "x-refs/heads/main-true", "b": True, "c": 3}
