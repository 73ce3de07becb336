// Rendered Block Kit becomes usable: lists of people are filled, labels tied, own images loaded.

import { bytes } from "./api.js";
import { el, rendered } from "./dom.js";
import { app, fullNameOf, people, state, titleOf, user } from "./store.js";
import { localDates, localField } from "./time.js";
import { summarize } from "./values.js";

let serial = 0;

export function block(html, place) {
  const content = rendered(html);
  for (const node of content.querySelectorAll("[data-type='radio_buttons'], [data-type='external_select']")) name(node);
  for (const node of content.querySelectorAll("[data-source]")) fill(node, place);
  for (const node of content.querySelectorAll("[data-epoch]")) node.value = localField(Number(node.dataset.epoch));
  localDates(content);
  for (const node of content.querySelectorAll(".multi")) summarize(node);
  for (const node of content.querySelectorAll("[data-visible-to]")) hide(node);
  for (const node of content.querySelectorAll(".question")) tie(node);
  for (const node of content.querySelectorAll("a[data-image], [data-file-id]")) picture(node);
  return content;
}

function name(node) {
  serial += 1;
  for (const box of node.querySelectorAll("input[type='radio']")) box.name = `choice-${serial}`;
  node.dataset.name = `choice-${serial}`;
}

function hide(node) {
  node.hidden = !node.dataset.visibleTo.split(" ").includes(state.me);
}

function choices(kind, filter) {
  const members = people().map((entry) => ({ id: entry.id, label: fullNameOf(entry) }));
  const rooms = state.channels.filter((entry) => !entry.is_im).map((entry) => ({ id: entry.id, label: `#${entry.name}` }));
  const direct = state.channels.filter((entry) => entry.is_im).map((entry) => ({ id: entry.id, label: titleOf(entry) }));
  if (kind === "users") {
    const bot = user(app()?.user_id);
    return bot ? [...members, { id: bot.id, label: fullNameOf(bot) }] : members;
  }
  if (kind === "channels") return rooms;
  const wanted = filter?.include ?? ["public", "private", "im", "mpim"];
  const hasRooms = wanted.includes("public") || wanted.includes("private");
  return [...(hasRooms ? rooms : []), ...(wanted.includes("im") ? direct : [])];
}

function fill(node, place) {
  const filter = node.dataset.filter ? JSON.parse(node.dataset.filter) : null;
  const isList = node.tagName === "SELECT";
  const known = new Set([...node.querySelectorAll(isList ? "option" : "input")].map((entry) => entry.value));
  const into = isList ? node : node.querySelector(".popover");
  for (const { id, label } of choices(node.dataset.source, filter)) {
    if (!known.has(id)) into.append(isList ? el("option", { value: id }, label) : choice(id, label));
  }
  const isFree = isList && !node.value && node.hasAttribute("data-current");
  if (isFree && place?.channel) node.value = place.channel;
}

function choice(id, label) {
  return el("label", { class: "choice" }, el("input", { type: "checkbox", value: id }), el("span", { class: "option" }, label));
}

// A question's label, hint and error are read out with its field.
function tie(node) {
  serial += 1;
  const label = node.querySelector(".label");
  const field = node.querySelector("[data-action-id]");
  if (!field) return;
  label.id = `label-${serial}`;
  field.setAttribute("aria-labelledby", label.id);
  field.removeAttribute("aria-label");
  const about = [];
  for (const part of [node.querySelector(".hint"), node.querySelector(".error")]) {
    if (!part) continue;
    serial += 1;
    part.id = `about-${serial}`;
    about.push(part.id);
  }
  field.setAttribute("aria-describedby", about.join(" "));
}

// Pictures of the workspace itself are shown; others stay a link, so nothing is loaded from afar.
async function picture(node) {
  const path = node.dataset.fileId ? `/_local/files/${encodeURIComponent(node.dataset.fileId)}` : ownPath(node.href);
  if (!path) return;
  try {
    const blob = await bytes(path);
    if (!blob.type.startsWith("image/")) return;
    const image = el("img", { alt: node.dataset.alt || node.textContent, class: "picture", loading: "lazy" });
    image.src = URL.createObjectURL(blob);
    node.replaceWith(image);
  } catch {
    node.classList.add("missing");
  }
}

function ownPath(address) {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) return null;
  const found = url.pathname.match(/^\/files-pri\/[^/]*?-(F[A-Z0-9]+)\//);
  return found ? `/_local/files/${found[1]}` : null;
}
