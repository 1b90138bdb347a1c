// A card a face: what it shows, and the probabilities of all emotions.

import { color } from "./picture.js";
import { turnMark, turnText } from "./turn.js";

export class Cards {
  constructor(container) {
    this.container = container;
    this.cards = new Map(); // by track id, or by its place for a face that is too new for one
  }

  update(answer, colors) {
    const faces = [...answer.faces].sort((a, b) => (a.id || Infinity) - (b.id || Infinity));
    const shown = new Set();
    faces.forEach((face, place) => {
      const key = face.id || `new ${place}`;
      shown.add(key);
      const card = this.card(key, answer.labels);
      fill(card, face, answer.labels, colors);
      if (this.container.children[place] !== card.element) {
        this.container.insertBefore(card.element, this.container.children[place] || null);
      }
    });
    for (const [key, card] of this.cards) {
      if (!shown.has(key)) {
        card.element.remove();
        this.cards.delete(key);
      }
    }
  }

  card(key, labels) {
    const old = this.cards.get(key);
    if (old && old.labels === labels.join()) return old;
    if (old) old.element.remove();
    const element = make("article", "face");
    const title = make("h3", "", element);
    const turn = make("p", "turn", element);
    const rows = labels.map((label) => {
      const row = make("div", "row", element);
      make("span", "", row).textContent = label;
      const bar = make("div", "bar", row);
      return {
        element: row,
        fill: make("div", "fill", bar),
        mark: make("div", "mark", bar),
        value: make("span", "value", row),
      };
    });
    const card = { element, title, turn, rows, labels: labels.join() };
    this.cards.set(key, card);
    return card;
  }
}

function fill(card, face, labels, colors) {
  const name = face.id ? face.text : `new: ${face.text}`;
  if (card.title.textContent !== name) card.title.textContent = name;
  const turn = turnText(face);
  if (card.turn.dataset.text !== turn) {
    card.turn.dataset.text = turn;
    card.turn.replaceChildren(Object.assign(make("span", "sign"), { textContent: turnMark(face) }),
      ` ${turn}`);
    card.turn.firstChild.setAttribute("aria-hidden", "true");
  }
  card.turn.hidden = !turn;
  card.element.style.setProperty("--color", color(colors, face.label));
  labels.forEach((label, index) => {
    const row = card.rows[index];
    const smoothed = face.smoothed[index] || 0;
    row.element.classList.toggle("chosen", label === face.label);
    row.fill.style.setProperty("--color", color(colors, label));
    row.fill.style.width = `${100 * smoothed}%`;
    row.mark.style.left = `${100 * (face.raw[index] || 0)}%`;
    row.value.textContent = `${Math.round(100 * smoothed)} %`;
  });
}

function make(tag, name = "", parent = null) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (parent) parent.append(element);
  return element;
}
