// What all pages share: copying, lines that light up in the picture, dropping and pasting files.
"use strict";

const ingestd = {};

ingestd.copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without HTTPS browsers have no clipboard API.
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
};

// Text of a list of lines, or of any other element.
ingestd.textOf = (element) => {
  const lines = element.querySelectorAll("[data-text]");
  return lines.length ? Array.from(lines, (line) => line.textContent).join("\n") : element.textContent;
};

ingestd.flash = (button, words) => {
  button.dataset.label ??= button.textContent;
  button.textContent = words;
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
};

// Buttons that need this script are hidden until it is there.
ingestd.arm = (root) => {
  for (const button of root.querySelectorAll("button[hidden]")) button.hidden = false;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-line]");
  if (!button) return;
  const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : button.closest("[data-line], tr");
  await ingestd.copy(ingestd.textOf(source));
  ingestd.flash(button, (button.closest("[data-copied]") || document.querySelector("[data-copied]")).dataset.copied);
});

// A line or field lights up on both sides.
ingestd.light = (event) => {
  const here = event.target.closest?.("[data-line], [data-field]");
  for (const element of document.querySelectorAll(".on")) element.classList.remove("on");
  if (!here) return;
  const key = here.dataset.field ? "field" : "line";
  const same = `[data-${key}="${CSS.escape(here.dataset[key])}"]`;
  for (const element of document.querySelectorAll(same)) element.classList.add("on");
};
document.addEventListener("pointerover", ingestd.light);
document.addEventListener("focusin", ingestd.light);

// Calls `take` with the files that are dropped anywhere on the page, or pasted; folders come with all that is in them.
ingestd.catchFiles = (take) => {
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const dragging = (change) => (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dragging", depth > 0);
  };
  document.addEventListener("dragenter", dragging(1));
  document.addEventListener("dragleave", dragging(-1));
  document.addEventListener("dragover", dragging(0));
  document.addEventListener("drop", async (event) => {
    dragging(-depth)(event);
    if (carries(event)) take(await ingestd.filesOf(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) take(Array.from(event.clipboardData.files));
  });
};

ingestd.filesOf = async (transfer) => {
  // Entries are gone once this event is over, so they are taken before anything is awaited.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return Array.from(transfer.files);
  return (await Promise.all(entries.map(ingestd.filesBelow))).flat();
};

ingestd.filesBelow = async (entry) => {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) if (!one.name.startsWith(".")) found.push(...(await ingestd.filesBelow(one)));
  }
};

// -- the first screen

ingestd.reading = (form) => {
  const input = form.querySelector("input[type=file]");
  const result = document.getElementById("result");
  let file = null;
  let turn = 0;

  const say = (words, className) => {
    const note = document.createElement("p");
    note.className = className;
    note.textContent = words;
    result.replaceChildren(note);
  };

  const read = async () => {
    const mine = ++turn;
    say(form.dataset.busy, "busy");
    const body = new FormData();
    body.append("image", file, file.name);
    try {
      const answer = await fetch("/read?part=1", { method: "POST", body });
      const html = await answer.text();
      if (mine !== turn) return;
      result.innerHTML = html; // from our own template, which escapes everything
      ingestd.arm(result);
    } catch {
      if (mine === turn) say(form.dataset.failed, "problem");
    }
  };

  const take = (files) => {
    if (!files.length) return;
    [file] = files;
    read();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.files.length ? Array.from(input.files) : [file].filter(Boolean));
  });
  input.addEventListener("change", () => take(Array.from(input.files)));
  ingestd.catchFiles(take);
};

ingestd.arm(document);
const readForm = document.getElementById("read");
if (readForm) ingestd.reading(readForm);
