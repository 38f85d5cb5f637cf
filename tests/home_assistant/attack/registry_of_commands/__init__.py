"""Tells an administrator what this Home Assistant has registered, and what its own engine lets each user do."""

import voluptuous as vol
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry

DOMAIN = "registry_of_commands"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass, config):
    hass.http.register_view(RegistryView)
    return True


class RegistryView(HomeAssistantView):
    """All of it in one answer."""

    url = f"/api/{DOMAIN}"
    name = f"api:{DOMAIN}"

    async def get(self, request):
        hass = request.app[KEY_HASS]
        if not request["hass_user"].is_admin:
            return self.json_message("Unauthorized", 401)
        routes = {(route.method, route.resource.canonical) for route in hass.http.app.router.routes() if route.resource}
        return self.json({
            "commands": {name: fields(schema) for name, (_, schema) in hass.data["websocket_api"].items()},
            "routes": sorted(routes),
            "services": {domain: list(services) for domain, services in hass.services.async_services().items()},
            "rights": {user.id: rights(hass, user) for user in await hass.auth.async_get_users()},
        })


def rights(hass, user):
    """What Home Assistant's own engine says of each entity that it knows."""
    entities = set(hass.states.async_entity_ids()) | set(entity_registry.async_get(hass).entities)
    keys = ("read", "control")
    return {entity: [key for key in keys if user.permissions.check_entity(entity, key)] for entity in entities}


def fields(schema):
    """The fields of a message: for each whether it is required, and what stands there."""
    if isinstance(schema, vol.Schema):
        return fields(schema.schema)
    if isinstance(schema, dict):
        return {
            str(key): {"required": isinstance(key, vol.Required), "kind": kind(value)}
            for key, value in schema.items()
            if str(key) not in ("id", "type")
        }
    found = {}
    for part in getattr(schema, "validators", ()):
        found.update(fields(part))
    return found


def kind(value):
    """What may stand in a field, as far as it can be told."""
    if isinstance(value, (vol.Schema, dict)):
        return {"fields": fields(value)}
    if isinstance(value, list):
        return {"list": kind(value[0]) if value else "any"}
    if isinstance(value, vol.In):
        return {"in": [one for one in value.container if isinstance(one, str)]}
    if isinstance(value, (vol.All, vol.Any)):
        return {"any": [kind(one) for one in value.validators]}
    if isinstance(value, str):
        return {"in": [value]}
    return getattr(value, "__name__", type(value).__name__)
