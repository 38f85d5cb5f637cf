"""The Supervisor's own client: asks what add-ons ask, and prints what it understood."""

import asyncio
import json
import os

from aiohasupervisor import SupervisorClient, SupervisorError


async def main() -> None:
    async with SupervisorClient("http://supervisor", os.environ["SUPERVISOR_TOKEN"]) as client:
        await client.supervisor.ping()
        info = await client.info()
        print(json.dumps({"arch": info.arch, "homeassistant": info.homeassistant}))
        for addon in await client.addons.list():
            print(json.dumps({"slug": addon.slug, "name": addon.name}))
        own = await client.addons.addon_info("self")
        print(json.dumps({"self": own.slug, "rating": own.rating, "role": own.supervisor_role}))
        print(json.dumps({"options": await client.addons.addon_config("self")}))
        print(json.dumps({"panels": sorted(await client.ingress.panels())}))
        try:
            await client.os.info()
        except SupervisorError as error:
            print(json.dumps({"refused": str(error)}))


asyncio.run(main())
