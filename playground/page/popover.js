// Overflow menus and lists of several choices: one is open at a time, inside of the window.
// Arrow keys move in it, Esc closes it and nothing else, and focus goes back to what opened it.

import { place } from "./placing.js";

const LISTS = "details.overflow, details.multi";
const ENTRIES = ".menu-item, input";

document.addEventListener("toggle", toggled, true);
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("keydown", pressed);
document.addEventListener("keyup", tabbed);
document.addEventListener("scroll", scrolled, true);
addEventListener("resize", () => openLists().forEach(settle));

function openLists() {
  return [...document.querySelectorAll(LISTS)].filter((list) => list.open);
}

function toggled(event) {
  const list = event.target;
  if (!list.matches?.(LISTS)) return;
  if (list.open) {
    closeOthers(list);
    settle(list);
    if (list.matches(".overflow") && !entries(list).includes(document.activeElement)) entries(list)[0]?.focus();
  } else {
    const { activeElement: at } = document;
    if (at === document.body || list.contains(at)) summaryOf(list).focus();
  }
}

function summaryOf(list) {
  return list.querySelector("summary");
}

function entries(list) {
  return [...list.querySelectorAll(ENTRIES)].filter((entry) => !entry.disabled);
}

// In a form the list is part of the page and needs no place of its own.
function settle(list) {
  const box = list.querySelector(".popover");
  if (getComputedStyle(box).position === "fixed") place(box, summaryOf(list));
}

function scrolled(event) {
  for (const list of openLists()) if (event.target.contains(list) && event.target !== list) settle(list);
}

function closeOthers(target) {
  for (const list of openLists()) if (!list.contains(target)) list.open = false;
}

// Not when a press of the mouse takes the focus away: what it is about to click would move.
function tabbed(event) {
  if (event.key === "Tab") closeOthers(event.target);
}

function pressed(event) {
  const list = event.target.closest?.(LISTS);
  if (event.key === "Escape") return closeInnermost(event, list);
  if (!list) return undefined;
  return steer(event, list);
}

// The browser would close the whole form on Esc; a search field would only be emptied.
function closeInnermost(event, list) {
  const open = list?.open ? [list] : openLists();
  const found = event.target.closest?.(".external");
  if (open.length) {
    event.preventDefault();
    for (const one of open) one.open = false;
    if (list) summaryOf(list).focus();
  } else if (found && closeFound(found)) {
    event.preventDefault();
  }
}

// What was found goes, what was chosen stays.
function closeFound(external) {
  const field = external.querySelector("[type='search']");
  const offered = [...external.querySelectorAll(".found .choice")].filter((choice) => !choice.querySelector("input").checked);
  const wasOpen = Boolean(field.value || offered.length);
  field.value = "";
  for (const choice of offered) choice.remove();
  if (wasOpen) field.focus();
  return wasOpen;
}

function steer(event, list) {
  const known = entries(list);
  const index = known.indexOf(document.activeElement);
  const wanted = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: known.length - 1 }[event.key];
  if (wanted === undefined) return;
  event.preventDefault();
  list.open = true;
  known.at(index < 0 && event.key === "ArrowUp" ? -1 : wanted % known.length)?.focus();
}
