"use strict";
const base = location.pathname.replace(/[^/]*$/, "");
const echo = document.getElementById("echo");
// Home Assistant's pages may be without TLS.
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(`${scheme}//${location.host}${base}ws`);
socket.onopen = () => socket.send("hello, whoami");
socket.onmessage = (message) => { echo.textContent = message.data; };
socket.onclose = () => { echo.textContent = "closed"; };
const clock = document.getElementById("clock");
const events = new EventSource("events");
events.onmessage = (event) => { clock.textContent = event.data; };
events.onerror = () => { clock.textContent = "closed"; };

// Sends the headers of the form, and says of each whether it came through.
const form = document.getElementById("made-up");
const outcome = document.getElementById("outcome");
form.hidden = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  outcome.replaceChildren();
  const lines = document.getElementById("lines").value.split("\n").filter((line) => line.trim() !== "");
  const sent = lines.map((line) => [line.split(":")[0].trim().toLowerCase(), line.split(":").slice(1).join(":").trim()]);
  try {
    const answer = await fetch(base, { headers: [...sent, ["accept", "application/json"]], cache: "no-store" });
    const { headers } = await answer.json();
    for (const [name, value] of sent) {
      const arrived = headers.filter(([other]) => other === name).map(([, other]) => other);
      if (arrived.includes(value)) say("alarm", name, form.dataset.arrived);
      else if (arrived.length > 0) say("good", name, `${form.dataset.ours} ${arrived.join(", ")}`);
      else say("good", name, form.dataset.none);
    }
  } catch {
    say("alarm", "", form.dataset.bad);
  }
});

function say(kind, name, text) {
  const line = document.createElement("li");
  const code = document.createElement("code");
  const words = document.createElement("span");
  code.textContent = name;
  words.className = kind;
  words.textContent = text;
  line.append(...(name === "" ? [words] : [code, ": ", words]));
  outcome.append(line);
}
