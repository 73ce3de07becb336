// The page: loads the workspace, follows its events, and connects the parts.

import { byId } from "./dom.js";
import { refreshHome } from "./home.js";
import { openJump } from "./jump.js";
import { Live } from "./live.js";
import { refreshMailbox } from "./mailbox.js";
import { closeMenu } from "./menu.js";
import { forgetModal, refreshModal } from "./modal.js";
import { drawSidebar } from "./sidebar.js";
import * as stage from "./stage.js";
import { appChannel, emit, load, on, people, remembered, state } from "./store.js";
import * as thread from "./thread.js";
import { complain } from "./toast.js";

const live = new Live(heard, connected);
let reloading = null;

async function start() {
  const { user, place } = remembered();
  try {
    await load(user ?? "");
  } catch (error) {
    if (error.code === "offline") return retry();
    await load("").catch(complain);
  }
  if (!state.me) state.me = people()[0]?.id ?? null;
  if (state.me && state.me !== user) await load(state.me).catch(complain);
  state.place = stage.knows(place) ? place : firstPlace();
  await everything();
  live.follow(state.me);
  return undefined;
}

function retry() {
  showBanner();
  setTimeout(start, 1000);
}

function firstPlace() {
  const rooms = state.channels.filter((entry) => !entry.is_im && entry.is_member !== false);
  return { kind: "channel", channel: (rooms[0] ?? state.channels[0])?.id ?? null };
}

async function everything() {
  drawSidebar();
  stage.drawNotice();
  await Promise.all([stage.draw(), refreshModal()]);
}

async function switchUser(id) {
  closeMenu();
  forgetModal();
  thread.closeThread();
  try {
    await load(id);
  } catch (error) {
    complain(error);
    return;
  }
  if (!stage.knows(state.place)) state.place = firstPlace();
  live.follow(id);
  await everything();
}

function go(place) {
  closeDrawer();
  if (place.kind !== "channel" || place.channel !== state.thread?.channel) thread.closeThread();
  state.place = place;
  drawSidebar();
  stage.draw();
}

// The state is fetched once for a burst of events.
function reloadState() {
  reloading ??= new Promise((resolve) => setTimeout(resolve, 60)).then(async () => {
    reloading = null;
    try {
      await load(state.me);
      drawSidebar();
      stage.drawNotice();
    } catch (error) {
      if (error.code !== "offline") complain(error);
    }
  });
  return reloading;
}

const HEARD = {
  message: (event) => refreshMessages(event, true),
  changed: (event) => refreshMessages(event, false),
  deleted: (event) => refreshMessages(event, true),
  ephemeral: (event) => refreshMessages(event, false),
  view: refreshModal,
  home: refreshHome,
  mail: () => reloadState().then(refreshMailbox),
  channel: () => reloadState().then(stage.refreshHead),
  reload: refetch,
};

function heard(event) {
  HEARD[event.type]?.(event);
}

function refreshMessages(event, withCounts) {
  const isElsewhere = event.channel !== state.place.channel || state.place.kind !== "channel";
  stage.refreshStage(event.channel);
  thread.refreshThread(event.channel);
  const isUnknown = !state.channels.some((entry) => entry.id === event.channel);
  if ((withCounts && isElsewhere) || isUnknown) reloadState();
}

async function refetch() {
  await reloadState();
  await Promise.all([stage.refreshStage(), thread.refreshThread(), refreshModal(), refreshHome(), refreshMailbox()]);
}

function connected(isOnline, isAgain) {
  state.online = isOnline;
  if (isOnline) byId("banner").hidden = true;
  else showBanner();
  if (isOnline && isAgain) refetch();
}

function showBanner() {
  byId("banner").textContent = "Reconnecting…";
  byId("banner").hidden = false;
}

function toggleDrawer() {
  const isOpen = document.body.classList.toggle("with-drawer");
  byId("veil").hidden = !isOpen;
  if (isOpen) document.querySelector("#sidebar .current, #sidebar button")?.focus();
}

function closeDrawer() {
  document.body.classList.remove("with-drawer");
  byId("veil").hidden = true;
}

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openJump();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]") && !event.defaultPrevented) {
    if (closePopovers(event)) return;
    if (document.body.classList.contains("with-drawer")) closeDrawer();
    else thread.closeThread();
  }
}

on("go", go);
on("jump", openJump);
on("drawer", toggleDrawer);
on("sidebar", drawSidebar);
on("switch-user", switchUser);
on("home-opened", () => appChannel() || reloadState().then(stage.refreshHead));
on("open-thread", (place) => thread.openThread(place));
on("thread-closed", () => stage.focusComposer());
document.addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => !document.hidden && stage.refreshStage());
document.addEventListener("click", clicked);
byId("veil").addEventListener("click", closeDrawer);
stage.listenForDrops();
thread.listenForDrops();
start().catch(complain);

function clicked(event) {
  const mention = event.target.closest?.(".mention[data-channel-id]");
  if (mention) emit("go", { kind: "channel", channel: mention.dataset.channelId });
  closePopovers(event);
}

// An open list or overflow menu closes on Esc and when something else is clicked.
function closePopovers(event) {
  const open = [...document.querySelectorAll("details.overflow[open], details.multi[open]")];
  const closing = open.filter((node) => event.type === "keydown" || !node.contains(event.target));
  for (const node of closing) node.open = false;
  return closing.length > 0;
}
