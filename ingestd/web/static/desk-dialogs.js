// What the desk asks in between: the kind of a document, and a note for one that is put off.

// Let a person choose a kind; null where they leave it. `pressed` is called at each key.
export const chooseKind = (pressed) => new Promise((resolve) => {
  const dialog = document.getElementById("kinds");
  const rows = [...dialog.querySelectorAll("[data-kind]")];
  const list = dialog.querySelector(".choices");
  let at = rows.length - 1; // "other": most that do not belong here are no papers of this kind at all
  let chosen = null;
  const show = () => {
    rows.forEach((row, index) => row.setAttribute("aria-selected", index === at));
    rows[at].scrollIntoView({ block: "nearest" });
    list.setAttribute("aria-activedescendant", rows[at].id);
  };
  const pick = (index) => {
    chosen = rows[index].dataset.kind;
    dialog.close();
  };
  dialog.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    event.stopPropagation();
    pressed();
    if (step) {
      at = (at + step + rows.length) % rows.length;
      show();
    } else if (event.key === "Enter") {
      pick(at);
    }
    if (event.key !== "Escape") event.preventDefault();
  };
  dialog.onclick = (event) => {
    const row = event.target.closest("[data-kind]");
    if (row) pick(rows.indexOf(row));
  };
  dialog.onclose = () => resolve(chosen);
  dialog.showModal();
  list.focus();
  show();
});

// Ask for a note in a place; null where it is left with Escape.
export const askNote = (place, pressed) => new Promise((resolve) => {
  const note = document.createElement("input");
  note.maxLength = 500;
  note.className = "note";
  const label = document.createElement("label");
  label.append(document.getElementById("words").dataset.note, " ", note);
  place.replaceChildren(label);
  note.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    pressed();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    resolve(event.key === "Enter" ? note.value : null);
  });
  note.focus();
});
