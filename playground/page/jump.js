// Ctrl+K: type a few letters, go to a channel, a person, Home or the mailbox.

import { el } from "./dom.js";
import { app, emit, state, titleOf } from "./store.js";

export function openJump() {
  if (document.querySelector("dialog[open]")) return;
  const dialog = el("dialog", { class: "dialog jump", "aria-label": "Jump to" });
  const field = el("input", {
    type: "search",
    class: "control",
    placeholder: "Jump to a channel or person",
    "aria-label": "Jump to",
    role: "combobox",
    "aria-controls": "jump-list",
    "aria-expanded": "true",
    autocomplete: "off",
  });
  const list = el("div", { id: "jump-list", role: "listbox", class: "jump-list" });
  const pane = { dialog, field, list, index: 0, found: [] };
  dialog.append(field, list);
  field.addEventListener("input", () => search(pane));
  field.addEventListener("keydown", (event) => steer(event, pane));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  search(pane);
}

function targets() {
  const rooms = state.channels.map((entry) => ({
    label: entry.is_im ? titleOf(entry) : `#${titleOf(entry)}`,
    note: entry.unread ? `${entry.unread} unread` : (entry.topic?.value ?? ""),
    place: { kind: "channel", channel: entry.id },
  }));
  const home = app() ? [{ label: `${app().name} Home`, note: "App", place: { kind: "home" } }] : [];
  return [...rooms, ...home, { label: "Mailbox", note: "", place: { kind: "mailbox" } }];
}

function search(pane) {
  const typed = pane.field.value.trim().toLowerCase().replace(/^[#@]/, "");
  pane.found = targets().filter((entry) => entry.label.toLowerCase().includes(typed)).slice(0, 12);
  pane.index = 0;
  draw(pane);
}

function draw(pane) {
  const rows = pane.found.map((entry, index) =>
    el(
      "div",
      { id: `jump-${index}`, role: "option", class: "completion-item", "aria-selected": String(index === pane.index), on: { click: () => go(pane, index) } },
      el("strong", {}, entry.label),
      el("small", {}, entry.note),
    ),
  );
  pane.list.replaceChildren(...(rows.length ? rows : [el("p", { class: "note" }, "Nothing is called that.")]));
  pane.field.setAttribute("aria-activedescendant", `jump-${pane.index}`);
}

function steer(event, pane) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && pane.found.length) {
    event.preventDefault();
    pane.index = (pane.index + step + pane.found.length) % pane.found.length;
    draw(pane);
  } else if (event.key === "Enter") {
    event.preventDefault();
    go(pane, pane.index);
  }
}

function go(pane, index) {
  const entry = pane.found[index];
  if (!entry) return;
  pane.dialog.close();
  emit("go", entry.place);
}
