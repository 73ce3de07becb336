// Where one types: text, slash commands, files by button, paste or drag and drop.

import { post, upload } from "./api.js";
import { Completion, commandName } from "./complete.js";
import { button, el } from "./dom.js";
import { openMenu } from "./menu.js";
import { globalShortcuts } from "./shortcuts.js";
import { app, state } from "./store.js";
import { complain } from "./toast.js";

const drafts = new Map();

export class Composer {
  constructor({ channel, thread = null, label, onSent }) {
    Object.assign(this, { channel, thread, onSent });
    this.key = `${state.me} ${channel} ${thread ?? ""}`;
    this.files = [];
    this.field = el("textarea", { rows: "1", placeholder: label, "aria-label": label, class: "composer-text" });
    this.picker = el("input", { type: "file", multiple: true, hidden: true });
    this.chosen = el("div", { class: "chosen", hidden: true });
    this.hint = el("div", { class: "usage", hidden: true });
    this.box = el("div", { class: "completion" });
    this.send = button("Send", "send", () => this.submit(), { class: "icon-button send" });
    this.node = this.form();
    this.completion = new Completion(this.field, this.box);
    this.field.value = drafts.get(this.key) ?? "";
    this.listen();
    this.grow();
  }

  form() {
    const more = button("Shortcuts", "plus", () => openMenu(more, this.menu()), { "aria-haspopup": "menu", "aria-expanded": "false" });
    const attach = button("Attach a file", "clip", () => this.picker.click());
    const bar = el("div", { class: "composer-bar" }, this.thread ? null : more, attach, el("span", { class: "spring" }), this.send);
    return el("form", { class: "composer" }, this.box, this.hint, this.chosen, this.field, bar, this.picker);
  }

  menu() {
    const found = globalShortcuts();
    const files = { label: "Upload a file", run: () => this.picker.click() };
    return found.length ? [{ heading: app()?.name ?? "App" }, ...found, { heading: "Files" }, files] : [files];
  }

  listen() {
    this.field.addEventListener("input", () => this.edited());
    this.field.addEventListener("click", () => this.completion.update());
    this.field.addEventListener("blur", () => this.completion.close());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.field.addEventListener("paste", (event) => this.add([...event.clipboardData.files]));
    this.picker.addEventListener("change", () => {
      this.add([...this.picker.files]);
      this.picker.value = "";
    });
    this.node.addEventListener("submit", (event) => event.preventDefault());
  }

  edited() {
    drafts.set(this.key, this.field.value);
    this.completion.update();
    this.usage();
    this.grow();
  }

  usage() {
    const name = this.field.value.split(/\s/, 1)[0];
    const command = state.commands.find((entry) => commandName(entry) === name);
    const isTyping = Boolean(command) && this.field.value.startsWith(`${name} `);
    this.hint.hidden = !isTyping;
    if (isTyping) this.hint.replaceChildren(el("strong", {}, name), " ", command.usage_hint ?? "", el("small", {}, command.description ?? ""));
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, innerHeight * 0.4)}px`;
    this.send.classList.toggle("ready", Boolean(this.field.value.trim() || this.files.length));
  }

  pressed(event) {
    if (this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    }
  }

  add(files) {
    this.files.push(...files);
    this.chosen.hidden = !this.files.length;
    this.chosen.replaceChildren(...this.files.map((file, index) => this.chip(file, index)));
    this.grow();
  }

  chip(file, index) {
    const remove = button(`Remove ${file.name}`, "close", () => {
      this.files.splice(index, 1);
      this.add([]);
    });
    return el("span", { class: "chosen-file" }, file.name, remove);
  }

  async submit() {
    const text = this.field.value.trim();
    const files = this.files;
    if ((!text && !files.length) || this.isBusy) return;
    this.clear();
    this.isBusy = true;
    this.node.classList.add("busy");
    try {
      await this.deliver(text, files);
    } catch (error) {
      this.field.value ||= text;
      if (files.length) this.add(files);
      complain(error);
    } finally {
      this.isBusy = false;
      this.node.classList.remove("busy");
      this.edited();
      this.completion.close();
    }
  }

  clear() {
    this.field.value = "";
    this.files = [];
    this.add([]);
    this.edited();
  }

  async deliver(text, files) {
    if (text.startsWith("/") && !files.length) return this.command(text);
    const ids = { user: state.me, channel: this.channel };
    if (this.thread) ids.thread_ts = this.thread;
    if (!files.length) await post("/_local/message", { ...ids, text });
    for (const [index, file] of files.entries()) await this.uploadOne(ids, file, index ? "" : text);
    return this.onSent?.();
  }

  uploadOne(ids, file, text) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...ids, text })) form.append(name, value);
    form.append("file", file, file.name);
    return upload("/_local/message", form);
  }

  // A command that fails is answered by the workspace, privately, in the channel.
  async command(text) {
    await post("/_local/command", { user: state.me, channel: this.channel, text });
    this.onSent?.();
  }

  focus() {
    this.field.focus();
  }

  write(text) {
    this.field.value = text;
    this.focus();
    this.edited();
  }
}

// Files may be dropped anywhere in a pane.
export function acceptDrops(pane, composer) {
  pane.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    pane.classList.add("dropping");
  });
  pane.addEventListener("dragleave", (event) => {
    if (!pane.contains(event.relatedTarget)) pane.classList.remove("dropping");
  });
  pane.addEventListener("drop", (event) => {
    event.preventDefault();
    pane.classList.remove("dropping");
    composer()?.add([...(event.dataTransfer?.files ?? [])]);
  });
}
