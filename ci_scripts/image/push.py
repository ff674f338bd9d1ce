"""``iactl image push``: the archive that was scanned, and no other, into a registry."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from iadeploy.errors import DeployError
from iadeploy.reference import parse_reference

from .. import github, inputs
from ..evidence import EvidenceError, read_json
from ..exits import CommandError, Exit, bad_input
from ..gates.scanners.trivy import NAME, RESULTS, read_scan
from ..gates.store import GATES, read
from ..gates.verdict import faults
from ..markdown import cell
from ..report import Report
from .engine import Credentials, engine, stored_login
from .records import ARCHIVE, IMAGE, RELEASE, Built, Pushed, read_built, write_record
from .registry import Manifest, Registry
from .scan import id_of

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        repository: registry and path to push to.
        tags: the tags; all get the same digest.
        output: the folder with the archive, its record and its scan.
        credentials: the registry's log-in, or None.
    """

    repository: str
    tags: tuple[str, ...]
    output: Path
    credentials: Credentials | None


def push(request: Request) -> Report:
    """Push the archive under every tag, read back what the registry has, and record it.

    Raises:
        CommandError: an option is not allowed, the image is not the one that was scanned, its gate
            did not pass, or the registry has something else afterwards.
    """
    started = time.monotonic()
    _check_names(request)
    built = read_built(request.output / IMAGE)
    archive = request.output / ARCHIVE
    reasons = list(refusals(id_of(archive), built, request.output))
    if reasons:
        raise CommandError(
            Exit.GATE_FAILED,
            f"Nothing was pushed: {'; '.join(reasons)}.",
            "Build and scan with the same --output: iactl image build, then iactl image scan.",
        )
    there = _pushed(request, archive, built.image_id)
    digest = agreed(there, built.image_id)
    record = Pushed(
        image=f"{request.repository}@{digest}",
        repository=request.repository,
        digest=digest,
        tags=request.tags,
        image_id=built.image_id,
        commit=built.commit,
        branch=built.branch,
        version=built.version,
        run_url=inputs.run_url(),
        pushed_at=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
    )
    write_record(request.output / RELEASE, record)
    github.set_output("digest", digest)
    github.set_output("image", record.image)
    github.add_summary(
        f"### Image\n\n{cell(record.image)}, tags {cell(', '.join(record.tags))}\n\n"
    )
    report = Report("image push", "", seconds=time.monotonic() - started)
    report.message = f"The registry has {record.image}, as {', '.join(record.tags)}."
    report.next_step = f"Deploy it: iactl deploy ENV --image {record.image}"
    report.data = {"image": record.image, "digest": digest, "image_id": built.image_id}
    return report


def login(username: str, password: str, repository: str) -> Credentials | None:
    """Return the log-in that was given, else what 'docker login' keeps, else none."""
    if username:
        return Credentials(username, password)
    return stored_login(repository)


def refusals(archive_id: str, built: Built, evidence: Path) -> Iterator[str]:
    """Yield why an archive may not be pushed."""
    if archive_id != built.image_id:
        yield f"{ARCHIVE} holds {archive_id}, and {IMAGE} is of {built.image_id}"
    try:
        document = read_json(evidence / RESULTS)
        scanned = read_scan(document).image_id if document is not None else ""
        if scanned != archive_id:
            what = f"is of {scanned}" if scanned else "is missing"
            yield f"{ARCHIVE} holds {archive_id}, and {RESULTS} {what}"
        verdict = read(evidence / GATES).get(NAME)
        yield from (one.rstrip(".") for one in faults(verdict, NAME, GATES))
    except EvidenceError as error:
        yield str(error)


def agreed(there: Mapping[str, Manifest], image_id: str) -> str:
    """Return the digest that the registry has under every tag. Pure.

    Raises:
        CommandError: a tag has another image, or the tags differ.
    """
    for tag, manifest in there.items():
        if manifest.image_id != image_id:
            raise CommandError(
                Exit.GATE_FAILED,
                f"The registry has {manifest.image_id} as {tag}; {image_id} was pushed.",
                "Somebody else pushes this tag, or changes what is pushed: find out who.",
            )
    digests = {manifest.digest for manifest in there.values()}
    if len(digests) != 1:
        raise CommandError(
            Exit.GATE_FAILED,
            f"The registry has different digests for one image: {', '.join(sorted(digests))}.",
            "Push it again.",
        )
    return digests.pop()


def _check_names(request: Request) -> None:
    try:
        reference = parse_reference(request.repository)
    except DeployError as error:
        raise bad_input("--to", request.repository, "registry/name without a tag") from error
    if reference.repository != request.repository:
        raise bad_input("--to", request.repository, "registry/name without a tag")
    for tag in request.tags:
        if _TAG.fullmatch(tag) is None:
            raise bad_input("--tag", tag, "letters, digits, '_', '.' and '-', 128 at most")


def _pushed(request: Request, archive: Path, image_id: str) -> dict[str, Manifest]:
    """Bring the image under every tag, and return what the registry then has.

    An image that is there already under one of the tags is not uploaded again: another engine may
    pack the same layers into other bytes, and production takes the digest that ran in staging.
    """
    registry = Registry(request.repository, request.credentials)
    found = (registry.find(tag) for tag in request.tags)
    known = next((one for one in found if one and one.image_id == image_id), None)
    if known is None:
        with engine() as docker:
            image = docker.load(archive)
            try:
                docker.push(image, request.repository, request.tags, request.credentials)
            finally:
                docker.drop_untagged(image)
    there = {}
    for tag in request.tags:
        if known is not None:
            registry.put(tag, known)
        there[tag] = registry.find(tag)
    missing = [tag for tag, manifest in there.items() if manifest is None]
    if missing:
        raise CommandError(
            Exit.GATE_FAILED,
            f"The registry took {request.repository}:{missing[0]} and does not have it.",
            "Nothing was recorded; push it again.",
        )
    return {tag: manifest for tag, manifest in there.items() if manifest is not None}
