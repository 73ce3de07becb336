"""What people get to see, and how it reaches them: cards, forms, lists, mails, reminders.

Imports `workflows` and nothing else of ours. `cards`, `views`, `forms` are pure functions; `slack`,
`mail` and `reminders` send. Start at `cards/card.py`.
"""
