// The playground's control API, as documented in docs/reference/playground.md.

let token = document.querySelector('meta[name="local-token"]').content;

export class ApiError extends Error {
  constructor(code, detail) {
    super(detail || code);
    this.code = code;
  }
}

export function get(path, parameters = {}) {
  return request("GET", path + query(parameters));
}

export function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return request("POST", path, { body: JSON.stringify(body), headers });
}

export function upload(path, form) {
  return request("POST", path, { body: form });
}

export function postText(path, text) {
  return request("POST", path, { body: text, headers: { "Content-Type": "text/plain" } });
}

export async function bytes(path) {
  const response = await send("GET", path);
  if (!response.ok) throw new ApiError("file_not_found", "The file could not be read.");
  return response.blob();
}

export async function stream(path, parameters, signal) {
  const response = await send("GET", path + query(parameters), { signal });
  if (!response.ok || !response.body) throw new ApiError("no_events", "No live updates.");
  return response.body;
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

async function request(method, path, init = {}) {
  const response = await send(method, path, init);
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new ApiError("no_answer", `The playground answered ${response.status} to ${path}.`);
  }
  if (!response.ok || answer.ok === false) throw new ApiError(answer.error, answer.detail);
  return answer;
}

async function send(method, path, init = {}) {
  let response = await attempt(method, path, init);
  if (response.status === 401 && (await renewToken())) response = await attempt(method, path, init);
  return response;
}

async function attempt(method, path, init) {
  const headers = { ...init.headers, Authorization: `Bearer ${token}` };
  try {
    return await fetch(path, { ...init, method, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("offline", "The playground cannot be reached.");
  }
}

// A restarted playground may have another token; its page carries it.
async function renewToken() {
  const response = await fetch("/", { cache: "no-store" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.querySelector('meta[name="local-token"]')?.content;
  const isNew = Boolean(found) && found !== token;
  if (isNew) token = found;
  return isNew;
}
