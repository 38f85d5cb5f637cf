"""An app of AppDaemon that reads a state, hears of events, and calls services. It says in the log what it saw."""

from appdaemon.plugins.hass.hassapi import Hass


class Watch(Hass):
    async def initialize(self):
        # AppDaemon starts its apps before it knows all states and services of Home Assistant.
        while not (await self.entity_exists("light.bed_light") and self.knows("weather")):
            await self.sleep(0.2)
        self.log("READ %s", await self.get_state("light.bed_light"))
        await self.listen_state(self.changed, "light.kitchen_lights")
        await self.listen_event(self.heard, "doorbell")
        self.log("LISTENING")

    def knows(self, domain):
        return any(service["domain"] == domain for service in self.list_services())

    async def changed(self, entity, attribute, old, new, **kwargs):
        self.log("CHANGED %s %s %s", entity, old, new)
        await self.call_service("light/turn_on", entity_id="light.ceiling_lights", brightness=17)

    async def heard(self, event, data, **kwargs):
        answer = await self.call_service("weather/get_forecasts", entity_id="weather.demo_weather_south", type="daily")
        forecast = answer["result"]["response"]["weather.demo_weather_south"]["forecast"]
        self.log("HEARD %s at %s and %d forecasts", event, data["door"], len(forecast))
