"""What a person does in the workspace, and what the bot is told of it."""
