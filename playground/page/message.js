// One message as a row: who, when, what, its files, its thread.

import { avatar, button, el, icon } from "./dom.js";
import { listen } from "./actions.js";
import { chips } from "./files.js";
import { block } from "./hydrate.js";
import { openMenu } from "./menu.js";
import { runMessageShortcut } from "./shortcuts.js";
import { app, bot, emit, fullNameOf, nameOf, state, user } from "./store.js";
import { ago, fullTime, timeOf } from "./time.js";

const REACTIONS = { white_check_mark: "✅", eyes: "👀", x: "❌", "+1": "👍", hourglass_flowing_sand: "⏳", tada: "🎉", warning: "⚠️" };

export function author(message) {
  if (message.bot_id) {
    const known = bot(message.bot_id) ?? app();
    return { id: message.bot_id, name: message.username || known?.name || "App", isApp: true };
  }
  const known = user(message.user);
  return { id: message.user, name: fullNameOf(known) || message.user || "Someone", isApp: Boolean(known?.is_bot) };
}

export function signature(message) {
  return JSON.stringify([message.html, message.edited, message.files, message.reactions, message.reply_count, message.latest_reply, message.subtype]);
}

export function row(message, channel, { inThread = false } = {}) {
  const who = author(message);
  const isMine = message.ephemeral_for ? " ephemeral" : "";
  const node = el("article", {
    class: `message${isMine}`,
    data: { ts: message.ts, author: who.id ?? "", when: message.ts },
    tabindex: "-1",
    "aria-label": `${who.name}, ${timeOf(message.ts)}`,
  });
  node.append(
    el("div", { class: "gutter" }, avatar(who.name, who.id, who.isApp), when(message.ts, "gutter-time")),
    el("div", { class: "message-main" }, head(message, who), body(message, channel), extras(message, channel, inThread)),
    tools(message, channel, inThread),
  );
  return node;
}

function when(ts, look) {
  return el("time", { class: look, title: fullTime(ts), datetime: new Date(Number.parseFloat(ts) * 1000).toISOString() }, timeOf(ts));
}

function head(message, who) {
  return el(
    "div",
    { class: "message-head" },
    el("span", { class: "name" }, who.name),
    who.isApp ? el("span", { class: "badge" }, "APP") : null,
    when(message.ts, "time"),
  );
}

function body(message, channel) {
  const note = message.ephemeral_for
    ? el("div", { class: "only-you" }, icon("eye"), el("span", {}, "Only visible to you"))
    : null;
  const content = el("div", { class: "message-body" }, block(message.html ?? "", { channel }));
  if (message.edited) content.append(el("span", { class: "edited", title: fullTime(message.edited.ts) }, "(edited)"));
  listen(content, () => ({ channel, ts: message.ts }));
  return el("div", {}, note, content);
}

function extras(message, channel, inThread) {
  const parts = [];
  if (message.files?.length) parts.push(chips(message.files));
  if (message.reactions?.length) parts.push(el("div", { class: "reactions" }, message.reactions.map(reaction)));
  if (message.reply_count && !inThread) parts.push(summary(message, channel));
  return el("div", { class: "extras" }, parts);
}

function reaction({ name, count, users }) {
  const names = (users ?? []).map((id) => nameOf(user(id)) || id).join(", ");
  return el("span", { class: "reaction", title: `${names}: ${name}` }, `${REACTIONS[name] ?? `:${name}:`} ${count}`);
}

function summary(message, channel) {
  const count = message.reply_count;
  const faces = (message.reply_users ?? []).slice(0, 3).map((id) => face(id));
  const look = { type: "button", class: "thread-summary", on: { click: () => emit("open-thread", { channel, ts: message.ts }) } };
  return el(
    "button",
    look,
    el("span", { class: "faces" }, faces),
    el("span", { class: "count" }, replies(count)),
    message.latest_reply ? el("small", {}, `Last reply ${ago(message.latest_reply)}`) : null,
  );
}

// Private messages are none, wherever they are counted.
export function replies(count) {
  return `${count} ${count === 1 ? "reply" : "replies"}`;
}

function face(id) {
  const known = user(id) ?? bot(id);
  const name = known?.real_name || nameOf(known) || id;
  return avatar(name, id, Boolean(bot(id)) || Boolean(known?.is_bot));
}

function tools(message, channel, inThread) {
  if (message.ephemeral_for) return el("div", { class: "tools" });
  const more = button("More actions", "dots", () => openMenu(more, items(message, channel), "The app offers no message shortcuts"), {
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  const reply = inThread ? null : button("Reply in thread", "reply", () => emit("open-thread", { channel, ts: message.ts }));
  return el("div", { class: "tools" }, reply, more);
}

function items(message, channel) {
  const found = state.shortcuts.filter((entry) => (entry.kind ?? entry.type) === "message");
  const shortcuts = found.map((entry) => ({
    label: entry.name,
    note: entry.description,
    run: () => runMessageShortcut(entry, channel, message.ts),
  }));
  const copy = { label: "Copy text", run: () => navigator.clipboard?.writeText(message.text ?? "") };
  return shortcuts.length ? [{ heading: app()?.name ?? "App" }, ...shortcuts, copy] : [copy];
}
