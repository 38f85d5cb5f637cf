// A home as people have one, for pictures and checks of our own pages: a dozen add-ons in groups, one of them away.

const ADDONS = [
  ['zigbee', 'Zigbee2MQTT', 'mdi:zigbee', 'Lamps, switches and sensors', 'Devices'],
  ['zwave', 'Z-Wave JS UI', 'mdi:z-wave', 'Blinds and thermostats', 'Devices'],
  ['esphome', 'ESPHome', 'mdi:chip', 'Firmware of our own boards', 'Devices'],
  ['nodered', 'Node-RED', 'mdi:sitemap', 'Flows behind the automations', 'Automation'],
  ['code', 'Code', 'mdi:microsoft-visual-studio-code', 'The configuration of Home Assistant', 'Automation'],
  ['frigate', 'Frigate', 'mdi:cctv', 'Cameras at the doors', 'Watching'],
  ['grafana', 'Grafana', 'mdi:chart-line', 'Energy, heating and weather over time', 'Watching'],
  ['paperless', 'Documents', 'mdi:file-document-multiple', 'Letters and bills, scanned', 'Family'],
  ['calendar', 'Calendars', 'mdi:calendar', 'Everybody’s dates', 'Family'],
  ['books', 'Books', 'mdi:bookshelf', 'To read on the sofa', 'Family'],
  ['films', 'Films', 'mdi:filmstrip', 'What the living room plays', 'Family'],
];

/** What one of them has besides: rights that administrators look at. */
const MORE = {
  zigbee: `manifest = "addons/zigbee2mqtt/config.yaml"
access = { admin_only = false }
rights = { hassio_api = true, hassio_role = "manager", full_access = true }
`,
};

/** The tables of these add-ons. `away` is a port that nothing listens on. */
export function homeAddons(away) {
  const tables = ADDONS.map(([slug, title, icon, description, group]) => `
[[addon]]
slug = "${slug}"
title = "${title}"
icon = "${icon}"
description = "${description}"
group = "${group}"
upstream = "builtin:whoami"
path = "/ingress/${slug}"
${MORE[slug] ?? ''}`);
  return `${tables.join('')}
[[addon]]
slug = "printer"
title = "3D printer"
icon = "mdi:printer-3d"
description = "OctoPrint in the workshop"
group = "Devices"
upstream = "http://127.0.0.1:${away}"
path = "/ingress/printer"

[pages]
title = "Holly Lane 12"
`;
}
