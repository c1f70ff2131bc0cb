"""The examples of docs/simulator.md, as they stand there."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "simulator.md"
ADDRESS = "http://127.0.0.1:4599"


def examples(language, address=ADDRESS):
    """The page's blocks in a language, which speak to the server at this address instead of the page's."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [block.replace(ADDRESS, address) for block in blocks]
