// Times as people read them.

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function moment(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

export function timeOf(ts) {
  return clock.format(moment(ts));
}

export function fullTime(ts) {
  return full.format(moment(ts));
}

export function dayOf(ts) {
  const date = moment(ts);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return day.format(date);
}

export function ago(ts) {
  const away = Date.now() / 1000 - Number.parseFloat(ts);
  const seconds = Math.abs(away);
  if (seconds < 60) return "just now";
  const long = seconds < 3600 ? `${Math.floor(seconds / 60)} min` : seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
  return away < 0 ? `in ${long}` : `${long} ago`;
}

const FORMS = {
  time: { timeStyle: "short" },
  time_secs: { timeStyle: "medium" },
  date: { dateStyle: "long" },
  date_short: { dateStyle: "medium" },
  date_long: { dateStyle: "full" },
  date_long_full: { dateStyle: "full" },
  day_divider: { weekday: "long", month: "long", day: "numeric" },
};

// A date as Slack writes it: "{date_short_pretty} {time}" becomes "today 10:10 PM" where it is read.
export function slackDate(date, form) {
  return form.replaceAll(/\{(\w+)\}/g, (token, name) => part(date, name) ?? token);
}

function part(date, name) {
  if (name === "ago") return ago(date.getTime() / 1000);
  if (name === "date_num") return localField(date.getTime() / 1000).slice(0, 10);
  if (name === "date_slash") return new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" }).format(date);
  const plain = name.replace(/_pretty$/, "");
  const near = plain === name ? null : nearDay(date);
  return near ?? (FORMS[plain] ? new Intl.DateTimeFormat(undefined, FORMS[plain]).format(date) : null);
}

function nearDay(date) {
  const today = new Date();
  const days = { yesterday: -1, today: 0, tomorrow: 1 };
  const isDay = (step) => new Date(today.getFullYear(), today.getMonth(), today.getDate() + step).toDateString() === date.toDateString();
  return Object.keys(days).find((word) => isDay(days[word])) ?? null;
}

const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

// Dates are rendered by the server in its own zone, and here in the reader's; "today" ends at midnight.
export function localDates(root) {
  for (const node of root.querySelectorAll("time[data-form]")) {
    const date = new Date(node.dateTime);
    const shown = slackDate(date, node.dataset.form);
    if (node.textContent !== shown) node.textContent = shown;
    node.title = zoned.format(date);
  }
}

setInterval(() => localDates(document), 30_000);

// The value of a datetime-local field for a moment in seconds since 1970.
export function localField(epoch) {
  const date = new Date(epoch * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const days = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${days}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
