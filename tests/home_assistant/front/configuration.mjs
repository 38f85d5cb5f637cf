// The Home Assistant and the vestibule of this part.

import { COLLECTIONS } from '../support/home-assistant.mjs';

/** All pages that the front end has, and something for each of them. */
export const MORE = `
frontend:
logbook:
map:
energy:
my:
media_source:
calendar:
todo:
conversation:
stream:
person:
zone:
input_button:
tag:
schedule:
${COLLECTIONS}automation:
  - alias: Lock at night
    id: lock_at_night
    triggers: [{ trigger: time, at: "23:00:00" }]
    actions: [{ action: lock.lock, target: { entity_id: lock.front_door } }]
`;

/** vestibule in front of it; what it says passes a recorder on its way. */
export const sections = ({ home }, { url }) => `
[home_assistant]
config_dir = "${home}"
url = "${url}"

[home_assistant.front]
host = "localhost"

[sign_in]
attempts_per_address = 1000
attempts_per_user = 1000
`;
