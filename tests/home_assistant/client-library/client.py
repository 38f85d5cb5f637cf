"""A program that uses hass-client as its documentation shows it. Prints what it was told, as JSON.

Arguments: the address of the WebSocket, a token, and a file with the authority that its certificate is of.
"""

import asyncio
import json
import ssl
import sys

from hass_client import HomeAssistantClient
from hass_client.exceptions import FailedCommand


async def main(url, token, authority):
    client = HomeAssistantClient(url, token)
    await client.connect(ssl=ssl.create_default_context(cafile=authority))
    listening = asyncio.create_task(client.start_listening())
    events = asyncio.Queue()
    await client.subscribe_events(events.put_nowait, "state_changed")
    told = {
        "version": client.version,
        "config": (await client.get_config())["location_name"],
        "states": sorted(state["entity_id"] for state in await client.get_states()),
        "entities": sorted(entity["entity_id"] for entity in await client.get_entity_registry()),
        "areas": sorted(area["area_id"] for area in await client.get_area_registry()),
        "services": sorted(await client.get_services()),
    }
    await client.call_service("light", "toggle", target={"entity_id": "light.bed_light"})
    event = await asyncio.wait_for(events.get(), 30)
    told["changed"] = event["data"]["entity_id"]
    try:
        await client.call_service("lock", "unlock", target={"entity_id": "lock.front_door"})
    except FailedCommand as error:
        told["refused"] = str(error)
    await client.disconnect()
    await asyncio.wait_for(listening, 30)
    print(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
