// Keys and clicks of the desk. No letter and no digit is a command: they are values, and input methods take them.

import { say } from "./desk-doubts.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph"]);
const SCROLL_PX = 200;

const actionsOf = (desk) => ({
  accept: () => desk.accept().catch(() => desk.notice(say("offline"))),
  later: () => desk.later(),
  kind: () => desk.otherKind(),
  undo: () => desk.undo(),
  keys: () => document.getElementById("keys").showModal(),
  "page-back": () => desk.view.turnPage(-1),
  "page-on": () => desk.view.turnPage(1),
  "zoom-out": () => desk.view.picture.zoom(-1),
  "zoom-in": () => desk.view.picture.zoom(1),
  "zoom-page": () => desk.view.wholePage(),
});

const commandsOf = (desk, actions) => ({
  F1: actions.keys,
  F2: actions["zoom-page"],
  F4: () => desk.toggleSure(),
  F6: actions["zoom-out"],
  F7: actions["zoom-in"],
  F8: actions.later,
  F9: actions.kind,
  PageUp: actions["page-back"],
  PageDown: actions["page-on"],
  "Shift+PageUp": () => desk.view.picture.pan(0, -SCROLL_PX),
  "Shift+PageDown": () => desk.view.picture.pan(0, SCROLL_PX),
  Escape: () => desk.escape(),
  ArrowUp: () => desk.choose(-1),
  ArrowDown: () => desk.choose(1),
  "Control+z": actions.undo,
  Enter: actions.accept,
});

const nameOf = (event) =>
  `${event.ctrlKey || event.metaKey ? "Control+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key}`;

// A key on the list of sure fields; false where it means nothing there.
const onSure = (desk, row, key) => {
  if (key === "Enter") desk.open(row.dataset.sure);
  else if (key === "ArrowDown") row.nextElementSibling?.focus();
  else if (key === "ArrowUp") row.previousElementSibling?.focus();
  else if (key === "F4" || key === "Escape") desk.toggleSure();
  else return false;
  return true;
};

export const listen = (desk) => {
  const actions = actionsOf(desk);
  const commands = commandsOf(desk, actions);
  const { root } = desk;

  const command = (event) => {
    const sure = event.target.closest("[data-sure]");
    if (sure) return onSure(desk, sure, event.key);
    const found = commands[nameOf(event)];
    if (!found || event.target.closest("button, a, summary")) return false;
    if (nameOf(event) === "Control+z" && desk.active.isTouched) return false; // the browser undoes the typing
    found();
    return true;
  };

  addEventListener("keydown", (event) => {
    if (!MODIFIERS.has(event.key)) desk.keys += 1;
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    if (event.key === "?" && !event.target.closest("input")) actions.keys();
    else if (!desk.sheet && nameOf(event) === "Control+z") actions.undo();
    else if (desk.sheet && command(event)) event.preventDefault();
  });

  root.addEventListener("input", (event) => {
    if (event.target.closest(".doubt")) desk.typed();
  });

  root.addEventListener("focusin", (event) => {
    const card = event.target.closest(".doubt");
    if (card && card !== desk.active.element) desk.activate(desk.doubts.find((doubt) => doubt.element === card));
  });

  root.addEventListener("click", (event) => {
    const [button, rival, card, sure] = ["[data-do]", "[data-rival]", ".doubt", "[data-sure]"]
      .map((selector) => event.target.closest(selector));
    if (button) actions[button.dataset.do]();
    else if (rival) desk.choose(Number(rival.dataset.rival) - desk.active.chosen);
    else if (card && card !== desk.active.element) desk.activate(desk.doubts.find((one) => one.element === card));
    else if (sure) desk.open(sure.dataset.sure);
  });
};
