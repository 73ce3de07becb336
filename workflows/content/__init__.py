"""What is approved, as one structured value: arguments, amounts, text, and how they are written.

Pure functions; what is shown, edited, digested and run comes from here. Start at `proposal.py`.
"""
