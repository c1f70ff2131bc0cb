"""The examples of docs/simulator.md, as they stand there."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "simulator.md"
ADDRESS = "http://127.0.0.1:4599"
BY_NAME = ADDRESS.replace("127.0.0.1", "localhost")


def examples(language, address=ADDRESS):
    """The page's blocks in a language, which speak to the server at this address instead of the page's."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    by_name = address.replace("127.0.0.1", "localhost")
    return [block.replace(ADDRESS, address).replace(BY_NAME, by_name) for block in blocks]
