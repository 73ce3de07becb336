"""Signoff's processes: the bot in Slack, worker, scheduler, command line, web pages.

Knows every other package; none of them imports it. A folder is a subject: `listeners` has a file
for each gesture, `processes` builds what runs, `config` reads `signoff.toml`. Start at
`processes/bootstrap/`.
"""
