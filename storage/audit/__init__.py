"""The audit log: a chain of rows, its verifier and its exports.

`verify.py` stands alone and imports nothing of ours. Start at `log.py`.
"""
