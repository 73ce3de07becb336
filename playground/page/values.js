// What was entered or chosen in Block Kit elements, in the form Slack sends it.

const CHOSEN = {
  users_select: "selected_user",
  channels_select: "selected_channel",
  conversations_select: "selected_conversation",
  multi_users_select: "selected_users",
  multi_channels_select: "selected_channels",
  multi_conversations_select: "selected_conversations",
  datepicker: "selected_date",
  timepicker: "selected_time",
};

const WITHOUT_STATE = new Set(["button", "overflow", "workflow_button", "feedback_buttons", "icon_button"]);

function optionOf(node) {
  return node?.dataset.option ? JSON.parse(node.dataset.option) : null;
}

function checked(node) {
  return [...node.querySelectorAll("input:checked")];
}

function paragraphs(text) {
  if (!text) return null;
  const elements = [{ type: "text", text }];
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
}

const READERS = {
  static_select: (node) => ({ selected_option: optionOf(node.selectedOptions[0]) }),
  external_select: (node) => ({ selected_option: optionOf(checked(node)[0]) }),
  radio_buttons: (node) => ({ selected_option: optionOf(checked(node)[0]) }),
  checkboxes: (node) => ({ selected_options: checked(node).map(optionOf) }),
  multi_static_select: (node) => ({ selected_options: checked(node).map(optionOf) }),
  multi_external_select: (node) => ({ selected_options: checked(node).map(optionOf) }),
  datetimepicker: (node) => ({ selected_date_time: epoch(node.value) }),
  rich_text_input: (node) => ({ rich_text_value: paragraphs(node.value) }),
  file_input: (node) => ({ files: node.uploaded ?? [] }),
  feedback_buttons: (node) => ({ value: node.dataset.value ?? null }),
};

function epoch(text) {
  return text ? Math.floor(new Date(text).getTime() / 1000) : null;
}

// The element's state, with its type: {type, selected_option} and so on.
export function valueOf(node) {
  const type = node.dataset.type;
  if (READERS[type]) return { type, ...READERS[type](node) };
  const name = CHOSEN[type];
  if (name?.endsWith("s")) return { type, [name]: checked(node).map((box) => box.value) };
  if (name) return { type, [name]: node.value || null };
  if (WITHOUT_STATE.has(type)) return { type, value: node.dataset.value ?? null };
  return { type, value: node.value || null };
}

export function isEmpty(value) {
  return Object.entries(value).every(
    ([name, entry]) => name === "type" || entry === null || (Array.isArray(entry) && !entry.length),
  );
}

// {block_id: {action_id: state}} of everything that keeps a state below a node.
export function stateOf(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-action-id]")) {
    if (WITHOUT_STATE.has(node.dataset.type)) continue;
    values[node.dataset.blockId] ??= {};
    values[node.dataset.blockId][node.dataset.actionId] = valueOf(node);
  }
  return values;
}

// A list's summary line says what is chosen.
export function summarize(node) {
  const labels = checked(node).map((box) => box.parentElement.querySelector(".option")?.firstChild?.textContent);
  const line = node.querySelector("summary span");
  if (line) line.textContent = labels.join(", ") || node.dataset.placeholder;
}
