// The middle column: a channel, the app's Home, or the mailbox.

import { post } from "./api.js";
import { commandName } from "./complete.js";
import { Composer, acceptDrops } from "./composer.js";
import { avatar, button, byId, el, icon } from "./dom.js";
import { keepFocus, raisesKeyboard } from "./focus.js";
import { drawHome } from "./home.js";
import { drawMailbox } from "./mailbox.js";
import { app, appChannel, channel as channelOf, emit, fullNameOf, remember, state, titleOf, user } from "./store.js";
import { Timeline } from "./timeline.js";

let shown = null;

export function draw() {
  const { kind } = state.place;
  remember();
  shown = null;
  byId("dock").replaceChildren();
  document.title = `${heading()} · ${state.team.name || "Playground"}`;
  if (kind === "home") return drawApp();
  if (kind === "mailbox") return drawMails();
  return drawChannel();
}

function heading() {
  if (state.place.kind === "home") return app()?.name ?? "App";
  if (state.place.kind === "mailbox") return "Mailbox";
  return titleOf(channelOf(state.place.channel)) || "Playground";
}

function head(sign, text, note, ...more) {
  const parts = [
    button("Show the sidebar", "menu", () => emit("drawer"), { class: "icon-button only-narrow" }),
    sign,
    el("h2", {}, text),
    el("span", { class: "note topic" }, note ?? ""),
    el("span", { class: "spring" }),
    ...more.filter(Boolean),
  ];
  keepFocus(byId("head"), () => byId("head").replaceChildren(...parts));
}

function drawChannel() {
  const found = channelOf(state.place.channel);
  if (!found) {
    head("", "Welcome");
    byId("stage").replaceChildren(empty("No channels yet", "Channels you belong to are listed on the left."));
    return Promise.resolve();
  }
  const isApp = found.id === appChannel()?.id;
  if (isApp) appHead("messages");
  else head(found.is_im ? avatar(titleOf(found), found.user, false) : icon(found.is_private ? "lock" : "hash"), titleOf(found), topic(found), crowd(found));
  const label = found.is_im ? `Message ${titleOf(found)}` : `Message #${found.name}`;
  const composer = new Composer({ channel: found.id, label, onSent: () => shown?.timeline.toEnd() });
  const timeline = new Timeline({ channel: found.id, root: byId("stage"), intro: intro(found, isApp) });
  byId("dock").replaceChildren(composer.node);
  shown = { timeline, composer };
  if (!raisesKeyboard()) composer.focus();
  return timeline.refresh().then(markRead);
}

function topic(found) {
  return found.topic?.value ?? "";
}

function crowd(found) {
  const count = found.num_members ?? found.members?.length;
  return count ? el("span", { class: "crowd", title: `${count} members` }, icon("people"), String(count)) : null;
}

function intro(found, isApp) {
  if (isApp) return empty(app()?.name ?? "App", "This is the very beginning of your conversation with the app.");
  if (found.is_im) return empty(titleOf(found), "This is the very beginning of your direct messages.");
  return empty(`#${found.name}`, "This is the very beginning of the channel.", ...firstSteps());
}

function empty(title, text, ...more) {
  return el("div", { class: "empty" }, el("h3", {}, title), el("p", {}, text), ...more);
}

// What somebody who has never been here types first; a click writes it into the composer.
function firstSteps() {
  if (!state.commands.length) return [];
  const examples = state.try_first.map((text) => el("li", {}, step(text, text), el("span", {}, "An example to begin with")));
  const rows = state.commands.map((entry) => {
    const name = commandName(entry);
    return el(
      "li",
      {},
      step(name, `${name} `),
      el("span", {}, entry.description ?? ""),
      entry.usage_hint ? el("small", {}, `${name} ${entry.usage_hint}`) : null,
    );
  });
  const parts = [
    el("p", {}, "Type one of these below, or choose it here:"),
    el("ul", { class: "first-steps" }, examples, rows),
    el("p", {}, `You are ${fullNameOf(user(state.me))}. To act as somebody else, choose them at the top of the sidebar.`),
  ];
  return [el("div", { class: "first-run" }, parts)];
}

function step(label, text) {
  const write = () => shown?.composer.write(text);
  return el("button", { type: "button", class: "first-step", on: { click: write } }, el("code", {}, label));
}

function appHead(tab) {
  const known = app();
  const entry = appChannel();
  const tabs = [
    { id: "home", label: "Home", open: () => emit("go", { kind: "home" }) },
    { id: "messages", label: "Messages", open: () => emit("go", { kind: "channel", channel: entry?.id }) },
  ];
  const nodes = tabs.map(({ id, label, open }) =>
    el("button", { type: "button", role: "tab", class: "tab", data: { key: `tab-${id}` }, "aria-selected": String(id === tab), disabled: id === "messages" && !entry, on: { click: open } }, label),
  );
  head(avatar(known?.name ?? "App", known?.id ?? "", true), known?.name ?? "App", "", el("div", { class: "tabs", role: "tablist", "aria-label": "App" }, nodes));
}

function drawApp() {
  appHead("home");
  return drawHome(byId("stage"));
}

function drawMails() {
  head(icon("mail"), "Mailbox", "What was mailed to people of this workspace");
  return drawMailbox(byId("stage"));
}

export function refreshStage(channel = null) {
  if (!shown) return Promise.resolve();
  if (channel && channel !== state.place.channel) return Promise.resolve();
  return shown.timeline.refresh().then(markRead);
}

async function markRead() {
  const found = channelOf(state.place.channel);
  if (state.place.kind !== "channel" || !found || document.hidden) return;
  if (!shown?.timeline.hasUnread && !found.unread) return;
  found.unread = 0;
  emit("sidebar");
  try {
    await post("/_local/read", { user: state.me, channel: found.id });
  } catch {
    // Reading marks are a nicety; the next refresh sets them.
  }
}

export function takeFocus() {
  if (shown && !raisesKeyboard()) shown.composer.focus();
  else document.querySelector("#stage [tabindex]")?.focus();
}

// The app's direct messages begin when its Home is first opened.
export function refreshHead() {
  if (state.place.kind === "home") appHead("home");
}

export function reveal(ts) {
  return shown ? shown.timeline.reveal(ts) : Promise.resolve(false);
}

export function drawNotice() {
  const node = byId("notice");
  node.hidden = !state.notice;
  node.textContent = state.notice ?? "";
}

export function listenForDrops() {
  acceptDrops(byId("main"), () => shown?.composer);
}

export function knows(place) {
  return place?.kind === "channel" ? Boolean(channelOf(place.channel)) : ["home", "mailbox"].includes(place?.kind) && Boolean(user(state.me));
}
