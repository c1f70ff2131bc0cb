"""What a session's calls were answered: the operations that succeeded, and the codes of those that were refused."""

import collections
import os

# By service and code: by operation, the first test that was refused so.
CODES = collections.defaultdict(dict)


def note(http_response, parsed, model, **_):
    if http_response.status_code < 300:
        return
    code = parsed.get("Error", {}).get("Code")
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0].rpartition("/")[2]
    CODES[model.service_model.service_name, code].setdefault(model.name, test)
