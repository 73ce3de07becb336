// Files hanging on messages: a chip for each, and a preview of text, Markdown and images.

import { bytes, postText } from "./api.js";
import { button, el, icon, rendered } from "./dom.js";
import { complain } from "./toast.js";

const LONGEST = 98000;
const TEXT = /^(text\/|application\/(json|xml|x-ndjson|javascript|x-yaml|toml))/;
const TEXT_NAMES = /\.(txt|md|markdown|csv|tsv|json|jsonl|log|py|js|ts|sql|ya?ml|toml|html?|css|xml|diff|patch)$/i;

export function chips(files) {
  return el("div", { class: "files" }, files.map(chip));
}

function chip(file) {
  const name = file.title || file.name || file.id;
  const look = { type: "button", class: "file", title: `Open ${name}`, on: { click: () => preview(file) } };
  const node = el(
    "button",
    look,
    icon("file"),
    el("span", { class: "file-name" }, name),
    el("small", {}, [file.pretty_type || file.filetype, size(file.size)].filter(Boolean).join(" · ")),
  );
  if (isImage(file)) thumbnail(node, file);
  return node;
}

function isImage(file) {
  return (file.mimetype ?? "").startsWith("image/") && file.mimetype !== "image/svg+xml";
}

function size(count) {
  if (!Number.isFinite(count)) return "";
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

async function thumbnail(node, file) {
  try {
    const image = el("img", { class: "thumbnail", alt: "" });
    image.src = URL.createObjectURL(await bytes(path(file)));
    node.prepend(image);
    node.classList.add("with-image");
  } catch {
    node.classList.add("missing");
  }
}

function path(file) {
  return `/_local/files/${encodeURIComponent(file.id)}`;
}

export async function preview(file) {
  const name = file.title || file.name || file.id;
  const body = el("div", { class: "preview-body", tabindex: "0" }, el("p", { class: "note" }, "Loading…"));
  const dialog = el("dialog", { class: "dialog wide", "aria-label": name });
  const links = el("div", { class: "dialog-tools" });
  const close = button("Close", "close", () => dialog.close());
  dialog.append(el("header", { class: "dialog-head" }, el("h2", {}, name), links, close), body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    const blob = await bytes(path(file));
    const address = URL.createObjectURL(blob);
    links.append(el("a", { class: "button", href: address, download: file.name || name }, "Download"));
    body.replaceChildren(await content(file, blob, address));
  } catch (error) {
    body.replaceChildren(el("p", { class: "note" }, "This file could not be read."));
    complain(error);
  }
}

async function content(file, blob, address) {
  if (isImage(file)) return el("img", { src: address, alt: file.title || file.name, class: "preview-image" });
  const name = file.name ?? "";
  if (!TEXT.test(blob.type) && !TEXT.test(file.mimetype ?? "") && !TEXT_NAMES.test(name)) {
    return el("p", { class: "note" }, "No preview for this kind of file.");
  }
  const text = await blob.slice(0, LONGEST).text();
  const isWhole = blob.size <= LONGEST;
  const note = isWhole ? null : el("p", { class: "note" }, `The first ${size(LONGEST)} of ${size(blob.size)} are shown.`);
  return el("div", {}, note, await page(text, name, file.filetype));
}

async function page(text, name, kind) {
  if (!/\.(md|markdown)$/i.test(name) && kind !== "markdown") return el("pre", { class: "preview-text" }, text);
  const answer = await postText("/page/markdown", text);
  return el("div", { class: "markdown" }, rendered(answer.html));
}
