// Cards of the fields in doubt: snippet, input, reasons and rivals.

import { drawSnippet } from "./desk-picture.js";

const words = document.getElementById("words").dataset;

// Words of the page with values in their braces.
export const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

export const levelSign = (level) => document.getElementById(`level-${level}`).content.firstElementChild.cloneNode(true);

const DIGITS = new Set(["money", "date", "digits", "percent", "capital"]);

export class Doubt {
  // A field of a sheet that a person is asked about.
  constructor(field, sheet) {
    this.field = field;
    this.sheet = sheet;
    this.name = field.name;
    this.initial = field.value ?? "";
    this.place = null; // {page, quad} of a text that was taken from the picture
    this.chosen = -1;
    this.element = document.getElementById("doubt").content.firstElementChild.cloneNode(true);
    this.element.dataset.name = field.name;
    this.find = (selector) => this.element.querySelector(selector);
    this.input = this.find("input");
    this.input.id = `value-${field.name}`;
    this.input.value = this.initial;
    this.input.lang = "und";
    if (DIGITS.has(field.type)) this.input.inputMode = "decimal";
    const label = this.find("label");
    label.htmlFor = this.input.id;
    label.textContent = field.label;
    this.find(".rivals").append(...this.rivals());
    this.judge({ level: field.level, reasons: field.reasons, value: field.value, error: null });
  }

  get text() {
    return this.input.value;
  }

  get isTouched() {
    return this.text !== this.initial;
  }

  rivals() {
    return this.field.rivals.map((rival, index) => {
      const row = document.createElement("li");
      row.dataset.rival = index;
      const value = row.appendChild(document.createElement("b"));
      value.textContent = rival.value;
      row.append(levelSign(rival.level));
      const why = row.appendChild(document.createElement("span"));
      why.className = "soft";
      why.textContent = rival.reasons.join("; ");
      return row;
    });
  }

  // Take the rival above or below; beyond the first stands what was read.
  choose(step) {
    const index = Math.max(-1, Math.min(this.field.rivals.length - 1, this.chosen + step));
    if (!this.field.rivals.length) return;
    this.chosen = index;
    const rival = this.field.rivals[index];
    this.fill(rival ? rival.value : this.initial, rival?.quad ? rival : null);
    this.showChosen();
  }

  showChosen() {
    for (const row of this.element.querySelectorAll("[data-rival]")) {
      row.classList.toggle("chosen", Number(row.dataset.rival) === this.chosen);
    }
  }

  // Put a text into the input, with the place that it comes from.
  fill(text, place) {
    this.input.value = text;
    this.place = place && { page: place.page, quad: place.quad };
    this.input.setSelectionRange(text.length, text.length);
    this.draw();
  }

  typed() {
    this.place = null;
    this.chosen = this.field.rivals.findIndex((rival) => rival.value === this.text);
    this.showChosen();
  }

  restore() {
    this.chosen = -1;
    this.showChosen();
    this.fill(this.initial, null);
  }

  // Show what the checks say.
  judge(judged) {
    this.level = judged.level;
    this.find(".is").replaceChildren(levelSign(judged.level));
    this.find(".value").textContent = judged.value ?? (judged.error ? this.text : say("none"));
    const differs = judged.value !== null && judged.value !== this.text.trim();
    const means = this.text.trim() === "" && !judged.error ? say("empty") : differs ? `= ${judged.value}` : "";
    this.find(".means").textContent = means;
    this.find(".why").replaceChildren(...judged.reasons.map((reason) => {
      const row = document.createElement("li");
      row.textContent = reason;
      return row;
    }));
  }

  // Quad and page to look at.
  get where() {
    return this.place ?? (this.field.quad && { page: this.field.page, quad: this.field.quad });
  }

  async draw() {
    const canvas = this.find(".snippet");
    const { where } = this;
    canvas.hidden = !where;
    if (!where) return;
    const image = await this.sheet.picture(where.page);
    if (image === "lost" || where !== this.where && where.quad !== this.where?.quad) canvas.hidden = image === "lost";
    else if (this.element.isConnected) drawSnippet(canvas, image, this.sheet.pages[where.page], where.quad);
  }

  activate(isActive) {
    this.element.classList.toggle("active", isActive);
    if (!isActive) return;
    this.draw();
    this.input.focus({ preventScroll: true });
    this.input.select();
    this.element.scrollIntoView({ block: "nearest" });
  }

  get data() {
    const quad = this.place && [0, 2, 4, 6].map((at) => this.place.quad.slice(at, at + 2));
    return { field: this.name, text: this.text, ...(quad && { page: this.place.page, quad }) };
  }
}

// The kind of the document, as a doubt like any other.
export class KindDoubt extends Doubt {
  constructor(sheet, kinds) {
    const known = kinds.map((kind) => ({ value: kind.label, level: "read", reasons: [], page: null, quad: null }));
    super({
      name: "@rule", label: say("kind"), type: "text", value: null, level: "missing",
      reasons: [sheet.kindLabel, ...sheet.unread], page: null, quad: null, rivals: known,
    }, sheet);
    this.kinds = kinds;
    this.input.readOnly = true;
    this.element.classList.add("kind");
    const index = kinds.findIndex((kind) => kind.name === sheet.kind);
    this.choose(1 + (index < 0 ? kinds.length - 1 : index));
    this.initial = this.text;
  }

  get data() {
    return { field: "@rule", text: this.kinds[this.chosen].name };
  }
}
