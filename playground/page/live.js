// Live updates: server-sent events read with fetch, because EventSource cannot carry a token.

import { stream } from "./api.js";

const PATIENCE = [300, 600, 1000, 1500, 2000];

export class Live {
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.controller = null;
  }

  follow(user) {
    this.controller?.abort();
    this.controller = new AbortController();
    this.run(user, this.controller.signal);
  }

  async run(user, signal) {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const body = await stream("/_local/events", { user }, signal);
        this.onState(true, failures > 0);
        failures = 0;
        await this.read(body, signal);
      } catch {
        if (signal.aborted) return;
      }
      if (signal.aborted) return;
      failures += 1;
      this.onState(false, false);
      await pause(PATIENCE[Math.min(failures, PATIENCE.length) - 1]);
    }
  }

  async read(body, signal) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    while (!signal.aborted) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (waiting + value.replaceAll("\r", "")).split("\n\n");
      waiting = parts.pop();
      for (const part of parts) this.tell(part);
    }
  }

  tell(part) {
    const fields = { event: "", data: "" };
    for (const line of part.split("\n")) {
      const [name, ...rest] = line.split(":");
      if (name in fields) fields[name] += rest.join(":").trimStart();
    }
    if (!fields.data) return;
    const data = JSON.parse(fields.data);
    this.onEvent({ ...data, type: fields.event || data.type });
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
