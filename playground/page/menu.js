// A small menu beside a button: arrow keys move, Enter picks, Esc closes.

import { el } from "./dom.js";
import { place } from "./placing.js";

let open = null;

export function closeMenu() {
  if (!open) return;
  const { menu, anchor, controller } = open;
  open = null;
  controller.abort();
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
}

// `items` are {label, note, run} or {heading}; an empty list says why with `empty`.
export function openMenu(anchor, items, empty = "Nothing here") {
  const isSame = open?.anchor === anchor;
  closeMenu();
  if (isSame) return;
  const menu = el("div", { class: "menu", role: "menu" }, items.map((item) => entry(item, anchor)));
  if (!items.length) menu.append(el("div", { class: "menu-heading" }, empty));
  const controller = new AbortController();
  open = { menu, anchor, controller };
  (anchor.closest("dialog") ?? document.body).append(menu);
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  menu.querySelector("button")?.focus();
  listen(menu, anchor, controller.signal);
}

function entry(item, anchor) {
  if (item.heading) return el("div", { class: "menu-heading" }, item.heading);
  const run = () => {
    closeMenu();
    anchor.focus();
    item.run();
  };
  const note = item.note ? el("small", {}, item.note) : null;
  const look = { type: "button", role: "menuitem", class: "menu-item", on: { click: run } };
  return el("button", look, el("span", {}, item.label), note);
}

function listen(menu, anchor, signal) {
  const outside = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) closeMenu();
  };
  document.addEventListener("pointerdown", outside, { signal });
  menu.addEventListener("keydown", (event) => steer(event, menu, anchor), { signal });
  addEventListener("resize", closeMenu, { signal });
}

function steer(event, menu, anchor) {
  const items = [...menu.querySelectorAll("button")];
  const index = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items.at((index + step) % items.length)?.focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu();
    anchor.focus();
  }
}
