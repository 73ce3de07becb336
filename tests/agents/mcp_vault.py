"""An MCP server of somebody else, with the official SDK: `python tests/agents/mcp_vault.py FILE`.

One tool reads, one destroys and says so; every destruction is a line in the file.
"""

import sys
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations


def vault(ledger: Path) -> MCPServer[Any]:
    """The server."""
    server: MCPServer[Any] = MCPServer("vault", log_level="ERROR")

    async def read_key(name: str) -> str:
        """Read a key."""
        return f"{name} is 42"

    async def drop_key(name: str) -> str:
        """Destroy a key."""
        with ledger.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        return f"{name} is gone"

    server.add_tool(read_key, annotations=ToolAnnotations(read_only_hint=True))
    server.add_tool(drop_key, annotations=ToolAnnotations(destructive_hint=True))
    return server


if __name__ == "__main__":
    vault(Path(sys.argv[1])).run("stdio")
