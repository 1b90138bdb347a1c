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
    const query = new URLSearchParams(location.search);
    if (camera) query.set("camera", camera);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live?${query}`);
    socket.binaryType = "arraybuffer";
    let queue = Promise.resolve(); // one after another: decoding a picture takes a while
    socket.onmessage = (event) => {
      queue = queue.then(() => this.receive(socket, event.data)).catch(console.error);
    };
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
    };
    socket.onclose = () => {
      if (socket === this.socket) this.retry(wasOpen);
    };
    this.socket = socket;
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

  async retry(wasOpen) {
    this.socket = null;
    const { turn } = this;
    this.listener.lost("The connection was lost. Trying again.");
    const { isThere, text } = await whyNot();
    if (turn !== this.turn) return; // opened or closed in the meantime
    if (isThere && !wasOpen) this.camera = ""; // it may not have this one any more
    this.listener.lost(text);
    this.timer = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }
}

async function decode(jpeg) {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  } catch {
    return null;
  }
}

// A WebSocket does not say why it was refused; the page's own address does.
async function whyNot() {
  try {
    const page = await fetch(`./${location.search}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_PAUSE),
    });
    return page.ok
      ? { isThere: true, text: "The connection was lost. Trying again." }
      : { isThere: false, text: (await page.text()).trim() };
  } catch {
    return { isThere: false, text: "The page's server does not answer. Trying again." };
  }
}
