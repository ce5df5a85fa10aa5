"""`python -m shopreco.watching.probe URL`: exit status 0 if the address answers 200, for images without curl.

It asks as one of the ALLOWED_HOSTS, since a shop on the internet answers to no other name.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

SECONDS = 3


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].startswith(("http://", "https://")):
        print("Use: python -m shopreco.watching.probe http://host:port/api/v1/health/live", file=sys.stderr)
        return 2
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].lstrip(".*")
    asked = urllib.request.Request(arguments[0], headers={"Host": name} if name else {})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS):  # noqa: S310
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
