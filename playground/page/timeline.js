// A list of messages kept in step with the workspace: unchanged rows stay, with what was typed there.

import { get } from "./api.js";
import { el } from "./dom.js";
import { keepFocus } from "./focus.js";
import { replies, row, signature } from "./message.js";
import { state } from "./store.js";
import { complain } from "./toast.js";
import { dayOf } from "./time.js";

const PAGE = 50;
const MOST = 1000;
const NEAR = 120;
const TOGETHER = 300;

export class Timeline {
  constructor({ channel, thread = null, root, intro = null }) {
    Object.assign(this, { channel, thread, root, intro });
    this.rows = new Map();
    this.wanted = PAGE;
    this.list = el("div", { class: "timeline", role: "log", "aria-label": thread ? "Thread" : "Messages" });
    this.earlier = el("button", { type: "button", class: "earlier", hidden: true, on: { click: () => this.more() } }, "Show earlier messages");
    this.scroller = el("div", { class: "scroller", tabindex: "-1" }, this.earlier, this.list);
    root.replaceChildren(this.scroller);
    this.isFirst = true;
    this.running = null;
  }

  // Fetches anew; calls that come while one is under way are answered by one more run.
  refresh() {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.fetch().finally(() => {
      this.running = null;
      if (this.again) {
        this.again = false;
        this.refresh();
      }
    });
    return this.running;
  }

  async fetch() {
    const ids = { user: state.me, channel: this.channel, thread: this.thread };
    try {
      const answer = await get("/_local/messages", { ...ids, limit: this.wanted });
      if (this.scroller.isConnected) this.show(answer.messages, answer.has_more);
    } catch (error) {
      if (error.code !== "offline") complain(error);
    }
  }

  // Shows this message, however old it is; says whether it is there.
  async reveal(ts) {
    await this.refresh();
    while (!this.rows.has(ts) && this.hasMore && this.wanted < MOST) {
      this.wanted = Math.min(2 * this.wanted, MOST);
      await this.refresh();
    }
    const node = this.find(ts);
    if (!node) return false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("linked");
    node.focus({ preventScroll: true });
    return true;
  }

  async more() {
    this.wanted += PAGE;
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    await this.refresh();
    this.scroller.scrollTop = this.scroller.scrollHeight - before;
  }

  show(messages, hasMore) {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const wasAtEnd = this.isFirst || scrollHeight - scrollTop - clientHeight < NEAR;
    this.hasUnread = messages.some((message) => message.unread && !message.ephemeral_for);
    const nodes = this.arrange(messages);
    this.hasMore = hasMore;
    this.earlier.hidden = !hasMore;
    if (!hasMore && this.intro) nodes.unshift(this.intro);
    keepFocus(this.list, () => this.place(nodes));
    if (wasAtEnd) this.toEnd();
    this.isFirst = false;
  }

  arrange(messages) {
    const rows = new Map();
    const nodes = [];
    let previous = null;
    for (const message of messages) {
      const { node } = this.rowFor(message, rows);
      const day = dayOf(message.ts);
      const isNewDay = !previous || dayOf(previous.ts) !== day;
      if (isNewDay && !this.thread) nodes.push(divider(day));
      const isParent = this.thread && message.ts === this.thread;
      node.classList.toggle("compact", !isNewDay && previous?.ts !== this.thread && follows(previous, message));
      nodes.push(node);
      if (isParent && message.reply_count) nodes.push(divider(replies(message.reply_count)));
      previous = message;
    }
    this.rows = rows;
    return nodes;
  }

  rowFor(message, rows) {
    const sign = signature(message);
    const known = this.rows.get(message.ts);
    const options = { inThread: Boolean(this.thread) };
    const entry = known?.sign === sign ? known : { sign, node: row(message, this.channel, options) };
    rows.set(message.ts, entry);
    return entry;
  }

  // Moves only what is out of place, so that focus and typed text survive.
  place(nodes) {
    const wanted = new Set(nodes);
    for (const node of [...this.list.children]) if (!wanted.has(node)) node.remove();
    let next = this.list.firstChild;
    for (const node of nodes) {
      if (node === next) next = next.nextSibling;
      else this.list.insertBefore(node, next);
    }
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  find(ts) {
    return this.rows.get(ts)?.node ?? null;
  }
}

function divider(label) {
  return el("div", { class: "day", role: "separator" }, el("span", {}, label));
}

function follows(previous, message) {
  if (!previous || previous.ephemeral_for || message.ephemeral_for) return false;
  const isSame = (previous.bot_id || previous.user) === (message.bot_id || message.user);
  return isSame && Number.parseFloat(message.ts) - Number.parseFloat(previous.ts) < TOGETHER;
}
