"""How gestures and events reach the bot: over its sockets, or by signed HTTP requests."""
