// Draws a picture and the faces of its answer. Both come in one message: see connection.js.

import { turnMark } from "./turn.js";

export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  // picture: an ImageBitmap, or null where the answer came without
  draw(answer, picture, colors) {
    const { canvas, context } = this;
    const width = picture ? picture.width : Math.min(answer.width || 640, 960);
    const height = picture ? picture.height
      : Math.max(1, Math.round((width * (answer.height || 480)) / (answer.width || 640)));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    if (picture) {
      context.drawImage(picture, 0, 0);
    } else {
      context.fillStyle = "#000";
      context.fillRect(0, 0, width, height);
    }
    const scale = answer.width ? width / answer.width : 1;
    // Lines and text are as thick on a phone as on a large screen.
    const unit = Math.max(1, width / (canvas.clientWidth || width));
    for (const face of answer.faces) this.frame(face, scale, unit, color(colors, face.label));
    const taken = [];
    for (const face of answer.faces) this.name(face, scale, unit, color(colors, face.label), taken);
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  frame(face, scale, unit, fill) {
    const { context } = this;
    const [left, top, right, bottom] = face.box.map((value) => value * scale);
    for (const [style, thickness] of [["#000", 5], [fill, 3]]) {
      context.strokeStyle = style;
      context.lineWidth = thickness * unit;
      context.strokeRect(left, top, right - left, bottom - top);
    }
    for (const [x, y] of face.landmarks) {
      for (const [style, radius] of [["#000", 3.5], [fill, 2.5]]) {
        context.fillStyle = style;
        context.beginPath();
        context.arc(x * scale, y * scale, radius * unit, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }

  name(face, scale, unit, fill, taken) {
    const { canvas, context } = this;
    const [left, top, , bottom] = face.box.map((value) => value * scale);
    const height = 22 * unit;
    context.font = `600 ${15 * unit}px system-ui, sans-serif`;
    const text = `${turnMark(face)} ${face.text}`.trim();
    const width = context.measureText(text).width + 10 * unit;
    const x = Math.max(0, Math.min(left, canvas.width - width));
    const within = (y) => Math.max(0, Math.min(y, canvas.height - height));
    const places = [top - height, bottom, top].map(within);
    const free = (y) => !taken.some((other) => other.x < x + width && x < other.x + other.width
      && other.y < y + height && y < other.y + height);
    const y = places.find(free) ?? places[2];
    taken.push({ x, y, width, height });
    context.fillStyle = fill;
    context.fillRect(x, y, width, height);
    context.fillStyle = "#000";
    context.textBaseline = "middle";
    context.fillText(text, x + 5 * unit, y + height / 2);
  }

  // To the disk of who looks, and nowhere else.
  save() {
    this.canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `emotions_${new Date().toISOString().replace(/[:.]/g, "-")}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }, "image/png");
  }
}

export function color(colors, label) {
  return colors[label] || colors.unknown;
}
