// The review desk: one document after the other, settled by keyboard alone.

import { Doubt, KindDoubt, levelSign, say } from "./desk-doubts.js";
import { Picture } from "./desk-picture.js";
import { Queue, send } from "./desk-queue.js";

const KIND = "@rule";
const JUDGE_MS = 70; // a pause in typing
const ASK_AGAIN_MS = 5000; // while nothing waits
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph"]);
const SCROLL_PX = 200;
const twoFrames = () => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));

class Desk {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.picture = new Picture(this.find(".viewer"), (page, box) => this.take(page, box));
    this.queue = new Queue(
      root.dataset.kind || null,
      Number(root.dataset.keepS),
      (...why) => this.cameBack(...why),
      (count) => { root.dataset.ready = count; },
    );
    this.doubleAbove = Number(root.dataset.doubleKeyAbove) || Infinity;
    this.kinds = Array.from(document.querySelectorAll("#kinds [data-kind]"), (row) => ({
      name: row.dataset.kind,
      label: row.textContent,
    }));
    this.settled = 0;
    this.keys = 0;
    this.since = performance.now();
    this.turn = 0;
    addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("input", (event) => this.typed(event));
    root.addEventListener("focusin", (event) => this.focused(event));
    root.addEventListener("click", (event) => this.clicked(event));
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  async begin() {
    const { document: id } = this.root.dataset;
    await this.attempt(async () => this.show(id ? await this.queue.open(id) : await this.queue.next()));
    if (id) this.queue.fill().catch(() => {});
  }

  // -- showing a document

  async show(sheet) {
    this.turn += 1;
    const { turn } = this;
    this.sheet = sheet;
    this.root.hidden = !sheet;
    document.getElementById("empty").hidden = Boolean(sheet);
    if (!sheet) {
      setTimeout(() => turn === this.turn && this.attempt(async () => this.show(await this.queue.next())), ASK_AGAIN_MS);
      return;
    }
    this.begun = performance.now();
    this.accepted = new Set();
    this.judged = new Map();
    this.judging = null;
    this.insists = null;
    this.first = null;
    const name = this.find(".about .name");
    name.textContent = sheet.name;
    name.href = `/documents/${sheet.id}`;
    this.find(".about .kind").textContent = sheet.kindLabel;
    const memo = this.find(".memo");
    memo.hidden = !sheet.note;
    memo.textContent = sheet.note ?? "";
    this.doubts = sheet.asked.map((one) => this.doubtOf(one));
    this.find(".doubts").replaceChildren(...this.doubts.map((doubt) => doubt.element));
    this.showSure();
    await this.showPage(sheet.firstPage);
    this.activate(this.doubts[0]);
    this.showProgress();
    this.judge();
  }

  doubtOf(name) {
    return name === KIND ? new KindDoubt(this.sheet, this.kinds) : new Doubt(this.sheet.byName.get(name), this.sheet);
  }

  showSure() {
    const asked = new Set(this.doubts.map((doubt) => doubt.name));
    const sure = this.sheet.fields.filter((field) => !asked.has(field.name));
    this.find(".sure").hidden = !sure.length;
    this.find(".sure summary").textContent = say("sure", { count: sure.filter((field) => field.value !== null).length });
    this.find(".sure table").replaceChildren(...sure.map((field) => {
      const row = document.createElement("tr");
      row.dataset.sure = field.name;
      row.tabIndex = 0;
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.textContent = field.label;
      row.appendChild(document.createElement("td")).textContent = field.value ?? "";
      const level = row.appendChild(document.createElement("td"));
      level.className = "sure";
      level.append(levelSign(field.level));
      return row;
    }));
  }

  async showPage(index) {
    const { sheet } = this;
    const page = sheet.pages[index];
    this.find(".tools").hidden = !page;
    if (!page) return;
    this.pageIndex = index;
    this.find(".tools .page").textContent = say("page", { number: index + 1, count: sheet.pages.length });
    const lines = sheet.lines.filter((line) => line.page === index);
    this.picture.show(page, lines, null);
    const image = await sheet.picture(index);
    if (sheet === this.sheet && index === this.pageIndex) this.picture.show(page, lines, image);
    this.mark();
  }

  mark() {
    if (!this.picture.page) return;
    const fields = this.sheet.fields.map((field) => {
      const doubt = this.doubts.find((one) => one.name === field.name);
      const where = doubt ? doubt.where : field;
      return { ...where, level: doubt?.level ?? field.level, isActive: doubt === this.active };
    });
    this.picture.mark(fields.filter((one) => one.quad && one.page === this.pageIndex));
    this.look();
  }

  // The part of the page that belongs to the field in question.
  look() {
    const where = this.active?.where;
    this.picture.look(where && where.page === this.pageIndex ? where.quad : null);
  }

  activate(doubt) {
    this.active = doubt;
    this.insists = null;
    this.first = null;
    for (const one of this.doubts) one.activate(one === doubt);
    const page = doubt.where?.page ?? this.pageIndex;
    if (page !== this.pageIndex) this.showPage(page);
    else this.mark();
  }

  showProgress() {
    const hours = (performance.now() - this.since) / 3_600_000;
    const { waiting } = this.queue;
    this.find(".progress").textContent = this.settled
      ? say("progress", {
        waiting, settled: this.settled, hour: Math.round(this.settled / hours), keys: (this.keys / this.settled).toFixed(1),
      })
      : say("waiting", { waiting });
  }

  // -- proving

  get texts() {
    return Object.fromEntries(this.doubts.filter((doubt) => doubt.name !== KIND
      && (doubt === this.active || this.accepted.has(doubt.name))).map((doubt) => [doubt.name, doubt.text]));
  }

  // What the checks say of the present texts; asked once for the same texts.
  judge() {
    const { sheet } = this;
    const body = { texts: this.texts, accepted: [...this.accepted] };
    const key = JSON.stringify(body);
    if (this.judging?.key === key) return this.judging.answer;
    const answer = send(`/review/${sheet.id}/judge`, body).then(({ fields }) => {
      if (this.judging?.answer !== answer || sheet !== this.sheet) return new Map();
      this.judged = new Map(fields.map((field) => [field.name, field]));
      for (const doubt of this.doubts) {
        const found = this.judged.get(doubt.name);
        if (found) doubt.judge(found);
      }
      this.recolour();
      return this.judged;
    });
    this.judging = { key, answer };
    answer.catch(() => { if (this.judging?.answer === answer) this.judging = null; });
    return answer;
  }

  // Colours of the boxes follow the levels; the picture stays where it is.
  recolour() {
    const { scale, left, top } = this.picture;
    this.mark();
    Object.assign(this.picture, { scale, left, top });
    if (this.picture.page) this.picture.move();
  }

  typed(event) {
    if (!event.target.closest(".doubt")) return;
    this.insists = null;
    this.active.typed();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.judge().catch(() => {}), JUDGE_MS);
  }

  async take(page, box) {
    if (!this.sheet || this.active.name === KIND) return;
    const { active, sheet } = this;
    await this.attempt(async () => {
      const found = await send(`/review/${sheet.id}/take`, { field: active.name, page, box });
      if (sheet !== this.sheet || active !== this.active) return;
      if (found.text === null) {
        this.notice(say("noText"));
        return;
      }
      active.fill(found.text, { page, quad: found.quad.flat() });
      this.insists = null;
      await this.judge();
    });
  }

  // -- settling

  async accept() {
    const { active, sheet } = this;
    clearTimeout(this.pause);
    if (active.name === KIND) {
      await this.settleKind(active.data.text);
      return;
    }
    if (!this.isTypedTwice(active)) return;
    const judged = await this.judge();
    const found = judged.get(active.name);
    if (sheet !== this.sheet || active !== this.active || !found || found.error) return;
    if (found.isRefused && this.insists !== active.text) {
      this.insists = active.text;
      this.notice(say("again"));
      return;
    }
    this.anyway ||= found.isRefused;
    this.accepted.add(active.name);
    active.seconds = (performance.now() - this.begun) / 1000;
    active.element.classList.add("accepted");
    const left = this.left(judged);
    if (left.length) this.activate(left[0]);
    else this.commit(active, judged);
  }

  // Doubts that are left, those after the active one first; new ones get cards.
  left(judged) {
    for (const found of judged.values()) {
      if (found.inDoubt && !this.doubts.some((doubt) => doubt.name === found.name)) this.ask(found.name);
    }
    const open = this.doubts.filter((doubt) => !this.accepted.has(doubt.name)
      && (doubt.name === KIND || doubt.wanted || judged.get(doubt.name)?.inDoubt));
    const after = this.doubts.indexOf(this.active);
    return [...open.filter((doubt) => this.doubts.indexOf(doubt) > after), ...open];
  }

  ask(name) {
    const doubt = this.doubtOf(name);
    this.doubts.push(doubt);
    this.find(".doubts").append(doubt.element);
    this.showSure();
    return doubt;
  }

  // Large amounts are typed twice; true where the second is like the first.
  isTypedTwice(doubt) {
    const amount = Number(doubt.text.replace(/[^\d.]/g, ""));
    if (doubt.field.type !== "money" || amount < this.doubleAbove) return true;
    if (this.first === null) {
      this.first = doubt.text;
      doubt.fill("", doubt.place);
      this.notice(say("twice"));
      return false;
    }
    const same = this.first === doubt.text;
    this.first = null;
    if (!same) this.notice(say("differs"));
    return same;
  }

  async commit(last, judged) {
    const values = this.doubts.filter((doubt) => this.accepted.has(doubt.name));
    const disagrees = values.some((doubt) => judged.get(doubt.name)?.level === "conflict");
    if (disagrees && this.insists !== "all" && !this.anyway) {
      this.accepted.delete(last.name);
      this.insists = "all";
      this.notice(say("again"));
      return;
    }
    performance.mark("settled");
    this.settled += 1;
    this.queue.settle(this.sheet, values.map((doubt) => ({ ...doubt.data, seconds: doubt.seconds })), Boolean(this.anyway));
    this.anyway = false;
    await this.follow();
  }

  // The next document; how long that took is kept for measuring.
  async follow() {
    this.notice("");
    await this.attempt(async () => this.show(await this.queue.next()));
    await twoFrames();
    if (performance.getEntriesByName("settled").length && this.sheet) {
      performance.measure("next document", { start: "settled", detail: this.sheet.id });
      performance.clearMarks("settled");
    }
  }

  async settleKind(kind) {
    const { sheet } = this;
    await this.attempt(async () => {
      const left = await this.queue.write(sheet, [{ field: KIND, text: kind }], false);
      this.queue.done.push(sheet);
      if (left) {
        this.queue.current = left;
        await this.show(left);
      } else {
        performance.mark("settled");
        this.settled += 1;
        await this.follow();
      }
    });
  }

  cameBack(sheet, error, again) {
    this.settled = Math.max(0, this.settled - 1);
    const reason = { locked: say("locked"), changed: say("changed"), left: say("left") }[error.code]
      ?? (error.code ? error.message : say("offline"));
    this.notice(say("back", { name: sheet.name, reason }));
    if (this.sheet === sheet || (again && !this.sheet)) this.attempt(async () => this.show(await this.queue.next()));
  }

  async undo() {
    if (this.accepted?.size) {
      this.goBack();
      return;
    }
    await this.attempt(async () => {
      const sheet = await this.queue.undo();
      if (!sheet) {
        this.notice(say("nothing"));
        return;
      }
      this.settled = Math.max(0, this.settled - 1);
      this.notice("");
      await this.show(sheet);
    });
  }

  // Back to the value that was accepted before.
  goBack() {
    const name = [...this.accepted].at(-1);
    if (!name) return;
    this.accepted.delete(name);
    const doubt = this.doubts.find((one) => one.name === name);
    doubt.element.classList.remove("accepted");
    this.activate(doubt);
    this.judge().catch(() => {});
  }

  escape() {
    if (this.first !== null || this.active.isTouched) {
      this.first = null;
      this.insists = null;
      this.active.restore();
      this.notice("");
      this.judge().catch(() => {});
    } else {
      this.goBack();
    }
  }

  later() {
    const { sheet } = this;
    const note = document.createElement("input");
    note.maxLength = 500;
    note.className = "note";
    const label = document.createElement("label");
    label.append(say("note"), " ", note);
    document.getElementById("notice").replaceChildren(label);
    note.focus();
    note.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.stopPropagation();
      event.preventDefault();
      this.keys += 1;
      this.notice("");
      if (event.key === "Escape") this.activate(this.active);
      else this.attempt(async () => { await this.queue.later(sheet, note.value); await this.follow(); });
    });
  }

  // -- other things

  async attempt(work) {
    try {
      await work();
    } catch (error) {
      this.notice(error.code === "locked" ? say("locked") : error.code ? error.message : say("offline"));
    }
  }

  notice(text) {
    document.getElementById("notice").replaceChildren(text);
  }

  focused(event) {
    const card = event.target.closest(".doubt");
    if (!card || card === this.active.element) return;
    this.activate(this.doubts.find((doubt) => doubt.element === card));
  }

  clicked(event) {
    const button = event.target.closest("[data-do]");
    const card = event.target.closest(".doubt");
    const rival = event.target.closest("[data-rival]");
    const sure = event.target.closest("[data-sure]");
    if (button) this.actions[button.dataset.do]();
    else if (rival) this.choose(Number(rival.dataset.rival) - this.active.chosen);
    else if (card && card !== this.active.element) this.activate(this.doubts.find((one) => one.element === card));
    else if (sure) this.open(sure.dataset.sure);
  }

  // A sure field becomes a doubt.
  open(name) {
    const doubt = this.ask(name);
    doubt.wanted = true;
    this.activate(doubt);
  }

  choose(step) {
    this.active.choose(step);
    this.insists = null;
    this.mark();
    if (this.active.name !== KIND) this.judge().catch(() => {});
  }

  chooseKind() {
    const dialog = document.getElementById("kinds");
    const rows = [...dialog.querySelectorAll("[data-kind]")];
    const list = dialog.querySelector(".choices");
    let at = rows.length - 1; // "other", of which most are
    const show = () => {
      rows.forEach((row, index) => row.setAttribute("aria-selected", index === at));
      rows[at].scrollIntoView({ block: "nearest" });
      list.setAttribute("aria-activedescendant", rows[at].id);
    };
    const pick = () => {
      dialog.close();
      this.settleKind(rows[at].dataset.kind);
    };
    dialog.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key !== "Escape") event.preventDefault();
      event.stopPropagation();
      this.keys += 1;
      if (step) {
        at = (at + step + rows.length) % rows.length;
        show();
      } else if (event.key === "Enter") {
        pick();
      }
    };
    dialog.onclick = (event) => {
      const row = event.target.closest("[data-kind]");
      if (!row) return;
      at = rows.indexOf(row);
      pick();
    };
    dialog.onclose = () => this.active.activate(true);
    dialog.showModal();
    list.focus();
    show();
  }

  turnPage(step) {
    const index = this.pageIndex + step;
    if (this.sheet.pages[index]) this.showPage(index);
  }

  toggleSure() {
    const sure = this.find(".sure");
    sure.open = !sure.open;
    if (sure.open) sure.querySelector("tr")?.focus();
    else this.active.activate(true);
  }

  wholePage() {
    if (this.isWhole) this.look();
    else this.picture.look(null);
    this.isWhole = !this.isWhole;
  }

  actions = {
    accept: () => this.accept().catch(() => this.notice(say("offline"))),
    later: () => this.later(),
    kind: () => this.chooseKind(),
    undo: () => this.undo(),
    keys: () => document.getElementById("keys").showModal(),
    "page-back": () => this.turnPage(-1),
    "page-on": () => this.turnPage(1),
    "zoom-out": () => this.picture.zoom(-1),
    "zoom-in": () => this.picture.zoom(1),
    "zoom-page": () => this.wholePage(),
  };

  commands = {
    F1: this.actions.keys,
    F2: this.actions["zoom-page"],
    F4: () => this.toggleSure(),
    F6: this.actions["zoom-out"],
    F7: this.actions["zoom-in"],
    F8: this.actions.later,
    F9: this.actions.kind,
    PageUp: this.actions["page-back"],
    PageDown: this.actions["page-on"],
    "Shift+PageUp": () => this.picture.pan(0, -SCROLL_PX),
    "Shift+PageDown": () => this.picture.pan(0, SCROLL_PX),
    Escape: () => this.escape(),
    ArrowUp: () => this.choose(-1),
    ArrowDown: () => this.choose(1),
    "Control+z": () => this.undo(),
    Enter: this.actions.accept,
  };

  key(event) {
    if (!MODIFIERS.has(event.key)) this.keys += 1;
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    if (event.key === "?" && !event.target.closest("input")) {
      this.actions.keys();
      return;
    }
    if (!this.sheet) {
      if (event.ctrlKey && event.key === "z") this.undo();
      return;
    }
    const sure = event.target.closest("[data-sure]");
    if (sure) {
      if (event.key === "Enter") this.open(sure.dataset.sure);
      else if (event.key === "ArrowDown") sure.nextElementSibling?.focus();
      else if (event.key === "ArrowUp") sure.previousElementSibling?.focus();
      else if (event.key === "F4" || event.key === "Escape") this.toggleSure();
      else return;
      event.preventDefault();
      return;
    }
    const name = `${event.ctrlKey || event.metaKey ? "Control+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key}`;
    const command = this.commands[name];
    if (!command || event.target.closest("button, a, summary")) return;
    if (name === "Control+z" && this.active.isTouched) return; // the browser undoes the typing
    event.preventDefault();
    command();
  }
}

new Desk(document.getElementById("desk")).begin();
