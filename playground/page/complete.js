// Completion above the composer: slash commands, people and channels. Arrow keys, Enter, Esc.

import { el } from "./dom.js";
import { fullNameOf, nameOf, people, state } from "./store.js";

const MOST = 8;
let serial = 0;

export class Completion {
  constructor(field, box) {
    serial += 1;
    this.field = field;
    this.box = box;
    this.box.id = `completion-${serial}`;
    this.box.setAttribute("role", "listbox");
    this.box.hidden = true;
    this.entries = [];
    this.index = 0;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-controls", this.box.id);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
  }

  get isOpen() {
    return !this.box.hidden;
  }

  update() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const found = candidates(before);
    this.entries = found.slice(0, MOST);
    this.index = 0;
    if (this.entries.length) this.draw();
    else this.close();
  }

  draw() {
    const rows = this.entries.map((entry, index) =>
      el(
        "div",
        {
          id: `${this.box.id}-${index}`,
          role: "option",
          class: "completion-item",
          "aria-selected": String(index === this.index),
          on: { pointerdown: (event) => event.preventDefault(), click: () => this.pick(index) },
        },
        el("strong", {}, entry.label),
        entry.hint ? el("code", {}, entry.hint) : null,
        el("small", {}, entry.note ?? ""),
      ),
    );
    this.box.replaceChildren(...rows);
    this.box.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.field.setAttribute("aria-activedescendant", `${this.box.id}-${this.index}`);
  }

  close() {
    this.box.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  // Says whether the key was used up.
  key(event) {
    if (!this.isOpen) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.index = (this.index + step + this.entries.length) % this.entries.length;
      this.draw();
    } else if (event.key === "Enter" && this.isTyped()) {
      this.close();
      return false;
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.pick(this.index);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  // A command that stands there whole is sent; what would only be completed is not asked for.
  isTyped() {
    return this.field.value.startsWith("/") && this.field.value === this.entries[this.index].label;
  }

  pick(index) {
    const { value, selectionStart } = this.field;
    const { text, from } = this.entries[index];
    const head = value.slice(0, from) + text;
    this.field.value = head + value.slice(selectionStart);
    this.field.setSelectionRange(head.length, head.length);
    this.close();
    this.field.focus();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function candidates(before) {
  if (/^\/\S*$/.test(before)) return commands(before);
  const found = /(^|\s)([@#])([\w.-]*)$/.exec(before);
  if (!found) return [];
  const [, , sign, typed] = found;
  const from = before.length - typed.length - 1;
  return sign === "@" ? members(typed, from) : rooms(typed, from);
}

function commands(typed) {
  return state.commands
    .filter((entry) => commandName(entry).startsWith(typed))
    .map((entry) => ({
      label: commandName(entry),
      hint: entry.usage_hint,
      note: entry.description,
      text: `${commandName(entry)} `,
      from: 0,
    }));
}

export function commandName(entry) {
  return entry.name ?? entry.command;
}

function members(typed, from) {
  const bots = state.users.filter((entry) => entry.is_bot && !entry.deleted);
  return [...people(), ...bots]
    .filter((entry) => `${entry.name} ${fullNameOf(entry)}`.toLowerCase().includes(typed.toLowerCase()))
    .map((entry) => ({ label: `@${entry.name}`, note: fullNameOf(entry) || nameOf(entry), text: `@${entry.name} `, from }));
}

function rooms(typed, from) {
  return state.channels
    .filter((entry) => !entry.is_im && entry.name?.includes(typed.toLowerCase()))
    .map((entry) => ({ label: `#${entry.name}`, note: topic(entry), text: `#${entry.name} `, from }));
}

function topic(entry) {
  return entry.topic?.value ?? "";
}
