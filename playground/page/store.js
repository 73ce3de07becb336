// What the page knows: the workspace as one person sees it, and where that person looks.

import { get } from "./api.js";

export const state = {
  me: null,
  team: { name: "" },
  users: [],
  channels: [],
  bots: [],
  commands: [],
  shortcuts: [],
  try_first: [],
  mails: 0,
  notice: "",
  place: { kind: "channel", channel: null },
  thread: null,
  online: true,
};

const listeners = new Map();

export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

export function emit(name, detail) {
  for (const listener of listeners.get(name) ?? []) listener(detail);
}

export async function load(user) {
  const found = await get("/_local/state", { user });
  const me = typeof found.me === "object" && found.me ? found.me.id : found.me;
  Object.assign(state, found, { me });
  return state;
}

export function user(id) {
  return state.users.find((entry) => entry.id === id);
}

export function nameOf(entry) {
  if (!entry) return "";
  return entry.profile?.display_name || entry.real_name || entry.name || entry.id;
}

export function fullNameOf(entry) {
  return entry?.real_name || nameOf(entry);
}

export function channel(id) {
  return state.channels.find((entry) => entry.id === id);
}

export function bot(id) {
  return state.bots.find((entry) => entry.id === id);
}

export function app() {
  return state.bots[0] ?? null;
}

export function appChannel() {
  const botUser = app()?.user_id;
  return state.channels.find((entry) => entry.is_im && entry.user === botUser) ?? null;
}

export function titleOf(entry) {
  if (!entry) return "";
  if (!entry.is_im) return entry.name;
  const other = user(entry.user);
  return fullNameOf(other) || app()?.name || entry.user;
}

export function people() {
  return state.users.filter((entry) => !entry.is_bot && !entry.deleted && entry.id !== "USLACKBOT");
}

// Each tab is one person; a reload comes back to the same person and place.
export function remember() {
  sessionStorage.setItem("place", JSON.stringify({ user: state.me, place: state.place }));
  localStorage.setItem("last-person", state.me ?? "");
}

// Whoever a link is opened as in a tab that is nobody yet.
export function lastPerson() {
  return localStorage.getItem("last-person");
}

export function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem("place")) ?? {};
  } catch {
    return {};
  }
}
