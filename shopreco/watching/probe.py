"""`python -m shopreco.watching.probe URL`: exit status 0 if the address answers 200, for images without curl.

It asks as one of the ALLOWED_HOSTS, since a shop on the internet answers to no other name.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

SECONDS = 3
# A company's proxy knows nothing of this machine.
STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].startswith(("http://", "https://")):
        print("Use: python -m shopreco.watching.probe http://host:port/api/v1/health/live", file=sys.stderr)
        return 2
    names = (name.strip().lstrip(".*") for name in os.environ.get("ALLOWED_HOSTS", "").split(","))
    name = next(filter(None, names), "")
    asked = urllib.request.Request(arguments[0], headers={"Host": name} if name else {})  # noqa: S310
    try:
        with STRAIGHT.open(asked, timeout=SECONDS):
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
