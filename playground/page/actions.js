// What people do with interactive elements, sent as Slack sends it, with a busy state until acked.

import { post, upload } from "./api.js";
import { confirmed } from "./confirm.js";
import { emit, state } from "./store.js";
import { complain, warnUnlessAcked } from "./toast.js";
import { stateOf, summarize, valueOf } from "./values.js";

const AT_ONCE = new Set([
  "static_select",
  "users_select",
  "channels_select",
  "conversations_select",
  "datepicker",
  "timepicker",
  "datetimepicker",
  "checkboxes",
  "radio_buttons",
  "external_select",
  "multi_external_select",
  "rich_text_input",
]);

// `place()` names the message or the view: {channel, ts} or {view_id}.
export function listen(root, place) {
  root.addEventListener("click", (event) => clicked(event, root, place));
  root.addEventListener("change", (event) => changed(event, root, place));
  root.addEventListener("keydown", (event) => typed(event, root, place));
  root.addEventListener("input", (event) => searched(event, root, place));
  root.addEventListener("toggle", (event) => toggled(event, root, place), true);
}

function within(event, root) {
  const node = event.target.closest?.("[data-action-id]");
  return node && root.contains(node) ? node : null;
}

function dispatches(node) {
  const question = node.closest(".question");
  return !question || question.hasAttribute("data-dispatch");
}

function clicked(event, root, place) {
  const node = within(event, root);
  if (!node) return;
  const type = node.dataset.type;
  const item = event.target.closest(".menu-item");
  if (type === "overflow" && item) {
    node.open = false;
    node.querySelector("summary").focus();
    send(node, root, place, { selected_option: JSON.parse(item.dataset.option) });
  } else if (node.matches("button, a.button")) {
    send(node, root, place, valueOf(node));
    if (node.dataset.go === "home") emit("go", { kind: "home" });
  }
}

function changed(event, root, place) {
  const node = within(event, root);
  if (!node || event.target.type === "search") return;
  if (node.matches(".multi")) limit(node, event.target);
  if (node.dataset.type === "file_input") take(node);
  if (AT_ONCE.has(node.dataset.type) && dispatches(node)) send(node, root, place, valueOf(node));
}

function limit(node, box) {
  const most = Number(node.dataset.most || Infinity);
  if (node.querySelectorAll("input:checked").length > most) box.checked = false;
  node.dataset.isChanged = "yes";
  summarize(node);
}

// Files go up when they are chosen; the form then carries their descriptions.
async function take(node) {
  const files = [...node.files].slice(0, Number(node.dataset.most || 10));
  setBusy(node, true);
  try {
    const answers = await Promise.all(files.map((file) => upload("/_local/files", form(file))));
    node.uploaded = answers.map((answer) => answer.file);
  } catch (error) {
    node.value = "";
    complain(error);
  } finally {
    setBusy(node, false);
  }
}

function form(file) {
  const data = new FormData();
  data.append("user", state.me);
  data.append("file", file, file.name);
  return data;
}

// A list of several choices is sent when it is closed.
function toggled(event, root, place) {
  const node = within(event, root);
  if (!node?.matches(".multi") || node !== event.target || node.open || !node.dataset.isChanged) return;
  delete node.dataset.isChanged;
  if (dispatches(node)) send(node, root, place, valueOf(node));
}

function typed(event, root, place) {
  const node = within(event, root);
  if (event.key !== "Enter" || !node?.matches("input.control")) return;
  const on = node.dataset.dispatchOn ?? "on_enter_pressed";
  if (!dispatches(node) || !on.includes("on_enter_pressed")) return;
  event.preventDefault();
  send(node, root, place, valueOf(node));
}

const waiting = new WeakMap();

function later(node, run) {
  clearTimeout(waiting.get(node));
  waiting.set(node, setTimeout(run, 250));
}

function searched(event, root, place) {
  const node = event.target.closest("[data-action-id]");
  if (!node) return;
  if (node.matches(".external") && event.target.matches("[type='search']")) {
    later(node, () => suggest(node, event.target.value, place));
  } else if (node.dataset.dispatchOn?.includes("on_character_entered") && dispatches(node)) {
    later(node, () => send(node, root, place, valueOf(node)));
  }
}

async function suggest(node, value, place) {
  if (value.length < Number(node.dataset.least)) return;
  const ids = { action_id: node.dataset.actionId, block_id: node.dataset.blockId };
  try {
    const answer = await post("/_local/suggest", { user: state.me, ...ids, value, ...place() });
    offer(node, answer.options ?? answer.option_groups?.flatMap((group) => group.options) ?? []);
  } catch (error) {
    complain(error);
  }
}

function offer(node, options) {
  const list = node.querySelector(".found");
  const kept = [...list.querySelectorAll(".choice")].filter((label) => label.querySelector("input").checked);
  const type = node.dataset.type.startsWith("multi") ? "checkbox" : "radio";
  const labels = options.map((option) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    const text = document.createElement("span");
    label.className = "choice";
    text.className = "option";
    Object.assign(box, { type, name: node.dataset.name ?? "", value: option.value });
    box.dataset.option = JSON.stringify(option);
    text.textContent = option.text?.text ?? option.value;
    label.append(box, text);
    return label;
  });
  const chosen = new Set(kept.map((label) => label.querySelector("input").value));
  list.replaceChildren(...kept, ...labels.filter((label) => !chosen.has(label.querySelector("input").value)));
}

async function send(node, root, place, value) {
  if (node.getAttribute("aria-busy") === "true" || !(await confirmed(node))) return;
  const ids = { action_id: node.dataset.actionId, block_id: node.dataset.blockId };
  const body = { user: state.me, ...place(), ...ids, ...value, values: stateOf(root) };
  setBusy(node, true);
  try {
    warnUnlessAcked(await post("/_local/click", body));
  } catch (error) {
    complain(error);
  } finally {
    setBusy(node, false);
  }
}

export function setBusy(node, isBusy) {
  node.setAttribute("aria-busy", String(isBusy));
  node.classList.toggle("busy", isBusy);
}

