// The right column: one thread, with its own composer. Esc closes it.

import { button, byId, el } from "./dom.js";
import { Composer, acceptDrops } from "./composer.js";
import { raisesKeyboard, restore, trace } from "./focus.js";
import { channel as channelOf, emit, state, titleOf } from "./store.js";
import { Timeline } from "./timeline.js";

let shown = null;

export function openThread({ channel, ts }) {
  const pane = byId("thread");
  const origin = pane.contains(document.activeElement) ? shown?.origin : trace();
  state.thread = { channel, ts };
  const found = channelOf(channel);
  const where = found?.is_im ? titleOf(found) : `#${titleOf(found)}`;
  const stage = el("div", { class: "thread-stage" });
  const composer = new Composer({ channel, thread: ts, label: "Reply…", onSent: () => shown?.timeline.toEnd() });
  pane.replaceChildren(
    el("header", { class: "pane-head" }, el("h2", {}, "Thread"), el("span", { class: "note" }, where), el("span", { class: "spring" }), button("Close thread", "close", closeThread)),
    stage,
    composer.node,
  );
  pane.hidden = false;
  document.body.classList.add("with-thread");
  shown = { timeline: new Timeline({ channel, thread: ts, root: stage }), composer, origin };
  if (raisesKeyboard()) pane.querySelector("button").focus();
  else composer.focus();
  return shown.timeline.refresh();
}

export function reveal(ts) {
  return shown.timeline.reveal(ts);
}

export function closeThread() {
  if (!state.thread) return;
  const { origin } = shown;
  state.thread = null;
  shown = null;
  byId("thread").hidden = true;
  byId("thread").replaceChildren();
  document.body.classList.remove("with-thread");
  if (!restore(origin)) emit("focus-lost");
}

export function refreshThread(channel = null) {
  if (shown && (!channel || state.thread.channel === channel)) return shown.timeline.refresh();
  return Promise.resolve();
}

export function listenForDrops() {
  acceptDrops(byId("thread"), () => shown?.composer);
}
