"""Messages, lists and Home as blocks: pure functions from what is known to what people see."""
