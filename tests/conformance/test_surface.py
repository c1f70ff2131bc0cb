"""The surface as a page: what each operation honours and refuses, and the error codes that came; the last of a session."""

import os
import pathlib

import codes
import page
import surface
from members import API
from seen import CODES
from test_members import SERVICES, UNSEEN
from without_trace import WITHOUT_TRACE

HERE = pathlib.Path(__file__).parent
LIST = HERE / "codes.txt"
DOCUMENT = HERE.parents[1] / "docs" / "simulator.md"
# Of the listed codes at least so many come through boto3.
LEAST = 0.9


def updated(path, text):
    """Whether a file holds the text; where the session updates, it does then."""
    if os.environ.get("FATHUSS_UPDATE"):
        path.write_text(text)
    return path.read_text() == text


def test_the_error_codes_that_are_listed_come(tally):
    served = {service: [name for name in bases] for service, (_, bases, _) in SERVICES.items()}
    rows = list(codes.listed(API, served))
    assert len({(service, code) for service, code, _ in rows}) == len(rows)
    lines = []
    for service, code, source in rows:
        by = CODES.get((service, code), {})
        tally.codes.append(bool(by))
        lines.append(f"{service} {code} {source} {min(by.values()) if by else '-'}")
    assert updated(LIST, "\n".join(lines) + "\n"), "codes.txt is out of date: `cargo xtask surface` writes it"
    assert sum(tally.codes) >= LEAST * len(tally.codes), [line for line in lines if line.endswith(" -")]
    for service, of_service in codes.EXCLUDED.items():
        assert [code for code in of_service if (service, code) in CODES] == [], "these come after all"


def test_the_members_that_are_still_unseen_are_listed(tally):
    unseen = sorted(
        f"{operation}.{path}"
        for operation, found in tally.members.items()
        for path, came in found.items()
        if came in (None, "untried") and f"{operation}.{path}" not in WITHOUT_TRACE
    )
    assert updated(UNSEEN, "".join(f"{one}\n" for one in unseen)), "unseen.txt is out of date"


def test_the_page_has_the_surface_as_it_is(tally):
    operations = [f"{service}.{name}" for service, (_, bases, _) in SERVICES.items() for name, base in bases.items()]
    refusals = {}
    for (service, code), by in CODES.items():
        for operation in by:
            refusals.setdefault(f"{service}.{operation}", set()).add(code)
    excluded = {
        service: [one for one in surface.named(service, API.models[service].operation_names) if one not in bases]
        for service, (_, bases, _) in SERVICES.items()
    }
    text = page.whole(DOCUMENT.read_text(), operations, tally.members, refusals, excluded)
    assert updated(DOCUMENT, text), "docs/simulator.md is out of date: `cargo xtask surface` writes it"
