// A mail's HTML in a sandboxed frame: no scripts, no forms, no loads, links in a new tab.
//
// The playground takes out what could do harm and hands each style over as data,
// because the page's policy forbids style attributes; the object model may set them.

import { postText } from "./api.js";
import { el } from "./dom.js";
import { complain } from "./toast.js";

const LOOK = "background: #fff; color: #1d2430; font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;";
const HEIGHT = 240;

export function mailFrame(source) {
  const frame = el("iframe", {
    class: "mail-html",
    title: "Mail as HTML",
    sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    referrerpolicy: "no-referrer",
  });
  frame.addEventListener("load", () => dress(frame));
  fill(frame, source);
  return frame;
}

async function fill(frame, source) {
  try {
    const { html } = await postText("/page/mail", source);
    frame.srcdoc = `<!doctype html><html><head><title>Mail</title></head><body>${html}</body></html>`;
  } catch (error) {
    complain(error);
  }
}

function dress(frame) {
  const page = frame.contentDocument;
  if (!page?.body) return;
  page.documentElement.style.cssText = LOOK;
  for (const node of page.querySelectorAll("[data-style]")) node.style.cssText = node.dataset.style;
  resize(frame, page);
  new ResizeObserver(() => resize(frame, page)).observe(frame);
}

function resize(frame, page) {
  const height = page.documentElement.scrollHeight;
  if (height && Math.abs(frame.offsetHeight - height - 8) > 8) frame.style.height = `${Math.max(HEIGHT, height + 8)}px`;
}
