// One field of many documents: each row is settled by itself and the next one has the keyboard.

import { levelSign } from "./desk-doubts.js";
import { drawSnippet, load } from "./desk-picture.js";
import { send } from "./desk-queue.js";

const JUDGE_MS = 70;
const AT_ONCE = 3; // pictures that are fetched at the same time

const list = document.querySelector(".group");
const notice = (text) => { document.getElementById("notice").textContent = text; };

class Row {
  constructor(element) {
    Object.assign(this, JSON.parse(element.dataset.row));
    this.element = element;
    this.input = element.querySelector("input");
    this.initial = this.input.value;
    this.chosen = -1;
    this.isSettled = false;
    this.insists = null;
  }

  async draw() {
    if (!this.page) return;
    const canvas = this.element.querySelector("canvas");
    try {
      drawSnippet(canvas, await load(this.page.picture), this.page, this.field.quad);
    } catch {
      canvas.hidden = true; // the original is gone; what was read stands in the input
    }
  }

  get body() {
    return { [this.field.name]: this.input.value };
  }

  async judge() {
    const text = this.input.value;
    const { fields } = await send(`/review/${this.id}/judge`, { texts: this.body, accepted: [] });
    const found = fields.find((field) => field.name === this.field.name);
    if (found && text === this.input.value) this.show(found);
    return found;
  }

  show({ level, value, reasons }) {
    this.element.querySelector(".is").replaceChildren(levelSign(level));
    this.element.querySelector(".reasons").textContent = reasons.join("; ");
    this.element.querySelector(".means").textContent = value !== null && value !== this.input.value.trim() ? `= ${value}` : "";
  }

  choose(step) {
    const { rivals } = this.field;
    if (!rivals.length) return;
    this.chosen = Math.max(-1, Math.min(rivals.length - 1, this.chosen + step));
    this.fill(rivals[this.chosen]?.value ?? this.initial);
  }

  fill(text) {
    this.input.value = text;
    this.judge().catch(() => {});
  }

  // Write the value; true where the row is done with.
  async accept() {
    const found = await this.judge();
    if (!found || found.error) return false;
    const text = this.input.value;
    if ((found.isRefused || found.level === "conflict") && this.insists !== text) {
      this.insists = text;
      notice(list.dataset.again);
      return false;
    }
    const values = [{ field: this.field.name, text }];
    const { document: left } = await send(`/review/${this.id}/settle`, { version: this.version, values, anyway: found.isRefused });
    if (left) this.version = left.version;
    this.settle(true);
    this.show({ ...found, level: "confirmed" });
    return true;
  }

  settle(isSettled) {
    this.isSettled = isSettled;
    this.input.readOnly = isSettled;
    this.element.classList.toggle("settled", isSettled);
  }

  async undo() {
    const { document: sheet } = await send(`/review/${this.id}/undo`, {});
    this.version = sheet.version;
    this.settle(false);
    this.input.focus();
    await this.judge();
  }
}

class Group {
  constructor() {
    this.rows = Array.from(list.children, (element) => new Row(element));
    this.done = [];
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("input", () => this.typed());
    list.addEventListener("focusin", (event) => event.target.select?.());
    addEventListener("pagehide", () => this.close());
    setInterval(() => send("/review/keep", { at_hand: this.open }).catch(() => {}), Number(list.dataset.keepS) * 1000);
    this.rows[0].input.focus();
    const waiting = [...this.rows];
    const draw = async () => { for (let row = waiting.shift(); row; row = waiting.shift()) await row.draw(); };
    for (let n = 0; n < AT_ONCE; n += 1) draw();
  }

  get open() {
    return this.rows.filter((row) => !row.isSettled).map((row) => row.id);
  }

  get active() {
    return this.rows.find((row) => row.element.contains(document.activeElement));
  }

  typed() {
    const row = this.active;
    row.insists = null;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => row.judge().catch(() => {}), JUDGE_MS);
  }

  skip(row) {
    const after = this.rows.slice(this.rows.indexOf(row) + 1).find((one) => !one.isSettled);
    (after ?? this.rows.find((one) => !one.isSettled && one !== row))?.input.focus();
  }

  async attempt(work) {
    notice("");
    try {
      await work();
    } catch (error) {
      notice(error.code ? error.message : list.dataset.offline);
    }
  }

  key(event) {
    const row = this.active;
    if (!row || event.isComposing || event.target !== row.input) return;
    const commands = {
      Enter: () => this.attempt(async () => {
        if (row.isSettled || !(await row.accept())) return;
        this.done.push(row);
        this.skip(row);
      }),
      ArrowDown: () => row.choose(1),
      ArrowUp: () => row.choose(-1),
      Escape: () => row.fill(row.initial),
      F8: () => this.skip(row),
    };
    if (event.key in commands) commands[event.key]();
    else if (event.key === "z" && event.ctrlKey && row.input.value === row.initial) this.attempt(async () => this.done.pop()?.undo());
    else return;
    event.preventDefault();
  }

  close() {
    const body = new Blob([JSON.stringify({ at_hand: this.open })], { type: "application/json" });
    if (this.open.length) navigator.sendBeacon("/review/close", body);
  }
}

if (list) new Group();
