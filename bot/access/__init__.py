"""Who may start a pipeline, and who may see a task or an approval.

Every path that shows or starts something asks here. Imported by listeners, lists and pages.
Start at `sight.py`.
"""
