// Asking before an action is sent, as its `confirm` object says.

import { el } from "./dom.js";

export function confirmed(node) {
  const { confirmTitle, confirmText, confirmYes, confirmNo, confirmStyle } = node.dataset;
  if (!confirmTitle) return Promise.resolve(true);
  return ask({ title: confirmTitle, text: confirmText, yes: confirmYes, no: confirmNo, style: confirmStyle });
}

export function ask({ title, text, yes, no, style }) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog small", "aria-labelledby": "confirm-title" });
    const close = (answer) => () => dialog.close(answer);
    const look = style === "danger" ? "button danger" : "button primary";
    const buttons = [
      el("button", { type: "button", class: "button", on: { click: close("no") } }, no),
      el("button", { type: "button", class: look, autofocus: true, on: { click: close("yes") } }, yes),
    ];
    dialog.append(
      el("h2", { id: "confirm-title" }, title),
      el("p", {}, text),
      el("div", { class: "dialog-buttons" }, buttons),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
