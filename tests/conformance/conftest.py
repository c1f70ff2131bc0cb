"""The simulator for a session's tests, an empty world for each, and the counts at the end."""

import dataclasses
import os
import sys

import pytest

sys.dont_write_bytecode = True

import recorded  # noqa: E402
from account import Account, clients  # noqa: E402
from world import World  # noqa: E402


@dataclasses.dataclass
class Tally:
    """What the session has shown."""

    assertions: int = 0
    refusals: set = dataclasses.field(default_factory=set)
    rules: set = dataclasses.field(default_factory=set)
    seen: list = dataclasses.field(default_factory=list)
    shapes: list = dataclasses.field(default_factory=list)
    members: dict = dataclasses.field(default_factory=dict)
    codes: list = dataclasses.field(default_factory=list)
    effects: int = 0
    opinions: int = 0


TALLY = Tally()


@pytest.fixture(scope="session")
def server():
    program = os.environ.get("FATHUSS")
    if not program:
        pytest.exit("FATHUSS names no program; `cargo xtask test conformance` sets it", returncode=4)
    world = World(program)
    try:
        yield world
    finally:
        world.stop()


@pytest.fixture(scope="session")
def connected(server):
    return clients(server)


@pytest.fixture
def world(server):
    """The world, empty; every rule is on again when the test is over."""
    server.reset()
    for rule in server.ask("GET", "rules"):
        if not rule["on"]:
            server.switch(rule["id"], True)
    return server


@pytest.fixture
def aws(world, connected):
    return Account(world, connected)


@pytest.fixture
def tally():
    return TALLY


def pytest_assertion_pass(item, lineno, orig, expl):
    TALLY.assertions += 1
    if any(file in item.nodeid for file in ("test_backups", "test_effects", "test_replication")):
        TALLY.effects += 1
    if "test_second_opinion" in item.nodeid:
        TALLY.opinions += 1


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(
        f"{TALLY.assertions} assertions held: {len(TALLY.refusals)} refusals under {len(TALLY.rules)} rules, "
        f"each gone with its rule off; {TALLY.effects} on side effects, paging, tokens and waiters; "
        f"{TALLY.opinions} on what moto holds of the platform"
    )
    kinds = [seen.evidence for seen in TALLY.seen]
    by_evidence = ", ".join(f"{kinds.count(evidence)} {evidence}" for evidence in recorded.EVIDENCE)
    terminalreporter.write_line(
        f"{len(TALLY.seen)} of {len(recorded.SEEN)} refusals of AWS's that others saw ({by_evidence}) are answered with "
        f"their code and status; of the {sum(seen.words for seen in recorded.SEEN)} whose source has a message, "
        f"{sum(seen.words for seen in TALLY.seen)} are answered with its words"
    )
    kinds = [came for found in TALLY.members.values() for came in found.values()]
    honoured = sum(came in ("changed", "refused") for came in kinds)
    terminalreporter.write_line(
        f"{len(kinds)} members of {len(TALLY.members)} operations were tried: {honoured} are honoured, "
        f"{kinds.count('not simulated')} are refused as not simulated, {len(kinds) - honoured - kinds.count('not simulated')} "
        f"are taken without a trace; {sum(TALLY.codes)} of {len(TALLY.codes)} error codes came through boto3"
    )
    operations = {operation for operation, _ in TALLY.shapes}
    members = sum(count for _, count in TALLY.shapes)
    terminalreporter.write_line(
        f"the answers of {len(operations)} operations hold all that AWS's recorded ones always hold: "
        f"{members} members of {len(TALLY.shapes)} kinds of objects"
    )


def pytest_collection_modifyitems(config, items):
    """What is told of a whole session can't be told of a part of it."""
    files = {item.path.name for item in items}
    whole = files == {path.name for path in config.rootpath.glob("test_*.py")} and not config.option.keyword
    if not whole:
        items[:] = [item for item in items if item.path.name != "test_surface.py"]
