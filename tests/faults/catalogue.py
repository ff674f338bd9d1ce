"""The faults that the product must survive. The texts stand in docs/faults.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        what: the fault in a few words.
        how: what is really done to the rig.
        outcome: what must come of it.
    """

    what: str
    how: str
    outcome: str


INTRODUCTION = """\
# The fault suite

What breaks a deploy, done for real: three servers with SSH, a Docker Engine and HAProxy each, a
registry, and users who send 60 requests per second through the three proxies during the whole row.
This page was written by

```
.venv/bin/python -m tests.faults
```

which runs all of `tests/faults/` on two rigs side by side; `make test-long` does so too, and writes
nothing. `make test` runs at least one row of each fault (`tests/faults/selection.py`), with 30
requests per second and 3 rounds of two terminals.
After every fault one oracle asks:

- **Users**: no request failed, and only the old and the new release answered. Where the fault
  itself takes users' requests (a bad release under traffic), the failures stand in the table. A
  server that the row cuts off has no users meanwhile, as behind a load balancer.
- **Servers**: what the engine and the proxy say runs is what `iactl status --json` tells.
- **Ledger**: every chain of hashes holds (by the oracle's own reading of docs/ledger.md, and after
  all rows by `iactl audit verify`), and its last live release is the one that serves.
- **Lock**: free afterwards.
- **Secrets**: no sentinel in any output, file, process list, `docker inspect`, journal, ledger or
  message.
- **The next normal deploy succeeds, unaided.** The seconds include it.

"Longest gap" is the longest time in which one server's users got no good answer; at this rate 0.1 s
pass between two requests anyway.
"""

FAULTS: dict[int, Fault] = {
    1: Fault(
        "The toolkit is killed",
        "`kill -9` of all its processes, here and on the server, while a phase stands exactly"
        " before or after each step of the journal, also where one server is the whole fleet; then"
        " 50 times at random moments.",
        "The old or the new release serves, never neither. `status` names what was begun; the next"
        " deploy repairs it and takes the lock over.",
    ),
    2: Fault(
        "A CI job is cancelled",
        "As GitHub does it: SIGINT, after 7.5 s SIGTERM, 2.5 s later SIGKILL. On a fleet of one"
        " server, whose phases are one call, SIGINT after each step of the journal. SIGINT where"
        " nobody is left who reads the output.",
        "Exit 7 within 10 s; the old release, no lock, nothing left running on a server. Exit 0"
        " where the one server had committed the release already.",
    ),
    3: Fault(
        "Ctrl-C twice",
        "A second SIGINT while the first one is being carried out.",
        "A hard stop that says what is left and how to recover.",
    ),
    4: Fault(
        "Two deploys at once",
        "Two terminals, 20 rounds; a run for some of the servers only, when one for all begins.",
        "Exactly one wins each; the other ends with exit 6 and names owner, run URL and age.",
    ),
    5: Fault(
        "A dead and a sleeping owner of the lock",
        "SIGKILL of the holder; SIGSTOP, takeover by another machine, SIGCONT.",
        "Takeover after the lease, not before; the sleeper's next change is refused.",
    ),
    6: Fault(
        "A server dies between two phases",
        "The canary server's power is cut after its switch; later it boots again.",
        "Nobody else moves. Exit 5 with each server's truth; `status` tells it, a deploy repairs"
        " it.",
    ),
    7: Fault(
        "A server freezes in the middle of a step",
        "`docker pause` of the server while it pulls, and right after it noted its switch.",
        "Noticed within 30 s, by the product's own settings in the second case; the others are back"
        " on the old release; `status` is true after the thaw.",
    ),
    8: Fault(
        "SSH is cut, its host key changes, its login is revoked",
        "TCP resets on port 22 while the candidate starts; sshd is killed after each step of the"
        " journal on a fleet of one server; a new host key; an emptied `authorized_keys`.",
        'The old release serves. A changed key is exit 3, "possible interception", and never'
        " accepted; a refused login is exit 3 and names the user.",
    ),
    9: Fault(
        "The registry is down, refuses, hangs, or a tag moves",
        "It is stopped; its password changes; a stand-in answers 429 and 401 or nothing, also in"
        " the middle of a pull; a tag that is not there; one that is pushed anew after the plan.",
        "Few tries, exit 3 with the cause, nothing touched. A moved tag changes nothing: every"
        " server runs the digest of the plan.",
    ),
    10: Fault(
        "Disk full, no inodes left",
        "A small file system under the engine's downloads and under the toolkit's own folder.",
        "Refused or kept; told how much is missing and what removing unused images would free.",
    ),
    11: Fault(
        "An image for another processor",
        "An image whose program begins as one for an AVR.",
        '"exec format error", exit 4, the old release.',
    ),
    12: Fault(
        "A candidate that crashes, is never healthy, or is slow; one server of three where it is",
        "Images that do so. On the second server the candidate cannot reach its database.",
        "Exit 4 within 10 s of a crash, with the container's last words, secrets masked; a deadline"
        " for the rest; a slow start is waited for. All three serve the old release.",
    ),
    13: Fault(
        "A release that spoils under traffic",
        "An image that dies, answers 500, answers slowly or calls itself ill three seconds after"
        " its first user.",
        "Every server flips back, within a second of the verdict; the failed requests are counted"
        " in the report. With a canary, only its users met the release.",
    ),
    14: Fault(
        "Health that lies",
        "200 with the database down; an answer of another version.",
        "The checks in the answer and its version are looked at: exit 4.",
    ),
    15: Fault(
        "The Docker Engine hangs, dies, restarts",
        "SIGSTOP of dockerd before the plan; SIGSTOP and SIGKILL while the candidate starts;"
        " SIGKILL between a container's process and the note of it, which leaves an orphan with"
        " the free slot's address; a restart.",
        "Deadlines; the applications stay up; no container twice; the next run is clean, and"
        " ends the orphan.",
    ),
    16: Fault(
        "The proxy: broken configuration, killed, long requests, websockets",
        "A certificate that is none; a broken file and a reload; SIGKILL; a lost state file; 8 s"
        " requests and an open websocket through a deploy.",
        "Validated before it is loaded, the old one stays. Requests finish on the release that they"
        " began on. A websocket lives until `app_drain_seconds` are over.",
    ),
    17: Fault(
        "A migration fails, or is destructive",
        "A command that exits 1; one that the settings call destructive, with a release that"
        " spoils, and with a cancel in the switch and in the bake. (Alembic and PostgreSQL:"
        " `tests/e2e/test_migrations.py`.)",
        "It ran once, before any switch, and no server moved. A destructive one is refused without"
        " a flag; after it nothing goes back by itself, as the plan says.",
    ),
    18: Fault(
        "Nothing to go back to",
        "The old image is removed on one server; the old release's database is gone. A rollback to"
        " what still runs behind a killed deploy breaks on one server.",
        "Exit 8 with what is there, nothing changed; exit 5, or 4, with every server on the release"
        " that served, no loop.",
    ),
    19: Fault(
        "Slack and SendGrid fail",
        "429, 401, 500, silence, a name that does not resolve.",
        "The release's outcome and exit code as ever; `notify: degraded`; a bounded delay.",
    ),
    20: Fault(
        "The ledger is edited, cut, torn",
        "A byte is edited, a line halved; half a line at its end.",
        "`audit verify` names the record; a deploy is refused until somebody acknowledges it. A"
        " torn end is repaired, and marked.",
    ),
    21: Fault(
        "Harmful texts",
        "Jinja, shell, YAML, Slack's markup, terminal escapes, line ends, 10 kB, right-to-left"
        " marks as tag, actor, reason and release; the same, and NUL, in a container's log, its"
        " health answer and a variable.",
        "Exit 2 before any connection where it is an input; text and nothing else elsewhere.",
    ),
    22: Fault(
        "The same release again",
        "A deploy of what serves, by `iactl` and by `ansible-playbook`.",
        '"already at", exit 0, `changed=0`, the same containers.',
    ),
    23: Fault(
        "Somebody changed a server by hand",
        "`docker rm -f`, `docker stop`, another version on one server.",
        "`status` tells it; a deploy repairs it.",
    ),
    24: Fault(
        "A server boots after a deploy",
        "It is restarted.",
        "The new release serves without the toolkit; the ledger agrees.",
    ),
    25: Fault(
        "A server is lost while processes change hands",
        "Its power is cut in the handover, and once while all are brought back because a process"
        " has died; later it boots again.",
        "Exit 5 with the server's name. Every other server has its old processes back; of a process"
        " with `per: fleet` there is never a second one.",
    ),
}
