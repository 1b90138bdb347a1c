// Brings the parts of the page together.

import { Cards } from "./cards.js";
import { Connection } from "./connection.js";
import { Picture } from "./picture.js";
import { Timeline } from "./timeline.js";
import { turnSpoken } from "./turn.js";

const SILENT_AFTER = 2; // seconds without an answer
const SPEAK_EVERY = 3; // seconds between two sentences for a screen reader
const HIDDEN_FOR = 30; // seconds in the background until the connection is closed
const LEVELS = { ok: "✓ OK", warn: "! Warning", error: "✕ Error", stale: "… Waiting" };

const find = (id) => document.getElementById(id);
const seconds = () => performance.now() / 1000;
const picture = new Picture(find("picture"));
const cards = new Cards(find("cards"));
const timeline = new Timeline(find("timeline"));
const connection = new Connection({ hello, answer, status, lost });

let colors = { unknown: "#ccc" };
let cameras = [];
let camera = ""; // whose answers are shown
let isConnected = false;
let isPaused = false;
let hasEnded = false; // the source: no answer is missing any more
let lastAnswer = seconds();
let arrivals = []; // of the answers of the last seconds
let newest = null;
let spokenFaces = "";
let spokenTime = -SPEAK_EVERY;
let hiddenTimer = 0;

function hello(message) {
  ({ colors, cameras } = message);
  isConnected = true;
  hasEnded = false;
  lastAnswer = seconds();
  if (camera !== message.camera) clear(); // the server has another one, where this one is gone
  ({ camera } = message);
  find("camera-choice").hidden = cameras.length < 2;
  find("camera").replaceChildren(...cameras.map((name) => new Option(name, name)));
  find("camera").value = camera;
}

function answer(message, image) {
  lastAnswer = seconds();
  newest = message;
  arrivals.push(lastAnswer);
  picture.draw(message, image, colors);
  cards.update(message, colors);
  timeline.add(message, lastAnswer);
  find("nobody").hidden = message.faces.length > 0;
  notify(image ? "" : "The picture of this answer did not arrive, or cannot be shown.");
}

function status({ level, text, values, ended }) {
  hasEnded = ended;
  show(level, text);
  const figures = {
    Rate: values["rate (Hz)"] && `${values["rate (Hz)"]} Hz`,
    "Latency (median, 95 %)": values["latency p50 (ms)"]
      && `${values["latency p50 (ms)"]}, ${values["latency p95 (ms)"]} ms`,
    "Dropped, of received": values.received
      && `${values["dropped (busy)"]} of ${values.received}`,
    "Lost on the way": values["lost (transport)"],
    "Pictures on this page": `${rate().toFixed(1)} Hz`,
  };
  const terms = Object.entries(figures).filter(([, value]) => value).flatMap(([name, value]) => {
    const group = document.createElement("div");
    group.append(Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: value }));
    return group;
  });
  find("figures").replaceChildren(...terms);
  find("values").replaceChildren(...Object.entries(values).map(([name, value]) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = name;
    row.insertCell().textContent = value;
    return row;
  }));
}

function lost(reason) {
  isConnected = false;
  show("error", reason);
  notify(reason);
}

function show(level, text) {
  // Its figures change every second: only another level is worth an interruption.
  if (find("status").dataset.level !== level) say(text);
  find("status").dataset.level = level;
  change(find("level"), LEVELS[level] || level);
  change(find("text"), text);
}

function notify(text) {
  find("notice").hidden = !text;
  change(find("notice"), text);
}

// A screen reader speaks a text again whenever it is set.
function change(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function rate() {
  const now = seconds();
  arrivals = arrivals.filter((time) => time > now - 3);
  return arrivals.length / 3;
}

function speak() {
  const now = seconds();
  if (!newest || isPaused || now - spokenTime < SPEAK_EVERY) return;
  const faces = newest.faces.map((face) => [
    `${face.id ? `face ${face.id}` : "new face"} ${face.label}`, turnSpoken(face),
  ].filter(Boolean).join(" "));
  const text = faces.length ? faces.join(", ") : "no face";
  find("picture").setAttribute("aria-label", `The camera's picture: ${text}`);
  if (text === spokenFaces) return;
  spokenFaces = text;
  say(text);
}

function say(text) {
  spokenTime = seconds();
  change(find("spoken"), text);
}

function tick() {
  const silence = seconds() - lastAnswer;
  if (isConnected && !isPaused && !hasEnded && silence >= SILENT_AFTER) {
    notify(`No answer for ${Math.floor(silence)} s.`);
  }
  if (!isPaused) timeline.draw(seconds(), colors);
  speak();
}

function pause() {
  isPaused = !isPaused;
  find("pause").setAttribute("aria-pressed", String(isPaused));
  if (isPaused) {
    connection.close();
    isConnected = false;
    show("stale", "Paused: nothing is received.");
    notify("");
  } else {
    show("stale", "Connecting");
    connection.open();
  }
}

// Nothing of one camera stays under the name of another.
function clear() {
  timeline.clear();
  picture.clear();
  find("picture").setAttribute("aria-label", "No picture yet");
  newest = null;
  spokenFaces = "";
  arrivals = [];
  cards.update({ faces: [], labels: [] }, colors);
  find("nobody").hidden = true;
}

function choose(other) {
  clear();
  camera = other;
  if (isPaused) pause();
  show("stale", "Connecting");
  connection.open(camera);
}

function nextCamera() {
  if (cameras.length < 2) return;
  choose(cameras[(cameras.indexOf(camera) + 1) % cameras.length]);
}

function press(event) {
  if (!find("shortcuts").checked || event.repeat || event.target.closest("select")) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const isSpace = event.key === " " && !event.target.closest("button, summary, input");
  const action = { p: pause, s: () => picture.save(), c: nextCamera }[event.key] || (isSpace && pause);
  if (!action) return;
  event.preventDefault();
  action();
}

function look() {
  clearTimeout(hiddenTimer);
  if (isPaused) return;
  if (document.hidden) {
    hiddenTimer = setTimeout(() => connection.close(), 1000 * HIDDEN_FOR);
  } else if (!connection.socket) {
    connection.open();
  }
}

find("pause").addEventListener("click", pause);
find("snapshot").addEventListener("click", () => picture.save());
find("camera").addEventListener("change", (event) => choose(event.target.value));
document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", look);
setInterval(tick, 250);
connection.open();
