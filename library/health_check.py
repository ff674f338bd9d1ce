#!/usr/bin/python
"""Ansible module: is an application healthy, with all that it needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Check the health of an application and of what it needs
version_added: "0.1.0"
description:
  - Runs a list of checks side by side under one deadline and returns one result for each, with
    the cause of a failure and a hint what to look at. Changes nothing.
  - The task fails when a check of severity V(critical) fails, with all results in the failure. A
    failing check of severity V(warning) is a warning of the task.
  - What an answer holds is neither logged nor returned beyond the part that an expectation names;
    it may hold personal data. Passwords, tokens and URLs with credentials are never shown.
requirements:
  - python3-requests and python3-docker for O(checks[].kind=container) and O(checks[].kind=command)
  - python3-requests for O(checks[].kind=http)
  - python3-psycopg2 for O(checks[].kind=postgres)
  - python3-redis for O(checks[].kind=redis)
options:
  checks:
    description: What to check. A mistake is named with its path, C(checks[3].expect.status).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the check in results and messages; no two checks share one.
        type: str
        required: true
      kind:
        description:
          - V(http) sends one request and judges the answer.
          - V(tcp) opens a connection.
          - V(tls) judges a certificate; trust, name, and the days it is yet valid.
          - V(container) asks the Docker Engine of this host for a container's state.
          - V(service) asks systemd for a unit; where there is no systemd, looks for a process.
          - V(postgres) logs in to PostgreSQL and runs a query that may only read.
          - V(redis) logs in to Redis and sends PING.
          - V(disk) looks for free space and free inodes.
          - V(command) runs a program inside a container, without a shell.
        type: str
        required: true
        choices: [http, tcp, tls, container, service, postgres, redis, disk, command]
      severity:
        description: Whether a failure fails the task or only warns.
        type: str
        choices: [critical, warning]
        default: critical
      timeout:
        description: Seconds for one attempt, all of it included.
        type: float
        default: 5.0
      retries:
        description: How many further attempts failures get.
        type: int
        default: 0
      delay:
        description: Seconds before the first further attempt.
        type: float
        default: 0.5
      backoff:
        description: What the delay is multiplied with after each failure.
        type: float
        default: 2.0
      max_delay:
        description: The longest delay in seconds.
        type: float
        default: 10.0
      jitter:
        description: By which share a delay varies by chance, so that many hosts don't ask at once.
        type: float
        default: 0.25
      consecutive:
        description: How many good answers in a row are asked for.
        type: int
        default: 1
      depends_on:
        description:
          - Name of a check of kind V(container). As soon as that container has exited, this check
            fails too instead of being tried to the deadline.
        type: str
        default: ''
      url:
        description: Of V(http), what to ask. Without credentials.
        type: str
      path:
        description: Of V(http), what to ask below O(base_url), instead of O(checks[].url).
        type: str
      address:
        description:
          - Of V(http) and V(tls), the address to connect to instead of the one that the host name
            has; the name stays in the Host header and is what the certificate must be for.
        type: str
      method:
        description: Of V(http), the request's method.
        type: str
        choices: [GET, HEAD]
        default: GET
      host_header:
        description: Of V(http), the Host header, where it is not the URL's host.
        type: str
      headers:
        description: Of V(http), headers of the request that are no secrets.
        type: dict
      secret_headers:
        description: Of V(http), headers of the request that are secrets.
        type: dict
      token:
        description: Of V(http), a bearer token.
        type: str
      redirects:
        description:
          - Of V(http), how many redirects are followed. With V(0) a redirect is judged itself.
            Another host gets no credentials.
        type: int
        default: 0
      tls_verify:
        description: Of V(http) and V(redis), whether the certificate must be trusted.
        type: bool
        default: true
      ca_file:
        description: Certificates to trust instead of the host's; V(http), V(tls) and the databases.
        type: str
      host:
        description: Name or address; V(tcp), V(tls) and the databases.
        type: str
      port:
        description: Port; V(443) for V(tls), V(5432) for V(postgres), V(6379) for V(redis).
        type: int
      server_name:
        description: Of V(tls), the name to ask for, where it is not O(checks[].host).
        type: str
      username:
        description: Who logs in; V(http) and the databases.
        type: str
      password:
        description: Password of O(checks[].username).
        type: str
      dsn:
        description:
          - Of V(postgres) and V(redis), a URL with credentials instead of host, port, username,
            password and database, such as C(postgresql://USER:PASSWORD@HOST/NAME) (SQLAlchemy's
            C(postgresql+driver) too) or C(rediss://:PASSWORD@HOST:6379/0).
        type: str
      database:
        description: Of V(postgres), the database's name.
        type: str
      sslmode:
        description: Of V(postgres), how far TLS is asked for.
        type: str
        choices: [disable, prefer, require, verify-ca, verify-full]
      query:
        description: Of V(postgres), what is asked, in a transaction that may only read.
        type: str
        default: SELECT 1
      db:
        description: Of V(redis), the database's number.
        type: int
        default: 0
      tls:
        description: Of V(redis), whether TLS is spoken.
        type: bool
        default: false
      write:
        description: Of V(redis), whether a key is written, read and deleted as well.
        type: bool
        default: false
      container:
        description: Of V(container) and V(command), the container; by default O(container).
        type: str
      unit:
        description: Of V(service), the systemd unit.
        type: str
      process:
        description:
          - Of V(service), the process to look for where there is no systemd, or no unit is given.
            By default the unit's name.
        type: str
      folder:
        description: Of V(disk), any folder on the file system.
        type: str
        default: /
      command:
        description: Of V(command), program and arguments.
        type: list
        elements: str
      user:
        description: Of V(command), who runs it; by default the container's user.
        type: str
      expect:
        description: What a good answer is. Each kind takes its own of these.
        type: dict
        suboptions:
          max_latency:
            description: Of every kind, the seconds that a good answer may take.
            type: float
          status:
            description: Of V(http), the statuses that are good.
            type: list
            elements: int
            default: [200]
          body:
            description:
              - Of V(http), a regular expression to find in the body's first MiB. It has 2 seconds.
            type: str
          json:
            description:
              - Of V(http), values that the JSON answer must have, by path such as
                C(checks.database), C(items[0].name) or C(["a.b"].c).
            type: dict
          headers:
            description: Of V(http), headers with a regular expression to find in each.
            type: dict
          version:
            description: Of V(http), what C(version) must be in the JSON answer.
            type: str
          release:
            description:
              - Of V(http), whether C(version) must be O(release_version). An answer that tells no
                version passes with a note; with O(checks[].expect.version) it fails.
            type: bool
            default: false
          days_left:
            description: Of V(tls), for how many days the certificate must be valid yet.
            type: int
            default: 14
          state:
            description:
              - Of V(container), the state as Docker names it, by default V(running). Of
                V(service), systemd's active or sub state, by default V(active).
            type: str
          health:
            description:
              - Of V(container), V(healthy) asks for a passing HEALTHCHECK and V(any) ignores it. By
                default it must pass where the image has one.
            type: str
            choices: [healthy, any]
          max_restarts:
            description: Of V(container), how often the engine may have restarted it.
            type: int
          out_of_memory:
            description: Of V(container), whether a process in it may have been killed for memory.
            type: bool
            default: false
          value:
            description: Of V(postgres), what the query's first column must be, as text.
            type: str
          migration_head:
            description: Of V(postgres), the Alembic revision that the schema must be at.
            type: str
          settings:
            description:
              - Of V(postgres), what settings of the server must be, as C(SHOW) prints them to this
                login; a list names several good values.
            type: dict
          max_lag:
            description:
              - Of V(postgres), the seconds that replication may be behind. A primary tells its
                slowest replica, to a user with C(pg_monitor); a replica tells its own lag to all.
            type: float
          min_free_mib:
            description: Of V(disk), MiB that must be free.
            type: int
            default: 0
          min_free_percent:
            description: Of V(disk), the share of the space that must be free.
            type: float
            default: 10.0
          min_free_inodes_percent:
            description: Of V(disk), the share of the inodes that must be free.
            type: float
            default: 5.0
          exit_code:
            description: Of V(command), the exit code of a good run.
            type: int
            default: 0
          output:
            description: Of V(command), a regular expression to find in its standard output.
            type: str
  deadline:
    description: Seconds for all checks together, retries included.
    type: float
    default: 60.0
  concurrency:
    description: How many checks run at a time.
    type: int
    default: 32
  base_url:
    description: Where checks with O(checks[].path) go, such as V(https://shop.example.com).
    type: str
    default: ''
  address:
    description: The address to connect to for checks with O(checks[].path).
    type: str
    default: ''
  container:
    description: The container of checks that name none.
    type: str
    default: ''
  release_version:
    description: The version that checks with O(checks[].expect.release) must find served.
    type: str
    default: ''
  log_file:
    description: File for one JSON line per attempt, mode 0640; empty for none.
    type: str
    default: ''
  log_max_bytes:
    description: Size at which the log is rotated.
    type: int
    default: 1048576
  log_keep:
    description: How many rotated logs are kept.
    type: int
    default: 3
attributes:
  check_mode:
    support: full
    description: Everything is validated; nothing is asked.
  diff_mode:
    support: none
    description: The module changes nothing.
author:
  - InnerArchitect Deploy maintainers
"""

EXAMPLES = r"""
- name: Check the shop from outside
  health_check:
    base_url: https://shop.example.com
    checks:
      - name: health
        kind: http
        path: /api/health
        expect: {version: 1.4.0, json: {checks.database: ok}, max_latency: 0.5}
      - name: log-in page
        kind: http
        path: /login
        retries: 3
        expect: {body: '<form[^>]+method="post"', headers: {Content-Type: ^text/html}}
      - name: certificate
        kind: tls
        host: shop.example.com
        severity: warning
        expect: {days_left: 21}
  delegate_to: localhost

- name: Wait until a new container deserves traffic, but not when it has exited
  health_check:
    deadline: 90
    container: shop-20260301-101500-ab12cd
    checks:
      - name: container
        kind: container
        expect: {max_restarts: 0}
      - name: health
        kind: http
        url: http://172.30.250.11:8000/api/health
        depends_on: container
        retries: 30
        consecutive: 3

- name: Check what the application needs
  health_check:
    log_file: /var/log/iadeploy/health.jsonl
    checks:
      - name: database
        kind: postgres
        dsn: "{{ vault_database_url }}"
        expect:
          migration_head: "0002"
          max_lag: 10
          settings: {log_connections: true, log_statement: [ddl, mod, all]}
      - name: cache
        kind: redis
        host: 10.0.0.6
        password: "{{ vault_redis_password }}"
        write: true
      - name: proxy
        kind: service
        unit: haproxy
      - name: room
        kind: disk
        folder: /var/lib/docker
        severity: warning
        expect: {min_free_mib: 2048, min_free_percent: 5}

- name: Ask the application itself
  health_check:
    checks:
      - name: self test
        kind: command
        container: shop-20260301-101500-ab12cd
        command: [python, -m, shop.selftest, --quick]
        timeout: 20
        expect: {output: "0 problems"}
"""

RETURN = r"""
results:
  description: One result per check, in the order asked for.
  returned: always; empty in check mode and after a mistake in the options
  type: list
  elements: dict
  contains:
    name:
      description: The check's name.
      type: str
    kind:
      description: The check's kind.
      type: str
    severity:
      description: The check's severity.
      type: str
    target:
      description: What was asked, without credentials and query.
      type: str
      sample: 10.0.0.5:5432/shop
    healthy:
      description: Whether it passed.
      type: bool
    status:
      description: What was answered, in a word or two.
      type: str
      sample: "200"
    attempts:
      description: How many attempts were made.
      type: int
    latency:
      description: Seconds of the last attempt.
      type: float
    cause:
      description: Why it failed; empty when it passed.
      type: str
      sample: connection refused on 10.0.0.5:5432
    hint:
      description: What to look at; may be empty.
      type: str
      sample: is PostgreSQL listening on that address? See `listen_addresses`
    note:
      description: What could not be checked in a good answer; may be empty.
      type: str
summary:
  description: The outcome as readable lines; the first one is the headline.
  returned: always
  type: list
  elements: str
  sample: [12 of 12 checks passed]
problems:
  description: Every mistake in the options, each with its path.
  returned: after a mistake in the options
  type: list
  elements: str
  sample: ["checks[3].timeout: must be a number; 'soon' is not"]
cause:
  description: V(input) after a mistake in the options, V(unhealthy) after a failing check.
  returned: failure
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, _load_params
from ansible.module_utils.iadeploy.checks.fields import argument_spec
from ansible.module_utils.iadeploy.checks.result import Result, failed, headline, summary
from ansible.module_utils.iadeploy.checks.run import run_plan
from ansible.module_utils.iadeploy.checks.spec import ConfigError, find_secrets, parse_plan

SHORTEST_SECRET = 4


def refuse(given: dict[str, Any], error: ConfigError) -> None:
    """Fail with every mistake named by its path.

    AnsibleModule itself would name the first one, without its place in the list, and would show
    what was given, in which a secret may stand where it does not belong.
    """
    anything = {name: {"type": "raw", "no_log": False} for name in given}
    module = AnsibleModule(argument_spec=anything, supports_check_mode=True, no_log=True)
    secrets = find_secrets(given)
    # Masking "x" would blank the sentence; nothing of a secret's value stands in it anyway.
    module.no_log_values.update(one for one in secrets if len(one) >= SHORTEST_SECRET)
    module.fail_json(
        msg=str(error),
        cause=error.cause,
        problems=error.problems,
        results=[],
        summary=["nothing was checked"],
        invocation={},
    )


def finish(module: Any, results: list[Result], log_problem: str) -> None:
    """Answer in Ansible's way."""
    told = {"results": [one.to_json() for one in results], "summary": summary(results)}
    for one in failed(results, "warning"):
        module.warn(one.sentence())
    if log_problem:
        module.warn(log_problem)
    critical = failed(results, "critical")
    if critical:
        causes = "; ".join(one.sentence() for one in critical)
        module.fail_json(msg=f"{headline(results)}. {causes}.", cause="unhealthy", **told)
    module.exit_json(changed=False, **told)


def main() -> None:
    """Read the parameters, run the checks, answer in Ansible's way."""
    # Ansible offers this to modules that look at their parameters before AnsibleModule does.
    given = _load_params()
    own = {name: value for name, value in given.items() if not name.startswith("_ansible_")}
    try:
        plan = parse_plan(own)
    except ConfigError as error:
        refuse(own, error)
        return
    # Not into the system's log: it has no place for half a hundred checks.
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True, no_log=True)
    module.no_log_values.update(plan.secrets)
    if module.check_mode:
        valid = f"{len(plan.checks)} checks are valid; check mode asks nothing"
        module.exit_json(changed=False, results=[], summary=[valid])
    finish(module, *run_plan(plan))


if __name__ == "__main__":
    main()
