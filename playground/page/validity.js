// What a modal refuses before it asks the app, as Slack's own client does.

import { isEmpty } from "./values.js";

// {block_id: sentence} of what may not be submitted as it stands.
export function check(body, values) {
  const found = {};
  for (const node of body.querySelectorAll(".question [data-action-id]")) {
    const value = values[node.dataset.blockId]?.[node.dataset.actionId];
    const sentence = value ? complaint(node, value) : null;
    if (sentence) found[node.dataset.blockId] = sentence;
  }
  return found;
}

function complaint(node, value) {
  const isOptional = node.closest(".question").hasAttribute("data-optional");
  if (isEmpty(value)) return isOptional && !node.validity?.badInput ? null : "Please complete this required field.";
  return broken(node);
}

function broken(node) {
  const { validity } = node;
  if (!validity || validity.valid) return tooShort(node);
  if (validity.typeMismatch && node.type === "email") return "Please enter a valid email address.";
  if (validity.typeMismatch && node.type === "url") return "Please enter a valid URL.";
  if (validity.rangeUnderflow) return `Please enter a number that is ${node.min} or more.`;
  if (validity.rangeOverflow) return `Please enter a number that is ${node.max} or less.`;
  if (validity.stepMismatch) return "Please enter a whole number.";
  return tooShort(node) ?? "Please check this value.";
}

function tooShort(node) {
  const least = node.minLength ?? -1;
  if (least < 1 || node.value.length >= least) return null;
  return `Please use at least ${least} characters.`;
}

export function showErrors(body, errors) {
  let first = null;
  for (const question of body.querySelectorAll(".question")) {
    const field = question.querySelector("[data-action-id]");
    const sentence = errors[field?.dataset.blockId];
    const note = question.querySelector(".error");
    note.textContent = sentence ?? "";
    note.hidden = !sentence;
    question.classList.toggle("invalid", Boolean(sentence));
    field?.setAttribute("aria-invalid", String(Boolean(sentence)));
    if (sentence) first ??= field;
  }
  const target = first?.matches("input, select, textarea") ? first : first?.querySelector("input, summary");
  target?.focus();
}
