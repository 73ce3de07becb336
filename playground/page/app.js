// The page: loads the workspace, follows its events, and connects the parts.

import { byId } from "./dom.js";
import { preview } from "./files.js";
import { refreshHome } from "./home.js";
import { openJump } from "./jump.js";
import { clickedLink, linked } from "./links.js";
import { Live } from "./live.js";
import { refreshMailbox } from "./mailbox.js";
import { closeMenu } from "./menu.js";
import { forgetModal, refreshModal } from "./modal.js";
import "./popover.js";
import { drawSidebar } from "./sidebar.js";
import * as stage from "./stage.js";
import { appChannel, channel, emit, fullNameOf, lastPerson, load, on, people, remembered, state, user as userOf } from "./store.js";
import * as thread from "./thread.js";
import { complain, toast } from "./toast.js";

const live = new Live(heard, connected);
let reloading = null;

async function start() {
  const { user = linked(location.href) ? lastPerson() : null, place } = remembered();
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
  return openAddress();
}

// A permalink was opened: the address has done its work once its message is shown.
function openAddress() {
  const wanted = linked(location.href);
  if (!wanted) return undefined;
  history.replaceState(null, "", "/");
  return openLinked(wanted);
}

async function openLinked({ file, channel: room, ts, thread: root }) {
  if (file) return preview(file);
  if (!channel(room) && !(await becomeReader(room))) return missing();
  go({ kind: "channel", channel: room });
  const isThere = await stage.reveal(root ?? ts);
  if (!isThere) return missing();
  if (!root) return undefined;
  await thread.openThread({ channel: room, ts: root });
  return (await thread.reveal(ts)) || missing();
}

function missing() {
  toast("This message was deleted, or nobody in this workspace can see it.", "error");
}

// A link into somebody's direct messages is opened as that person, and says so.
async function becomeReader(room) {
  const before = state.me;
  for (const { id } of people()) {
    await load(id);
    if (channel(room)) break;
  }
  const isFound = Boolean(channel(room));
  await switchUser(isFound ? state.me : before);
  if (isFound) toast(`You are ${fullNameOf(userOf(state.me))} now: ${fullNameOf(userOf(before))} can't see this message.`);
  return isFound;
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
  closeDrawer();
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
  if (!document.body.classList.contains("with-drawer")) return;
  document.body.classList.remove("with-drawer");
  byId("veil").hidden = true;
  document.querySelector("#head .only-narrow")?.focus();
}

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openJump();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]") && !event.defaultPrevented) {
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
on("focus-lost", stage.takeFocus);
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
  const wanted = clickedLink(event);
  if (!wanted) return;
  event.preventDefault();
  openLinked(wanted).catch(complain);
}
