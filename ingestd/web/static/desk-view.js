// What the desk shows of a document beside its doubts: the picture with boxes, its name, and the sure fields.

import { levelSign, say } from "./desk-doubts.js";
import { Picture } from "./desk-picture.js";

export class View {
  // `take` is called with a page and a box that a person clicked or dragged.
  constructor(root, take) {
    this.find = (selector) => root.querySelector(selector);
    this.picture = new Picture(this.find(".viewer"), take);
  }

  async show(sheet, doubts) {
    this.sheet = sheet;
    this.doubts = doubts;
    this.active = null;
    const name = this.find(".about .name");
    name.textContent = sheet.name;
    name.href = `/documents/${sheet.id}`;
    this.find(".about .kind").textContent = sheet.kindLabel;
    const memo = this.find(".memo");
    memo.hidden = !sheet.note;
    memo.textContent = sheet.note ?? "";
    this.showSure();
    await this.showPage(sheet.firstPage);
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
    this.pageIndex = index;
    if (!page) return;
    this.find(".tools .page").textContent = say("page", { number: index + 1, count: sheet.pages.length });
    const lines = sheet.lines.filter((line) => line.page === index);
    this.picture.show(page, lines, null);
    this.look();
    const image = await sheet.picture(index);
    if (sheet !== this.sheet || index !== this.pageIndex) return;
    this.picture.show(page, lines, image);
    this.mark();
    this.look();
  }

  // Boxes of the fields on this page, in the colours of their levels.
  mark() {
    if (!this.picture.page) return;
    const fields = this.sheet.fields.map((field) => {
      const doubt = this.doubts.find((one) => one.name === field.name);
      const where = doubt ? doubt.where : field;
      return { ...where, level: doubt?.level ?? field.level, isActive: Boolean(doubt) && doubt === this.active };
    });
    this.picture.mark(fields.filter((one) => one.quad && one.page === this.pageIndex));
  }

  // Zoom to the field in question; to the whole page where it has no place on this one.
  look() {
    if (!this.picture.page) return;
    const where = this.active?.where;
    this.picture.look(where && where.page === this.pageIndex ? where.quad : null);
  }

  // Show the page and the place of a doubt.
  turnTo(doubt) {
    this.active = doubt;
    const page = doubt.where?.page ?? this.pageIndex;
    if (page !== this.pageIndex) {
      this.showPage(page);
      return;
    }
    this.mark();
    this.look();
  }

  turnPage(step) {
    if (this.sheet.pages[this.pageIndex + step]) this.showPage(this.pageIndex + step);
  }

  wholePage() {
    if (this.picture.isWhole) this.look();
    else this.picture.look(null, true);
  }
}
