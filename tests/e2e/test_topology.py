"""Two servers behind an edge: the edge knows servers, a server's own proxy knows slots."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet import Fleet, Prober
from tests.fleet.certificates import Authority
from tests.fleet.container import File
from tests.fleet.family import kill_all
from tests.fleet.report import Report
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .conversation import Conversation, live_through, retired_apart
from .operator import Operator
from .site import Images, Site, settings

# A rig of its own has to come up first; a minute on an idle machine, more on a busy one.
pytestmark = [pytest.mark.rig, pytest.mark.timeout(900)]
DOMAIN = "shop.example"
EDGE = "web3"
OWN = "/etc/haproxy/own.pem"
AUTHORITY = "/etc/haproxy/authority.pem"
DRAIN = 10.0  # seconds
OFTEN = 25.0  # requests per second
PATIENCE = 20.0  # seconds for one of them, on a busy machine
ASK = """
import json, sys, urllib.request as u
wanted = u.Request("http://127.0.0.1/forwarded", headers=json.loads(sys.argv[1]))
print(u.urlopen(wanted).read().decode())
"""


class Town(Site):
    """An application on two servers, and the edge in front of them."""

    @property
    def edge(self) -> Server:
        """The server that users reach."""
        return self.fleet.server(EDGE)

    @property
    def trust(self) -> ssl.SSLContext:
        """What a browser of the rig trusts."""
        return ssl.create_default_context(cafile=str(self.fleet.folder / "ca.crt"))

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Ask the edge."""
        connection = http.client.HTTPSConnection(self.edge.address, timeout=10, context=self.trust)
        connection.request("GET", path, headers={"Host": DOMAIN, **headers})
        return connection.getresponse()

    def version(self) -> str:
        """Return the version that the edge's users are served, or nothing."""
        try:
            found = json.loads(self.get("/api/health").read())
        except (OSError, ValueError):
            return ""
        return str(found.get("version", ""))

    def edge_row(self) -> dict[str, Any]:
        """Return what iactl tells of the edge."""
        row: dict[str, Any] = self.operator.run("status").report["data"]["edges"][EDGE]
        return row

    def wait_up(self, *names: str) -> None:
        """Wait until the edge sends requests to exactly these servers."""
        wait_until(lambda: self.edge_row()["up"] == [*names], f"an edge with {names}", deadline=60)

    @contextmanager
    def users(self) -> Iterator[tuple[Prober, list[Report]]]:
        """Send requests through the edge; the list holds what they saw when the block has ended."""
        urls = [f"https://{self.edge.address}{path}#{DOMAIN}" for path in ("/api/health", "/")]
        seen: list[Report] = []
        trusted = self.fleet.folder / "ca.crt"
        with Prober(urls, rate=OFTEN, timeout=PATIENCE, ca_file=trusted) as prober:
            prober.wait_sent(int(OFTEN), deadline=60)
            yield prober, seen
            prober.wait_sent(prober.report().sent + int(OFTEN), deadline=60)
        seen.append(prober.report())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The bootstrapped environment."""
    folder = tmp_path_factory.mktemp("town")
    with Fleet.up(servers=3, database=False) as fleet:
        for server in fleet.servers:
            put_certificate(fleet, server)
        wanted = settings("shop", DOMAIN, 0, fleet)
        special = {
            "proxy_scope": "fleet",
            "proxy_tls_certificate": OWN,
            "app_health_deadline": 15,
            "app_drain_seconds": DRAIN,
            "app_stop_seconds": 1,
        }
        fleet.write_inventory(folder / "shop", {**wanted, **special}, edges=[EDGE])
        operator = Operator(folder, "shop", folder)
        servers = [one for one in fleet.servers if one.name != EDGE]
        found = Town(fleet, servers, "shop", DOMAIN, operator, Images(fleet))
        said = operator.run("bootstrap")
        assert said.code == 0, said.text
        assert operator.run("status").code == 0  # nothing is deployed, so no server is missed
        found.deploy("1.0.0")
        found.wait_up("web1", "web2")
        yield found


def put_certificate(fleet: Fleet, server: Server) -> None:
    """Give a server a certificate of the rig's authority, and that authority's own."""
    authority = Authority(fleet.folder)
    made = authority.issue(server.name, addresses=[server.address])
    known = authority.certificate_path.read_bytes()
    server.put(
        [
            File(OWN, made.certificate + made.key),
            File(AUTHORITY, known),
        ]
    )


def test_releases_travel_past_the_edge_which_never_hears_of_them(town: Town) -> None:
    pid = ["cat", "/run/haproxy.pid"]
    before = town.edge.run(pid, check=True).stdout, town.version()
    with town.users() as (_, seen):
        done = town.operator.run("deploy", "--image", town.images("2.0.0"))
        assert done.code == 0, done.text
        refused = town.operator.run("deploy", "--image", town.images("3.0.0", "unhealthy"))
        assert refused.code == 4, refused.text
    assert set(refused.report["hosts"]) == {"web1", "web2"}
    assert seen[0].failed == 0, str(seen[0])
    assert set(seen[0].versions) == {before[1], "2.0.0"}
    assert town.served() == {"web1": "2.0.0", "web2": "2.0.0"}
    assert town.edge.run(pid, check=True).stdout == before[0]
    assert town.edge.run(["test", "-e", "/var/lib/iadeploy"]).returncode == 1


def test_deploy_that_is_killed_behind_the_edge_is_repaired_by_the_next_one(town: Town) -> None:
    killed, wanted = town.images("5.0.0"), town.images("6.0.0")
    town.configure(app_bake_seconds=300)
    with town.users() as (_, seen):
        process = town.operator.start("deploy", "--image", killed)
        wait_until(lambda: town.version() == "5.0.0", "the switch", deadline=90)
        kill_all(process)
        town.configure(app_bake_seconds=0)
        done = town.operator.run("deploy", "--image", wanted)
        assert done.code == 0, done.text
    assert seen[0].failed == 0, str(seen[0])
    assert town.served() == {"web1": "6.0.0", "web2": "6.0.0"}


def test_every_command_that_asks_servers_asks_edges_too(town: Town) -> None:
    said = town.operator.run("status")
    assert said.code == 0, said.text
    assert set(said.report["hosts"]) == {"web1", "web2"}
    seen = {"state": "answers", "up": ["web1", "web2"], "down": {}, "problems": []}
    assert said.report["data"]["edges"] == {EDGE: seen}
    checked = town.operator.run("verify", "--inside")
    assert checked.code == 0, checked.text
    assert [one["name"] for one in checked.report["hosts"][EDGE]["results"]] == ["proxy"]
    assert town.operator.run("history").code == 0


def test_public_side_is_the_edge_s_alone(town: Town) -> None:
    plain = http.client.HTTPConnection(town.edge.address, timeout=10)
    plain.request("GET", "/login?next=1", headers={"Host": DOMAIN})
    redirect = plain.getresponse()
    assert (redirect.status, redirect.headers["Location"]) == (
        308,
        f"https://{DOMAIN}/login?next=1",
    )
    assert "max-age=31536000" in town.get("/").headers["Strict-Transport-Security"]
    assert town.get("/", Host="other.example").status == 404
    for server in town.servers:
        round_the_edge = http.client.HTTPConnection(server.address, timeout=10)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            round_the_edge.request("GET", "/", headers={"Host": DOMAIN})
            round_the_edge.getresponse()


def test_no_client_says_who_it_is(town: Town) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"}
    own = re.sub(r"\d+$", "1", town.edge.address)  # this machine on the rig's network
    expected = {"X-Forwarded-For": [own], "X-Forwarded-Proto": ["https"]}
    for _ in town.servers:
        assert json.loads(town.get("/forwarded", **forged).read()) == expected
    # On a server of the application itself, whose proxy does not take it for an edge.
    sent = json.dumps({**forged, "X-Forwarded-Proto": "https", "Host": DOMAIN})
    said = town.servers[0].run(["python3", "-c", ASK, sent], check=True).stdout
    assert json.loads(said) == {"X-Forwarded-For": ["127.0.0.1"], "X-Forwarded-Proto": ["http"]}


def test_websocket_through_both_hops_lives_on_for_the_drain_time(town: Town) -> None:
    before, wanted = town.version(), "4.0.0"
    image = town.images(wanted)
    talk = Conversation(town.edge.address, DOMAIN, town.trust)
    deploy = town.operator.start("deploy", "--image", image)
    versions = live_through(talk, town.version, deploy)
    talk.close()
    said = town.operator.finish(deploy)
    assert said.code == 0, said.text
    assert versions == {before}
    # The server that had nothing open retired its old release long before.
    assert retired_apart(town.servers, town.app) >= DRAIN / 2
    again = Conversation(town.edge.address, DOMAIN, town.trust)
    assert again.version() == wanted
    again.close()


PROXY_KILLED = "kill -9 $(pidof haproxy)"
CUT_OFF = "iptables -I INPUT -p tcp --dport 80 -j DROP"


@pytest.mark.parametrize(
    ("fault", "repair", "why"),
    [
        (PROXY_KILLED, "service haproxy start", "nothing answers at its port"),
        (CUT_OFF, CUT_OFF.replace("-I", "-D"), "it does not answer"),
    ],
    ids=["proxy killed", "cut off"],
)
def test_a_server_that_is_lost_costs_only_what_it_had_in_hand(
    town: Town, fault: str, repair: str, why: str
) -> None:
    web1 = town.servers[0]
    with town.users() as (prober, seen):
        prober.mark("fault")
        web1.run(["sh", "-c", fault], check=True)
        prober.mark("lost")
        town.wait_up("web2")
        assert town.edge_row()["down"] == {"web1": why}
        prober.mark("repair")
        web1.run(["sh", "-c", repair], check=True)
        town.wait_up("web1", "web2")
    assert_only_what_was_in_hand_failed(seen[0])


def test_a_server_without_power_costs_only_what_it_had_in_hand(town: Town) -> None:
    web1 = town.servers[0]
    with town.users() as (prober, seen):
        prober.mark("fault")
        web1.kill()
        prober.mark("lost")
        # Until the edge has noticed; a request that finds no server waits for 2 s at most.
        prober.wait_sent(prober.report().sent + int(6 * OFTEN), deadline=60)
    said = town.operator.run("status")
    assert said.code == 5
    assert f"{EDGE}: web1 gets no requests" in said.text
    assert_only_what_was_in_hand_failed(seen[0])
    web1.start()
    town.wait_up("web1", "web2")


def assert_only_what_was_in_hand_failed(seen: Report) -> None:
    """Assert that no request failed which was sent once the server was lost.

    Of those before, as many as a server can have in hand at a time: what was sent while it was
    being lost, and what that found there. Nobody can know whether it had carried them out, so
    nobody may send them again.
    """
    before, fault = seen.phase("start"), seen.phase("fault")
    assert seen.failed == before.failed + fault.failed, str(seen)
    assert seen.failed <= 2 + fault.sent + OFTEN * (before.latency_p99 or 0.0), str(seen)


def test_edge_serves_again_after_a_reboot_without_being_told_anything(town: Town) -> None:
    before = town.version()
    town.edge.run(["rm", "-f", "/var/lib/haproxy/iadeploy.state"])
    town.edge.restart()
    with town.users() as (prober, seen):
        prober.wait_successes(2 * int(OFTEN), deadline=60)
    assert seen[0].failed == 0, str(seen[0])
    assert set(seen[0].versions) == {before}
    town.wait_up("web1", "web2")


@pytest.fixture
def hosts(town: Town) -> Iterator[Path]:
    """The inventory's hosts.yml, put back afterwards; app.yml too."""
    app = town.folder / "group_vars" / "all" / "app.yml"
    kept = {path: path.read_text(encoding="utf-8") for path in (town.folder / "hosts.yml", app)}
    yield town.folder / "hosts.yml"
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")


def test_servers_that_do_not_fit_together_are_refused_in_a_sentence(
    town: Town, hosts: Path
) -> None:
    before = town.snapshot()
    town.configure(proxy_scope="host")
    said = town.operator.run("bootstrap")
    assert (said.code, said.report["message"]) == (
        4,
        f"proxy_scope is host, but {EDGE} is in group proxy and not in group app. Set proxy_scope"
        " to fleet if it shall be an edge, or take it out of group proxy.",
    )
    town.configure(proxy_scope="fleet")
    content = yaml.safe_load(hosts.read_text(encoding="utf-8"))
    content["all"]["children"]["proxy"]["hosts"] = {"web1": {}, "web2": {}}
    hosts.write_text(yaml.safe_dump(content), encoding="utf-8")
    said = town.operator.run("bootstrap")
    assert (said.code, said.report["message"].partition(".")[0]) == (
        4,
        "proxy_scope is fleet, but the inventory has no edge",
    )
    assert town.snapshot() == before


def test_second_application_with_the_same_domain_is_refused_on_the_edge(
    town: Town, tmp_path: Path
) -> None:
    wanted = {**settings("blog", DOMAIN, 1, town.fleet), "proxy_scope": "fleet"}
    town.fleet.write_inventory(tmp_path / "blog", wanted, edges=[EDGE])
    said = Operator(tmp_path, "blog", tmp_path).run("bootstrap")
    assert said.code == 4
    assert f"The domains {DOMAIN} belong to shop on this server." in said.text


def test_tls_to_the_inside_leaves_no_plain_port_open(town: Town) -> None:
    town.configure(proxy_inside_certificate=OWN, proxy_inside_ca=AUTHORITY)
    said = town.operator.run("bootstrap")
    assert said.code == 0, said.text
    town.wait_up("web1", "web2")
    with town.users() as (prober, seen):
        prober.wait_successes(2 * int(OFTEN), deadline=60)
    assert seen[0].failed == 0, str(seen[0])
    assert town.operator.run("verify", "--inside").code == 0
    for server in town.servers:
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection(server.address, 80, timeout=10).connect()
