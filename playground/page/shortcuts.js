// Global shortcuts from the "+" menu and message shortcuts from a message's menu.

import { post } from "./api.js";
import { state } from "./store.js";
import { complain, warnUnlessAcked } from "./toast.js";

async function run(body) {
  try {
    warnUnlessAcked(await post("/_local/shortcut", { user: state.me, ...body }));
  } catch (error) {
    complain(error);
  }
}

export function runMessageShortcut(shortcut, channel, ts) {
  return run({ callback_id: shortcut.callback_id, channel, ts });
}

export function runGlobalShortcut(shortcut) {
  return run({ callback_id: shortcut.callback_id });
}

export function globalShortcuts() {
  const found = state.shortcuts.filter((entry) => (entry.kind ?? entry.type) === "global");
  return found.map((entry) => ({ label: entry.name, note: entry.description, run: () => runGlobalShortcut(entry) }));
}
