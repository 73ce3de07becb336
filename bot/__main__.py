"""`python -m bot` is `signoff`."""

from bot.commands.cli import main

main()
