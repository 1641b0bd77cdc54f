"""matrix-nio asks which versions of the specification the server has."""
import asyncio
import json
import sys

from nio import AsyncClient


async def main():
    client = AsyncClient(json.loads(sys.argv[1])["baseUrl"])
    try:
        answer = await client.send("GET", "/_matrix/client/versions")
        print(await answer.text())
    finally:
        await client.close()


asyncio.run(main())
