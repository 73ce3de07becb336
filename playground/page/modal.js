// The app's modals: the topmost of the stack in a <dialog>, with validation and stacked views.

import { get, post } from "./api.js";
import { listen } from "./actions.js";
import { button, el } from "./dom.js";
import { restore, trace } from "./focus.js";
import { block } from "./hydrate.js";
import { check, showErrors } from "./validity.js";
import { emit, state } from "./store.js";
import { complain } from "./toast.js";
import { stateOf } from "./values.js";

let shown = null;
let running = null;

export function refreshModal() {
  running = (running ?? Promise.resolve()).then(fetchViews).catch(() => {});
  return running;
}

async function fetchViews() {
  try {
    const { views } = await get("/_local/views", { user: state.me });
    show(views.filter((view) => view.type !== "home"));
  } catch (error) {
    if (error.code !== "offline") complain(error);
  }
}

function show(views) {
  const view = views.at(-1);
  if (!view) return dismiss();
  if (shown && shown.view.id === view.id && shown.view.hash === view.hash) return undefined;
  const held = trace();
  const dialog = shown?.dialog ?? open();
  const kept = shown?.view.id === view.id ? shown.body : null;
  const place = kept?.scrollTop ?? 0;
  const body = bodyOf(view);
  remember(body);
  if (kept) keep(kept, body);
  shown = { dialog, view, body, origin: shown ? shown.origin : held };
  listen(body, () => ({ view_id: view.id }));
  body.addEventListener("keydown", submitOnEnter);
  dialog.replaceChildren(head(view, views), body, foot(view));
  dialog.setAttribute("aria-label", view.title?.text ?? "Dialog");
  body.scrollTop = place;
  if (!kept || !restore(held)) focusFirst(body);
  return undefined;
}

// A view that is only read is scrolled with the keys.
function bodyOf(view) {
  const content = block(view.html ?? "", {});
  const isForm = content.querySelector(".question");
  return el("div", { class: "dialog-body", tabindex: isForm ? "-1" : "0" }, content);
}

function open() {
  const dialog = el("dialog", { class: "dialog modal" });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (event.cancelable) back();
  });
  dialog.addEventListener("close", () => shown?.dialog === dialog && forced());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// A browser may close a dialog on a second Esc without asking.
async function forced() {
  const { view } = shown;
  dismiss();
  await closeOne(view);
  await refreshModal();
}

function dismiss() {
  if (!shown) return;
  const { dialog, origin } = shown;
  shown = null;
  dialog.close();
  dialog.remove();
  if (!restore(origin)) emit("focus-lost");
}

export function forgetModal() {
  dismiss();
}

function head(view, views) {
  const isStacked = views.length > 1;
  return el(
    "header",
    { class: "dialog-head" },
    isStacked ? button("Back", "back", back) : null,
    el("h2", {}, view.title?.text ?? ""),
    button("Close", "close", closeAll),
  );
}

function foot(view) {
  const parts = [el("button", { type: "button", class: "button", on: { click: back } }, view.close?.text ?? "Cancel")];
  if (view.submit) {
    const look = { type: "button", class: "button primary submit", disabled: view.submit_disabled, on: { click: submit } };
    parts.push(el("button", look, view.submit.text));
  }
  const note = el("div", { class: "dialog-error", role: "alert", hidden: true });
  return el("footer", { class: "dialog-foot" }, note, el("div", { class: "dialog-buttons" }, parts));
}

// What was typed survives an update of the same view where the field itself is unchanged.
function fields(root) {
  return [...root.querySelectorAll(".question [data-action-id]")];
}

function remember(body) {
  for (const node of fields(body)) node.source = node.outerHTML.replaceAll(/(name|id|aria-\w+)="[^"]*"/g, "");
}

function keep(before, after) {
  const known = new Map(fields(before).map((node) => [`${node.dataset.blockId} ${node.dataset.actionId}`, node]));
  for (const node of fields(after)) {
    const old = known.get(`${node.dataset.blockId} ${node.dataset.actionId}`);
    if (old?.source !== node.source) continue;
    for (const name of ["aria-labelledby", "aria-describedby"]) old.setAttribute(name, node.getAttribute(name) ?? "");
    node.replaceWith(old);
  }
}

// A form is read from its top, wherever its first field is.
function focusFirst(body) {
  const wanted = body.querySelector("[data-focus]") ?? body.querySelector(".question .control, .question input, .question summary");
  const field = wanted?.matches("input, select, textarea") ? wanted : (wanted?.querySelector("input, summary") ?? wanted);
  (field ?? body).focus({ preventScroll: true });
}

function submitOnEnter(event) {
  const isLine = event.target.matches("input:not([type='search'])") && !event.defaultPrevented;
  if (event.key !== "Enter" || !(isLine || event.metaKey || event.ctrlKey)) return;
  event.preventDefault();
  submit();
}

async function submit() {
  const { view, body, dialog } = shown;
  const action = dialog.querySelector(".submit");
  if (!action || action.disabled) return;
  const values = stateOf(body);
  const found = check(body, values);
  showErrors(body, found);
  if (Object.keys(found).length) return;
  busy(dialog, action, true);
  try {
    const answer = await post("/_local/submit", { user: state.me, view_id: view.id, values });
    settle(answer, body);
  } catch (error) {
    trouble(error.message);
  } finally {
    busy(dialog, action, false);
  }
}

function busy(dialog, action, isBusy) {
  action.disabled = isBusy;
  action.classList.toggle("busy", isBusy);
  if (isBusy) dialog.querySelector(".dialog-error").hidden = true;
  else if (document.activeElement === document.body) action.focus();
}

function settle(answer, body) {
  if (answer.trouble) {
    const reason = answer.reason ? ` (${[answer.reason.error, ...(answer.reason.errors ?? [])].join(", ")})` : "";
    trouble(answer.trouble + reason);
  } else if (answer.errors && Object.keys(answer.errors).length) {
    showErrors(body, answer.errors);
  } else {
    refreshModal();
  }
}

function trouble(text) {
  const note = shown?.dialog.querySelector(".dialog-error");
  if (!note) return;
  note.textContent = text;
  note.hidden = false;
}

async function back() {
  if (!shown) return;
  const { view } = shown;
  await closeOne(view);
  await refreshModal();
}

async function closeAll() {
  if (!shown) return;
  await closeOne(shown.view, true);
  await refreshModal();
}

async function closeOne(view, all = false) {
  try {
    await post("/_local/close", { user: state.me, view_id: view.id, all });
  } catch (error) {
    if (error.code !== "view_not_found") complain(error);
  }
}
