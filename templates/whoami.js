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
