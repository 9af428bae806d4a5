// The review desk: one document after the other, settled by keyboard alone.

import { Doubt, KindDoubt, say } from "./desk-doubts.js";
import { askNote, chooseKind } from "./desk-dialogs.js";
import { listen } from "./desk-keys.js";
import { Queue, send } from "./desk-queue.js";
import { View } from "./desk-view.js";

const KIND = "@rule";
const JUDGE_MS = 70; // a pause in typing
const ASK_AGAIN_MS = 5000; // while nothing waits
const twoFrames = () => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));

class Desk {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.view = new View(root, (page, box) => this.take(page, box));
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
    this.doubts = sheet.asked.map((one) => this.doubtOf(one));
    this.find(".doubts").replaceChildren(...this.doubts.map((doubt) => doubt.element));
    await this.view.show(sheet, this.doubts);
    this.activate(this.doubts[0]);
    this.showProgress();
    this.judge();
  }

  doubtOf(name) {
    return name === KIND ? new KindDoubt(this.sheet, this.kinds) : new Doubt(this.sheet.byName.get(name), this.sheet);
  }

  activate(doubt) {
    this.active = doubt;
    this.insists = null;
    this.first = null;
    for (const one of this.doubts) one.activate(one === doubt);
    this.view.turnTo(doubt);
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
      this.view.mark();
      return this.judged;
    });
    this.judging = { key, answer };
    answer.catch(() => { if (this.judging?.answer === answer) this.judging = null; });
    return answer;
  }

  typed() {
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
    this.view.showSure();
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

  async later() {
    const { sheet } = this;
    const note = await askNote(document.getElementById("notice"), () => { this.keys += 1; });
    this.notice("");
    if (note === null) this.active.activate(true);
    else await this.attempt(async () => { await this.queue.later(sheet, note); await this.follow(); });
  }

  async otherKind() {
    const kind = await chooseKind(() => { this.keys += 1; });
    if (kind === null) this.active.activate(true);
    else await this.settleKind(kind);
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

  // A sure field becomes a doubt.
  open(name) {
    const doubt = this.ask(name);
    doubt.wanted = true;
    this.activate(doubt);
  }

  choose(step) {
    this.active.choose(step);
    this.insists = null;
    this.view.turnTo(this.active);
    if (this.active.name !== KIND) this.judge().catch(() => {});
  }

  toggleSure() {
    const sure = this.find(".sure");
    sure.open = !sure.open;
    if (sure.open) sure.querySelector("tr")?.focus();
    else this.active.activate(true);
  }
}

const desk = new Desk(document.getElementById("desk"));
listen(desk);
desk.begin();
