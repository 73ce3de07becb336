"""Text of agents and people made inert: nothing live, nothing hidden, nothing cut in half."""
