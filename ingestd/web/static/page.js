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

// -- uploads

// Sends one file to the inbox; `show` is told how much of it is there, 0 to 1.
ingestd.upload = (file, show) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest(); // fetch tells nothing about what was sent
  const body = new FormData();
  body.append("document", file, file.name);
  request.open("POST", "/documents");
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.onprogress = (event) => show(event.loaded / event.total);
  request.onload = () => {
    if (request.status === 202) resolve(request.response.files[0]);
    else reject(new Error(request.response?.message || `HTTP ${request.status}`));
  };
  request.onerror = () => reject(new Error("offline"));
  request.send(body);
});

ingestd.uploads = (form) => {
  const AT_ONCE = 2;
  const ASKED_AT_ONCE = 5;
  const LATE_S = 20;
  const input = form.querySelector("input[type=file]");
  const list = document.getElementById("uploads");
  const queue = [];
  const open = new Set();
  let sending = 0;

  const row = (file) => {
    const item = list.appendChild(document.createElement("li"));
    const name = item.appendChild(document.createElement("span"));
    name.textContent = file.name;
    const state = item.appendChild(document.createElement("span"));
    list.hidden = false;
    return { file, item, state, since: Date.now() };
  };

  const send = async () => {
    if (sending >= AT_ONCE || !queue.length) return;
    sending += 1;
    const one = queue.shift();
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.ariaLabel = form.dataset.sending;
    one.state.replaceChildren(bar);
    try {
      one.sent = await ingestd.upload(one.file, (share) => { bar.value = share; });
      one.since = Date.now();
      one.state.textContent = form.dataset.unseen;
      open.add(one);
    } catch (error) {
      one.state.className = "conflict";
      one.state.textContent = `${form.dataset.failed}: ${error.message}`;
    }
    one.file = null;
    sending -= 1;
    send();
  };

  const settle = (one, progress) => {
    const words = { done: form.dataset.done, recorded: form.dataset.done, duplicate: form.dataset.duplicate };
    if (progress.document_id && words[progress.state]) {
      const link = document.createElement("a");
      link.href = `/documents/${progress.document_id}`;
      link.textContent = form.dataset.open;
      one.state.replaceChildren(`${words[progress.state]} · `, link);
    } else if (progress.state === "failed") {
      one.state.className = "conflict";
      one.state.textContent = `${form.dataset.failed}: ${progress.reason}`;
    } else {
      const late = Date.now() - one.since > LATE_S * 1000;
      one.state.textContent = progress.state === "unseen"
        ? form.dataset[late ? "late" : "unseen"]
        : form.dataset[progress.state === "running" ? "running" : "waiting"];
      return;
    }
    open.delete(one);
  };

  const ask = async () => {
    for (const one of Array.from(open).slice(0, ASKED_AT_ONCE)) {
      const answer = await fetch(`/documents/arrived?${new URLSearchParams(one.sent)}`);
      if (answer.ok) settle(one, await answer.json());
    }
  };

  const take = (files) => {
    for (const file of files) queue.push(row(file));
    for (let n = 0; n < AT_ONCE; n += 1) send();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(Array.from(input.files));
    input.value = "";
  });
  input.addEventListener("change", () => {
    take(Array.from(input.files));
    input.value = "";
  });
  ingestd.catchFiles(take);
  return ask;
};

// -- what changes by itself, while somebody looks

ingestd.everySecond = (...tasks) => {
  const turn = async () => {
    if (!document.hidden) for (const task of tasks) await task().catch(() => {}); // offline: the next turn asks again
    setTimeout(turn, 1000);
  };
  turn();
};

ingestd.now = (place) => async () => {
  const answer = await fetch("/documents/now");
  if (answer.ok) place.innerHTML = await answer.text(); // from our own template, which escapes everything
};

// Addresses of searches have no empty parts.
ingestd.shortAddress = (form) => form.addEventListener("submit", () => {
  for (const field of form.elements) field.disabled = field.name !== "" && field.value === "";
});

ingestd.arm(document);
const readForm = document.getElementById("read");
if (readForm) ingestd.reading(readForm);
const uploadForm = document.getElementById("upload");
const nowPlace = document.getElementById("now");
if (nowPlace) ingestd.everySecond(...(uploadForm ? [ingestd.uploads(uploadForm)] : []), ingestd.now(nowPlace));
const filterForm = document.getElementById("filters");
if (filterForm) ingestd.shortAddress(filterForm);
