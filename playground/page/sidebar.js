// The left column: who I am, channels and direct messages with unread marks, the app, the mailbox.

import { avatar, button, byId, el, icon } from "./dom.js";
import { closeMenu, openMenu } from "./menu.js";
import { app, appChannel, emit, fullNameOf, people, state, titleOf, user } from "./store.js";

export function drawSidebar() {
  const focused = document.activeElement?.closest?.("#sidebar [data-key]")?.dataset.key;
  byId("sidebar").replaceChildren(
    title(),
    switcher(),
    el("div", { class: "sidebar-scroll" }, rooms(), direct(), apps(), extras()),
  );
  if (focused) document.querySelector(`#sidebar [data-key="${CSS.escape(focused)}"]`)?.focus();
}

function title() {
  return el(
    "div",
    { class: "workspace" },
    el("h1", {}, state.team.name || "Workspace"),
    button("Jump to a channel (Ctrl+K)", "search", () => emit("jump")),
  );
}

function switcher() {
  const me = user(state.me);
  const look = {
    type: "button",
    class: "switcher",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    data: { key: "switcher" },
    on: { click: () => openMenu(node, persons()) },
  };
  const role = me?.profile?.title;
  const node = el(
    "button",
    look,
    avatar(fullNameOf(me) || "?", state.me ?? "", false),
    el("span", { class: "switcher-text" }, el("span", { class: "switcher-name" }, fullNameOf(me)), role ? el("small", {}, role) : null),
    el("span", { class: "only-heard" }, "Switch person"),
    icon("people"),
  );
  return node;
}

function persons() {
  const items = people().map((entry) => ({
    label: entry.id === state.me ? `${fullNameOf(entry)} (you)` : fullNameOf(entry),
    note: entry.profile?.title || `@${entry.name}`,
    run: () => entry.id !== state.me && emit("switch-user", entry.id),
  }));
  return [{ heading: "Act as" }, ...items];
}

function section(label, rows) {
  return el("section", { class: "side-section" }, el("h2", {}, label), el("ul", {}, rows));
}

function line({ key, label, sign, unread = 0, isCurrent, open }) {
  const look = {
    type: "button",
    class: `side-item${isCurrent ? " current" : ""}${unread ? " unread" : ""}`,
    "aria-current": isCurrent ? "page" : null,
    data: { key },
    on: {
      click: () => {
        closeMenu();
        open();
      },
    },
  };
  const mark = unread ? el("span", { class: "count-badge", "aria-label": `${unread} unread` }, String(unread)) : null;
  return el("li", {}, el("button", look, sign, el("span", { class: "side-label" }, label), mark));
}

function channelLine(entry) {
  return line({
    key: entry.id,
    label: titleOf(entry),
    sign: entry.is_im ? avatar(titleOf(entry), entry.user, false) : icon(entry.is_private ? "lock" : "hash"),
    unread: entry.unread,
    isCurrent: state.place.kind === "channel" && state.place.channel === entry.id,
    open: () => emit("go", { kind: "channel", channel: entry.id }),
  });
}

function rooms() {
  const found = state.channels.filter((entry) => !entry.is_im && entry.is_member !== false && !entry.is_archived);
  return section("Channels", found.map(channelLine));
}

function direct() {
  const own = appChannel()?.id;
  const found = state.channels.filter((entry) => entry.is_im && entry.id !== own);
  return found.length ? section("Direct messages", found.map(channelLine)) : null;
}

function apps() {
  const known = app();
  if (!known) return null;
  const entry = appChannel();
  const isOwn = entry && state.place.channel === entry.id;
  const row = line({
    key: "app",
    label: known.name,
    sign: avatar(known.name, known.id, true),
    unread: entry?.unread,
    isCurrent: state.place.kind === "home" || isOwn,
    open: () => emit("go", entry?.unread ? { kind: "channel", channel: entry.id } : { kind: "home" }),
  });
  return section("Apps", [row]);
}

function extras() {
  const seen = Number(localStorage.getItem("mails-seen") ?? 0);
  const row = line({
    key: "mailbox",
    label: "Mailbox",
    sign: icon("mail"),
    unread: Math.max(0, state.mails - Math.min(seen, state.mails)),
    isCurrent: state.place.kind === "mailbox",
    open: () => emit("go", { kind: "mailbox" }),
  });
  return section("More", [row]);
}
