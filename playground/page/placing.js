// Where a small box lies: beside what opened it, and wholly inside of the window.

const GAP = 4;
const EDGE = 8;

export function place(box, anchor) {
  const at = anchor.getBoundingClientRect();
  box.style.maxHeight = "";
  const { below, above } = { below: innerHeight - at.bottom - GAP - EDGE, above: at.top - GAP - EDGE };
  const isBelow = box.offsetHeight <= below || below >= above;
  box.style.maxHeight = `${Math.max(0, Math.min(box.offsetHeight, isBelow ? below : above))}px`;
  const { offsetWidth: width, offsetHeight: height } = box;
  box.style.top = `${isBelow ? at.bottom + GAP : at.top - GAP - height}px`;
  box.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE))}px`;
}
