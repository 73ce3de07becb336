"""The fault programme: every process killed at random, and a checker that believes nobody.

Driver and checker share no code with the product: they start it as processes, speak with it over
Slack's protocol, and judge by what is left (`product.py` is what runs inside such a process).
"""
