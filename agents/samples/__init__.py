"""The agents that come with Signoff, one folder each, as ADK's command line expects them.

Without a model they answer from `offline.py`. `agents/catalogue.py` names them. Nothing outside
imports their insides.
"""
