// Where the keyboard is, said so that it can be found again after its place was drawn anew.

const ROOMS = ["dialog", "#thread", "#stage", "#sidebar", "#head", "#dock"];
const USABLE = "button:not([disabled]), summary, a[href], input, select, textarea";

// Whether typing brings up a keyboard over half of the window: then nobody is made to type.
export function raisesKeyboard() {
  return matchMedia("(max-width: 720px), (hover: none) and (pointer: coarse)").matches;
}

// A trace names the element itself, and what takes its place: the same action of the same message.
export function trace(node = document.activeElement) {
  if (!node || node === document.body) return null;
  const action = node.closest("[data-action-id]");
  return {
    node,
    room: ROOMS.find((room) => node.closest(room)),
    ts: node.closest("[data-ts]")?.dataset.ts,
    key: node.dataset.key,
    label: node.getAttribute("aria-label"),
    actionId: action?.dataset.actionId,
    blockId: action?.dataset.blockId,
    open: Boolean(node.closest("details.overflow")?.open),
  };
}

// Says whether there was something to go back to.
export function restore(found) {
  if (!found) return false;
  if (isShown(found.node)) return focus(found.node);
  const room = document.querySelector(found.room ?? "body");
  const row = found.ts ? room?.querySelector(`[data-ts="${CSS.escape(found.ts)}"]`) : null;
  const twin = found.ts && !row ? null : same(row ?? room, found);
  if (twin) return reopen(twin, found) || focus(twin);
  return row ? focus(row) : false;
}

// Runs what draws anew, then puts the keyboard back where it was inside of `root`.
export function keepFocus(root, draw) {
  const found = root.contains(document.activeElement) ? trace() : null;
  draw();
  if (found && !root.contains(document.activeElement)) restore(found);
}

function same(place, { actionId, blockId, key, label }) {
  if (key) return place?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const all = [...(place?.querySelectorAll("[data-action-id]") ?? [])];
  const action = all.find((node) => actionId && node.dataset.actionId === actionId && node.dataset.blockId === blockId);
  const usable = action?.matches(USABLE) ? action : action?.querySelector(USABLE);
  return usable ?? (label ? place?.querySelector(`[aria-label="${CSS.escape(label)}"]`) : null);
}

// A menu stays open although what it belongs to was drawn anew; it takes the keyboard itself.
function reopen(twin, { open }) {
  const menu = open ? twin.closest("details.overflow") : null;
  if (menu) menu.open = true;
  return Boolean(menu);
}

function isShown(node) {
  return node.isConnected && node.checkVisibility({ visibilityProperty: true });
}

function focus(node) {
  node.focus({ preventScroll: isInWindow(node) });
  return document.activeElement === node;
}

function isInWindow(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}
