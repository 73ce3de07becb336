"""`python -m bot` is `signoff`."""

import sys

from bot.config.packages import shadowed

if problem := shadowed():
    print(problem, file=sys.stderr)  # noqa: T201 - nothing else of ours can be imported
    sys.exit(2)

from bot.commands.cli import main

main()
