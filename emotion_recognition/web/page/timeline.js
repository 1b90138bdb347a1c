// The last minute of each track: a band whose colour is the emotion and whose height its confidence,
// with the emotion's name where it begins. One band holds any number of emotions and stays readable.

import { color } from "./picture.js";

const SPAN = 60; // seconds
const GAP = 1; // seconds without the face after which its band is interrupted
const MOST_TRACKS = 8; // those that were seen last
const ROW = 46;
const BAND = 22;
const LEFT = 48; // for the track's id
const AXIS = 20;

export class Timeline {
  constructor(canvas) {
    this.canvas = canvas;
    this.tracks = new Map(); // track id: samples { time, label, confidence }, oldest first
  }

  // now: in seconds
  add(answer, now) {
    for (const face of answer.faces) {
      if (!face.id) continue;
      if (!this.tracks.has(face.id)) this.tracks.set(face.id, []);
      const { label, confidence } = face;
      this.tracks.get(face.id).push({ time: now, label, confidence });
    }
  }

  clear() {
    this.tracks.clear();
  }

  forget(now) {
    for (const [id, samples] of this.tracks) {
      let old = 0;
      while (old < samples.length && samples[old].time < now - SPAN) old += 1;
      if (old) samples.splice(0, old);
      if (!samples.length) this.tracks.delete(id);
    }
  }

  draw(now, colors) {
    this.forget(now);
    const rows = [...this.tracks]
      .sort((a, b) => b[1].at(-1).time - a[1].at(-1).time)
      .slice(0, MOST_TRACKS)
      .sort((a, b) => a[0] - b[0]);
    const { canvas } = this;
    const density = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = Math.max(rows.length, 1) * ROW + AXIS;
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "alphabetic";
    const styles = getComputedStyle(canvas);
    const pen = {
      context,
      colors,
      width,
      text: styles.getPropertyValue("--text"),
      soft: styles.getPropertyValue("--soft"),
      x: (time) => LEFT + (1 - (now - time) / SPAN) * (width - LEFT),
    };
    rows.forEach(([id, samples], index) => drawTrack(pen, id, samples, index * ROW, now));
    drawAxis(pen, height);
    canvas.setAttribute("aria-label", rows.length
      ? `The last minute: ${rows.map(describe).join("; ")}` : "No face in the last minute");
  }
}

function drawTrack(pen, id, samples, top, now) {
  const { context } = pen;
  const bottom = top + ROW - 4;
  context.fillStyle = pen.text;
  context.fillText(`#${id}`, 0, bottom - 6);
  let free = LEFT; // where the next name may begin
  const all = runs(samples);
  all.forEach((run, number) => {
    context.fillStyle = color(pen.colors, run.label);
    run.samples.forEach((sample, index) => {
      const next = run.samples[index + 1];
      const end = next ? next.time : Math.min(run.end, now);
      const from = Math.max(pen.x(sample.time), LEFT);
      const height = Math.max(3, BAND * sample.confidence);
      context.fillRect(from, bottom - height, Math.max(pen.x(end) - from, 1) + 0.5, height);
    });
    const from = Math.max(pen.x(run.samples[0].time), LEFT);
    const next = all[number + 1];
    const name = nameThatFits(context, run.label, (next ? pen.x(next.samples[0].time) : pen.width) - from);
    const size = context.measureText(name).width;
    const place = Math.min(from, pen.width - size);
    if (place >= free) {
      context.fillStyle = pen.text;
      context.fillText(name, place, bottom - BAND - 4);
      context.fillRect(from, bottom - BAND - 2, 1, BAND + 2);
      free = place + size + 4;
    }
  });
}

// The whole name, or its beginning, which is different for each emotion.
function nameThatFits(context, label, space) {
  return context.measureText(label).width + 4 <= space ? label : label.slice(0, 3);
}

function drawAxis(pen, height) {
  const { context } = pen;
  context.fillStyle = pen.soft;
  for (const ago of [60, 45, 30, 15, 0]) {
    const x = LEFT + (1 - ago / SPAN) * (pen.width - LEFT);
    const label = ago ? `${ago} s ago` : "now";
    const size = context.measureText(label).width;
    if (pen.width < 500 && ago % 30) continue;
    context.fillText(label, Math.min(x, pen.width - size), height - 4);
    context.fillRect(Math.min(x, pen.width - 1), height - AXIS, 1, 5);
  }
}

// Samples in a row of one emotion, without a gap.
function runs(samples) {
  const found = [];
  samples.forEach((sample, index) => {
    const before = samples[index - 1];
    const run = found.at(-1);
    if (run && before.label === sample.label && sample.time - before.time < GAP) {
      run.samples.push(sample);
    } else {
      found.push({ label: sample.label, samples: [sample], end: 0 });
      if (run) run.end = Math.min(sample.time, before.time + GAP / 4);
    }
  });
  if (found.length) found.at(-1).end = samples.at(-1).time + GAP / 4;
  return found;
}

function describe([id, samples]) {
  const names = runs(samples).map((run) => run.label).slice(-4);
  return `face ${id} ${names.join(", then ")}`;
}
