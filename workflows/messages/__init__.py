"""What travels between workflows, activities and the world: frozen models with defaults.

Fields are added with a default and never renamed: histories hold them. Everybody imports them;
they import nothing of ours. Start at `requests.py`.
"""
