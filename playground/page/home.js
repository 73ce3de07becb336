// The app's Home tab, as it published it for this person.

import { get, post } from "./api.js";
import { listen } from "./actions.js";
import { el } from "./dom.js";
import { keepFocus } from "./focus.js";
import { block } from "./hydrate.js";
import { emit, state } from "./store.js";
import { complain } from "./toast.js";

let current = null;

export async function drawHome(root) {
  const body = el("div", { class: "home", tabindex: "-1" }, el("p", { class: "note" }, "Opening Home…"));
  root.replaceChildren(el("div", { class: "scroller" }, body));
  current = { body, view: null };
  listen(body, () => ({ view_id: current?.view?.id }));
  try {
    const answer = await post("/_local/home", { user: state.me });
    show(answer.view);
    emit("home-opened");
    await refreshHome();
  } catch (error) {
    complain(error);
  }
}

export async function refreshHome() {
  if (state.place.kind !== "home" || !current) return;
  try {
    const answer = await get("/_local/home", { user: state.me });
    show(answer.view);
  } catch (error) {
    if (error.code !== "offline") complain(error);
  }
}

function show(view) {
  if (!current?.body.isConnected) return;
  if (view && current.view?.id === view.id && current.view.hash === view.hash) return;
  current.view = view;
  const content = view?.html ? block(view.html, {}) : nothing();
  keepFocus(current.body, () => current.body.replaceChildren(content));
}

function nothing() {
  return el(
    "div",
    { class: "empty" },
    el("h3", {}, "Nothing on Home yet"),
    el("p", {}, "The app has not published a Home tab for you. It is told each time you open this page."),
  );
}
