#!/usr/bin/python
"""Ansible module: one phase of one release on one host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: app_release
short_description: Run one phase of a release on a host
version_added: "0.1.0"
description:
  - Runs one phase of a zero-downtime release. A candidate starts beside the serving release in
    the free one of two slots, proves its health at its own address, gets the traffic, and only
    then is the old one retired.
  - One call per host and phase, or with O(then) one through several. Every phase is idempotent;
    after a crash the next call finds what really runs and goes on from there.
options:
  phase:
    description:
      - V(plan) takes the lock, looks, compares and refuses early; it changes nothing that serves.
      - V(fetch) pulls the image and writes the release's files, where V(migrate) is next.
      - V(migrate) backs the database up and runs the release's migration command; on one host.
      - V(prepare) pulls the image by digest and starts the candidate without traffic.
      - V(switch) sends new requests to the candidate; the old container stays running.
      - V(handover) stops the old release's processes, then starts the release's.
      - V(bake) watches the containers, the health and the proxy's counters under all traffic.
      - V(commit) retires the old container and forgets the oldest releases.
      - V(abort) brings back what served before and removes the candidate.
      - V(unlock) lets the lease go.
    type: str
    required: true
    choices: [plan, fetch, migrate, prepare, switch, handover, bake, commit, abort, unlock]
  then:
    description:
      - Phases that follow in the same call, each when the one before it went well. For the one
        server of a fleet, where nobody has to be waited for between them.
    type: list
    elements: str
    choices: [switch, commit]
    default: []
  action:
    description: Whether O(image) is deployed or a kept release is brought back.
    type: str
    choices: [deploy, rollback]
    default: deploy
  app:
    description: The application's name.
    type: str
    required: true
  release:
    description:
      - The release's id, C(YYYYMMDD-HHMMSS-xxxx), the same on all hosts.
      - With O(action=rollback) and O(phase=plan) also V(previous).
    type: str
    default: ''
  image:
    description: Image reference by tag or digest. Required to plan and prepare a deploy.
    type: str
    default: ''
  digest:
    description: The digest that the plan resolved; C(sha256:) and 64 hex digits.
    type: str
    default: ''
  runtime:
    description: How the container runs. Together with the digest this is the release.
    type: dict
    default: {}
    suboptions:
      port:
        description: Port that the application listens on inside its container.
        type: int
        default: 8000
      env:
        description: Environment variables that are no secrets.
        type: dict
        default: {}
      secrets_as:
        description:
          - V(file) mounts each secret at C(/run/secrets/NAME) and sets C(NAME_FILE).
          - V(env) sets C(NAME) itself, which C(docker inspect) shows.
        type: str
        choices: [file, env]
        default: file
      command:
        description: Arguments instead of the image's own command.
        type: list
        elements: str
        default: []
      volumes:
        description: Mounts as C(name:/path) or C(/host/path:/path), optionally with C(:ro).
        type: list
        elements: str
        default: []
      tmpfs:
        description: Paths inside the container that are kept in memory.
        type: list
        elements: str
        default: []
      read_only:
        description: Whether the container's root filesystem is read-only.
        type: bool
        default: false
      memory:
        description: Memory limit such as C(512m); empty for none.
        type: str
        default: ''
      cpus:
        description: Limit in processors, 0 for none.
        type: float
        default: 0.0
      pids:
        description: How many processes the container may have.
        type: int
        default: 512
      cap_drop:
        description: Linux capabilities taken away.
        type: list
        elements: str
        default: [ALL]
      cap_add:
        description: Linux capabilities given back.
        type: list
        elements: str
        default: []
      processes:
        description:
          - What runs beside the web process, from the same image, environment and secrets. Name to
            C(command) (required), C(count), C(per) (C(host) or C(fleet)), C(stop_seconds),
            C(memory) and C(cpus).
        type: dict
        default: {}
  secrets:
    description: Secret values by name, at least 8 characters each.
    type: dict
    default: {}
  health:
    description: When a candidate counts as healthy.
    type: dict
    default: {}
    suboptions:
      path:
        description: Path of the health endpoint.
        type: str
        default: /
      statuses:
        description: HTTP statuses that mean healthy.
        type: list
        elements: int
        default: [200]
      host:
        description: Host header of the request; empty for the address.
        type: str
        default: ''
      consecutive:
        description: Good answers in a row that are asked for.
        type: int
        default: 2
      timeout:
        description: Seconds for one request.
        type: float
        default: 3.0
      deadline:
        description: Seconds from start to healthy, after which the candidate is given up.
        type: float
        default: 60.0
      interval:
        description: Seconds between two attempts.
        type: float
        default: 0.1
  bake:
    description: How V(bake) judges the release under traffic.
    type: dict
    default: {}
    suboptions:
      seconds:
        description: How long the release is watched.
        type: float
        default: 30.0
      min_requests:
        description: With fewer requests, errors and latency are not judged.
        type: int
        default: 20
      max_error_percent:
        description:
          - How many of a hundred requests may fail, or twice the old release's share where that
            is more.
        type: float
        default: 5.0
      latency_factor:
        description: How many times slower than the old release it may answer; 0 for any.
        type: float
        default: 3.0
      window:
        description: Seconds of this call, where the caller watches in several; 0 for all at once.
        type: float
        default: 0.0
      bad:
        description: Bad health answers in a row at the end of the call before.
        type: int
        default: 0
      halt:
        description: Whether to take the release back instead, because another host's did badly.
        type: bool
        default: false
  handover:
    description: What a host cannot know of the fleet to hand processes over.
    type: dict
    default: {}
    suboptions:
      first:
        description: Whether this host runs the processes of which the fleet has one.
        type: bool
        default: false
      step:
        description:
          - With V(stop), V(handover) and V(abort) only end what must not run; a second call does
            the rest.
        type: str
        choices: [stop, all]
        default: all
      quiet:
        description:
          - Whether every host is known to have done so. Before that no process starts of which the
            fleet has one.
        type: bool
        default: false
  lease:
    description:
      - Which run asks. Every host refuses a run whose number is lower than one it has seen, so two
        runs never change one application at once. Without O(lease.run) a change is refused only
        while a run holds the lease.
    type: dict
    default: {}
    suboptions:
      run:
        description: The run's id, the same on all hosts.
        type: str
        default: ''
      fence:
        description: The number that the plan found for the fleet.
        type: int
        default: 0
      owner:
        description: Who started the run, for those who wait for it.
        type: str
        default: ''
      url:
        description: Where the run can be watched.
        type: str
        default: ''
      seconds:
        description: How long the run may be silent before another one may take over.
        type: float
        default: 120.0
      grant:
        description: Whether V(plan) takes the lease here; on exactly one host of the fleet.
        type: bool
        default: false
      expired:
        description: Run that no host has heard of for its whole time; V(plan) takes over from it.
        type: str
        default: ''
      dead_runs:
        description:
          - Runs that are known to have been killed. The one in O(lease.expired) need not run out
            when it is among them, and V(plan) notes no refusal because of one.
        type: list
        elements: str
        default: []
      last:
        description:
          - Whether the run is over with this phase, where it went well. V(commit) and V(abort) let
            the lease go then, also on the host that granted it.
        type: bool
        default: false
  migrate:
    description: How the release migrates the database's schema.
    type: dict
    default: {}
    suboptions:
      command:
        description: Arguments for the new image; empty where the application has no migrations.
        type: list
        elements: str
        default: []
      timeout:
        description: Seconds that the command may take.
        type: float
        default: 300.0
      tool:
        description: V(alembic) is looked into before it runs; V(other) is taken at its word.
        type: str
        choices: [alembic, other]
        default: alembic
      scripts:
        description: Where Alembic's migrations are in the image; empty for what alembic.ini says.
        type: str
        default: ''
      destructive:
        description: With V(other), the versions whose migration is destructive; C(*) is any text.
        type: list
        elements: str
        default: []
      allow_destructive:
        description: Go past a destructive migration, with a deploy or with a rollback.
        type: bool
        default: false
      url:
        description: The database's URL.
        type: str
        default: ''
      backup:
        description: How the database is backed up before.
        type: dict
        default: {}
        suboptions:
          wanted:
            description: Whether it is.
            type: bool
            default: false
          keep:
            description: How many backups the host keeps.
            type: int
            default: 5
          timeout:
            description: Seconds for making a backup, and again for proving it.
            type: float
            default: 900.0
          scratch_url:
            description: Where a scratch database may be made; empty for the database's server.
            type: str
            default: ''
          recipients:
            description: Public keys of age that a backup is encrypted for; none keeps it as it is.
            type: list
            elements: str
            default: []
  migrated:
    description: What the fleet's migration came to, as V(migrate) returned it; for the record.
    type: dict
    default: {}
  registry_username:
    description: User for the registry; empty for an anonymous pull.
    type: str
    default: ''
  registry_password:
    description: Password or token for the registry. Never written to the host.
    type: str
    default: ''
  share:
    description: How many of a hundred new requests V(switch) sends to the release, 1 to 100.
    type: int
    default: 100
  drain_seconds:
    description: Seconds that in-flight requests of the old release may take.
    type: float
    default: 30.0
  stop_seconds:
    description: Seconds between SIGTERM and SIGKILL.
    type: int
    default: 30
  keep:
    description: How many releases the host keeps for rollback, the serving one included.
    type: int
    default: 5
  keep_warm:
    description: Leave the old container running after commit, for a rollback in a moment.
    type: bool
    default: false
  hurried:
    description:
      - Of a cancelled run, which has few seconds left. Requests in flight are waited for no longer
        than two seconds; a container that still has some is left running without new ones, for the
        next deploy to remove.
    type: bool
    default: false
  min_free_mib:
    description: Free MiB under the engine's data root that a deploy asks for.
    type: int
    default: 1024
  actor:
    description: Who asked for it; for the history.
    type: str
    default: ''
  reason:
    description: Why it is aborted, or why another server refused it; for the history.
    type: str
    default: ''
  state_dir:
    description: Where the host keeps release records.
    type: path
    default: /var/lib/iadeploy
  network:
    description: Docker network of all slots.
    type: str
    default: iadeploy
  addresses:
    description: IPv4 address of each slot, keys V(blue) and V(green).
    type: dict
    required: true
  proxy_socket:
    description: HAProxy's runtime socket, admin level.
    type: path
    default: /run/haproxy/admin.sock
  proxy_state_file:
    description: File that HAProxy loads server states from when it starts.
    type: path
    default: /var/lib/haproxy/iadeploy.state
  engine_timeout:
    description: Seconds without a word from the Docker Engine or its registry that are waited.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Reports what the phase would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the serving release against the wanted one, without any values.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Start the candidate beside the serving release
  app_release:
    phase: prepare
    app: shop
    release: 20260301-101500-ab12cd
    image: registry.example.com/shop:1.4.0
    digest: "{{ plan.digest }}"
    addresses: {blue: 172.30.250.10, green: 172.30.250.11}
    health: {path: /api/health}
    secrets: {DATABASE_URL: "{{ vault_database_url }}"}
  no_log: true

- name: Send new requests to it
  app_release:
    phase: switch
    app: shop
    release: 20260301-101500-ab12cd
    addresses: {blue: 172.30.250.10, green: 172.30.250.11}
"""

RETURN = r"""
phase:
  description: The phase that ran; with O(then) the last one, of which the rest is told, too.
  returned: always
  type: str
passed:
  description: With O(then), what the phases before that answered, in order.
  returned: always
  type: list
cause:
  description: A stable word for the kind of failure, such as V(unhealthy) or V(unavailable).
  returned: failure
  type: str
evidence:
  description: Health attempts and the container's last log lines, secrets masked.
  returned: failure, where there is any
  type: dict
digest:
  description: The digest that the image resolves to.
  returned: phase plan
  type: str
granted:
  description: The lease's number where this host granted it, else 0.
  returned: phase plan
  type: int
live:
  description: Whether the release had been committed on this host already, so that it stays.
  returned: phase abort
  type: bool
lease_ended:
  description: Whether the run let its lease go with this phase, everywhere.
  returned: phases commit and abort
  type: bool
lease:
  description: The last run that this host obeyed, and how long ago it was heard of.
  returned: phase plan, after the first run
  type: dict
same:
  description: Whether the wanted release is what serves already.
  returned: phase plan
  type: bool
handover:
  description:
    - How processes will change hands; V(none), V(host) for each host by itself, or V(fleet) for all
      to have stopped their own before any starts the next ones.
  returned: phase plan
  type: str
warm:
  description: Whether the release to go back to runs already, healthy, beside the serving one.
  returned: phase plan of a rollback
  type: bool
migration:
  description: Revisions before and after, whether anything ran, what was destructive.
  returned: phase migrate
  type: dict
backup:
  description: Name, size, checksum, tables and rows of the backup that was made and proved.
  returned: phase migrate, when one was made
  type: dict
output:
  description: The last lines that the migration command printed, secrets masked.
  returned: phase migrate, when it ran
  type: list
slot:
  description: The slot of the release.
  returned: phases prepare and switch
  type: str
health:
  description: URL, attempts and seconds until healthy.
  returned: phase prepare, when a candidate was started
  type: dict
repaired:
  description: What a crash had left on the host and was mended, a sentence each.
  returned: phase prepare, when a candidate was started
  type: list
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.iadeploy.options import RELEASE_OPTIONS
from ansible.module_utils.iadeploy.phases.run import answer


def main() -> None:
    """Read the parameters, run the phase, answer in Ansible's way."""
    module = AnsibleModule(argument_spec=RELEASE_OPTIONS, supports_check_mode=True)
    result = answer(module.params, module.check_mode)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
