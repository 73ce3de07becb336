// Addresses of this workspace's messages and files, as the API gives them out.

const MESSAGE = /^\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})$/;
const FILE = /^\/files\/[^/]+\/(F[A-Z0-9]+)\/([^/]*)$/;

// {channel, ts, thread} or {file}, or null for any other address.
export function linked(address) {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) return null;
  const message = MESSAGE.exec(url.pathname);
  const file = FILE.exec(url.pathname);
  if (file) return { file: { id: file[1], name: decodeURIComponent(file[2]) } };
  if (!message) return null;
  const [, channel, seconds, fraction] = message;
  const ts = `${seconds}.${fraction}`;
  const thread = url.searchParams.get("thread_ts");
  return { channel, ts, thread: thread === ts ? null : thread };
}

// A click that the page answers itself: not one for a new tab, nor one from inside of a form.
export function clickedLink(event) {
  const anchor = event.target.closest?.("a[href]");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  return anchor && isPlain && !anchor.closest("dialog") ? linked(anchor.href) : null;
}
