"""An application on GitHub, so to say, and two servers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.peers.osv import Osv

from . import machine
from .application import Application
from .harness import World
from .harness.server import Server
from .harness.world import git
from .model import ROOT
from .site import Site
from .timing import Timing

_IACTL = Path(sys.executable).with_name("iactl")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Two servers, the first for staging, the second for production."""
    with Fleet.up(servers=2) as fleet:
        site = Site(fleet)
        site.forward()
        yield site


@pytest.fixture(scope="session")
def timing() -> Iterator[Timing]:
    """What the runs cost; told when all have ended."""
    found = Timing()
    yield found
    print("\n" + "\n".join(found.lines), file=sys.__stdout__)


@pytest.fixture(scope="session")
def osv() -> Iterator[Osv]:
    """A service that knows vulnerable packages, but none of the application's."""
    with Osv() as peer:
        yield peer


@pytest.fixture(scope="session")
def world(site: Site, osv: Osv, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """GitHub with the application's repository, secrets and variables, and a runner."""
    folder = tmp_path_factory.mktemp("github")
    toolkit = folder / "toolkit"
    git(folder, "clone", "--quiet", f"file://{ROOT}", str(toolkit))
    inventories = {name: site.inventory(name) for name in ("staging", "production")}
    commit = git(toolkit, "rev-parse", "HEAD")
    application = Application.create(folder, commit, inventories, osv.url)
    for name in inventories:
        application.write(f"inventories/{name}/group_vars/all/vault.yml", site.vault(name))
    world = World(
        folder,
        application.origin,
        toolkit,
        secrets={name: site.secrets(name) for name in inventories},
        variables={"REGISTRY": site.registry, "STAGING_MINUTES": "0"},
        machine=machine.variables(folder / "machine", site.fleet.registry.ca_certificate),
        tools=[machine.tools(folder / "tools")],
        pythons=machine.pythons(folder / "pythons"),
        approvals={"production": "bob"},
        actor=site.fleet.registry.username,
        token=site.fleet.registry.password,
    )
    with Server(application.origin, world.token, world.approvals) as server:
        world.address = server.address
        yield world


@pytest.fixture(scope="session")
def application(world: World) -> Application:
    """The application's repository with its first commit."""
    application = Application(world.folder / "clone", world.repository)
    application.commit("The journal")
    return application


@pytest.fixture(scope="session")
def bootstrapped(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Servers that an operator has prepared, as docs/your-own-servers.md says."""
    folder = tmp_path_factory.mktemp("operator")
    site.fleet.write_inventory(folder / "servers", {"app_name": "innerarchitect"})
    argv = [str(_IACTL), "bootstrap", "servers", "--inventories", str(folder)]
    subprocess.run(argv, check=True)
    return site
