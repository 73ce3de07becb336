// Short notices in a corner, read out by screen readers.

import { byId, button, el } from "./dom.js";

const SECONDS = 6;

export function toast(text, kind = "plain") {
  const node = el("div", { class: `toast ${kind}` }, el("span", {}, text));
  const remove = () => {
    node.remove();
    if (!byId("toasts").childElementCount) byId("toasts").hidePopover();
  };
  node.append(button("Dismiss", "close", remove));
  byId("toasts").append(node);
  raise(byId("toasts"));
  setTimeout(remove, SECONDS * 1000);
  return node;
}

// Shown again, the corner comes to lie above a dialog that was opened after it.
function raise(corner) {
  if (corner.matches(":popover-open")) corner.hidePopover();
  corner.showPopover();
}

export function complain(error) {
  if (error?.name === "AbortError") return;
  const text = error?.message || "Something went wrong.";
  const shown = [...document.querySelectorAll("#toasts .error span")].some((node) => node.textContent === text);
  if (!shown) toast(text, "error");
}

const SILENT = "The app did not respond.";
const ABSENT = "No app is connected to this workspace.";

// As Slack warns when a gesture was not acknowledged in time.
export function warnUnlessAcked(answer) {
  if (!answer.acked) toast(answer.delivered ? SILENT : ABSENT, "error");
}
