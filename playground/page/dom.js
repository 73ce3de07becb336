// Building DOM without markup: text is text, and only the server's `html` field is parsed.

export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    assign(node, key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function assign(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === "on") {
    for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
  } else if (key === "class") {
    node.className = value;
  } else if (key === "data") {
    Object.assign(node.dataset, value);
  } else {
    node.setAttribute(key, value === true ? "" : value);
  }
}

// The only place where markup becomes nodes: `html` was rendered and escaped by the server.
export function rendered(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M4 15h16",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  plus: "M12 5v14M5 12h14",
  clip: "M20 11.5 12 19.5a5 5 0 0 1-7-7l8-8a3.4 3.4 0 0 1 4.8 4.8l-8 8a1.7 1.7 0 0 1-2.4-2.4l7.2-7.2",
  send: "M4 12 20 5l-5 15-4-6-7-2Z",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  reply: "M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5Z",
  close: "M6 6l12 12M18 6 6 18",
  back: "M14 6l-6 6 6 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM16 16l4 4",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  grid: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3 19a6 6 0 0 1 12 0M16 5.5a3 3 0 0 1 0 5M18 13.5a6 6 0 0 1 3 5.5",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12ZM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
  bolt: "M13 3 5 13h6l-1 8 8-10h-6z",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function button(label, sign, handler, properties = {}) {
  const look = { class: "icon-button", ...properties };
  return el("button", { type: "button", "aria-label": label, title: label, ...look, on: { click: handler } }, icon(sign));
}

export function byId(id) {
  return document.getElementById(id);
}

export function avatar(name, id, isApp) {
  const letters = name.split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]);
  let sum = 0;
  for (const letter of id || name) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  const look = `avatar tint-${sum % 8}${isApp ? " app" : ""}`;
  return el("span", { class: look, "aria-hidden": "true" }, letters.join("").toUpperCase() || "?");
}
