"""Two real servers and a registry for all end-to-end tests, and an application on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet import Fleet

from .site import Images, Site, make_site, settings_file


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Two servers, a registry, a database and a cache."""
    with Fleet.up(servers=2) as rig:
        yield rig


@pytest.fixture(scope="session")
def images(fleet: Fleet) -> Images:
    """Versions of the tiny application."""
    return Images(fleet)


@pytest.fixture(scope="session")
def shop(fleet: Fleet, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The bootstrapped environment of the application that the tests deploy."""
    site = make_site(fleet, images, tmp_path_factory.mktemp("shop"), "shop", "", 0)
    said = site.operator.run("bootstrap")
    assert said.code == 0, said.text
    return site


@pytest.fixture
def site(shop: Site) -> Iterator[Site]:
    """The application at rest: both servers serve 1.0.0, its settings are the plain ones."""
    if set(shop.served().values()) != {"1.0.0"}:
        shop.deploy("1.0.0")
    yield shop
    settings_file(shop.folder).write_text(shop.plain_settings, encoding="utf-8")
