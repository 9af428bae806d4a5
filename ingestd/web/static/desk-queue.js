// Documents of the review desk: the next ones are fetched while one is settled, and settled ones are sent behind it.

import { load } from "./desk-picture.js";

const AHEAD = 2;
const MAX_AT_HAND = 90;

// Ask the server; an error has its `code`.
export const send = async (address, body, more = {}) => {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    ...more,
  });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.message), { code: content.code });
  return content;
};

export class Sheet {
  constructor(data) {
    Object.assign(this, data);
    this.pictures = new Map();
    this.byName = new Map(this.fields.map((field) => [field.name, field]));
  }

  // Page that the first doubt stands on.
  get firstPage() {
    return this.byName.get(this.asked.find((name) => this.byName.get(name)?.quad))?.page ?? 0;
  }

  // Picture of a page, or "lost".
  picture(index) {
    if (!this.pictures.has(index)) {
      this.pictures.set(index, load(this.pages[index].picture).catch(() => "lost"));
    }
    return this.pictures.get(index);
  }
}

export class Queue {
  // `refused` is called with a sheet and an error where a document that was sent could not be settled, `filled` with the
  // number of documents that are ready, or "all" where no more wait.
  constructor(kind, keepS, refused, filled) {
    this.kind = kind;
    this.refused = refused;
    this.filled = filled;
    this.waiting = null;
    this.current = null;
    this.ready = [];
    this.sending = new Map();
    this.aside = []; // put off in this session: not offered again in it
    this.done = []; // what Ctrl-Z goes back to, the last at the end
    this.filling = null;
    setInterval(() => this.keep(), keepS * 1000);
    addEventListener("pagehide", () => this.close());
  }

  get atHand() {
    return [this.current, ...this.ready].filter(Boolean).map((sheet) => sheet.id);
  }

  // Fetch documents until enough are ready.
  fill() {
    this.filling ??= this.fetchAll().finally(() => { this.filling = null; });
    return this.filling;
  }

  async fetchAll() {
    while (this.ready.length < AHEAD) {
      const skip = [...this.atHand, ...this.sending.keys(), ...this.aside].slice(0, MAX_AT_HAND);
      const answer = await send("/review/next", { skip, kind: this.kind });
      this.waiting = answer.waiting;
      if (!answer.document) {
        this.filled("all");
        return;
      }
      const sheet = new Sheet(answer.document);
      if (sheet.pages.length) await sheet.picture(sheet.firstPage);
      this.ready.push(sheet);
      this.filled(this.ready.length);
    }
  }

  // The next document; null where nothing waits.
  async next() {
    this.current = null;
    if (!this.ready.length) await this.fill();
    this.current = this.ready.shift() ?? null;
    this.filled(this.ready.length);
    this.fill().catch(() => {}); // offline: the next call says so
    return this.current;
  }

  async open(id) {
    const answer = await send(`/review/${id}/open`, {});
    this.waiting = answer.waiting;
    return this.took(new Sheet(answer.document));
  }

  took(sheet) {
    if (this.current && this.current.id !== sheet.id) this.ready.unshift(this.current);
    this.ready = this.ready.filter((one) => one.id !== sheet.id);
    this.current = sheet;
    return sheet;
  }

  // Send what a person said of a document; the answer is not waited for.
  settle(sheet, values, anyway) {
    this.done.push(sheet);
    if (this.waiting) this.waiting -= 1;
    const sent = this.write(sheet, values, anyway)
      .then((left) => { if (left) this.comeBack(left, { code: "left" }); })
      .catch((error) => this.comeBack(sheet, error))
      .finally(() => this.sending.delete(sheet.id));
    this.sending.set(sheet.id, sent);
  }

  // Returns the document where something of it is still in doubt.
  async write(sheet, values, anyway) {
    const body = { version: sheet.version, values, anyway };
    const answer = await send(`/review/${sheet.id}/settle`, body, { keepalive: true });
    return answer.document && new Sheet(answer.document);
  }

  async comeBack(sheet, error) {
    if (error.code !== "left") this.done = this.done.filter((one) => one !== sheet);
    let again = sheet;
    try {
      if (error.code !== "left") again = new Sheet((await send(`/review/${sheet.id}/open`, {})).document);
      this.ready.unshift(again);
    } catch {
      again = null; // somebody else has it, or the server is away: it stays in the queue
    }
    this.refused(sheet, error, again);
  }

  async later(sheet, note) {
    await send(`/review/${sheet.id}/later`, { note });
    this.aside.unshift(sheet.id);
    this.done.push(sheet);
  }

  // Go back to the document before; null where there is none.
  async undo() {
    const last = this.done.at(-1);
    if (!last) return null;
    await this.sending.get(last.id);
    if (this.done.at(-1) !== last) return null; // it came back by itself
    const answer = await send(`/review/${last.id}/undo`, {});
    this.done.pop();
    this.aside = this.aside.filter((id) => id !== last.id);
    return this.took(new Sheet(answer.document));
  }

  async keep() {
    if (!this.atHand.length) return;
    const { at_hand: ours } = await send("/review/keep", { at_hand: this.atHand }).catch(() => ({ at_hand: this.atHand }));
    this.ready = this.ready.filter((sheet) => ours.includes(sheet.id));
    if (this.current && !ours.includes(this.current.id)) this.refused(this.current, { code: "locked" }, null);
  }

  close() {
    const body = new Blob([JSON.stringify({ at_hand: this.atHand })], { type: "application/json" });
    if (this.atHand.length) navigator.sendBeacon("/review/close", body);
  }
}
