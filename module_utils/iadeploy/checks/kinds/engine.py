"""The Docker Engine, as the kinds ``container`` and ``command`` ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import docker.errors
import requests

from ..hints import timed_out
from ..verdict import Attempt, Verdict

_HINT = "see 'service docker status' on this host, and whether this user may use the engine"


class EngineError(Exception):
    """Carries the verdict over an engine that does not help."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.cause)
        self.verdict = verdict


@contextmanager
def connected(container: str, kind: str, attempt: Attempt) -> Iterator[Any]:
    """A client of the local engine; what goes wrong with it becomes a verdict.

    Raises:
        EngineError: the engine did not do what was asked.
    """
    client = None
    try:
        client = docker.APIClient(version="auto", timeout=attempt.left())  # type: ignore[arg-type]
        yield client
    except docker.errors.NotFound as error:
        cause, hint = f"there is no container {container}", "list them: docker ps --all"
        raise EngineError(Verdict(False, "not there", cause, hint)) from error
    except docker.errors.APIError as error:
        told = str(error.explanation or "it refused").split("\n")[0]
        raise EngineError(Verdict(False, "refused", f"the Docker Engine: {told}")) from error
    except requests.exceptions.Timeout as error:
        verdict = timed_out(kind, "the Docker Engine", attempt.seconds)
        raise EngineError(verdict) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        cause = "the Docker Engine does not answer"
        raise EngineError(Verdict(False, "no engine", cause, _HINT)) from error
    finally:
        if client is not None:
            client.close()
