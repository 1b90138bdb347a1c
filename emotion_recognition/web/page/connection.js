// The WebSocket to the server: opens again by itself, and confirms each picture when it is drawn,
// so that the server sends no more than this page can show.

const FIRST_PAUSE = 500; // milliseconds until another try, which double up to the longest
const LONGEST_PAUSE = 5000;
const SEEN = "seen";

export class Connection {
  // listener: hello(message), answer(answer, picture), status(status), lost(reason)
  constructor(listener) {
    this.listener = listener;
    this.socket = null;
    this.timer = 0;
    this.pause = FIRST_PAUSE;
    this.camera = "";
    this.turn = 0; // counts what open and close have begun anew
  }

  open(camera = this.camera) {
    this.close();
    this.camera = camera;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path()}`);
    socket.binaryType = "arraybuffer";
    let queue = Promise.resolve(); // one after another: decoding a picture takes a while
    socket.onmessage = (event) => {
      queue = queue.then(() => this.receive(socket, event.data)).catch(console.error);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.retry();
    };
    this.socket = socket;
  }

  path() {
    const query = new URLSearchParams(location.search);
    if (this.camera) query.set("camera", this.camera);
    return `/live?${query}`;
  }

  close() {
    clearTimeout(this.timer);
    this.turn += 1;
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }

  async receive(socket, data) {
    if (socket !== this.socket) return; // closed in the meantime
    if (typeof data === "string") {
      const message = JSON.parse(data);
      this.pause = FIRST_PAUSE;
      if (message.kind === "hello") this.listener.hello(message);
      if (message.kind === "status") this.listener.status(message);
      return;
    }
    try {
      const length = new DataView(data).getUint32(0);
      const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      const jpeg = new Uint8Array(data, 4 + length);
      const picture = jpeg.length ? await decode(jpeg) : null;
      if (socket === this.socket) this.listener.answer(answer, picture);
      if (picture) picture.close();
    } finally {
      if (socket.readyState === WebSocket.OPEN) socket.send(SEEN);
    }
  }

  async retry() {
    this.socket = null;
    const { turn } = this;
    this.listener.lost("The connection was lost. Trying again.");
    const { isUnknown, text } = await this.whyNot();
    if (turn !== this.turn) return; // opened or closed in the meantime
    if (isUnknown) this.camera = ""; // there is no such camera any more
    this.listener.lost(text);
    this.timer = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }

  // A WebSocket does not say why it was refused. An ordinary request of the same address does; the
  // one that is not refused either is answered with 400, as it is no WebSocket.
  async whyNot() {
    try {
      const signal = AbortSignal.timeout(LONGEST_PAUSE);
      const response = await fetch(this.path(), { cache: "no-store", signal });
      const text = response.status === 400
        ? "The connection was lost. Trying again." : (await response.text()).trim();
      return { isUnknown: response.status === 404, text };
    } catch {
      return { isUnknown: false, text: "The page's server does not answer. Trying again." };
    }
  }
}

async function decode(jpeg) {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  } catch {
    return null;
  }
}
