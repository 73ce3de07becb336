// What was mailed: a list, and the mail chosen. HTML parts stand in a frame where nothing runs.

import { get } from "./api.js";
import { el } from "./dom.js";
import { keepFocus } from "./focus.js";
import { emit, state } from "./store.js";
import { complain } from "./toast.js";
import { mailFrame } from "./mailframe.js";

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
let current = null;

export async function drawMailbox(root) {
  current = { list: el("div", { class: "mail-list", role: "listbox", "aria-label": "Mails" }), pane: el("article", { class: "mail-pane" }), chosen: null };
  root.replaceChildren(el("div", { class: "mailbox" }, current.list, current.pane));
  await refreshMailbox();
}

export async function refreshMailbox() {
  if (state.place.kind !== "mailbox" || !current) return;
  try {
    const { mails } = await get("/_local/mails");
    show(mails);
  } catch (error) {
    if (error.code !== "offline") complain(error);
  }
}

function show(mails) {
  state.mails = mails.length;
  localStorage.setItem("mails-seen", String(mails.length));
  emit("sidebar");
  current.mails = mails;
  if (!mails.length) {
    current.list.hidden = true;
    current.pane.replaceChildren(
      el("div", { class: "empty" }, el("h3", {}, "No mail yet"), el("p", {}, "Mails that would leave this machine are kept here instead.")),
    );
    return;
  }
  current.list.hidden = false;
  current.chosen ??= mails.at(-1).n;
  const rows = [...mails].reverse().map(row);
  keepFocus(current.list, () => current.list.replaceChildren(...rows));
  if (!current.drawn || current.drawn !== current.chosen) read(mails.find((mail) => mail.n === current.chosen) ?? mails.at(-1));
}

function row(mail) {
  const choose = () => {
    current.chosen = mail.n;
    show(current.mails);
  };
  const look = { type: "button", role: "option", class: "mail-row", data: { key: `mail-${mail.n}` }, "aria-selected": String(mail.n === current.chosen), on: { click: choose } };
  return el(
    "button",
    look,
    el("span", { class: "mail-subject" }, mail.subject || "(no subject)"),
    el("span", { class: "mail-to" }, recipients(mail)),
    el("small", {}, moment(mail)),
  );
}

function recipients(mail) {
  return [mail.to].flat().filter(Boolean).join(", ");
}

function moment(mail) {
  const at = typeof mail.at === "number" ? mail.at * 1000 : mail.at;
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : when.format(date);
}

function read(mail) {
  current.drawn = mail.n;
  const text = el("div", { class: "mail-text" }, linkified(mail.text ?? ""));
  const parts = [el("h3", {}, mail.subject || "(no subject)"), facts(mail)];
  if (mail.html) parts.push(tabs(text, mailFrame(mail.html)));
  else parts.push(text);
  current.pane.replaceChildren(...parts);
}

function facts(mail) {
  const rows = { From: mail.from, To: recipients(mail), Date: moment(mail) };
  return el("dl", { class: "mail-facts" }, Object.entries(rows).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value ?? "")]));
}

function tabs(text, frame) {
  const panes = { Text: text, HTML: frame };
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts of the mail" });
  const choose = (name) => {
    for (const [label, pane] of Object.entries(panes)) pane.hidden = label !== name;
    for (const tab of bar.children) tab.setAttribute("aria-selected", String(tab.textContent === name));
  };
  bar.append(...Object.keys(panes).map((name) => el("button", { type: "button", role: "tab", class: "tab", on: { click: () => choose(name) } }, name)));
  choose(text.textContent.trim() ? "Text" : "HTML");
  return el("div", { class: "mail-parts" }, bar, text, frame);
}

function linkified(text) {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((part, index) =>
    index % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part,
  );
}
