"""The pages on somebody's own agent, done by the letter, with a real Signoff and real programs."""
